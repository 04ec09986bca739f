"""Vendi score: how many different rows a set really has."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.measure.core.arrays import Float64, group_codes, matrix, row_blocks, unit_rows
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.tables import others

_BLOCK = 4096


def vendi(items: ArrayLike) -> float:
    """Vendi score exp(−Σ λ log λ), λ the eigenvalues of the cosine kernel matrix over N.

    The effective number of different rows: 1 when all point the same way, N (or D) when all are orthogonal.
    Computed from the D × D second moments where N > D, whose non-zero eigenvalues are the same.

    Args:
        items: [N, D] any real dtype; lengths do not count.

    Returns:
        The score, in [1, min(N, D)].

    Raises:
        VectorError: not a matrix, NaN or Inf, zero vectors.

    Paper: Friedman & Dieng, The Vendi Score, TMLR 2023 (q = 1, cosine kernel).
    """
    array = matrix(items, "items")
    if len(array) <= array.shape[1]:
        units = unit_rows(array, "items")
        return _score(units @ units.T)
    return _score(_second_moments(array, np.zeros(len(array), np.int64), 1)[0])


def vendi_replicates(items: ArrayLike, groups: ArrayLike, n_groups: int) -> Replicates:
    """:func:`vendi`, and without each group, from the second moments of the groups.

    Args:
        items: [N, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1) for rows never left out.
        n_groups: G; memory holds 2·G matrices D × D where N > D. A group of all rows leaves NaN.

    Raises:
        VectorError: as :func:`vendi`, or group codes that do not fit.
    """
    array = matrix(items, "items")
    codes = group_codes(groups, len(array), n_groups)
    if len(array) <= array.shape[1]:
        units = unit_rows(array, "items")
        kernel = units @ units.T
        kept = (np.flatnonzero(codes != g) for g in range(n_groups))
        left = [_score(kernel[np.ix_(rows, rows)]) if len(rows) else np.nan for rows in kept]
        return Replicates(_score(kernel), np.array(left), len(array))
    sums = _second_moments(array, np.where(codes < 0, n_groups, codes), n_groups + 1)
    whole = (np.bincount(codes[codes >= 0], minlength=n_groups) == len(array)).tolist()
    left = [
        np.nan if empty else _score(rest)
        for empty, rest in zip(whole, others(sums[:-1], sums[-1]), strict=True)
    ]
    return Replicates(_score(sums.sum(axis=0)), np.array(left), len(array))


def _second_moments(array: NDArray[np.generic], codes: NDArray[np.int64], n_codes: int) -> Float64:
    """Σ N(x) N(x)ᵀ over the rows of each code: [n_codes, D, D]."""
    sums = np.zeros((n_codes, array.shape[1], array.shape[1]))
    for code in range(n_codes):
        rows = np.flatnonzero(codes == code)
        for block in row_blocks(len(rows), _BLOCK):
            units = unit_rows(array[rows[block]], "items", rows[block])
            sums[code] += units.T @ units
    return sums


def _score(kernel: Float64) -> float:
    """Exponential of the entropy of the eigenvalues, scaled to sum to one."""
    values = np.linalg.eigvalsh(kernel)
    values = values[values > 0]
    values /= values.sum()
    return float(np.exp(-(values * np.log(values)).sum()))
