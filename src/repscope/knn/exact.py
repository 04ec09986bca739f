"""Exact k-nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, UnknownNameError, VectorError, name_some
from repscope.knn.candidates import BLOCK_ROWS
from repscope.knn.copies import Ranked, search_distinct, without_self
from repscope.knn.device import check_device
from repscope.knn.searching import Search, row_lengths

METRICS = ("cosine", "inner", "l2")


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

    @classmethod
    def of(cls, ranked: Ranked, metric: str) -> Neighbours:
        """What a search returns, whose scores are negated squared distances under l2."""
        indices, scores = ranked
        return cls(indices, np.sqrt(-scores) if metric == "l2" else scores, metric)


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
    :mod:`repscope.knn.candidates`); candidates are scored again in float64, distances from direct
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
    make = partial(Search, metric=metric, block_rows=block_rows or BLOCK_ROWS, device=device)
    return Neighbours.of(search_distinct(x, y, k, make), metric)


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
    return Neighbours(*without_self(found.indices, found.scores, chosen), metric)


def k_distances(x: ArrayLike, *, k: int, metric: str = "l2") -> NDArray[np.float64]:
    """Distance (or similarity) of every row to its k-th nearest other row: [N]; errors as :func:`exact`."""
    return exact(x, k=k, metric=metric).scores[:, -1]


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
    norms = row_lengths(rows)
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
