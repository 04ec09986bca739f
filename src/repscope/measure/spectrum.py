"""Effective ranks: four ways to count the directions that a set really uses, from one spectrum.

"Effective rank" is not one number. On one spectrum the entropy of singular values, the entropy of their
squares and the participation ratio differ by factors, so each has its own name here. All depend on N and D:
read them beside :func:`repscope.measure.calibration.gaussian_reference`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import VectorError
from repscope.measure.arrays import Float64, float_matrix, group_codes
from repscope.measure.estimate import Replicates
from repscope.measure.moments import Moments, group_moments, iterate_leave_out, merge, merge_all
from repscope.measure.moments import moments as moments_of
from repscope.measure.tables import ReplicateTable, each_left_out

RANKME_EPSILON = 1e-7
_NO_SPREAD = 1e-26


@dataclass(frozen=True)
class Spectrum:
    """Squared singular values of a set, largest first, K = min(N, D) of them.

    They come from a matrix of inner products, so a singular value below about 1e-7 of the largest reads 0.

    Attributes:
        n: rows.
        dimension: columns.
        centred: [K] of the rows minus their mean: eigenvalues of the scatter.
        raw: [K] of the rows as they are.
    """

    n: int
    dimension: int
    centred: Float64
    raw: Float64


def spectrum(moments: Moments) -> Spectrum:
    """The spectrum of a set from its moments: two eigenvalue problems of size D.

    Raises:
        VectorError: fewer than 2 rows.
    """
    _need_two(moments.n)
    scatter = moments.scatter
    raw = scatter + moments.n * np.multiply.outer(moments.mean, moments.mean)
    return _spectrum(moments.n, moments.dimension, scatter, raw)


def spectrum_rows(x: ArrayLike) -> Spectrum:
    """The spectrum of the rows of ``x`` [N, D], by way of whichever is smaller, N × N or D × D.

    Raises:
        VectorError: not a finite matrix, or fewer than 2 rows.
    """
    shape = np.shape(x)
    if len(shape) == 2 and shape[0] < shape[1]:
        rows = float_matrix(x)
        return _gram_spectrum(rows @ rows.T, *_centred_gram(rows), rows.shape[1])
    return spectrum(moments_of(x))


def rank_entropy(spectrum: Spectrum) -> float:
    """exp of the entropy of the normalised singular values of the centred rows (Roy & Vetterli 2007).

    Their "effective rank"; between 1 and min(N − 1, D).

    Raises:
        VectorError: the rows have no spread.
    """
    sigma = np.sqrt(_with_spread(spectrum))
    return _exp_entropy(sigma / sigma.sum())


def rank_rankme(spectrum: Spectrum) -> float:
    """RankMe (Garrido et al. 2023): the same of the rows as they are, with p = σ/Σσ + 1e-7.

    The mean counts as a direction, so a shifted cloud reads lower than a centred one. The added 1e-7 is
    the paper's: it lifts a value by up to 1e-6 · min(N, D) · its own size.

    Raises:
        VectorError: all rows are zero.
    """
    sigma = np.sqrt(spectrum.raw)
    if sigma[0] == 0:
        raise VectorError("rows that are not all zero, for RankMe", "zeros", "leave this set out")
    return _exp_entropy(sigma / sigma.sum() + RANKME_EPSILON)


def rank_participation(spectrum: Spectrum) -> float:
    """Participation ratio (Σλ)² / Σλ² of the covariance's eigenvalues (Gao et al. 2017).

    Between 1 and min(N − 1, D). IsoScore (Rudman et al. 2022) is this number in another scale:
    (participation − 1)/(D − 1).

    Raises:
        VectorError: the rows have no spread.
    """
    values = _with_spread(spectrum)
    return float(values.sum() ** 2 / np.square(values).sum())


def rank_stable(spectrum: Spectrum) -> float:
    """Stable rank ‖X‖²_F / ‖X‖²₂ of the centred rows (Rudelson & Vershynin 2007).

    Total variance in units of the largest direction's; between 1 and min(N − 1, D).

    Raises:
        VectorError: the rows have no spread.
    """
    values = _with_spread(spectrum)
    return float(values.sum() / values[0])


RANKS = {
    "rank.entropy": rank_entropy,
    "rank.rankme": rank_rankme,
    "rank.participation": rank_participation,
    "rank.stable": rank_stable,
}


def rank_replicates(x: ArrayLike, groups: ArrayLike, n_groups: int) -> ReplicateTable:
    """All four ranks of ``x``, and with each group left out; one spectrum a group.

    Args:
        x: [N, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.

    Raises:
        VectorError: not a finite matrix, fewer than 2 rows, or codes that do not fit.
    """
    shape = np.shape(x)
    if len(shape) == 2 and shape[0] < shape[1]:
        return ranks_of(spectrum_rows(x), _gram_leave_out(x, groups, n_groups))
    parts, fixed = group_moments(x, groups, n_groups)
    rest = iterate_leave_out(parts, fixed)
    return ranks_of(spectrum(merge_all([fixed, *parts])), (_or_none(one) for one in rest))


def ranks_of(whole: Spectrum, rest: Iterator[Spectrum | None]) -> ReplicateTable:
    """Replicates of the four ranks from the spectra of all rows and of the rows without each group."""
    spectra = list(rest)
    table = ReplicateTable()
    for name, rank in RANKS.items():

        def compute(rank=rank) -> Replicates:  # type: ignore[no-untyped-def]
            value = rank(whole)
            return Replicates(value, each_left_out(lambda one: rank(_defined(one)), spectra), whole.n)

        table.take(name, compute)
    return table
