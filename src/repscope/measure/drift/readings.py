"""A second pass over each stage: distances to its centre, and variances along chosen directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.arrays import Float64
from repscope.measure.drift.frame import DriftFrame
from repscope.measure.drift.sums import StageSums

AXES = 32
"""Principal axes of the first stage that are followed at most."""

AXES_SHARE = 0.95
"""Share of the first stage's spread that the followed axes hold, where so few do."""

AXES_ROWS = 5000
"""Rows of a half that axes are found on; more are drawn, seeded."""


@dataclass(frozen=True)
class Readings:
    """What the second pass read.

    Attributes:
        radii: [S, N] distance of each row to the centre of its own stage.
        along: [1 + G, S] variance along the net move from the first stage to the last; the direction is
            found anew without each group. None where the centre has not moved.
        axes: [1 + G, S, K] variance along the K first principal axes of the first stage, found on one half
            of the groups and read on the other; the mean over both ways round. Empty (K = 0) where the
            first stage has no spread.
    """

    radii: Float64
    along: Float64 | None
    axes: Float64


def readings(frame: DriftFrame, sums: StageSums, *, moved: bool) -> Readings:
    """Read every stage a second time, once the centres and the directions are known.

    Args:
        frame: the stages.
        sums: of the first pass.
        moved: the move from first to last is more than noise, so that it has a direction.
    """
    means = sums.means()
    halves = np.arange(frame.n_groups) % 2
    axes = [_axes(frame, sums, np.equal(halves, half)) for half in (0, 1)]
    k = min(len(basis) for basis in axes)
    directions = [basis[:k] for basis in axes]
    if moved:
        net = means[:, -1] - means[:, 0]
        directions.append(net / np.linalg.norm(net, axis=1, keepdims=True))
    table = np.concatenate(directions) if directions else np.zeros((0, frame.dimension))
    radii, first, second = _project(frame, means[0], table)
    along = None
    if moved:
        every = np.arange(2 * k, len(table))
        variances = _variances(sums.keep, sums.rows, first[:, :, every], second[:, :, every])
        along = variances[np.arange(len(every)), :, np.arange(len(every))]
    # An axis is read on the groups that it was not found on.
    crossed = []
    for half in (0, 1):
        columns = slice(half * k, (half + 1) * k)
        keep = sums.keep * (halves != half)
        crossed.append(_variances(keep, sums.rows, first[:, :, columns], second[:, :, columns]))
    return Readings(radii, along, (crossed[0] + crossed[1]) / 2)


def _axes(frame: DriftFrame, sums: StageSums, half: NDArray[np.bool_]) -> Float64:
    """[K, D] principal axes of the first stage on one half of the groups."""
    rows = np.flatnonzero(half[frame.groups])
    if len(rows) < 3:
        return np.zeros((0, frame.dimension))
    if len(rows) > AXES_ROWS:
        rows = np.sort(np.random.default_rng(frame.seed + 11).choice(rows, AXES_ROWS, replace=False))
    x = np.asarray(frame.stages[0][rows], np.float64)
    x -= x.mean(axis=0)
    if len(x) < x.shape[1]:
        values, left = np.linalg.eigh(x @ x.T)
        vectors = x.T @ left
    else:
        values, vectors = np.linalg.eigh(x.T @ x)
    values, vectors = values[::-1], vectors[:, ::-1]
    total = values.sum()
    if sums.total_spread()[0, 0] <= 0 or total <= 0:
        return np.zeros((0, frame.dimension))
    held = np.cumsum(values) / total
    k = min(int(np.searchsorted(held, AXES_SHARE)) + 1, AXES, int((values > 1e-10 * values[0]).sum()))
    axes: Float64 = (vectors[:, :k] / np.linalg.norm(vectors[:, :k], axis=0)).T
    return axes


def _project(frame: DriftFrame, centres: Float64, table: Float64) -> tuple[Float64, Float64, Float64]:
    """Radii [S, N], and sums and sums of squares of the projections by group [G, S, K]."""
    s = len(frame.stages)
    radii = np.empty((s, frame.n))
    first = np.zeros((frame.n_groups, s, len(table)))
    second = np.zeros_like(first)
    for group, rows in frame.blocks():
        for number, stage in enumerate(frame.stages):
            x = np.asarray(stage[rows], np.float64) - centres[number]
            radii[number, rows] = np.sqrt(np.einsum("bd,bd->b", x, x))
            projected = x @ table.T
            first[group, number] += projected.sum(axis=0)
            second[group, number] += np.square(projected).sum(axis=0)
    return radii, first, second


def _variances(keep: Float64, rows: Float64, first: Float64, second: Float64) -> Float64:
    """[1 + G, S, K] variances of projections over the groups that are kept."""
    n = (keep @ rows)[:, None, None]
    means = np.tensordot(keep, first, axes=1) / n
    variances: Float64 = (np.tensordot(keep, second, axes=1) - n * np.square(means)) / np.maximum(n - 1, 1)
    return np.maximum(variances, 0.0)
