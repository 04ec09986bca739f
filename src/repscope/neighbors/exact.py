"""Exact k-nearest neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, UnknownNameError, VectorError, name_some
from repscope.neighbors.candidates import BLOCK_ROWS, Found, Operands, find
from repscope.neighbors.device import check_device, find_on_device

METRICS = ("cosine", "inner", "l2")
_PAIRS = 1024
_ROWS = 4096


@dataclass(frozen=True)
class Neighbours:
    """The k nearest base rows of each query, nearest first.

    Attributes:
        indices: [N, k] rows of the base.
        scores: [N, k] float64; cosine and inner product: similarity, descending; l2: distance
            (not squared), ascending.
        metric: "cosine", "inner" or "l2".
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float64]
    metric: str


def exact(
    queries: ArrayLike,
    base: ArrayLike | None = None,
    *,
    k: int,
    metric: str = "cosine",
    block_rows: int | None = None,
    device: str | None = None,
) -> Neighbours:
    """The k nearest rows of ``base`` for every query, with recall 1.

    Matrix products in float32 propose candidates with a proven margin (see
    :mod:`repscope.neighbors.candidates`); candidates are scored again in float64, distances from direct
    differences, and ranked by that score. Equal scores are ranked by row, lower first. The result does
    not depend on ``block_rows`` or on the other queries. Rows too close together for float32 are
    searched again in float64.

    Args:
        queries: [N, D] of any real dtype; float16 is read as float32, integers as float64.
        base: [M, D]; None searches the queries among themselves, where a row never finds itself
            (a copy of it in another row is found).
        k: neighbours a query.
        metric: "cosine", "inner" (largest inner product) or "l2".
        block_rows: rows (and columns) of one block of scores, 2048 by default; memory beyond copies of
            the vectors and the result is some multiple of its square.
        device: torch device for the products, such as "cuda"; NumPy without. The result is the same.

    Raises:
        InputError: k is below 1 or above the rows available, or no such device.
        DependencyError: a GPU was asked for and there is none.
        VectorError: not 2-D numbers, widths that differ, rows with NaN or Inf, zero vectors under cosine.
        UnknownNameError: no such metric.
    """
    if block_rows is not None and block_rows < 1:
        raise InputError("block_rows of at least 1", str(block_rows), "leave it out for the default")
    x, y = checked_pair(queries, base, k, metric)
    if device is not None:
        check_device(device)
    rows = block_rows or BLOCK_ROWS
    return search_distinct(
        x, y, k, metric, lambda left, right: Search(left, right, metric, rows, device=device)
    )


def checked_pair(
    queries: ArrayLike, base: ArrayLike | None, k: int, metric: str
) -> tuple[NDArray[np.floating], NDArray[np.floating] | None]:
    """Queries and base as float arrays that can be searched; errors as :func:`exact`."""
    if metric not in METRICS:
        raise UnknownNameError("a metric", repr(metric), f"choose one of {', '.join(METRICS)}")
    x = _checked(queries, "queries", metric)
    y = None if base is None else _checked(base, "base", metric)
    if y is not None and y.shape[1] != x.shape[1]:
        raise VectorError(
            "queries and base of one width", f"{x.shape[1]} and {y.shape[1]}", "use vectors of one space"
        )
    available = len(x) - 1 if y is None else len(y)
    if not 1 <= k <= available:
        raise InputError(
            "k between 1 and the rows that can be found",
            f"k = {k} with {available:,} rows{' besides the query' if y is None else ''}",
            "lower k, or search a larger set",
        )
    return x, y


def search_distinct(
    x: NDArray[np.floating],
    y: NDArray[np.floating] | None,
    k: int,
    metric: str,
    make: Callable[[NDArray[np.floating], NDArray[np.floating] | None], Search],
) -> Neighbours:
    """Search the distinct rows with what ``make`` builds for them, then give every row its copies."""
    if len(x) == 0:
        return Neighbours(np.empty((0, k), np.int64), np.empty((0, k)), metric)
    target = x if y is None else y
    copies = first, inverse = _distinct(target)
    if len(first) == len(target):
        indices, scores = make(x, y).run(k)
    elif y is None:
        indices, scores = _copies_alone(make(x[first], None), copies, k)
    else:
        groups, group_scores = make(x, y[first]).run(min(k, len(first)))
        indices, scores = _spread(groups, group_scores, inverse, k)
    return Neighbours(indices, np.sqrt(-scores) if metric == "l2" else scores, metric)


def among(x: ArrayLike, rows: ArrayLike, *, k: int, metric: str = "cosine") -> Neighbours:
    """The k nearest other rows of some rows of a set: those rows of ``exact(x, k=k)``, without the rest.

    Args:
        x: [N, D].
        rows: [n] row numbers; a row never finds itself.
        k, metric: see :func:`exact`; errors too.
    """
    vectors = np.asarray(x)
    chosen = np.asarray(rows, dtype=np.int64)
    if not 1 <= k < len(vectors):
        checked_pair(vectors, None, k, metric)
    found = exact(vectors[chosen], vectors, k=k + 1, metric=metric)
    drop = found.indices == chosen[:, None]
    drop[:, -1] |= ~drop.any(axis=1)
    shape = (len(chosen), k)
    return Neighbours(found.indices[~drop].reshape(shape), found.scores[~drop].reshape(shape), metric)


def k_distances(x: ArrayLike, *, k: int, metric: str = "l2") -> NDArray[np.float64]:
    """Distance (or similarity) of every row to its k-th nearest other row: [N]; errors as :func:`exact`."""
    return exact(x, k=k, metric=metric).scores[:, -1]


class Search:
    """One exact search over distinct base rows; scores are negated squared distances under l2."""

    def __init__(
        self,
        x: NDArray[np.floating],
        y: NDArray[np.floating] | None,
        metric: str,
        block_rows: int,
        *,
        device: str | None = None,
    ) -> None:
        self.x = x
        self.y = y
        self.metric = metric
        self._block_rows = block_rows
        self._device = device
        self.norms = (_norms(x), None if y is None else _norms(y))

    def run(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Indices and scores, [N, k] each, by descending score, then ascending index."""
        indices = np.empty((len(self.x), k), dtype=np.int64)
        scores = np.empty((len(self.x), k), dtype=np.float64)
        self.fill(k, indices, scores)
        return indices, scores

    def fill(
        self,
        k: int,
        indices: NDArray[np.int64],
        scores: NDArray[np.float64],
        chosen: NDArray[np.int64] | None = None,
    ) -> None:
        """Write down the exact neighbours of all queries, or of the ``chosen`` ones only."""
        crowded = chosen
        for dtype in (np.float32, np.float64):
            left, right = self._operands(dtype)
            if crowded is None and self._device is not None:
                blocks = find_on_device(left, right, k, cap=8 * k + 64, device=self._device)
            elif crowded is None:
                blocks = find(left, right, k, block_rows=self._block_rows, cap=8 * k + 64)
            else:
                blocks = find(
                    left,
                    left if right is None else right,
                    k,
                    chosen=crowded,
                    skip=crowded if right is None else None,
                    block_rows=self._block_rows,
                    cap=8 * k + 64,
                )
            left_over = []
            for found in blocks:
                self.settle(found, k, indices, scores)
                left_over.append(found.crowded)
            crowded = np.concatenate(left_over)
            if not len(crowded):
                return
        for query in [] if crowded is None else crowded.tolist():
            self.settle(self._everything(query), k, indices, scores)

    def _operands(self, dtype: type[np.floating]) -> tuple[Operands, Operands | None]:
        target = self.x if self.y is None else self.y
        x_norms, y_norms = self.norms
        target_norms = x_norms if y_norms is None else y_norms
        if self.metric == "inner":
            largest = max(float(x_norms.max()), float(target_norms.max()))
            centre = np.zeros(self.x.shape[1])
        else:
            unit = self.metric == "cosine"
            centre = _mean(target, target_norms if unit else None)
            largest = max(
                float(_norms(rows, centre, norms if unit else None).max())
                for rows, norms in ((self.x, x_norms), (target, target_norms))
            )
        # A power of two: exact, and squares of what is left can neither overflow nor vanish.
        scale = 0.5 ** np.ceil(np.log2(largest)) if largest > 0 else 1.0
        left = self._ready(self.x, x_norms, centre, scale, dtype)
        right = None if self.y is None else self._ready(self.y, target_norms, centre, scale, dtype)
        return left, right

    def _ready(
        self,
        rows: NDArray[np.floating],
        norms: NDArray[np.float64],
        centre: NDArray[np.float64],
        scale: float,
        dtype: type[np.floating],
    ) -> Operands:
        distance = self.metric != "inner"
        width = rows.shape[1]
        ready = np.empty((len(rows), width + 2 * distance), dtype=dtype)
        lengths = np.empty(len(rows))
        for at in range(0, len(rows), _ROWS):
            part = rows[at : at + _ROWS].astype(np.float64)
            if self.metric == "cosine":
                part /= norms[at : at + _ROWS, None]
            part -= centre
            part *= scale
            squares = np.einsum("nd,nd->n", part, part)
            lengths[at : at + _ROWS] = np.sqrt(squares)
            ready[at : at + _ROWS, :width] = part
            if distance:
                ready[at : at + _ROWS, width] = -0.5 * squares
                ready[at : at + _ROWS, width + 1] = 1.0
        return Operands(ready, lengths, distance)

    def settle(self, found: Found, k: int, indices: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
        """Score the candidates in float64, and write down the k best of each query."""
        if not len(found.rows):
            return
        values = self.score(found.rows, found.columns)
        order = np.lexsort((found.columns, -values, found.rows))
        rows, first = np.unique(found.rows, return_index=True)
        chosen = order[first[:, None] + np.arange(k)]
        indices[rows] = found.columns[chosen]
        scores[rows] = values[chosen]

    def score(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores of pairs (query, base row): the same for a pair whatever it is asked with."""
        target = self.x if self.y is None else self.y
        values = np.empty(len(rows))
        for at in range(0, len(rows), _PAIRS):
            a = self.x[rows[at : at + _PAIRS]].astype(np.float64, copy=False)
            b = target[columns[at : at + _PAIRS]].astype(np.float64, copy=False)
            if self.metric == "l2":
                b -= a
                values[at : at + _PAIRS] = -np.einsum("nd,nd->n", b, b)
            else:
                values[at : at + _PAIRS] = np.einsum("nd,nd->n", a, b)
        if self.metric == "cosine":
            x_norms, y_norms = self.norms
            values /= x_norms[rows] * (x_norms if y_norms is None else y_norms)[columns]
            np.clip(values, -1.0, 1.0, out=values)
        return values

    def _everything(self, query: int) -> Found:
        columns = np.arange(len(self.x if self.y is None else self.y), dtype=np.int64)
        if self.y is None:
            columns = np.delete(columns, query)
        return Found(np.full(len(columns), query, dtype=np.int64), columns, np.empty(0, np.int64))


def _copies_alone(
    search: Search, copies: tuple[NDArray[np.int64], NDArray[np.int64]], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Self-search where rows repeat: search distinct rows, then give each row its copies too."""
    first, inverse = copies
    own = np.arange(len(first), dtype=np.int64)
    groups, scores = own[:, None], search.score(own, own)[:, None]
    if len(first) > 1:
        others, other_scores = search.run(min(k, len(first) - 1))
        groups, scores = np.hstack([groups, others]), np.hstack([scores, other_scores])
    listed, listed_scores = _spread(groups, scores, inverse, k + 1)
    indices, values = listed[inverse], listed_scores[inverse]
    drop = indices == np.arange(len(inverse))[:, None]
    drop[:, -1] |= ~drop.any(axis=1)
    return indices[~drop].reshape(-1, k), values[~drop].reshape(-1, k)


def _spread(
    groups: NDArray[np.int64], scores: NDArray[np.float64], inverse: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """From groups of equal rows to rows: the k best of [Q, g] groups' members, ties to the lower row.

    k groups are enough, since each holds at least one row, and groups are numbered by their first.
    """
    members = np.argsort(inverse, kind="stable")
    counts = np.bincount(inverse)
    starts = np.cumsum(counts) - counts
    take = np.minimum(counts[groups], k).ravel()
    within = np.arange(take.sum()) - np.repeat(np.cumsum(take) - take, take)
    rows = members[np.repeat(starts[groups].ravel(), take) + within]
    queries = np.repeat(np.repeat(np.arange(len(groups)), groups.shape[1]), take)
    values = np.repeat(scores.ravel(), take)
    order = np.lexsort((rows, -values, queries))
    per_query = np.bincount(queries, minlength=len(groups))
    chosen = order[(np.cumsum(per_query) - per_query)[:, None] + np.arange(k)]
    return rows[chosen], values[chosen]


def _distinct(rows: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First occurrences of the distinct rows, ascending, and for every row the place of its own."""
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order].astype(np.int64), place[inverse.ravel()].astype(np.int64)


def _checked(vectors: ArrayLike, side: str, metric: str) -> NDArray[np.floating]:
    rows = np.asarray(vectors)
    if (
        rows.ndim != 2
        or rows.shape[1] == 0
        or (rows.dtype.kind not in "fiu" and rows.dtype.name != "bfloat16")
    ):
        raise VectorError(
            f"{side} as a 2-D array of numbers",
            f"shape {rows.shape}, dtype {rows.dtype}",
            "pass [N, D] floats",
        )
    exact_in_single = rows.dtype.itemsize <= 2 or rows.dtype == np.float32
    rows = rows.astype(np.float32 if exact_in_single else np.float64, copy=False)
    norms = _norms(rows)
    bad = np.flatnonzero(~np.isfinite(norms))
    if len(bad):
        raise VectorError(
            f"finite {side}",
            f"NaN or Inf in rows {name_some(bad)}",
            "remove these rows, or extract them again",
        )
    if metric == "cosine":
        zero = np.flatnonzero(norms == 0)
        if len(zero):
            raise VectorError(
                f"{side} with a direction",
                f"zero vectors in rows {name_some(zero)}",
                "remove these rows; the cosine of a zero vector is not defined",
            )
    return rows


def _norms(
    rows: NDArray[np.floating],
    centre: NDArray[np.float64] | None = None,
    divide: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Lengths of the rows in float64, after division and centring where asked for."""
    norms = np.empty(len(rows))
    for at in range(0, len(rows), _ROWS):
        part = rows[at : at + _ROWS].astype(np.float64)
        if divide is not None:
            part /= divide[at : at + _ROWS, None]
        if centre is not None:
            part -= centre
        norms[at : at + _ROWS] = np.sqrt(np.einsum("nd,nd->n", part, part))
    return norms


def _mean(rows: NDArray[np.floating], divide: NDArray[np.float64] | None) -> NDArray[np.float64]:
    total = np.zeros(rows.shape[1])
    for at in range(0, len(rows), _ROWS):
        part = rows[at : at + _ROWS].astype(np.float64)
        total += part.sum(axis=0) if divide is None else (part / divide[at : at + _ROWS, None]).sum(axis=0)
    return total / len(rows)
