"""How near predictions are to their targets, beside what needs no model: error and cosine, at every level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.internals.masking.mask import Cells

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """One image at one level; every number is a mean over what was predicted.

    Attributes:
        cosine, error: of the predictions: cosine to the target (NaN where all targets are zero), and mean
            squared difference a dimension.
        trivial: cosine and error of the mean target of the visible patches.
        shuffled: cosine and error of predictions from another image's context; NaN where there is none.
        predicted, target: [D] means of the predictions and of their targets.
        cosines, errors: of the level's grid, means over the targets that a cell is in; NaN where in none.
        count: predictions.
    """

    cosine: float
    error: float
    trivial: tuple[float, float]
    shuffled: tuple[float, float]
    predicted: NDArray[np.float32]
    target: NDArray[np.float32]
    cosines: Float64
    errors: Float64
    count: int


def level_grid(grid: Sequence[int], level: int) -> tuple[int, int]:
    """Rows and columns of cells of 2^level × 2^level patches; those at the edge may be smaller."""
    rows, columns = (-(-size // 2**level) for size in grid)
    return rows, columns


def pool_cells(
    values: ArrayLike, places: ArrayLike, grid: Sequence[int], level: int
) -> tuple[Float64, NDArray[np.int64]]:
    """Mean over the patches of each cell that are there.

    Args:
        values: [M, D] of some patches.
        places: [M] their indices in the flat grid.
        grid: rows and columns of patches.
        level: cells are 2^level patches high and wide.

    Returns:
        [C, D] means, and [C] indices in the flat grid of the level, in order.
    """
    row, column = np.divmod(np.asarray(places, np.int64), grid[1])
    cells = (row >> level) * level_grid(grid, level)[1] + (column >> level)
    kept, codes = np.unique(cells, return_inverse=True)
    sums = np.zeros((len(kept), np.shape(values)[1]))
    np.add.at(sums, codes, np.asarray(values, np.float64))
    return sums / np.bincount(codes)[:, None], kept


def score(
    predicted: Sequence[ArrayLike],
    features: ArrayLike,
    targets: Sequence[Cells],
    context: Cells,
    *,
    level: int = 0,
    shuffled: Sequence[ArrayLike] | None = None,
) -> Scores:
    """Compare what was predicted of one image with its features.

    Args:
        predicted: [M, D] of each target, in the order of its patches.
        features: [T, D] of all patches.
        targets: of the grid's shape, the patches of each target.
        context: the same, the visible patches.
        level: predictions and targets are means over cells of 2^level × 2^level patches.
        shuffled: as ``predicted``, from the context of another image.

    Raises:
        InputError: shapes that do not fit.
    """
    grid, whole = context.shape, np.asarray(features, np.float64)
    sizes = [int(cells.sum()) for cells in targets]
    if len(whole) != context.size or [len(np.asarray(one)) for one in predicted] != sizes:
        raise InputError(
            f"features of {context.size} patches and predictions of {sizes}",
            f"{len(whole)} and {[len(np.asarray(one)) for one in predicted]}",
            "give those of one image and its mask",
        )
    trivial = whole[context.ravel()].mean(axis=0)
    rows: list[tuple[Float64, Float64, Float64 | None, NDArray[np.int64]]] = []
    for at, cells in enumerate(targets):
        places = np.flatnonzero(cells)
        made, kept = pool_cells(predicted[at], places, grid, level)
        true, _ = pool_cells(whole[places], places, grid, level)
        other = None if shuffled is None else pool_cells(shuffled[at], places, grid, level)[0]
        rows.append((made, true, other, kept))
    made, true = np.concatenate([one[0] for one in rows]), np.concatenate([one[1] for one in rows])
    others = [one[2] for one in rows if one[2] is not None]
    kept = np.concatenate([one[3] for one in rows])
    cosines, errors = _cosines(made, true), np.square(made - true).mean(axis=1)
    shape = level_grid(grid, level)
    return Scores(
        _mean(cosines),
        float(errors.mean()),
        (_mean(_cosines(trivial[None], true)), float(np.square(trivial - true).mean())),
        (np.nan, np.nan)
        if not others
        else (
            _mean(_cosines(np.concatenate(others), true)),
            float(np.square(np.concatenate(others) - true).mean()),
        ),
        made.mean(axis=0).astype(np.float32),
        true.mean(axis=0).astype(np.float32),
        _on_grid(cosines, kept, shape),
        _on_grid(errors, kept, shape),
        len(kept),
    )


def _cosines(a: Float64, b: Float64) -> Float64:
    """[R] cosines of rows; NaN where one is zero, as a flat patch after normalisation is."""
    sizes = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Float64 = np.where(sizes > 0, (a * b).sum(axis=1) / sizes, np.nan)
    return found


def _mean(values: Float64) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _on_grid(values: Float64, cells: NDArray[np.int64], shape: tuple[int, int]) -> Float64:
    known = np.isfinite(values)
    counts = np.bincount(cells[known], minlength=shape[0] * shape[1])
    sums = np.bincount(cells[known], values[known], minlength=shape[0] * shape[1])
    with np.errstate(invalid="ignore"):
        means: Float64 = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means.reshape(shape)
