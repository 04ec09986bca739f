"""Which neighbours every item gained, lost and kept between two stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.neighbour_lists import NeighbourLists
from repscope.measure.core.resample import benjamini_hochberg
from repscope.measure.similarity.neighbours import K, neighbour_pair

LEVEL = 0.05


@dataclass(frozen=True)
class NeighbourChange:
    """The k nearest neighbours of each item before and after.

    The p-value of an item is the chance that two random sets of k among the N − 1 others share as many
    as it kept (hypergeometric). Items with q above ``level`` have kept no more of their neighbours
    than chance would leave: for them, nothing shows that the neighbourhood survived. Hubs, which are
    near many rows, are kept by chance a little more often than the test allows for.

    Attributes:
        k: neighbours.
        before, after: [N, k] rows, nearest first, by cosine.
        is_kept: [N, k] whether a neighbour before is one after too; where not, it was lost.
        is_gained: [N, k] whether a neighbour after is new.
        kept: [N] neighbours kept; k − kept were lost, and as many gained.
        p: [N] one-sided, that as many would be kept by chance.
        q: [N] p after Benjamini-Hochberg over the items.
        level: false discovery rate that ``survived`` is called at.
    """

    k: int
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    is_kept: NDArray[np.bool_]
    is_gained: NDArray[np.bool_]
    kept: NDArray[np.int64]
    p: Float64
    q: Float64
    level: float

    @property
    def share_kept(self) -> Float64:
        """[N] share of the neighbours kept; their mean is ``neighbours.kept``."""
        share: Float64 = self.kept / self.k
        return share

    @property
    def survived(self) -> NDArray[np.bool_]:
        """[N] whether more neighbours were kept than chance would leave, at the false discovery rate."""
        return self.q <= self.level


def neighbour_change(
    before: ArrayLike, after: ArrayLike, k: int = K, *, level: float = LEVEL
) -> NeighbourChange:
    """Neighbours gained, lost and kept by every item.

    Args:
        before: [N, D₁].
        after: [N, D₂], row i the same item as row i of ``before``.
        k: neighbours, by cosine, the item itself left out.
        level: false discovery rate over the items.

    Raises:
        VectorError: rows not paired, not finite or zero, or fewer than k + 2 rows.
        InputError: k below 1.
    """
    return neighbour_change_of(*neighbour_pair(before, after, k), level=level)


def neighbour_change_of(
    before: NeighbourLists, after: NeighbourLists, *, level: float = LEVEL
) -> NeighbourChange:
    """:func:`neighbour_change` from neighbours that are known already.

    Raises:
        VectorError: lists of different sets of rows or different k, or fewer than k + 2 rows.
    """
    from scipy.stats import hypergeom

    k, n = before.k, len(before.indices)
    if after.k != k or len(after.indices) != n:
        raise VectorError(
            "neighbours of the same rows, equally many",
            f"{n:,} rows with k = {k} and {len(after.indices):,} rows with k = {after.k}",
            "search both sets with the same k",
        )
    if n < k + 2:
        raise VectorError(
            f"more than {k} other rows, so that a row can keep or lose one of {k} neighbours",
            f"{n:,} rows",
            "lower k, or give more items",
        )
    a, b = before.indices[:, :k], after.indices[:, :k]
    is_kept, stayed = np.empty(a.shape, bool), np.empty(b.shape, bool)
    for start in range(0, n, 4096):
        rows = slice(start, start + 4096)
        same = a[rows, :, None] == b[rows, None, :]
        is_kept[rows], stayed[rows] = same.any(axis=2), same.any(axis=1)
    kept = is_kept.sum(axis=1)
    p = np.asarray(hypergeom.sf(np.arange(k + 1) - 1, n - 1, k, k), np.float64)[kept]
    return NeighbourChange(k, a, b, is_kept, ~stayed, kept, p, benjamini_hochberg(p), level)
