"""The loss on a grid around the trained weights: exact in the middle, resumable, nothing left changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import ExistsError, InputError, ModelError, RepscopeError, StorageError
from repscope.learning.landscape.directions import Plane

if TYPE_CHECKING:
    from torch import Tensor, nn

Loss = Callable[["nn.Module"], "Tensor | float"]
Told = Callable[[int, int], None]

CELLS = "cells.jsonl"
"""In the folder of a landscape: a line a cell, so that a killed one goes on where it was."""


def axis_of(count: int, low: float, high: float) -> NDArray[np.float64]:
    """Coordinates with 0 among them, exactly.

    Raises:
        InputError: an even or too small number of cells, or a range without 0.
    """
    if count < 3 or count % 2 == 0:
        raise InputError(
            "an odd number of cells a side, 3 or more, so that one is the trained weights",
            f"{count}",
            "write --grid 25",
        )
    if not low < 0 < high:
        raise InputError("a range around 0", f"{low:g} to {high:g}", "write --span 1")
    half = count // 2
    return np.concatenate([np.linspace(low, 0, half + 1)[:-1], [0.0], np.linspace(0, high, half + 1)[1:]])


class Surface:
    """The loss of a module as a function of its place on a plane.

    Args:
        module: trained. Its weights, buffers, modes and the caller's random numbers are as before afterwards.
        loss: of the module, on one fixed batch and fixed masks.
        plane: the directions.
        train: evaluate in training mode, so that BatchNorm takes the batch's own statistics.
        seed: of what the loss draws, the same in every cell: dropout, masks.
    """

    def __init__(self, module: nn.Module, loss: Loss, plane: Plane, *, train: bool, seed: int) -> None:
        self._module, self._loss, self._plane = module, loss, plane
        self._train, self._seed = train, seed
        self._weights = {name: weight.detach().clone() for name, weight in module.named_parameters()}
        self._buffers = {name: buffer.detach().clone() for name, buffer in module.named_buffers()}

    def at(self, a: float, b: float) -> float:
        """The loss at ``a`` times the first direction and ``b`` times the second.

        Raises:
            ModelError: the loss is no number, or the user's code raised.
        """
        import torch

        with self._as_before(), torch.no_grad():
            self._module.train(self._train)
            # torch.manual_seed reads the whole stack of calls for devices that are not there.
            on_cuda = bool(_devices(self._module))
            (torch.manual_seed if on_cuda else torch.default_generator.manual_seed)(self._seed)
            for name, weight in self._module.named_parameters():
                first, second = self._plane.first.get(name), self._plane.second.get(name)
                if first is not None and second is not None and (a or b):
                    weight.copy_(self._weights[name] + a * first + b * second)
            return _number(self._loss(self._module))

    def check(self) -> float:
        """The loss of the trained weights, which has to be the same twice.

        Raises:
            InputError: it is not.
        """
        first, second = self.at(0, 0), self.at(0, 0)
        if first != second and not (np.isnan(first) and np.isnan(second)):
            raise InputError(
                "one loss of the same weights, on one fixed batch and fixed masks",
                f"{first!r} and {second!r}",
                "draw the batch and the masks once, outside the loss",
            )
        return first

    def fingerprint(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> str:
        """Of all that decides the cells; of the loss, its batch and its masks, the value in the middle."""
        digest = hashlib.sha256(self.at(0, 0).hex().encode())
        for tensors in (self._weights, self._buffers, self._plane.first, self._plane.second):
            for name, tensor in sorted(tensors.items()):
                digest.update(name.encode())
                digest.update(tensor.detach().cpu().contiguous().view(-1).float().numpy().tobytes())
        digest.update(xs.tobytes() + ys.tobytes() + bytes([self._train]) + str(self._seed).encode())
        return digest.hexdigest()[:32]

    @contextlib.contextmanager
    def _as_before(self) -> Iterator[None]:
        import torch

        modes = [(module, module.training) for module in self._module.modules()]
        with torch.random.fork_rng(devices=_devices(self._module)):
            try:
                yield
            finally:
                with torch.no_grad():
                    for name, weight in self._module.named_parameters():
                        weight.copy_(self._weights[name])
                    for name, buffer in self._module.named_buffers():
                        buffer.copy_(self._buffers[name])
                for module, training in modes:
                    module.training = training


def fill_surface(
    surface: Surface,
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    *,
    folder: Path | None = None,
    overwrite: bool = False,
    tell: Told | None = None,
) -> NDArray[np.float64]:
    """[len(ys), len(xs)] losses; the middle first, then row by row.

    Args:
        surface: of the loss.
        xs, ys: coordinates along the first and the second direction.
        folder: keeps the cells that are done; a killed landscape goes on there.
        overwrite: begin anew where the folder holds another landscape.
        tell: called with the cells that are done and all of them.

    Raises:
        ExistsError: the folder holds cells of another landscape.
        StorageError: the disk refuses.
    """
    losses = np.full((len(ys), len(xs)), np.nan)
    done: set[tuple[int, int]] = set()
    middle = int(np.flatnonzero(ys == 0)[0]), int(np.flatnonzero(xs == 0)[0])
    order = [middle, *(one for one in np.ndindex(losses.shape) if one != middle)]
    mark = "" if folder is None else surface.fingerprint(xs, ys)
    with _kept(folder, mark, overwrite) as (cells, keep):
        for row, column, loss in cells:
            losses[row, column] = loss
            done.add((row, column))
        for row, column in order:
            if (row, column) not in done:
                losses[row, column] = surface.at(float(xs[column]), float(ys[row]))
                done.add((row, column))
                keep(row, column, float(losses[row, column]))
            if tell is not None:
                tell(len(done), losses.size)
    return losses


@contextlib.contextmanager
def _kept(
    folder: Path | None, mark: str, overwrite: bool
) -> Iterator[tuple[list[tuple[int, int, float]], Callable[[int, int, float], None]]]:
    """Cells of an earlier run, and what keeps a new one."""
    if folder is None:
        yield [], lambda *_: None
        return
    path = folder / CELLS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lines = [] if overwrite or not path.exists() else _whole_lines(path)
        if lines and lines[0] != {"landscape": mark}:
            raise ExistsError(
                f"cells of this landscape in {path}", "those of another", "pass --overwrite, or another --out"
            )
        with path.open("w" if not lines else "a", encoding="utf-8") as file:
            if not lines:
                file.write(json.dumps({"landscape": mark}) + "\n")

            def keep(row: int, column: int, loss: float) -> None:
                file.write(json.dumps([row, column, loss]) + "\n")
                file.flush()

            yield [(int(row), int(column), float(loss)) for row, column, loss in lines[1:]], keep
    except RepscopeError:
        raise
    except OSError as error:
        raise StorageError(f"to write {path}", error.strerror or str(error), "free space") from error


def _whole_lines(path: Path) -> list[Any]:
    """What the lines hold; a last one that a kill cut is taken off the file."""
    text = path.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, "utf-8")
    try:
        return [json.loads(line) for line in whole.splitlines()]
    except ValueError as error:
        raise ExistsError(f"cells of a landscape in {path}", str(error), "pass --overwrite") from error


def _number(loss: Any) -> float:
    import torch

    if isinstance(loss, torch.Tensor) and loss.numel() == 1:
        return float(loss.detach())
    if isinstance(loss, int | float):
        return float(loss)
    got = f"a tensor of shape {list(loss.shape)}" if isinstance(loss, torch.Tensor) else type(loss).__name__
    raise ModelError("one number from the loss", got, "return for example losses.mean()")


def _devices(module: nn.Module) -> Sequence[Any]:
    return list({weight.device for weight in module.parameters() if weight.device.type == "cuda"})


def curvatures(
    losses: NDArray[np.float64], xs: NDArray[np.float64], ys: NDArray[np.float64]
) -> tuple[float, float]:
    """Second differences at the middle, along the first and the second direction."""
    row, column = int(np.flatnonzero(ys == 0)[0]), int(np.flatnonzero(xs == 0)[0])
    return (
        _second(losses[row, column - 1 : column + 2], xs[column - 1 : column + 2]),
        _second(losses[row - 1 : row + 2, column], ys[row - 1 : row + 2]),
    )


def _second(values: NDArray[np.float64], at: NDArray[np.float64]) -> float:
    left, right = at[1] - at[0], at[2] - at[1]
    slopes = (values[1] - values[0]) / left, (values[2] - values[1]) / right
    return float(2 * (slopes[1] - slopes[0]) / (left + right))
