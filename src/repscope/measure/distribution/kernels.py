"""Distances between two distributions from means over pairs of rows: MMD, KID, energy distance.

All three are U-statistics (unbiased: no row is paired with itself), so that two samples of one distribution
read zero on average, and less than zero about half of the time. One pass over blocks of pairs serves all
three; sums are kept by group of row and group of column, so that leaving a group out costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import InputError, UnknownNameError, VectorError, name_some
from repscope.knn.repeated import rounding_of
from repscope.measure.core.arrays import Float64, matrix, row_blocks
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.grouping import chosen_rows
from repscope.measure.core.sampled import MAX_ROWS, Grouped, Sample, notes, sample_pair

KERNELS = ("mmd", "kid", "energy")
BANDWIDTH_ROWS = 1000
"""Rows that the bandwidth, a median over pairs, is chosen from."""

_TILE = 1024


def median_bandwidth(*sets: ArrayLike, max_rows: int = BANDWIDTH_ROWS, seed: int = 0) -> float:
    """Median distance between rows of the pooled sets: the bandwidth σ of :func:`mmd`.

    Rows that coincide up to rounding are left out of the median, so that a collapsed set does not bring it
    to zero. To compare stages, compute it once and give the same to all: with a bandwidth of its own, each
    stage would be measured with another ruler.

    Args:
        sets: [N_i, D] each.
        max_rows: rows drawn from the pool.
        seed: of the draw.

    Returns:
        σ > 0, in the unit of the vectors.

    Raises:
        VectorError: widths that differ, NaN or Inf, no two different rows in the pool.

    Paper: Gretton et al., A Kernel Two-Sample Test, JMLR 2012.
    """
    from scipy.spatial.distance import pdist

    if not sets:
        raise InputError("at least one set", "none", "pass the sets to compare")
    arrays = [matrix(rows, f"set {number}") for number, rows in enumerate(sets)]
    widths = sorted({rows.shape[1] for rows in arrays})
    if len(widths) > 1:
        raise VectorError("sets of the same width", name_some(widths), "compare sets of one space")
    ends = np.cumsum([len(rows) for rows in arrays])
    total = int(ends[-1])
    chosen = chosen_rows(total, max_rows, seed)
    parts = []
    for end, rows in zip(ends, arrays, strict=True):
        mine = chosen[(chosen < end) & (chosen >= end - len(rows))] - (end - len(rows))
        parts.append(np.asarray(rows[mine], dtype=np.float64))
    pool = np.concatenate(parts)
    distances = pdist(pool)
    if not np.isfinite(distances).all():
        raise VectorError("finite numbers in every set", "NaN or Inf", "drop those rows")
    # Copies differ by rounding alone, which grows with the rows.
    lengths = np.linalg.norm(pool, axis=1)
    one, other = np.triu_indices(len(pool), 1)
    tolerance = max(rounding_of(rows[: len(pool)]) for rows in arrays)
    distances = distances[distances > tolerance * np.maximum(lengths[one], lengths[other])]
    if not len(distances):
        raise VectorError("rows that are not all identical", f"{total:,} equal rows", "check the extraction")
    return float(np.median(distances))


def mmd(
    items: ArrayLike,
    reference: ArrayLike,
    *,
    bandwidth: float | None = None,
    max_rows: int | None = MAX_ROWS,
    seed: int = 0,
) -> float:
    """Squared maximum mean discrepancy, unbiased, Gaussian kernel exp(−‖x − y‖² / 2σ²).

    Args:
        items: [N, D], N ≥ 2; used as given (normalise first where only directions count).
        reference: [M, D], M ≥ 2.
        bandwidth: σ; None takes :func:`median_bandwidth` of both sets.
        max_rows: cap for each set (a seeded draw beyond it), or None for every row.
        seed: of the draw.

    Returns:
        E k(x, x′) + E k(y, y′) − 2 E k(x, y), in (−2, 2); zero on average when the distributions are equal.

    Raises:
        VectorError: not matrices, widths that differ, NaN or Inf, fewer than two rows.
        InputError: a bandwidth that is not positive.

    Paper: Gretton et al., A Kernel Two-Sample Test, JMLR 2012 (eq. 3).
    """
    return _plain("mmd", items, reference, bandwidth=bandwidth, max_rows=max_rows, seed=seed)


def kid(items: ArrayLike, reference: ArrayLike, *, max_rows: int | None = MAX_ROWS, seed: int = 0) -> float:
    """Kernel inception distance: squared unbiased MMD with the kernel (x·y / D + 1)³, on any embedding.

    One value over all pairs, instead of the mean over random subsets of the published code, which estimates
    the same quantity with more noise. Arguments and errors as :func:`mmd`.

    Paper: Bińkowski et al., Demystifying MMD GANs, ICLR 2018.
    """
    return _plain("kid", items, reference, max_rows=max_rows, seed=seed)


def energy(
    items: ArrayLike, reference: ArrayLike, *, max_rows: int | None = MAX_ROWS, seed: int = 0
) -> float:
    """Energy distance 2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖, unbiased, in the unit of the vectors.

    Arguments and errors as :func:`mmd`.

    Paper: Székely & Rizzo, Energy statistics, JSPI 2013.
    """
    return _plain("energy", items, reference, max_rows=max_rows, seed=seed)


def kernel_replicates(
    items: ArrayLike,
    reference: ArrayLike,
    groups: ArrayLike,
    reference_groups: ArrayLike,
    n_groups: int,
    *,
    names: Sequence[str] = KERNELS,
    bandwidth: float | None = None,
    max_rows: int | None = MAX_ROWS,
    seed: int = 0,
) -> dict[str, Replicates]:
    """Several of "mmd", "kid" and "energy" in one pass over pairs of rows, and without each group.

    Args:
        items: [N, D].
        reference: [M, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1) for rows never left out.
        reference_groups: [M] the same codes for the reference.
        n_groups: G.
        names: which measures.
        bandwidth: of "mmd", the same for all replicates; None takes :func:`median_bandwidth` of both sets.
        max_rows: cap for each set (a seeded draw beyond it), or None for every row.
        seed: of the draw.

    Returns:
        By name; ``method`` tells the bandwidth and the rows drawn. A group without which a set has less
        than two rows leaves NaN.

    Raises:
        VectorError: as :func:`mmd`, or group codes that do not fit.
        InputError: a bandwidth that is not positive.
        UnknownNameError: a name other than these three.
    """
    grouped = Grouped(groups, reference_groups, n_groups)
    first, second = sample_pair(items, reference, grouped, max_rows=max_rows, seed=seed)
    sigma = _bandwidth(names, bandwidth, items, reference, seed)
    results = {}
    for name, sums in _sums(first, second, names, sigma).items():
        left = np.empty(n_groups)
        for g in range(n_groups):
            kept = np.delete(np.arange(n_groups + 1), g)
            left[g] = _combine(name, [pairs[np.ix_(kept, kept)] for pairs in sums], first, second, g)
        value = _combine(name, sums, first, second)
        method = notes(f"bandwidth {sigma:.6g}" if name == "mmd" else "", first.note, second.note)
        results[name] = Replicates(value, left, len(first.rows) + len(second.rows), method)
    return results


def _plain(
    name: str,
    items: ArrayLike,
    reference: ArrayLike,
    *,
    bandwidth: float | None = None,
    max_rows: int | None,
    seed: int,
) -> float:
    first, second = sample_pair(items, reference, max_rows=max_rows, seed=seed)
    sigma = _bandwidth((name,), bandwidth, items, reference, seed)
    return _combine(name, _sums(first, second, (name,), sigma)[name], first, second)


def _bandwidth(
    names: Sequence[str], bandwidth: float | None, items: ArrayLike, reference: ArrayLike, seed: int
) -> float:
    unknown = [name for name in names if name not in KERNELS]
    if unknown:
        raise UnknownNameError("kernel measures", name_some(unknown), f"choose of {', '.join(KERNELS)}")
    if "mmd" not in names:
        return 1.0
    if bandwidth is None:
        return median_bandwidth(items, reference, seed=seed)
    if not bandwidth > 0 or not np.isfinite(bandwidth):
        raise InputError("a positive bandwidth", str(bandwidth), "use median_bandwidth")
    return float(bandwidth)


def _combine(
    name: str, sums: Sequence[Float64], first: Sample, second: Sample, without: int | None = None
) -> float:
    """The measure from sums over pairs within items, within reference, across; NaN from a single row."""
    n, m = first.left(without), second.left(without)
    if min(n, m) < 2:
        return float("nan")
    within, between, across = (float(pairs.sum()) for pairs in sums)
    value = within / (n * (n - 1)) + between / (m * (m - 1)) - 2 * across / (n * m)
    return -value if name == "energy" else value


def _sums(
    first: Sample, second: Sample, names: Sequence[str], sigma: float
) -> dict[str, tuple[Float64, Float64, Float64]]:
    """Kernel sums [G + 1, G + 1] by groups, for each measure: within items, within reference, across."""
    # Distances do not change when both sets are moved, and centred rows cost them no digits.
    centre = np.concatenate([first.rows, second.rows]).mean(axis=0)
    sides = [(side.rows - centre, np.eye(len(side.counts))[side.groups]) for side in (first, second)]
    x, y = sides
    blocks = [_pair_sums(*pair, centre, names, sigma) for pair in ((x, x), (y, y), (x, y))]
    return {name: (blocks[0][at], blocks[1][at], blocks[2][at]) for at, name in enumerate(names)}


def _pair_sums(
    left: tuple[Float64, Float64],
    right: tuple[Float64, Float64],
    centre: Float64,
    names: Sequence[str],
    sigma: float,
) -> list[Float64]:
    alone = left is right
    sums = [np.zeros((left[1].shape[1], right[1].shape[1])) for _ in names]
    squares = [np.einsum("nd,nd->n", rows, rows) for rows, _ in (left, right)]
    # x·y of the rows as given = centred product + what each row brings.
    shifts = [rows @ centre + 0.5 * (centre @ centre) for rows, _ in (left, right)]
    for i in row_blocks(len(left[0]), _TILE):
        for j in row_blocks(len(right[0]), _TILE):
            if alone and j.start < i.start:
                continue
            products = left[0][i] @ right[0][j].T
            distances = np.maximum(squares[0][i, None] + squares[1][j] - 2 * products, 0.0)
            for at, name in enumerate(names):
                if name == "mmd":
                    values = np.exp(distances * (-0.5 / sigma**2))
                elif name == "energy":
                    values = np.sqrt(distances)
                else:
                    values = (products + shifts[0][i, None] + shifts[1][j]) / len(centre) + 1.0
                    values = values * values * values
                if alone and i.start == j.start:
                    np.fill_diagonal(values, 0.0)
                part = left[1][i].T @ (values @ right[1][j])
                sums[at] += part + part.T if alone and i.start != j.start else part
    return sums
