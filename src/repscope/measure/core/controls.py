"""Controls: what a measure reads for transforms that are known not to be an answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

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
    directions = rng.standard_normal(before.shape, dtype=np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths = np.linalg.norm(np.subtract(after, before, dtype=np.float64), axis=1, keepdims=True)
    moved: Array = (before + directions * lengths).astype(before.dtype, copy=False)
    return moved


def collapse(before: Array) -> Array:
    """Every row at the mean direction of the rows: the largest cosine that one vector can give all."""
    directions = before / np.linalg.norm(before, axis=1, keepdims=True)
    mean = directions.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(mean)
    # Directions that cancel out have no mean; the first row then is as good a point as any.
    point = mean / length if length > np.finfo(np.float32).eps else directions[0]
    collapsed: Array = np.broadcast_to(point.astype(before.dtype), before.shape).copy()
    return collapsed


def snap(nearest: NDArray[np.int64], reference: Array) -> Array:
    """Every row replaced by its nearest reference row: the largest max-cosine there is, no new information.

    Args:
        nearest: [N] row of the reference nearest to each item before.
        reference: [M, D].
    """
    snapped: Array = reference[nearest]
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
    yield "collapse", collapse(before)
    if before.shape[1] == reference.shape[1]:
        yield "snap", snap(nearest, reference)
