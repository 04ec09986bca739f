"""Representational similarity analysis: do two sets call the same pairs of items alike?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, group_codes, unit_rows
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.grouping import chosen_rows
from repscope.measure.core.pairs import PERMUTATIONS, PermutationNull, null_of, paired
from repscope.measure.core.shuffles import shuffles
from repscope.measure.core.tables import each_left_out

MOST_ROWS = 1000
_DECIMALS = 12


def rsa(x: ArrayLike, y: ArrayLike, *, most_rows: int = MOST_ROWS, seed: int = 0) -> float:
    """Spearman correlation of the cosine distances of all pairs (Kriegeskorte et al. 2008).

    Distances that agree to 12 decimals are ties. Sets of more than ``most_rows`` rows are sampled, since
    pairs grow as N². Between −1 and 1, symmetric; unchanged by rotation and by the scale of rows.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        most_rows: rows used at most.
        seed: of the rows.

    Raises:
        VectorError: rows not paired, not finite or zero, fewer than 3, or all distances of a set equal.
    """
    return rsa_replicates(x, y, np.full(len(np.asarray(x)), FIXED), 0, most_rows=most_rows, seed=seed).value


def rsa_replicates(
    x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int, *, most_rows: int = MOST_ROWS, seed: int = 0
) -> Replicates:
    """:func:`rsa`, and with each group left out of the sampled rows, ranks counted anew.

    Args:
        x, y, most_rows, seed: as for :func:`rsa`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.

    Raises:
        VectorError: as :func:`rsa`, or codes that do not fit.
    """
    a, b = paired(x, y, 3)
    codes = group_codes(groups, len(a), n_groups)
    rows = chosen_rows(len(a), most_rows, seed)
    first, second = np.triu_indices(len(rows), 1)
    from_x, from_y = _Distances.of(a[rows], first, second), _Distances.of(b[rows], first, second)
    one, other = codes[rows][first], codes[rows][second]

    def without(group: int) -> float:
        kept = (one != group) & (other != group)
        return _correlation(from_x.ranks(kept), from_y.ranks(kept))

    everything = np.ones(len(first), bool)
    value = _correlation(from_x.ranks(everything), from_y.ranks(everything))
    return Replicates(value, each_left_out(without, range(n_groups)), len(rows), _method(len(a), rows, seed))


def rsa_null(
    x: ArrayLike,
    y: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    most_rows: int = MOST_ROWS,
) -> PermutationNull:
    """:func:`rsa` when rows of y are paired with rows of x at random.

    Args:
        x, y, most_rows: as for :func:`rsa`.
        clusters: [N] codes of rows that are permuted together; every row its own by default.
        seed: of rows and permutations.
        permutations: random pairings.

    Raises:
        VectorError: as :func:`rsa`.
        InputError: fewer than 1 permutation.
    """
    a, b = paired(x, y, 3)
    random = shuffles(len(a), clusters, seed=seed, permutations=permutations, most_rows=most_rows)
    rows = random.rows
    n = len(rows)
    first, second = np.triu_indices(n, 1)
    squares = []
    for half in (a, b):
        ranks = _Distances.of(half[rows], first, second).ranks(np.ones(len(first), bool))
        _refuse_equal(ranks)
        square = np.zeros((n, n))
        square[first, second] = ranks - ranks.mean()
        squares.append((square + square.T) / np.sqrt(2.0 * np.square(ranks - ranks.mean()).sum()))
    from_x, from_y = squares
    observed = float(np.vdot(from_x, from_y))
    drawn = [float(np.vdot(from_x, from_y[p].take(p, axis=1))) for p in random.pairings]
    return null_of(observed, drawn, n, random.method)


@dataclass(frozen=True)
class _Distances:
    """Distances of all pairs as codes in order of size, so that any subset is ranked by counting.

    Attributes:
        codes: [P] 0 for the smallest distance, equal for ties.
        distinct: number of codes.
    """

    codes: NDArray[np.int64]
    distinct: int

    @classmethod
    def of(cls, x: NDArray[np.generic], first: NDArray[np.int64], second: NDArray[np.int64]) -> _Distances:
        unit = unit_rows(x)
        distances = np.round(1.0 - (unit @ unit.T)[first, second], _DECIMALS)
        values, codes = np.unique(distances, return_inverse=True)
        return cls(codes.ravel().astype(np.int64), len(values))

    def ranks(self, kept: NDArray[np.bool_]) -> Float64:
        """Ranks of the kept pairs among themselves, ties sharing their mean rank."""
        codes = self.codes[kept]
        counts = np.bincount(codes, minlength=self.distinct)
        ranks: Float64 = (np.cumsum(counts) - (counts - 1) / 2.0)[codes]
        return ranks


def _correlation(a: Float64, b: Float64) -> float:
    _refuse_equal(a)
    _refuse_equal(b)
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def _refuse_equal(ranks: Float64) -> None:
    if len(ranks) < 2 or ranks.min() == ranks.max():
        raise VectorError(
            "at least 3 rows at different distances, for RSA",
            f"{len(ranks)} distances, all equal" if len(ranks) else "no distances",
            "leave rsa out for these sets",
        )


def _method(n: int, rows: NDArray[np.int64], seed: int) -> str:
    return "" if len(rows) == n else f"{len(rows):,} of {n:,} rows, seed {seed}"
