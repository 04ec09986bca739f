"""What a trainer's checkpoint says: its weights, and the sizes and the schedule that they imply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from repscope.errors import FormatError, MissingError, name_some
from repscope.formats.checkpoints import checkpoint_kind
from repscope.formats.torch_files import read_torch_weights_only
from repscope.transform.diffusion.denoisers.unet1d import HEADS, Unet1D, UnetShape
from repscope.transform.diffusion.schedules import BUFFERS, SCHEDULES, Schedule
from repscope.transform.diffusion.weights import OBJECTIVES, loss_weights

Tensors = dict[str, torch.Tensor]

PREFIX = "model."
"""Before the names of the network's weights, among the tables of the schedule."""
_AVERAGE = "ema_model."
_ROUNDING = 1e-4
"""Relative difference of a table in float32 from the same in float64."""
_DO = "give a model-N.pt that Trainer1D of denoising-diffusion-pytorch wrote"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read and found whole.

    Attributes:
        path: of the file.
        raw: weights of the network as trained.
        average: their moving average, or None where the file has none.
        schedule: that the tables belong to.
        objective: that the loss weights belong to, or None.
        step: updates made.
        version: of the library.
    """

    path: Path
    raw: Tensors
    average: Tensors | None
    schedule: Schedule
    objective: str | None
    step: int
    version: str

    def shape(self, head_width: int = HEADS[1]) -> UnetShape:
        """Sizes of the network, from the shapes of its weights.

        Args:
            head_width: of the middle's attention, which no shape tells.

        Raises:
            FormatError: heads of another width.
        """
        raw = self.raw
        first, time, middle = (
            raw["init_conv.weight"],
            raw["time_mlp.1.weight"],
            raw["mid_attn.fn.fn.to_qkv.weight"],
        )
        levels = _levels(raw)
        heads = []
        for weight, each in ((raw["downs.0.2.fn.fn.to_qkv.weight"], HEADS[1]), (middle, head_width)):
            if len(weight) % (3 * each):
                raise FormatError(
                    f"attention of heads {each} wide in {self.path}",
                    f"{len(weight) // 3} channels for all heads",
                    "say how wide a head is: attn_dim_head=…",
                )
            heads.append((len(weight) // (3 * each), each))
        return UnetShape(
            init_dim=first.shape[0],
            widths=tuple(len(raw[f"downs.{level}.3.weight"]) for level in range(levels)),
            time_code=time.shape[1],
            time_dim=time.shape[0],
            channels=first.shape[1],
            level_heads=heads[0],
            middle_heads=heads[1],
        )


def read_lucidrains(path: Path) -> Checkpoint:
    """Read a trainer's checkpoint; nothing in it is executed.

    Raises:
        MissingError: no such file.
        UnsafePickleError: it asks for code.
        FormatError: truncated, of another library, with tables of no known schedule, or of a variant
            that is not supported (self-conditioning, learned variance, learned time codes, images).
    """
    content = _load(path)
    if not isinstance(content, Mapping) or not isinstance(content.get("model"), Mapping):
        kind = checkpoint_kind(content) if isinstance(content, Mapping) else type(content).__name__
        found = kind or f"keys {name_some(map(str, content), 8)}"
        raise FormatError(f"a checkpoint of lucidrains' Trainer1D in {path}", found, _DO)
    model = _tensors(content["model"], path)
    missing = [name for name in BUFFERS if name not in model]
    raw = {k.removeprefix(PREFIX): v for k, v in model.items() if k.startswith(PREFIX)}
    if missing or not raw:
        what = f"no {name_some(missing)}" if missing else "no weights under 'model.'"
        raise FormatError(f"the tables and weights of a Gaussian diffusion in {path}", what, _DO)
    schedule = _schedule(model, path)
    ema = content.get("ema")
    average = None
    if isinstance(ema, Mapping):
        start = f"{_AVERAGE}{PREFIX}"
        average = {k.removeprefix(start): v for k, v in _tensors(ema, path).items() if k.startswith(start)}
    checkpoint = Checkpoint(
        path=path,
        raw=raw,
        average=average or None,
        schedule=schedule,
        objective=_objective(schedule, model["loss_weight"].double().numpy()),
        step=int(content.get("step", 0)),
        version=str(content.get("version", "")),
    )
    _check_network(checkpoint)
    return checkpoint


def _load(path: Path) -> Any:
    if not path.is_file():
        raise MissingError(
            f"a checkpoint at {path}", "a folder" if path.is_dir() else "no such file", "give model-N.pt"
        )
    return read_torch_weights_only(path)


def _tensors(values: Mapping[Any, Any], path: Path) -> Tensors:
    found = {str(name): value for name, value in values.items() if isinstance(value, torch.Tensor)}
    bad = [name for name, value in found.items() if value.is_floating_point() and not value.isfinite().all()]
    if bad:
        raise FormatError(
            f"finite weights in {path}", f"NaN or Inf in {name_some(bad)}", "take one before it"
        )
    return {name: value.float() if value.is_floating_point() else value for name, value in found.items()}


def _schedule(model: Tensors, path: Path) -> Schedule:
    timesteps = model["betas"].numel()
    for name in SCHEDULES:
        if timesteps < 2 or (name == "linear" and timesteps <= 20):
            continue
        schedule = Schedule(name, timesteps)
        if not _close(model["betas"], schedule.betas):
            continue
        wrong = [k for k, table in schedule.tables().items() if not _close(model[k], table)]
        if wrong:
            raise FormatError(
                f"tables of the {name} schedule in {path}",
                f"others in {name_some(wrong)}",
                "the file was altered; give the one that was trained",
            )
        return schedule
    raise FormatError(
        f"betas of the {name_some(SCHEDULES)} schedule in {path}",
        f"{timesteps:,} betas of another",
        "bridges of other schedules cannot be read",
    )


def _close(found: torch.Tensor, table: np.ndarray[Any, Any]) -> bool:
    return found.shape == table.shape and np.allclose(
        found.double().numpy(), table, rtol=_ROUNDING, atol=1e-6
    )


def _objective(schedule: Schedule, weights: np.ndarray[Any, Any]) -> str | None:
    for objective in OBJECTIVES:
        if np.allclose(weights, loss_weights(schedule, objective, "snr"), rtol=1e-3, atol=1e-7):
            return objective
    return None


def _levels(raw: Tensors) -> int:
    return 1 + max(int(name.split(".")[1]) for name in raw if name.startswith("downs."))


def _check_network(checkpoint: Checkpoint) -> None:
    """Raise unless the weights are those of a plain Unet1D."""
    raw, path = checkpoint.raw, checkpoint.path

    def refuse(got: str) -> FormatError:
        return FormatError(f"the weights of a plain Unet1D in {path}", got, _DO)

    needed = ("init_conv.weight", "time_mlp.1.weight", "mid_attn.fn.fn.to_qkv.weight", "final_conv.weight",
              "downs.0.2.fn.fn.to_qkv.weight", "downs.0.3.weight")  # fmt: skip
    if "time_mlp.0.weights" in raw:
        raise refuse("a learned or random time code (learned_sinusoidal_cond, random_fourier_features)")
    missing = [name for name in needed if name not in raw]
    if missing:
        raise refuse(f"no {name_some(missing)}")
    first, last = raw["init_conv.weight"], raw["final_conv.weight"]
    if first.ndim != 3:
        raise refuse(f"a network of images (init_conv.weight of shape {tuple(first.shape)})")
    if first.shape[1] == 2 * last.shape[0]:
        raise refuse("self-conditioning (twice the channels go in that come out)")
    if last.shape[0] != first.shape[1]:
        raise refuse(f"{first.shape[1]} channels in and {last.shape[0]} out (learned_variance?)")
    try:
        levels = _levels(raw)
        wanted_levels = [f"downs.{level}.3.weight" for level in range(levels)]
        lacking = [name for name in wanted_levels if name not in raw]
    except ValueError as error:
        raise refuse(f"levels without a number ({error})") from error
    if lacking:
        raise refuse(f"no {name_some(lacking)}")
    hidden = len(raw["mid_attn.fn.fn.to_qkv.weight"]) // 3
    with torch.device("meta"):
        # One head or many: the shapes are the same.
        shape = checkpoint.shape(hidden)
        network = Unet1D(shape.channels * 2 ** len(shape.widths), shape)
    for state in (raw, checkpoint.average):
        if state is None:
            continue
        expected = {name: value.shape for name, value in network.state_dict().items()}
        got = {name: value.shape for name, value in state.items()}
        apart = sorted(set(expected) ^ set(got)) or [k for k in expected if expected[k] != got[k]]
        if apart:
            raise refuse(f"other weights: {name_some(apart)}")
