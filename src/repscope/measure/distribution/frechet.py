"""Fréchet distance between Gaussian fits of two sets: FID on any embedding, and its floor."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64, matrix
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.moments import Moments, group_moments, iterate_leave_out, merge_all, moments
from repscope.measure.core.sampled import check_widths, notes
from repscope.measure.core.tables import each_left_out

_FULL_RANK = 1e-8
"""Smallest square of a pivot beside the largest that leaves no doubt about the rank."""


def frechet(items: ArrayLike, reference: ArrayLike) -> float:
    """Squared Fréchet distance ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½) of the Gaussian fits.

    Biased upwards at finite N, more so the larger D: read it beside :func:`frechet_floor`, and where N
    allows beside ``frechet_limit.frechet_infinity``. Sets with no more rows than dimensions are legal, and
    :func:`rank_note` says what to think of them.

    Args:
        items: [N, D], N ≥ 2; used as given.
        reference: [M, D], M ≥ 2.

    Returns:
        The distance, in [0, ∞), in squared units of the vectors.

    Raises:
        VectorError: not matrices, widths that differ, NaN or Inf, fewer than two rows.

    Paper: Dowson & Landau, JMVA 1982; Heusel et al., GANs Trained by a Two Time-Scale Update Rule,
    NeurIPS 2017.
    """
    x, y = _few_dimensions(matrix(items, "items"), matrix(reference, "reference"))
    return frechet_from_moments(moments(x), moments(y))


def frechet_from_moments(first: Moments, second: Moments) -> float:
    """:func:`frechet` from means and scatters, for sets that were streamed.

    Raises:
        VectorError: widths that differ, or fewer than two rows.
    """
    check_widths(first.dimension, second.dimension)
    return _distance(first, _Side(second))


def frechet_replicates(
    items: ArrayLike,
    reference: ArrayLike,
    groups: ArrayLike,
    reference_groups: ArrayLike,
    n_groups: int,
) -> Replicates:
    """:func:`frechet`, and without each group, from the moments of the groups.

    Args:
        items: [N, D].
        reference: [M, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1) for rows never left out.
        reference_groups: [M] the same codes; where all are FIXED the reference is decomposed once.
        n_groups: G; memory holds 2·G matrices D × D. A group without which a set has less than two rows
            leaves NaN.

    Raises:
        VectorError: as :func:`frechet`, or group codes that do not fit.
    """
    x, y = matrix(items, "items"), matrix(reference, "reference")
    dimension = x.shape[1]
    x, y = _few_dimensions(x, y)
    parts, fixed = group_moments(x, groups, n_groups)
    whole = merge_all([fixed, *parts])
    y_parts, y_fixed = group_moments(y, reference_groups, n_groups)
    y_whole = merge_all([y_fixed, *y_parts])
    side = _Side(y_whole)
    rest = iterate_leave_out(parts, fixed)
    if all(part.n == 0 for part in y_parts):
        left = each_left_out(lambda one: _distance(one, side), rest)
    else:
        pairs = zip(rest, iterate_leave_out(y_parts, y_fixed), strict=True)
        left = each_left_out(lambda pair: _distance(pair[0], _Side(pair[1])), pairs)
    return Replicates(
        _distance(whole, side), left, whole.n + y_whole.n, rank_note(whole.n, y_whole.n, dimension)
    )


def frechet_floor(rows: ArrayLike, *, seed: int = 0, repeats: int = 5) -> NDArray[np.float64]:
    """What two samples of one distribution read: the distance between random halves of one set.

    Each half has half of the rows, so this is above what two whole sets of the same distribution would read.

    Args:
        rows: [N, D], N ≥ 4.
        seed: of the splits.
        repeats: splits.

    Returns:
        [repeats] one distance for each split.

    Raises:
        VectorError: as :func:`frechet`, or fewer than four rows.
        InputError: no repeats.
    """
    array = matrix(rows, "rows", 4)
    if repeats < 1:
        raise InputError("at least one repeat", str(repeats), "raise repeats")
    rng = np.random.default_rng(seed)
    half = len(array) // 2
    floors = np.empty(repeats)
    for repeat in range(repeats):
        order = rng.permutation(len(array))
        one, other = (np.sort(part) for part in (order[:half], order[half : 2 * half]))
        floors[repeat] = frechet(array[one], array[other])
    return floors


def rank_note(n: int, m: int, dimension: int) -> str:
    """What to know of a Fréchet distance between sets of n and m rows; "" where there is nothing."""
    least = min(n, m)
    if least > dimension:
        return ""
    return notes(
        f"covariance of rank {least - 1} at most from {least:,} rows in {dimension:,} dimensions",
        "compare only with values at the same n",
    )


def _few_dimensions(
    x: NDArray[np.generic], y: NDArray[np.generic]
) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Both sets in coordinates of the space that their rows span, where that has fewer dimensions.

    All distances stay, and so does the Fréchet distance, at the cost of N + M dimensions instead of D.
    """
    check_widths(x.shape[1], y.shape[1])
    if len(x) + len(y) >= x.shape[1]:
        return x, y
    rows = np.concatenate([x, y]).astype(np.float64)
    if not np.isfinite(rows).all():
        # Whoever takes the moments says which rows.
        return x, y
    # Q R = rowsᵀ: the columns of R are the rows in the coordinates of Q.
    coordinates: Float64 = np.linalg.qr((rows - rows.mean(axis=0)).T)[1].T
    return coordinates[: len(x)], coordinates[len(x) :]


class _Side:
    """One set, with a factor F of its covariance, Σ = F Fᵀ, on the directions where it has any spread."""

    def __init__(self, of: Moments) -> None:
        covariance = of.covariance()
        self.moments = of
        self.trace = float(np.trace(covariance))
        self.factor: Float64 = _factor(covariance, full=of.n > of.dimension)


def _factor(covariance: Float64, *, full: bool) -> Float64:
    """[D, R] F with F Fᵀ = Σ: triangular where Σ has full rank and says so, for a tenth of the cost."""
    if full:
        try:
            lower: Float64 = np.linalg.cholesky(covariance).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:
            lower = np.zeros((1, 1))
        pivots = np.square(np.diagonal(lower))
        if pivots.min() > _FULL_RANK * pivots.max():
            return lower
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _noise(values)
    factor: Float64 = vectors[:, kept] * np.sqrt(values[kept])
    return factor


def _distance(first: Moments, second: _Side) -> float:
    """The eigenvalues of Fᵀ Σ₁ F are those of Σ₁Σ₂, of a symmetric matrix: real, whatever the rank."""
    covariance = first.covariance()
    step = first.mean - second.moments.mean
    values = np.linalg.eigvalsh(second.factor.T @ covariance @ second.factor)
    # A root turns rounding errors of 1e-16 into 1e-8: what cannot be told from zero is zero.
    shared = np.sqrt(values[values > _noise(values)]).sum()
    total = step @ step + np.trace(covariance) + second.trace - 2 * shared
    return float(max(total, 0.0))


def _noise(values: NDArray[np.floating]) -> float:
    """Size below which an eigenvalue of a positive semi-definite matrix cannot be told from zero."""
    return float(values.max(initial=0.0) * len(values) * np.finfo(np.float64).eps)
