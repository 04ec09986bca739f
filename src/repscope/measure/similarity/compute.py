"""The similarities of two paired sets: are they alike in shape, whatever the axes?

All are computed at once, each with its replicates and its permutation null, beside which it is read.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from numpy.typing import ArrayLike

from repscope.measure.core.arrays import group_codes
from repscope.measure.core.grouping import chosen_rows
from repscope.measure.core.info import MeasureInfo
from repscope.measure.core.pairs import PERMUTATIONS, NullTable, paired
from repscope.measure.core.stage import NEIGHBOUR_ROWS
from repscope.measure.core.tables import ReplicateTable
from repscope.measure.similarity.cca import pwcca, svcca
from repscope.measure.similarity.cka import cka_debiased
from repscope.measure.similarity.from_moments import NAMES as MOMENT_NAMES
from repscope.measure.similarity.from_moments import moment_nulls, moment_replicates
from repscope.measure.similarity.neighbours import NAMES as NEIGHBOUR_NAMES
from repscope.measure.similarity.neighbours import (
    K,
    PairSearch,
    knn_jaccard,
    knn_nulls,
    knn_recall,
    knn_replicates,
    neighbour_pair,
)
from repscope.measure.similarity.procrustes import procrustes
from repscope.measure.similarity.regression import linear_r2, linear_r2_null, linear_r2_replicates
from repscope.measure.similarity.rsa import rsa, rsa_null, rsa_replicates

NAMES = (*MOMENT_NAMES, "rsa", *NEIGHBOUR_NAMES, "linear.r2")

SPECTRAL_PERMUTATIONS = 19
"""Permutations of Procrustes, SVCCA, PWCCA and ridge, each costing a decomposition or solution: p ≥ .05."""

NULL_ROWS = 1000


def similarity_replicates(
    x: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike,
    n_groups: int,
    *,
    names: Collection[str] = NAMES,
    k: int = K,
    seed: int = 0,
    neighbour_rows: int = NEIGHBOUR_ROWS,
    search: PairSearch | None = None,
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
        names: which of them; the two of neighbours come together.
        k: neighbours.
        seed: of samples of rows and of folds.
        neighbour_rows: rows whose neighbours are searched at most.
        search: gives the neighbours of both sets among some rows, where they are kept; searched otherwise.

    Returns:
        Replicates by name; measures undefined on these sets are in the table's ``why``.

    Raises:
        VectorError: rows not paired or not finite, or codes that do not fit.
    """
    a, b = paired(x, y)
    codes = group_codes(groups, len(a), n_groups)
    table = ReplicateTable()
    if moments := [name for name in MOMENT_NAMES if name in names]:
        table = moment_replicates(a, b, codes, n_groups, moments)
    if "rsa" in names:
        table.take("rsa", partial(rsa_replicates, a, b, codes, n_groups, seed=seed))
    if not set(NEIGHBOUR_NAMES).isdisjoint(names):
        rows = chosen_rows(len(a), neighbour_rows, seed)
        table.take_all(
            NEIGHBOUR_NAMES,
            lambda: knn_replicates(
                *(search(rows) if search else neighbour_pair(a[rows], b[rows], k)), codes[rows], n_groups
            ),
        )
    if "linear.r2" in names:
        table.take("linear.r2", partial(linear_r2_replicates, a, b, codes, n_groups, seed=seed))
    return table


def similarity_nulls(
    x: ArrayLike,
    y: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    names: Collection[str] = NAMES,
    k: int = K,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    spectral_permutations: int = SPECTRAL_PERMUTATIONS,
    most_rows: int = NULL_ROWS,
    search: PairSearch | None = None,
) -> NullTable:
    """Every similarity when the rows of y are paired with the rows of x at random, whole clusters together.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        clusters: [N] codes of rows that are permuted together, among clusters of one size, and that the
            folds of ``linear.r2`` never part; every row its own by default.
        names: which of them; the two of neighbours come together.
        k: neighbours.
        seed: of everything random.
        permutations: random pairings, of the cheap measures.
        spectral_permutations: random pairings, of Procrustes, SVCCA, PWCCA and linear R².
        most_rows: rows permuted at most; beyond, a seeded sample.
        search: gives the neighbours of both sets among some rows, where they are kept; searched otherwise.

    Returns:
        A null by name; measures undefined on these sets are in the table's ``why``.

    Raises:
        VectorError: rows not paired or not finite.
        InputError: fewer than 1 permutation.
    """
    paired(x, y)
    table = NullTable()
    cheap: dict[str, Any] = {"seed": seed, "permutations": permutations, "most_rows": most_rows}
    costly = cheap | {"permutations": spectral_permutations}
    if moments := [name for name in MOMENT_NAMES if name in names]:
        spectral = cheap | {"spectral_permutations": spectral_permutations, "names": moments}
        table.take_all(moments, lambda: moment_nulls(x, y, clusters, **spectral))
    if "rsa" in names:
        table.take("rsa", lambda: rsa_null(x, y, clusters, **cheap))
    if not set(NEIGHBOUR_NAMES).isdisjoint(names):
        table.take_all(NEIGHBOUR_NAMES, lambda: knn_nulls(x, y, clusters, k=k, search=search, **cheap))
    if "linear.r2" in names:
        table.take("linear.r2", lambda: linear_r2_null(x, y, clusters, **costly))
    return table


_info = partial(MeasureInfo, group="similarity", direction="none", needs="pair")


INFOS: tuple[MeasureInfo, ...] = (
    _info(
        "cka.debiased",
        "HSIC(x, y) / √(HSIC(x, x) HSIC(y, y)), linear kernel, unbiased HSIC",
        (-1.0, 1.0),
        cka_debiased,
        paper="Song et al., JMLR 2012 (unbiased HSIC); Nguyen, Raghu & Kornblith, ICLR 2021",
        note="About 0 for unrelated sets at any N and D. Blind to rotation, shift and scale.",
    ),
    _info(
        "rsa",
        "Spearman correlation of 1 − cos over all pairs of items",
        (-1.0, 1.0),
        rsa,
        paper="Kriegeskorte, Mur & Bandettini, Representational Similarity Analysis, 2008",
        note="At most 1,000 rows, seeded.",
    ),
    _info(
        "procrustes",
        "‖XᵀY‖_* / (‖X‖_F ‖Y‖_F) of the centred rows = 1 − d² / 2, d the Procrustes distance at unit size",
        (0.0, 1.0),
        procrustes,
        paper="Ding, Denain & Steinhardt, NeurIPS 2021; Williams et al., NeurIPS 2021",
        note="Unrelated sets read high where D is not small beside N.",
        extra=True,
    ),
    _info(
        "svcca",
        "mean canonical correlation of the principal components that hold 99 % of each set's variance",
        (0.0, 1.0),
        svcca,
        paper="Raghu et al., SVCCA, NeurIPS 2017",
        note="Unrelated sets read high where D is not small beside N; refused where all sets read 1.",
        extra=True,
    ),
    _info(
        "pwcca",
        "Σ αρ / Σα of canonical correlations ρ, αᵢ = Σⱼ |⟨hᵢ, xⱼ⟩| for variates h and columns x",
        (0.0, 1.0),
        pwcca,
        paper="Morcos, Raghu & Bengio, NeurIPS 2018",
        note="Weighted by the set with fewer dimensions; symmetric where they differ. Read high as svcca.",
        extra=True,
    ),
    _info(
        "knn.jaccard",
        "mean over items of |A ∩ B| / |A ∪ B|, their 10 nearest neighbours in the two sets (cosine)",
        (0.0, 1.0),
        knn_jaccard,
    ),
    _info(
        "knn.recall",
        "mean over items of |A ∩ B| / 10, their 10 nearest neighbours in the two sets (cosine)",
        (0.0, 1.0),
        knn_recall,
        note="10 / (N − 1) for unrelated sets.",
    ),
    _info(
        "linear.r2",
        "1 − Σ‖y − ŷ‖² / Σ‖y − mean‖² of ridge regression from x to y on held-out folds of whole clusters",
        (-float("inf"), 1.0),
        linear_r2,
        paper="Hoerl & Kennard 1970; penalty: Golub, Heath & Wahba, Technometrics 1979",
        note="From before to after; not symmetric.",
    ),
)
