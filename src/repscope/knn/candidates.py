"""Candidates for the nearest rows: blocked matrix products, with a proven margin.

A block of scores comes from one matrix product in float32. Its rounding error is bounded, so every
row that can belong to the k best lies within twice that bound of the k-th best score found so far.
Those rows are kept, the rest is never looked at again: a maximum over groups of columns shows which
groups can hold one, and after the first block almost none does. When the base is the queries
themselves each block of the symmetric score matrix serves its rows and its columns, which halves the
products.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

BLOCK_ROWS = 2048
_GROUP = 16
_WIDEST = 16


@dataclass(frozen=True)
class Operands:
    """Rows made ready so that ``score(q, b) = left(q) · right(b)`` ranks b for each q.

    Attributes:
        rows: [N, W] float32 or float64; for a distance W = D + 2 and the last two columns are
            (−½‖x‖², 1), so that the score is −½‖q − b‖² and symmetric.
        norms: [N] length of the first D columns, float64.
        distance: whether the last two columns are those of a distance.
    """

    rows: Floats
    norms: NDArray[np.float64]
    distance: bool

    def __len__(self) -> int:
        return len(self.rows)

    def left(self, chosen: slice | Ints) -> Floats:
        """Rows as they stand on the query's side of the product."""
        return self.rows[chosen]

    def right(self, chosen: slice) -> Floats:
        """Rows as they stand on the base's side: the two extra columns change places."""
        if not self.distance:
            return self.rows[chosen]
        rows = self.rows[chosen].copy()
        rows[:, -2:] = rows[:, :-3:-1].copy()
        return rows

    def error(self, chosen: slice | Ints, largest: float) -> Floats:
        """Bound of the rounding error of a score of these rows against base rows up to ``largest``.

        Higham's bound of an inner product of W terms, W·u·Σ|a||b|, with eight more roundings for
        what went into the terms; Σ|a||b| ≤ ‖a‖‖b‖, and ½(‖a‖ + ‖b‖)² where the distance columns are added.
        """
        norms = self.norms[chosen]
        size = 0.5 * (norms + largest) ** 2 if self.distance else norms * largest
        limits = np.finfo(self.rows.dtype)
        bound = (self.rows.shape[1] + 8) * float(limits.eps) / 2 * size + float(limits.tiny)
        return np.asarray(bound, dtype=self.rows.dtype)


@dataclass(frozen=True)
class Found:
    """Candidates of consecutive queries, and the queries that had too many to list.

    Attributes:
        rows: [P] query of each candidate, ascending.
        columns: [P] base row of each candidate; the k best of each query are among them.
        crowded: queries of this block that have more near-ties than ``cap``; none of their
            candidates is listed.
    """

    rows: Ints
    columns: Ints
    crowded: Ints


def find(
    queries: Operands,
    base: Operands | None,
    k: int,
    *,
    chosen: Ints | None = None,
    skip: Ints | None = None,
    block_rows: int = BLOCK_ROWS,
    cap: int,
) -> Iterator[Found]:
    """Yield, block of queries by block, all base rows that can be among the k with the highest score.

    Args:
        queries: the query side.
        base: the base side; None searches the queries among themselves, without themselves.
        k: neighbours wanted, at most the rows available.
        chosen: search for these queries only (with ``base`` given).
        skip: [len(chosen)] one base row that each chosen query must not find, −1 for none.
        block_rows: rows of a block of scores, and columns too.
        cap: near-ties beyond which a query is reported as crowded.
    """
    alone = base is None
    target = queries if base is None else base
    wanted = np.arange(len(queries), dtype=np.int64) if chosen is None else chosen
    block_columns = block_rows
    if not alone:
        # Few queries: wider blocks, so that products stay large.
        block_columns *= min(max(1, block_rows // len(wanted)), _WIDEST)
    largest = float(target.norms.max())
    starts = range(0, len(wanted), block_rows)
    blocks = [
        _Block(wanted[at : at + block_rows], k, cap, queries.error(wanted[at : at + block_rows], largest))
        for at in starts
    ]
    buffer = np.empty((block_rows, block_columns), dtype=queries.rows.dtype)
    for number, at in enumerate(starts):
        block = blocks[number]
        left = queries.left(block.queries if chosen is not None else slice(at, at + block_rows))
        for start in range(at if alone else 0, len(target), block_columns):
            right = target.right(slice(start, start + block_columns))
            whole = len(right) == block_columns
            scores = np.matmul(left, right.T, out=buffer[: len(left)] if whole else None)
            if alone and start == at:
                np.fill_diagonal(scores, -np.inf)
            elif skip is not None:
                _hide(scores, skip[at : at + block_rows] - start)
            block.offer(scores, start)
            if alone and start > at:
                blocks[start // block_rows].offer(scores, at, turned=True)
        yield block.finish()


def _hide(scores: Floats, columns: Ints) -> None:
    rows = np.flatnonzero((columns >= 0) & (columns < scores.shape[1]))
    scores[rows, columns[rows]] = -np.inf


class _Block:
    """What is known so far of one block of queries: a ragged list of candidates and a bar per row."""

    def __init__(self, queries: Ints, k: int, cap: int, error: Floats) -> None:
        self.queries = queries
        self._k = k
        self._cap = cap
        self._margin = 2 * error
        self._bar = np.full(len(queries), -np.inf, dtype=error.dtype)
        self._crowded = np.zeros(len(queries), dtype=bool)
        self._parts: list[tuple[Ints, Ints, Floats]] = []
        self._pending = 0

    def offer(self, scores: Floats, start: int, *, turned: bool = False) -> None:
        """Look through scores of this block's queries (rows, or columns when turned) against base rows."""
        view = scores.T if turned else scores
        queries, width = view.shape
        groups = width // _GROUP
        whole = groups * _GROUP
        if not groups:
            best = view[:, :0]
        elif turned:
            best = scores[:whole].reshape(_GROUP, groups, queries).max(axis=0).T
        else:
            best = scores[:, :whole].reshape(queries, _GROUP, groups).max(axis=1)
        if np.isneginf(self._bar).any():
            self._raise_bar(best if groups >= self._k else view)
        row, group = np.nonzero(best >= (self._bar - self._margin)[:, None])
        columns = (group[:, None] + np.arange(0, whole, max(groups, 1))).ravel()
        self._keep(np.repeat(row, _GROUP), columns, view, start)
        if whole < width:
            rows = np.repeat(np.arange(queries), width - whole)
            self._keep(rows, np.tile(np.arange(whole, width), queries), view, start)
        if self._pending > max(self._k, 16) * queries:
            self._compact()

    def _raise_bar(self, values: Floats) -> None:
        """The k-th largest of any k or more different scores is a bar that the k best all reach."""
        if values.shape[1] >= self._k:
            at = values.shape[1] - self._k
            self._bar = np.maximum(self._bar, np.partition(values, at, axis=1)[:, at])

    def _keep(self, rows: Ints, columns: Ints, scores: Floats, start: int) -> None:
        values = scores[rows, columns]
        kept = np.flatnonzero((values >= (self._bar - self._margin)[rows]) & (values > -np.inf))
        self._parts.append((rows[kept], columns[kept] + start, values[kept]))
        self._pending += len(kept)

    def _compact(self) -> None:
        """Raise the bars to the k-th best so far, and drop what fell below."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        order = np.lexsort((-values, rows))
        rows, columns, values = rows[order], columns[order], values[order]
        counts = np.bincount(rows, minlength=len(self.queries))
        first = np.cumsum(counts) - counts
        full = np.flatnonzero(counts >= self._k)
        self._bar[full] = np.maximum(self._bar[full], values[first[full] + self._k - 1])
        kept = values >= (self._bar - self._margin)[rows]
        counts = np.bincount(rows[kept], minlength=len(self.queries))
        crowded = counts > self._cap
        if crowded.any():
            self._crowded |= crowded
            self._bar[crowded] = np.inf
            kept &= ~crowded[rows]
        self._parts = [(rows[kept], columns[kept], values[kept])]
        self._pending = 0

    def finish(self) -> Found:
        self._compact()
        rows, columns, _ = self._parts[0]
        self._parts = []
        return Found(self.queries[rows], columns, self.queries[self._crowded])
