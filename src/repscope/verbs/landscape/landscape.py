"""``landscape``: the loss on a plane through trained weights."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import InputError, ModelError
from repscope.extraction.models.callables import check_module, load_from_file
from repscope.extraction.models.load import resolve_device
from repscope.extraction.models.user_code import blaming
from repscope.extraction.models.weights import load_weights
from repscope.learning.landscape.directions import Plane, random_plane, trajectory_plane
from repscope.learning.landscape.surface import Loss, Surface, axis_of, curvatures, fill_surface
from repscope.text.progress import OnProgress, Progress
from repscope.verbs.landscape.options import LandscapeOptions
from repscope.verbs.landscape.result import Landscape

if TYPE_CHECKING:
    from torch import nn

FORM = """the callable of --model gives the trained module and its loss on one fixed batch:
    def build():
        model = Net(); images, labels = torch.load("batch.pt")
        return model, lambda model: F.cross_entropy(model(images), labels)"""

MARGIN = 0.2
"""Around a path, as a share of its extent."""


def landscape(
    model: str | tuple[nn.Module, Loss],
    *,
    weights: str | Path | None = None,
    grid: int = LandscapeOptions.grid,
    span: float = LandscapeOptions.span,
    directions: str = LandscapeOptions.directions,
    checkpoints: Sequence[str | Path] = (),
    biases: bool = LandscapeOptions.biases,
    train: bool = LandscapeOptions.train,
    device: str | None = None,
    seed: int = LandscapeOptions.seed,
    overwrite: bool = LandscapeOptions.overwrite,
    out: str | Path | None = None,
    progress: OnProgress | None = None,
) -> Landscape:
    """The loss around trained weights, on a plane through them (Li et al., NeurIPS 2018).

    Every cell has the same batch, masks and random numbers; the middle is the loss of the trained weights to
    the bit. The module is as before afterwards: weights, buffers (BatchNorm's statistics), modes.

    Args:
        model: ``FILE.py:callable``, which gives (module, loss), or such a pair; ``loss(module)`` is a number.
        weights: a file of weights for the module; its own without.
        grid: cells a side, odd.
        span: reach to each side in lengths of the weights; of pca, the path decides.
        directions: "random", normalised by filter, or "pca" of ``checkpoints``.
        checkpoints: files of weights along the training, first to last.
        biases: move biases and weights of normalisations as well.
        train: evaluate in training mode.
        device: of the module; CUDA where there is one.
        seed: of the directions, and of what the loss draws.
        overwrite: begin anew where ``out`` holds another landscape.
        out: folder that keeps the cells that are done, so that a killed landscape goes on there.
        progress: called after every cell.

    Raises:
        InputError: an even grid, losses of the same weights that differ, checkpoints without pca.
        ModelError: no module, a loss that is no number, or the user's code raised.
        ExistsError: ``out`` holds cells of another landscape.
        StorageError: the disk refuses.
    """
    import torch

    own = {**locals(), "model": model if isinstance(model, str) else ""}
    options = LandscapeOptions.of({**own, "checkpoints": tuple(map(Path, checkpoints))})
    if directions not in ("random", "pca") or bool(checkpoints) != (directions == "pca"):
        raise InputError(
            "--directions random, or pca with --checkpoints",
            f"{directions} with {len(checkpoints)} checkpoints",
            "change one",
        )
    module, loss = _pair(model, seed)
    notes: list[str] = []
    place = resolve_device(device) if isinstance(model, str) else None
    if place is not None:
        module.to(place)
    if weights is not None:
        notes += load_weights(module, weights).notes
    elif isinstance(model, str):
        notes.append("no --weights were given: the module is as its callable made it")
    if isinstance(module, torch.jit.ScriptModule):
        raise ModelError("a module whose weights can be moved", "TorchScript", "give the module underneath")
    plane = (
        trajectory_plane(module, _states(module, checkpoints))
        if checkpoints
        else random_plane(module, seed, biases=biases)
    )
    xs, ys = _axes(plane, grid, span)
    surface = Surface(module, loss, plane, train=train, seed=seed)
    begun, earlier = time.monotonic(), 0

    def tell(done: int, total: int) -> None:
        nonlocal earlier
        earlier = earlier or done - 1
        rate = (done - earlier) / max(time.monotonic() - begun, 1e-9)
        assert progress is not None
        progress(Progress("landscape", done, total, seconds_left=(total - done) / rate, committed=earlier))

    named = model if isinstance(model, str) else type(module).__name__
    with blaming(Path(str(named).partition(":")[0]), f"{named} to give its loss"):
        surface.check()
        losses = fill_surface(
            surface,
            xs,
            ys,
            folder=None if out is None else Path(out),
            overwrite=overwrite,
            tell=tell if progress is not None else None,
        )
    if not np.isfinite(losses).any():
        raise InputError("losses that are numbers", f"none in {losses.size:,} cells", "look at the loss")
    return Landscape(
        model=named,
        xs=xs,
        ys=ys,
        losses=losses,
        directions=plane.kind,
        cosine=plane.cosine,
        curvature=curvatures(losses, xs, ys),
        explained=plane.explained,
        path=plane.path,
        notes=(*notes, *_frozen(module), *_notes(module, train)),
        replay=options.to_command("landscape") if isinstance(model, str) else "",
    )


def _pair(model: Any, seed: int) -> tuple[nn.Module, Loss]:
    import torch

    made = model
    if isinstance(model, str):
        maker = load_from_file(model, "the model")
        if not callable(maker):
            raise ModelError(f"a callable in {model}", type(maker).__name__, FORM)
        file = Path(model.partition(":")[0])
        with torch.random.fork_rng(), blaming(file, f"{model} to give module and loss"):
            torch.manual_seed(seed)
            made = maker()
    if not isinstance(made, tuple) or len(made) != 2 or not callable(made[1]):
        error = ModelError("a module and its loss, (module, loss)", type(made).__name__, "return both")
        error.add_note(FORM)
        raise error
    return check_module(made[0], "the model"), made[1]


def _states(module: nn.Module, checkpoints: Sequence[str | Path]) -> list[dict[str, Any]]:
    """The weights of each checkpoint, matched to the module as --weights are; the module stays as it is."""
    own = {name: weight.detach().clone() for name, weight in module.state_dict().items()}
    states = []
    try:
        for file in checkpoints:
            load_weights(module, file)
            states.append({name: weight.detach().clone() for name, weight in module.named_parameters()})
    finally:
        module.load_state_dict(own)
    return states


def _axes(plane: Plane, grid: int, span: float) -> tuple[Any, Any]:
    if plane.path is None:
        return axis_of(grid, -span, span), axis_of(grid, -span, span)
    axes = []
    for along in plane.path.T:
        low, high = min(along.min(), 0.0), max(along.max(), 0.0)
        room = MARGIN * (high - low)
        axes.append(axis_of(grid, low - room, high + room))
    return axes[0], axes[1]


def _frozen(module: nn.Module) -> list[str]:
    held = sum(not one.requires_grad for one in module.parameters())
    if not held or held == len(list(module.parameters())):
        return []
    return [f"{held:,} frozen parameters (no gradient) stay where they are"]


def _notes(module: nn.Module, train: bool) -> list[str]:
    from torch import nn

    kinds = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.SyncBatchNorm
    if not any(isinstance(one, kinds) for one in module.modules()):
        return []
    if train:
        return ["BatchNorm takes the statistics of the batch in every cell; its own are not updated"]
    return [
        "BatchNorm keeps the statistics of the trained weights in every cell, as in evaluation; "
        "--train takes those of the batch"
    ]
