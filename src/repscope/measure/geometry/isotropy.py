"""Isotropy: whether a cloud of unit vectors looks the same from every direction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.measure.core.arrays import Float64, group_codes, matrix, row_blocks, unit_rows
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.moments import BLOCK_ROWS, unit_group_moments
from repscope.measure.core.tables import others


def isotropy(x: ArrayLike) -> float:
    """The partition-function ratio min Z(c) / max Z(c) of Mu & Viswanath (ICLR 2018), on unit rows.

    Z(c) = Σ exp(c · N(x)), over the eigenvectors c of Σ N(x) N(x)ᵀ with both signs (the sign of an
    eigenvector is arbitrary). 1 is isotropic; e⁻² ≈ 0.135 is a single direction. The paper takes rows
    as they are, so that its value depends on their scale; unit rows make stages comparable.

    IsoScore was not chosen: it equals (participation ratio − 1)/(D − 1), which
    :func:`repscope.measure.geometry.spectrum.rank_participation` already gives, and does not see the mean.

    Args:
        x: [N, D] any float dtype, no zero rows.

    Raises:
        VectorError: not a finite matrix, or a zero row.
    """
    return isotropy_replicates(x, np.zeros(len(matrix(x)), np.int64), 1).value


def isotropy_replicates(x: ArrayLike, groups: ArrayLike, n_groups: int) -> Replicates:
    """:func:`isotropy`, and with each group left out of Z(c), the directions c held at those of all rows.

    Args:
        x: [N, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.

    Raises:
        VectorError: as :func:`isotropy`, or codes that do not fit.
    """
    array = matrix(x)
    codes = group_codes(groups, len(array), n_groups)
    sums = np.zeros((n_groups + 1, 2, 1))
    for block, along in _projections(array):
        member = (codes[block] == np.arange(-1, n_groups)[:, None]).astype(np.float64)
        towards = np.exp(along)
        sums = sums + np.stack([member @ towards, member @ np.reciprocal(towards, out=towards)], axis=1)
    rest = others(sums[1:], sums[0])
    with np.errstate(invalid="ignore"):
        left = rest.min(axis=(1, 2)) / rest.max(axis=(1, 2))
    total = sums.sum(axis=0)
    return Replicates(float(total.min() / total.max()), left, len(array), "directions held fixed")


def _projections(array: NDArray[np.generic]) -> Iterator[tuple[slice, Float64]]:
    """Blocks of rows, and N(x) · c [B, K] for every eigenvector c of Σ N(x) N(x)ᵀ."""
    n, dimension = array.shape
    if n < dimension:
        unit = unit_rows(array)
        values, left = np.linalg.eigh(unit @ unit.T)
        real = values > n * np.finfo(np.float64).eps * values[-1]
        # Any direction outside the span has c · x = 0 for all rows, so that one zero stands for them all.
        yield slice(0, n), np.hstack([left[:, real] * np.sqrt(values[real]), np.zeros((n, 1))])
        return
    (whole,), _ = unit_group_moments(array, np.zeros(n, np.int64), 1)
    directions = np.linalg.eigh(whole.scatter + n * np.multiply.outer(whole.mean, whole.mean))[1]
    for block in row_blocks(n, BLOCK_ROWS):
        yield block, unit_rows(array[block], "x", block.start) @ directions
