"""Neighbour lists that survive leaving rows out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.knn.exact import exact
from repscope.measure.core.arrays import Float64, matrix, row_blocks

SPARE = 30
"""Neighbours kept beyond k, so that most lists are still long enough when a group is left out."""

_PAIRS = 4096

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class NeighbourLists:
    """The nearest neighbours of every row among the others, with some to spare.

    Attributes:
        rows: [N, D] the vectors.
        indices: [N, k + spare] nearest first.
        scores: [N, k + spare] distance (l2) or cosine of each.
        k: neighbours wanted.
        metric: "cosine" or "l2".
    """

    rows: NDArray[np.generic]
    indices: Indices
    scores: Float64
    k: int
    metric: str

    @classmethod
    def of(cls, x: ArrayLike, k: int, metric: str = "cosine", spare: int = SPARE) -> NeighbourLists:
        """Search the rows of ``x`` [N, D] among themselves.

        Raises:
            InputError: k is below 1, or not below the number of rows.
            VectorError: not a finite matrix, or a zero row under cosine.
        """
        rows = matrix(x)
        if k < 1:
            raise InputError("at least 1 neighbour", f"k = {k}", "raise k")
        if rows.dtype.kind != "f":
            rows = rows.astype(np.float32 if rows.dtype.kind == "V" else np.float64)
        # Where k itself is too large, the search says so.
        found = exact(rows, k=max(k, min(k + spare, len(rows) - 1)), metric=metric)
        return cls(rows, found.indices, found.scores, k, metric)

    def wanting(self, k: int) -> NeighbourLists:
        """The same lists, asked for another number of neighbours.

        Raises:
            InputError: k is below 1, or more than is listed.
        """
        if not 1 <= k <= self.indices.shape[1]:
            raise InputError(
                f"1 to {self.indices.shape[1]} neighbours, as were searched", f"k = {k}", "search again"
            )
        return replace(self, k=k)

    def by_distance(self) -> NeighbourLists:
        """The same neighbours by Euclidean distance; of unit rows, which both metrics rank alike."""
        n, listed = self.indices.shape
        scores = np.empty((n, listed))
        for block in row_blocks(n, max(1, _PAIRS // listed)):
            steps = self.rows[self.indices[block]].astype(np.float64)
            steps -= self.rows[block, None].astype(np.float64)
            scores[block] = np.sqrt(np.einsum("nkd,nkd->nk", steps, steps))
        order = np.lexsort((self.indices, scores), axis=-1)
        return NeighbourLists(
            self.rows,
            np.take_along_axis(self.indices, order, axis=1),
            np.take_along_axis(scores, order, axis=1),
            self.k,
            "l2",
        )

    def without(self, kept: Indices) -> tuple[Indices, Float64]:
        """The k nearest among the kept rows, exactly, as (indices, scores) [len(kept), k].

        Indices count in all rows. A list that has lost more than its spare is searched again.

        Raises:
            InputError: k is not below the number of kept rows.
        """
        is_kept = np.zeros(len(self.rows), bool)
        is_kept[kept] = True
        listed, scores = self.indices[kept], self.scores[kept]
        place = np.cumsum(is_kept[listed], axis=1)
        full = place[:, -1] >= self.k
        chosen = is_kept[listed] & (place <= self.k)
        indices = np.empty((len(kept), self.k), np.int64)
        values = np.empty((len(kept), self.k))
        indices[full] = listed[full][chosen[full]].reshape(-1, self.k)
        values[full] = scores[full][chosen[full]].reshape(-1, self.k)
        short = np.flatnonzero(~full)
        if short.size:
            indices[short], values[short] = self._search(kept, short)
        return indices, values

    def _search(self, kept: Indices, short: Indices) -> tuple[Indices, Float64]:
        found = exact(self.rows[kept[short]], self.rows[kept], k=self.k + 1, metric=self.metric)
        own = found.indices == short[:, None]
        # Among many copies of a row, the row itself may not be listed; then the last one goes.
        own[:, -1] |= ~own.any(axis=1)
        shape = (len(short), self.k)
        return kept[found.indices[~own].reshape(shape)], found.scores[~own].reshape(shape)


def overlap(a: Indices, b: Indices, block_rows: int = 4096) -> Float64:
    """[N] how many of the k neighbours in ``a`` [N, k] are also in ``b`` [N, k]."""
    counts = np.empty(len(a))
    for start in range(0, len(a), block_rows):
        rows = slice(start, start + block_rows)
        counts[rows] = (a[rows, :, None] == b[rows, None, :]).any(axis=2).sum(axis=1)
    return counts
