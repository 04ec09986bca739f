"""All similarities of two paired sets at once, each with its replicates and its permutation null."""

from __future__ import annotations

from functools import partial

from numpy.typing import ArrayLike

from repscope.measure.core.arrays import group_codes
from repscope.measure.core.pairs import PERMUTATIONS, NullTable, paired, some_rows
from repscope.measure.core.tables import ReplicateTable
from repscope.measure.similarity.from_moments import NAMES as MOMENT_NAMES
from repscope.measure.similarity.from_moments import moment_nulls, moment_replicates
from repscope.measure.similarity.neighbours import NAMES as NEIGHBOUR_NAMES
from repscope.measure.similarity.neighbours import K, knn_nulls, knn_replicates, neighbour_pair
from repscope.measure.similarity.regression import linear_r2_null, linear_r2_replicates
from repscope.measure.similarity.rsa import rsa_null, rsa_replicates

SPECTRAL_PERMUTATIONS = 40
"""Permutations of Procrustes, SVCCA and PWCCA, each of which costs an eigenvalue problem."""

NEIGHBOUR_ROWS = 20_000
NULL_ROWS = 1000


def similarity_replicates(
    x: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike,
    n_groups: int,
    *,
    k: int = K,
    seed: int = 0,
    neighbour_rows: int = NEIGHBOUR_ROWS,
) -> ReplicateTable:
    """Every similarity of two paired sets, and with each group left out.

    ``cka.debiased``, ``procrustes``, ``svcca``, ``pwcca``, ``rsa`` (1,000 rows at most), ``knn.jaccard`` and
    ``knn.recall`` (``neighbour_rows`` at most), and ``linear.r2`` from x to y. Samples are seeded and named
    in ``method``.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.
        k: neighbours.
        seed: of samples of rows and of folds.
        neighbour_rows: rows whose neighbours are searched at most.

    Returns:
        Replicates by name; measures undefined on these sets are in the table's ``why``.

    Raises:
        VectorError: rows not paired or not finite, or codes that do not fit.
    """
    a, b = paired(x, y)
    codes = group_codes(groups, len(a), n_groups)
    table = moment_replicates(a, b, codes, n_groups)
    table.take("rsa", partial(rsa_replicates, a, b, codes, n_groups, seed=seed))
    rows = some_rows(len(a), neighbour_rows, seed)
    table.take_all(
        NEIGHBOUR_NAMES,
        lambda: knn_replicates(*neighbour_pair(a[rows], b[rows], k), codes[rows], n_groups),
    )
    table.take("linear.r2", partial(linear_r2_replicates, a, b, codes, n_groups, seed=seed))
    return table


def similarity_nulls(
    x: ArrayLike,
    y: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    k: int = K,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    spectral_permutations: int = SPECTRAL_PERMUTATIONS,
    most_rows: int = NULL_ROWS,
) -> NullTable:
    """Every similarity when the rows of y are paired with the rows of x at random.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        clusters: [N] codes that the folds of ``linear.r2`` never part; every row its own by default.
        k: neighbours.
        seed: of everything random.
        permutations: random pairings, of the cheap measures.
        spectral_permutations: random pairings, of Procrustes, SVCCA and PWCCA.
        most_rows: rows permuted at most; beyond, a seeded sample.

    Returns:
        A null by name; measures undefined on these sets are in the table's ``why``.

    Raises:
        VectorError: rows not paired or not finite.
        InputError: fewer than 1 permutation.
    """
    a, b = paired(x, y)
    rows = some_rows(len(a), most_rows, seed)
    table = NullTable()
    for names, count in ((MOMENT_NAMES[:1], permutations), (MOMENT_NAMES[1:], spectral_permutations)):
        options = {"seed": seed, "permutations": count, "most_rows": most_rows}
        table.take_all(names, partial(moment_nulls, a, b, **options, names=names))
    table.take("rsa", lambda: rsa_null(a, b, seed=seed, permutations=permutations, most_rows=most_rows))
    table.take_all(
        NEIGHBOUR_NAMES,
        lambda: knn_nulls(*neighbour_pair(a[rows], b[rows], k), seed=seed, permutations=permutations),
    )
    table.take(
        "linear.r2",
        lambda: linear_r2_null(a, b, clusters, seed=seed, permutations=permutations, most_rows=most_rows),
    )
    return table
