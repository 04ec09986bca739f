"""Trainer checkpoints ``model-N.pt`` of lucidrains' ``denoising-diffusion-pytorch``, in and out.

A file is ``{step, model, opt, ema, scaler, version}``: ``model`` holds 13 tables of the schedule and the
weights of a ``Unet1D`` under ``model.``, ``ema`` a moving average of all that under ``ema_model.``. It
does not say the width of the rows, their means or the chain; those are given when it is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, UnknownNameError, VectorError, name_some
from repscope.study.storage import write_atomically
from repscope.transform.diffusion.bridge import DiffusionBridge
from repscope.transform.diffusion.denoisers.unet1d import HEADS
from repscope.transform.diffusion.module import ChainFrame, DiffusionModule
from repscope.transform.diffusion.weights import loss_weights
from repscope.transform.linear.normalise import SCALE, Chain
from repscope.transform.older.checkpoint import PREFIX, Checkpoint, read_lucidrains
from repscope.transform.trained.frame import Side

Tensors = dict[str, torch.Tensor]

VERSION = "2.3.4"
"""Version of the library whose files are written."""


def from_lucidrains(
    path: str | Path,
    *,
    source_mean: ArrayLike | None = None,
    target_mean: ArrayLike | None = None,
    width: int | None = None,
    weights: Literal["ema", "raw"] = "ema",
    objective: str | None = None,
    scale: float = SCALE,
    rescale: bool | None = None,
    **parameters: Any,
) -> DiffusionBridge:
    """A fitted bridge from a checkpoint.

    Args:
        path: of ``model-N.pt``.
        source_mean, target_mean: [D] means of unit rows, such as the older systems' mean files hold.
            Without one nothing is subtracted from its side. (EZ-HOI subtracts the text mean from both.)
        width: D, where no mean tells it: the file cannot.
        weights: the moving average, or the ``raw`` weights, as EZ-HOI used them.
        objective: needed only where the file's loss weights do not tell it.
        scale: s of the chain.
        rescale: bring rows back to length s before each look, as upstream's ``GaussianDiffusion1D_norm``
            does. By default where the sizes are those of Diffusion-Bridge's copy of the library.
        parameters: of :class:`DiffusionBridge`: ``entry_time``, ``sampling_steps``, ``attn_dim_head`` …

    Raises:
        MissingError: no such file.
        UnsafePickleError: the file asks for code; nothing was executed.
        FormatError: truncated, of another library, or of a variant that is not supported.
        VectorError: means of other widths, or a width that the network cannot halve.
        InputError: no width, no objective, or one that the file contradicts.
        UnknownNameError: a parameter that a bridge does not have.
    """
    unknown = sorted(set(parameters) - set(DiffusionBridge._get_param_names()))
    if unknown:
        raise UnknownNameError("parameters of a diffusion bridge", name_some(unknown), "correct the names")
    if weights not in ("ema", "raw"):
        raise UnknownNameError("weights from ema, raw", repr(weights), "choose one")
    file = read_lucidrains(Path(path))
    found = _objective(file, objective)
    means, d = _means(source_mean, target_mean, width, scale)
    middle = int(parameters.pop("attn_dim_head", HEADS[1]))
    shape = file.shape(middle)
    if rescale is None:
        rescale = shape.time_code != shape.init_dim
    raw = weights == "raw" or file.average is None
    bridge = DiffusionBridge(
        **{
            "denoiser": "unet1d", "objective": found, "schedule": file.schedule.name,
            "timesteps": file.schedule.timesteps, "loss_weight": "snr", "scale": scale,
            "rescale": rescale, "weights": "raw" if raw else "ema", "init_dim": shape.init_dim,
            "dim_mults": tuple(w / shape.init_dim for w in shape.widths), "dim": shape.time_code,
            "time_dim": shape.time_dim, "channels": shape.channels, "level_heads": shape.level_heads[0],
            "attn_heads": shape.middle_heads[0], "attn_dim_head": middle,
            "entry_time": min(400, file.schedule.timesteps), **parameters,
        }
    )  # fmt: skip
    bridge.sampling()
    bridge.n_features_in_ = bridge.n_features_out_ = d
    bridge.classes_ = None
    bridge.warnings_ = ()
    if weights == "ema" and file.average is None:
        bridge.warnings_ = (f"{file.path.name} holds no moving average: its raw weights are used",)
    frame = ChainFrame(Side(means[0], 1.0, 1.0), Side(means[1], 1.0, 1.0), scale)
    module = bridge._build(frame)
    state = file.raw if raw or file.average is None else file.average
    module.denoiser.load_state_dict(state)
    bridge._trained = module.eval()
    bridge.losses_, bridge.validation_ = np.zeros(0), {}
    bridge.best_step_, bridge.training_seconds_ = file.step, 0.0
    bridge.provenance_ = {
        "lucidrains": {"file": file.path.name, "step": file.step, "version": file.version},
    }
    return bridge


def to_lucidrains(bridge: DiffusionBridge, path: str | Path) -> Path:
    """Write a bridge as a trainer's checkpoint.

    The library's own classes load it if the sizes are ones that they can have (``dim`` equal to
    ``init_dim``, levels with 4 heads), Diffusion-Bridge's copy if ``dim`` is the width of the rows. The
    means and the chain are not part of such a file. The optimiser starts afresh.

    Raises:
        StudyError: not fitted.
        InputError: the denoiser is not ``unet1d``.
        StorageError: the disk refuses.
    """
    bridge._check_fitted()
    if bridge.denoiser != "unet1d":
        raise InputError(
            "a bridge with the denoiser unet1d, the only one that the library has",
            bridge.denoiser,
            "save this one with save_pretrained",
        )
    module = bridge._trained
    assert isinstance(module, DiffusionModule)
    schedule = bridge.sampling().schedule
    # The weights of the noise's errors, by which a reader can tell the objective.
    tables = {
        **schedule.tables(),
        "loss_weight": loss_weights(schedule, bridge.objective, "snr"),
    }
    model: Tensors = {name: torch.tensor(table, dtype=torch.float32) for name, table in tables.items()}
    weights = module.denoiser.state_dict()
    model |= {f"{PREFIX}{name}": tensor.float().clone() for name, tensor in weights.items()}
    ema = {"initted": torch.tensor(True), "step": torch.tensor(bridge.best_step_)}
    ema |= {
        f"{part}.{name}": tensor for part in ("online_model", "ema_model") for name, tensor in model.items()
    }
    content = {
        "step": int(bridge.best_step_),
        "model": model,
        "opt": {"state": {}, "param_groups": [_fresh_adam(bridge, len(weights))]},
        "ema": ema,
        "scaler": None,
        "version": VERSION,
    }

    def write(file: IO[bytes]) -> None:
        torch.save(content, file)

    write_atomically(Path(path), write)
    return Path(path)


def _fresh_adam(bridge: DiffusionBridge, count: int) -> dict[str, Any]:
    return {
        "lr": bridge.learning_rate, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0, "amsgrad": False,
        "maximize": False, "foreach": None, "capturable": False, "differentiable": False, "fused": None,
        "decoupled_weight_decay": False, "params": list(range(count)),
    }  # fmt: skip


def _objective(file: Checkpoint, given: str | None) -> str:
    if given is None and file.objective is None:
        raise InputError(
            f"the objective that {file.path} was trained with",
            "loss weights that belong to none",
            "give objective= pred_x0, pred_noise or pred_v",
        )
    if given is not None and file.objective is not None and given != file.objective:
        raise InputError(
            f"the objective that {file.path} was trained with, {file.objective} by its loss weights",
            f"objective={given!r}",
            "leave the objective out",
        )
    found = given if given is not None else file.objective
    assert found is not None
    return found


def _means(
    source: ArrayLike | None, target: ArrayLike | None, width: int | None, scale: float
) -> tuple[list[NDArray[np.float64]], int]:
    given = [None if mean is None else np.asarray(mean, np.float64) for mean in (source, target)]
    # Files of the older systems hold [1, D].
    flat = [mean[0] if mean is not None and mean.ndim == 2 and len(mean) == 1 else mean for mean in given]
    widths = {mean.shape[-1] if mean.ndim else 0 for mean in flat if mean is not None}
    if width is not None:
        widths.add(width)
    if not widths:
        raise InputError(
            "the width of the rows, which the file does not hold", "none", "give the means, or width=512"
        )
    if len(widths) > 1:
        raise VectorError(
            "means and rows of one width", name_some(sorted(widths)), "give the means of this model's rows"
        )
    d = widths.pop()
    if d < 1:
        raise VectorError("a width of at least 1", f"{d}", "give the width of the rows")
    return [Chain(np.zeros(d) if mean is None else mean, scale).mean for mean in flat], d
