"""Controls: what a measure reads for transforms that are known not to be an answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.arrays import row_blocks
from repscope.measure.core.moments import BLOCK_ROWS
from repscope.study.stored import scratch

Array = NDArray[np.floating]

NAMES = ("identity", "noise", "collapse", "snap", "floor")


def noise(before: Array, after: Array, *, seed: int = 0) -> Array:
    """Steps of the same lengths as the real ones, in random directions.

    A transform that does no better than this moved its rows, and nothing else.

    Args:
        before, after: [N, D] the same items, on the unit sphere or not.
        seed: of the directions.
    """
    rng = np.random.default_rng(seed)
    moved: Array = scratch(before.shape, before.dtype)
    for block in row_blocks(len(before), BLOCK_ROWS):
        start = before[block]
        directions = rng.standard_normal(start.shape, dtype=np.float32)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        lengths = np.linalg.norm(np.subtract(after[block], start, dtype=np.float64), axis=1, keepdims=True)
        moved[block] = start + directions * lengths
    return moved


def collapse(before: Array) -> Array:
    """Every row at the mean direction of the rows (read-only): the largest cosine one vector can give all."""
    total = np.zeros(before.shape[1])
    for block in row_blocks(len(before), BLOCK_ROWS):
        # One sum, carried on: the same to the last digit whatever the blocks are.
        total = np.vstack([total, _directions(before[block])]).sum(axis=0)
    mean = total / len(before)
    length = np.linalg.norm(mean)
    # Directions that cancel out have no mean; the first row then is as good a point as any.
    point = mean / length if length > np.finfo(np.float32).eps else _directions(before[:1])[0]
    collapsed: Array = np.broadcast_to(point.astype(before.dtype), before.shape)
    return collapsed


def _directions(rows: Array) -> Array:
    directions: Array = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return directions


def snap(nearest: NDArray[np.int64], reference: Array) -> Array:
    """Every row replaced by its nearest reference row: the largest max-cosine there is, no new information.

    Args:
        nearest: [N] row of the reference nearest to each item before.
        reference: [M, D].
    """
    snapped: Array = scratch((len(nearest), reference.shape[1]), reference.dtype)
    for block in row_blocks(len(nearest), BLOCK_ROWS):
        snapped[block] = reference[nearest[block]]
    return snapped


def halves(n: int, *, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two random halves of n rows: what a distribution measure reads when nothing differs (the floor)."""
    order = np.random.default_rng(seed).permutation(n)
    return order[: n // 2], order[n // 2 : 2 * (n // 2)]


def control_stages(
    before: Array, after: Array, reference: Array, nearest: NDArray[np.int64], *, seed: int = 0
) -> Iterator[tuple[str, Array]]:
    """The controls that are stages of the same items, one at a time to hold one copy in memory."""
    yield "noise", noise(before, after, seed=seed)
    yield from still_controls(before, reference, nearest)


def still_controls(
    before: Array, reference: Array, nearest: NDArray[np.int64]
) -> Iterator[tuple[str, Array]]:
    """Those that need no step: all there are where after lies in another space."""
    yield "collapse", collapse(before)
    if before.shape[1] == reference.shape[1]:
        yield "snap", snap(nearest, reference)
