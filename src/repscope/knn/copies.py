"""Rows that repeat: distinct rows are searched, then every row is given its copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from repscope.knn.searching import Search

Rows: TypeAlias = NDArray[np.floating]
Ranked: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Indices and scores, [N, k] each, by descending score, then ascending index."""


def search_distinct(x: Rows, y: Rows | None, k: int, make: Callable[[Rows, Rows | None], Search]) -> Ranked:
    """Search the distinct rows with what ``make`` builds for them, then give every row its copies."""
    if len(x) == 0:
        return np.empty((0, k), np.int64), np.empty((0, k))
    target = x if y is None else y
    first, inverse = _distinct(target)
    if len(first) == len(target):
        return make(x, y).run(k)
    if y is None:
        return _copies_alone(make(x[first], None), first, inverse, k)
    groups, group_scores = make(x, y[first]).run(min(k, len(first)))
    return _spread(groups, group_scores, inverse, k)


def without_self(indices: NDArray[np.int64], scores: NDArray[np.float64], rows: NDArray[np.int64]) -> Ranked:
    """[N, k] of [N, k + 1] listed for ``rows`` [N]: without the row itself.

    Among many copies of a row it need not be listed; then the last one goes.
    """
    own = indices == rows[:, None]
    own[:, -1] |= ~own.any(axis=1)
    shape = (len(rows), indices.shape[1] - 1)
    return indices[~own].reshape(shape), scores[~own].reshape(shape)


def _copies_alone(search: Search, first: NDArray[np.int64], inverse: NDArray[np.int64], k: int) -> Ranked:
    """Self-search where rows repeat: search distinct rows, then give each row its copies too."""
    own = np.arange(len(first), dtype=np.int64)
    groups, scores = own[:, None], search.score(own, own)[:, None]
    if len(first) > 1:
        others, other_scores = search.run(min(k, len(first) - 1))
        groups, scores = np.hstack([groups, others]), np.hstack([scores, other_scores])
    listed, listed_scores = _spread(groups, scores, inverse, k + 1)
    return without_self(listed[inverse], listed_scores[inverse], np.arange(len(inverse)))


def _spread(
    groups: NDArray[np.int64], scores: NDArray[np.float64], inverse: NDArray[np.int64], k: int
) -> Ranked:
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


def _distinct(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First occurrences of the distinct rows, ascending, and for every row the place of its own."""
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order].astype(np.int64), place[inverse.ravel()].astype(np.int64)
