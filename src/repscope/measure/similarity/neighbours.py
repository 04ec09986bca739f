"""Similarity of neighbourhoods: how many of an item's nearest neighbours two sets share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, group_codes
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.neighbour_lists import NeighbourLists, overlap
from repscope.measure.core.pairs import PERMUTATIONS, NullTable, null_of, paired
from repscope.measure.core.shuffles import shuffles
from repscope.measure.core.tables import ReplicateTable

K = 10
NAMES = ("knn.jaccard", "knn.recall")

PairSearch = Callable[[NDArray[np.int64]], tuple[NeighbourLists, NeighbourLists]]
"""Neighbour lists of two paired sets among the rows given."""


def knn_recall_items(a: NDArray[np.int64], b: NDArray[np.int64]) -> Float64:
    """[N] share of an item's k neighbours in ``a`` [N, k] that it keeps in ``b`` [N, k]; 0 to 1."""
    recall: Float64 = overlap(a, b) / a.shape[1]
    return recall


def knn_jaccard_items(a: NDArray[np.int64], b: NDArray[np.int64]) -> Float64:
    """[N] neighbours shared over neighbours in either, of ``a`` [N, k] and ``b`` [N, k]; 0 to 1."""
    shared = overlap(a, b)
    jaccard: Float64 = shared / (2 * a.shape[1] - shared)
    return jaccard


def knn_recall(x: ArrayLike, y: ArrayLike, k: int = K) -> float:
    """Mean share of the k nearest neighbours (cosine, the item itself left out) that two sets agree on.

    k/(N − 1) for unrelated sets; 1 when every neighbourhood is the same. Symmetric.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        k: neighbours.

    Raises:
        VectorError: rows not paired, not finite, or zero.
        InputError: not more than k rows.
    """
    return float(knn_recall_items(*_indices(*neighbour_pair(x, y, k))).mean())


def knn_jaccard(x: ArrayLike, y: ArrayLike, k: int = K) -> float:
    """Mean Jaccard index of the k nearest neighbours in two sets; arguments as :func:`knn_recall`."""
    return float(knn_jaccard_items(*_indices(*neighbour_pair(x, y, k))).mean())


def neighbour_pair(x: ArrayLike, y: ArrayLike, k: int = K) -> tuple[NeighbourLists, NeighbourLists]:
    """Neighbour lists of two paired sets, by cosine, with neighbours to spare for leaving groups out."""
    a, b = paired(x, y)
    return NeighbourLists.of(a, k), NeighbourLists.of(b, k)


def knn_replicates(a: NeighbourLists, b: NeighbourLists, groups: ArrayLike, n_groups: int) -> ReplicateTable:
    """``knn.jaccard`` and ``knn.recall``, and with each group left out, exactly.

    A row that is left out is nobody's neighbour either: others move up in its place.

    Args:
        a, b: neighbours in the two sets, as from :func:`neighbour_pair`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.

    Raises:
        VectorError: lists of different sets of rows or different k, or codes that do not fit.
    """
    n = len(a.indices)
    if len(b.indices) != n or a.k != b.k:
        raise VectorError(
            "neighbours of the same rows, equally many",
            f"{n:,} rows with k = {a.k} and {len(b.indices):,} rows with k = {b.k}",
            "search both sets with the same k",
        )
    codes = group_codes(groups, n, n_groups)
    values = [_means(*_indices(a, b))]
    for group in range(n_groups):
        kept = np.flatnonzero(codes != group)
        if len(kept) > a.k:
            values.append(_means(a.without(kept)[0], b.without(kept)[0]))
        else:
            values.append(np.full(2, np.nan))
    by_name = np.array(values)
    table = ReplicateTable()
    for column, name in enumerate(NAMES):
        of_one = by_name[:, column]
        table.take(name, partial(Replicates, float(of_one[0]), of_one[1:], n, f"k = {a.k}, cosine"))
    return table


def knn_nulls(
    x: ArrayLike,
    y: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    k: int = K,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    most_rows: int = 1000,
    search: PairSearch | None = None,
) -> NullTable:
    """``knn.jaccard`` and ``knn.recall`` when rows of the two sets are paired at random.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        clusters: [N] codes of rows that are permuted together; every row its own by default.
        k: neighbours.
        seed: of the rows and the permutations.
        permutations: random pairings.
        most_rows: rows permuted at most; beyond, a seeded sample.
        search: gives the lists of both sets among some rows, where they are kept; else they are searched.

    Raises:
        VectorError: as :func:`knn_recall`, or a single cluster.
        InputError: fewer than 1 permutation, or not more than k rows.
    """
    a, b = paired(x, y)
    random = shuffles(len(a), clusters, seed=seed, permutations=permutations, most_rows=most_rows)
    rows = random.rows
    of_a, of_b = _indices(*(search(rows) if search else neighbour_pair(a[rows], b[rows], k)))
    n = len(rows)
    drawn = []
    for pairing in random.pairings:
        # Item i takes the place of item pairing[i] of b, and so do its neighbours.
        place = np.empty(n, np.int64)
        place[pairing] = np.arange(n)
        drawn.append(_means(of_a, place[of_b[pairing]]))
    nulls = NullTable()
    method = "; ".join(part for part in (f"k = {k}, cosine", random.method) if part)
    for name, observed, values in zip(NAMES, _means(of_a, of_b), np.array(drawn).T, strict=True):
        nulls[name] = null_of(float(observed), values, n, method)
    return nulls


def _indices(a: NeighbourLists, b: NeighbourLists) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return a.indices[:, : a.k], b.indices[:, : b.k]


def _means(a: NDArray[np.int64], b: NDArray[np.int64]) -> Float64:
    """[2] mean Jaccard index and mean recall."""
    shared = overlap(a, b)
    k = a.shape[1]
    return np.array([(shared / (2 * k - shared)).mean(), shared.mean() / k])
