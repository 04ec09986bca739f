"""What one set looks like from inside: lengths, spread, mean cosine, and everything moments can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import (
    Float64,
    group_codes,
    matrix,
    refuse_non_finite,
    row_blocks,
    unit_rows,
)
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.moments import BLOCK_ROWS, Moments
from repscope.measure.core.tables import ReplicateTable
from repscope.measure.geometry.isotropy import isotropy_replicates
from repscope.measure.geometry.spectrum import RANKS, rank_replicates

NAMES = ("norm.sd", "spread.total", "spread.cosine", "cosine.mean", *RANKS, "isotropy", "std.min")


def norms(x: ArrayLike) -> Float64:
    """[N] lengths of the rows of ``x`` [N, D]; their mean is ``norm.mean``.

    Raises:
        VectorError: not a finite matrix.
    """
    array = matrix(x)
    lengths = np.empty(len(array))
    for block in row_blocks(len(array), BLOCK_ROWS):
        rows = np.asarray(array[block], np.float64)
        lengths[block] = np.sqrt(np.einsum("nd,nd->n", rows, rows))
        if not np.isfinite(lengths[block]).all():
            refuse_non_finite(rows, "x", block.start)
    return lengths


def norm_sd(moments_of_norms: Moments) -> float:
    """Standard deviation (n − 1) of lengths, from the moments of ``norms(x)[:, None]``.

    Raises:
        VectorError: fewer than 2 rows.
    """
    return float(np.sqrt(moments_of_norms.covariance()[0, 0]))


def spread_total(moments: Moments) -> float:
    """Trace of the covariance (n − 1): mean squared distance to the mean, ≥ 0.

    Raises:
        VectorError: fewer than 2 rows.
    """
    return float(np.trace(moments.covariance()))


def std_min(moments: Moments) -> float:
    """Smallest standard deviation (n − 1) of any one dimension, ≥ 0; depends on the axes.

    Raises:
        VectorError: fewer than 2 rows.
    """
    return float(np.sqrt(np.diagonal(moments.covariance()).min()))


def spread_cosine(unit_moments: Moments) -> float:
    """Mean cosine distance over all pairs of distinct rows, exactly, from the moments of N(x).

    (n − 1)⁻¹ Σ‖N(x) − mean‖², the trace of the unit rows' covariance, is the same number as the mean of
    1 − cos over the n(n − 1)/2 pairs, and loses no digits when all rows agree. Between 0 and n/(n − 1).

    Raises:
        VectorError: fewer than 2 rows.
    """
    return spread_total(unit_moments)


def cosine_mean(unit_moments: Moments) -> float:
    """Mean cosine over all pairs of distinct rows, 1 − ``spread.cosine``; between −1/(n − 1) and 1.

    Raises:
        VectorError: fewer than 2 rows.
    """
    return 1.0 - spread_cosine(unit_moments)


def geometry_replicates(
    x: ArrayLike, groups: ArrayLike, n_groups: int, names: Sequence[str] = NAMES
) -> ReplicateTable:
    """The moment-based measures of one set, and with each group left out.

    ``norm.sd``, ``spread.total``, ``spread.cosine``, ``cosine.mean``, ``std.min``, the four ranks and
    ``isotropy`` (directions held fixed). One spectrum a group; measures that are undefined on these rows
    (the rank of a point, any cosine with a zero row) are in the table's ``why``.

    Args:
        x: [N, D] any float dtype.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.
        names: which of :data:`NAMES`; ranks and ``isotropy`` are the costly ones.

    Raises:
        VectorError: not a finite matrix, or codes that do not fit.
    """
    array = matrix(x)
    codes = group_codes(groups, len(array), n_groups)
    lengths = norms(array)
    wanted = set(names)
    table = ReplicateTable()

    def variances(take: Callable[[slice], Float64], width: int) -> Float64:
        return _leave_out_variances(take, (len(array), width), codes, n_groups)

    def take(name: str, values: Float64) -> None:
        if name in wanted:
            table.take(name, partial(_replicates, values, len(array)))

    take("norm.sd", np.sqrt(variances(lambda rows: lengths[rows, None], 1)[:, 0]))
    if wanted & {"spread.total", "std.min"}:
        columns = variances(lambda rows: np.asarray(array[rows], np.float64), array.shape[1])
        take("spread.total", columns.sum(axis=1))
        take("std.min", np.sqrt(columns.min(axis=1)))
    if wanted & RANKS.keys():
        ranks = rank_replicates(array, codes, n_groups)
        table.update({name: ranks[name] for name in ranks if name in wanted})
        table.why.update({name: ranks.why[name] for name in ranks.why if name in wanted})

    zero = np.flatnonzero(lengths == 0)
    if zero.size:
        reason = f"{zero.size:,} zero vectors have no direction, the first in row {zero[0]}"
        table.why.update(
            {name: reason for name in ("spread.cosine", "cosine.mean", "isotropy") if name in wanted}
        )
        return table
    if wanted & {"spread.cosine", "cosine.mean"}:
        units = variances(lambda rows: unit_rows(array[rows], "x", rows.start), array.shape[1])
        take("spread.cosine", units.sum(axis=1))
        take("cosine.mean", 1.0 - units.sum(axis=1))
    if "isotropy" in wanted:
        table.take("isotropy", partial(isotropy_replicates, array, codes, n_groups))
    return table


def _leave_out_variances(
    take: Callable[[slice], Float64], shape: tuple[int, ...], codes: NDArray[np.int64], n_groups: int
) -> Float64:
    """[1 + G, D] variances (n − 1) of the columns, of all rows, then without each group; NaN below 2 rows."""
    counts = np.bincount(codes + 1, minlength=n_groups + 1)[:, None].astype(np.float64)
    means = np.zeros((n_groups + 1, shape[1]))
    squares = np.zeros_like(means)
    for block in row_blocks(shape[0], BLOCK_ROWS):
        means += _members(codes[block], n_groups) @ take(block)
    means /= np.maximum(counts, 1.0)
    for block in row_blocks(shape[0], BLOCK_ROWS):
        away = take(block) - means[codes[block] + 1]
        squares += _members(codes[block], n_groups) @ np.square(away)

    variances = np.full((n_groups + 1, shape[1]), np.nan)
    for out in range(n_groups + 1):
        rest = np.arange(n_groups + 1) != (out if out else -1)
        n = counts[rest].sum()
        if n > 1:
            centre = (counts[rest] * means[rest]).sum(axis=0) / n
            between = counts[rest] * np.square(means[rest] - centre)
            variances[out] = (squares[rest] + between).sum(axis=0) / (n - 1)
    return variances


def _members(codes: NDArray[np.int64], n_groups: int) -> Float64:
    """[1 + G, B] 1 where a row is in a group; FIXED rows come first."""
    members: NDArray[np.bool_] = codes == np.arange(-1, n_groups)[:, None]
    return members.astype(np.float64)


def _replicates(values: Float64, n: int) -> Replicates:
    """Replicates from the value of all rows, then without each group."""
    if n < 2:
        raise VectorError("at least 2 rows for a spread", f"{n}", "give more items")
    return Replicates(float(values[0]), values[1:], n)
