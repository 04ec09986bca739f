"""How far and in which direction every item moved between two stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, float_matrix, row_blocks, unit_rows
from repscope.measure.core.moments import BLOCK_ROWS
from repscope.measure.core.pairs import paired


@dataclass(frozen=True)
class Displacement:
    """The movement of each item.

    Attributes:
        norm: [N] ‖after − before‖.
        angle: [N] angle between before and after in degrees, 0 to 180; NaN where one of them is zero.
        before, after: [N] lengths of the two vectors.
    """

    norm: Float64
    angle: Float64
    before: Float64
    after: Float64


def displacement(before: ArrayLike, after: ArrayLike) -> Displacement:
    """Length and angle of each item's step.

    Args:
        before: [N, D].
        after: [N, D], row i the same item as row i of ``before``.

    Raises:
        VectorError: rows not paired or not finite, or widths that differ.
    """
    a, b = same_space(before, after)
    columns = np.empty((4, len(a)))
    for block in row_blocks(len(a), BLOCK_ROWS):
        rows_a, rows_b = float_matrix(a[block], "before"), float_matrix(b[block], "after")
        for column, rows in zip((0, 2, 3), (rows_b - rows_a, rows_a, rows_b), strict=True):
            columns[column, block] = np.sqrt(np.einsum("nd,nd->n", rows, rows))
        columns[1, block] = _angles(rows_a, rows_b, columns[2:, block].min(axis=0) > 0)
    norm, angle, length_a, length_b = columns
    return Displacement(norm, angle, length_a, length_b)


def displacement_norm(before: ArrayLike, after: ArrayLike) -> Float64:
    """[N] ‖after − before‖; their mean is ``displacement.norm``."""
    return displacement(before, after).norm


def displacement_angle(before: ArrayLike, after: ArrayLike) -> Float64:
    """[N] angles in degrees; their mean is ``displacement.angle``.

    Raises:
        VectorError: as :func:`displacement`, or a zero row, which has no direction.
    """
    angles = displacement(before, after).angle
    zero = np.flatnonzero(np.isnan(angles))
    if zero.size:
        raise VectorError(
            "vectors with a direction in both stages",
            f"{zero.size:,} zero, first in row {zero[0]}",
            "drop them",
        )
    return angles


def same_space(before: ArrayLike, after: ArrayLike) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Both stages as matrices with one row for every item and one column for every dimension.

    Raises:
        VectorError: not so.
    """
    a, b = paired(before, after, 1)
    if a.shape[1] != b.shape[1]:
        raise VectorError(
            "before and after in one space",
            f"{a.shape[1]} and {b.shape[1]} dimensions",
            "compare their shapes instead: cka.debiased, rsa",
        )
    return a, b


def _angles(a: Float64, b: Float64, defined: NDArray[np.bool_]) -> Float64:
    """Degrees between rows, by Kahan's formula, exact near 0 and 180 where arccos is not."""
    angles = np.full(len(a), np.nan)
    u, v = unit_rows(a[defined]), unit_rows(b[defined])
    apart, along = np.square(u - v).sum(axis=1), np.square(u + v).sum(axis=1)
    angles[defined] = np.degrees(2.0 * np.arctan2(np.sqrt(apart), np.sqrt(along)))
    return angles
