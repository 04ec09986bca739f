"""Similarity of neighbourhoods: how many of an item's nearest neighbours two sets share."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, group_codes
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.neighbour_lists import NeighbourLists, overlap
from repscope.measure.core.pairs import PERMUTATIONS, NullTable, null_of, paired, pairings
from repscope.measure.core.tables import ReplicateTable

K = 10
NAMES = ("knn.jaccard", "knn.recall")


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
    a: NeighbourLists, b: NeighbourLists, *, seed: int = 0, permutations: int = PERMUTATIONS
) -> NullTable:
    """``knn.jaccard`` and ``knn.recall`` when rows of the two sets are paired at random.

    Args:
        a, b: neighbours in the two sets.
        seed: of the permutations.
        permutations: random pairings.

    Raises:
        InputError: fewer than 1 permutation.
    """
    of_a, of_b = _indices(a, b)
    n = len(of_a)
    drawn = []
    for pairing in pairings(n, seed, permutations):
        # Item i takes the place of item pairing[i] of b, and so do its neighbours.
        place = np.empty(n, np.int64)
        place[pairing] = np.arange(n)
        drawn.append(_means(of_a, place[of_b[pairing]]))
    nulls = NullTable()
    for name, observed, values in zip(NAMES, _means(of_a, of_b), np.array(drawn).T, strict=True):
        nulls[name] = null_of(float(observed), values, n, f"k = {a.k}, cosine")
    return nulls


def _indices(a: NeighbourLists, b: NeighbourLists) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return a.indices[:, : a.k], b.indices[:, : b.k]


def _means(a: NDArray[np.int64], b: NDArray[np.int64]) -> Float64:
    """[2] mean Jaccard index and mean recall."""
    shared = overlap(a, b)
    k = a.shape[1]
    return np.array([(shared / (2 * k - shared)).mean(), shared.mean() / k])
