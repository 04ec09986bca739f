"""Effective ranks: four ways to count the directions that a set really uses, from one spectrum.

"Effective rank" is not one number. On one spectrum the entropy of singular values, the entropy of their
squares and the participation ratio differ by factors, so each has its own name here. All depend on N and D:
read them beside :func:`repscope.measure.geometry.calibration.gaussian_reference`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, float_matrix, group_codes
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.moments import Moments, group_moments, iterate_leave_out, merge_all
from repscope.measure.core.moments import moments as moments_of
from repscope.measure.core.tables import ReplicateTable, each_left_out

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
    """The spectrum of a set from its moments: two eigenvalue problems of size D."""
    scatter = moments.scatter
    raw = scatter + moments.n * np.multiply.outer(moments.mean, moments.mean)
    return Spectrum(moments.n, moments.dimension, *(_eigenvalues(one, moments.n) for one in (scatter, raw)))


def spectrum_rows(x: ArrayLike) -> Spectrum:
    """The spectrum of the rows of ``x`` [N, D], by way of whichever is smaller, N × N or D × D.

    Raises:
        VectorError: not a finite matrix.
    """
    if _wide(x):
        return _gram_spectrum(*_grams(x), np.shape(x)[1])
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
    if not sigma.any():
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
        VectorError: not a finite matrix, or codes that do not fit.
    """
    if _wide(x):
        raw, centred = _grams(x)
        codes = group_codes(groups, len(raw), n_groups)
        kept = (np.flatnonzero(codes != g) for g in range(n_groups))
        rest = [_gram_spectrum(raw[np.ix_(k, k)], centred[np.ix_(k, k)], np.shape(x)[1]) for k in kept]
        return ranks_of(_gram_spectrum(raw, centred, np.shape(x)[1]), rest)
    parts, fixed = group_moments(x, groups, n_groups)
    return ranks_of(
        spectrum(merge_all([fixed, *parts])), [spectrum(one) for one in iterate_leave_out(parts, fixed)]
    )


def ranks_of(whole: Spectrum, rest: Sequence[Spectrum]) -> ReplicateTable:
    """Replicates of the four ranks from the spectra of all rows and of the rows without each group."""
    table = ReplicateTable()
    for name, rank in RANKS.items():
        table.take(name, partial(_replicates, rank, whole, rest))
    return table


def _replicates(rank: Callable[[Spectrum], float], whole: Spectrum, rest: Sequence[Spectrum]) -> Replicates:
    return Replicates(rank(whole), each_left_out(rank, rest), whole.n)


def _wide(x: ArrayLike) -> bool:
    shape = np.shape(x)
    return len(shape) == 2 and shape[0] < shape[1]


def _grams(x: ArrayLike) -> tuple[Float64, Float64]:
    """Inner products of the rows, as they are and after the mean of all is taken off."""
    rows = float_matrix(x)
    centred = rows - rows.mean(axis=0)
    return rows @ rows.T, centred @ centred.T


def _gram_spectrum(raw: Float64, centred: Float64, dimension: int) -> Spectrum:
    """The spectrum from inner products [N, N]; ``centred`` about any point near the mean."""
    n = len(raw)
    means = centred.mean(axis=0) if n else np.zeros(0)
    centred = centred - means - means[:, None] + (means.mean() if n else 0.0)
    return Spectrum(n, dimension, _eigenvalues(centred, dimension), _eigenvalues(raw, dimension))


def _eigenvalues(matrix: Float64, other: int) -> Float64:
    """Descending eigenvalues that can differ from 0, with those at rounding level set to 0."""
    values = np.asarray(np.linalg.eigvalsh(matrix)[::-1][: min(other, len(matrix))], np.float64)
    if len(values):
        rounding = max(other, len(matrix)) * np.finfo(np.float64).eps * max(values[0], 0.0)
        values[values <= rounding] = 0.0
    return values


def _with_spread(spectrum: Spectrum) -> Float64:
    if spectrum.n < 2 or spectrum.centred.sum() <= _NO_SPREAD * spectrum.raw.sum():
        raise VectorError(
            "rows that differ, for a rank of their spread",
            f"{spectrum.n:,} equal rows" if spectrum.n > 1 else f"{spectrum.n} rows",
            "read spread.total, which is zero",
        )
    return spectrum.centred


def _exp_entropy(p: Float64) -> float:
    p = p[p > 0]
    return float(np.exp(-(p * np.log(p)).sum()))
