"""Two sets whose rows are paired, and what a measure of them reads when the pairing is random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, float_matrix, matrix
from repscope.measure.core.tables import MeasureTable

PERMUTATIONS = 100


@dataclass(frozen=True)
class PermutationNull:
    """A similarity beside its distribution when rows of ``y`` are paired with rows of ``x`` at random.

    Attributes:
        observed: the measure on the very rows that were permuted.
        mean: of the permutations.
        low, high: their central 95 %.
        p: share of pairings, the real one among them, that are at least as similar (one-sided).
        permutations: how many.
        rows: rows that were permuted.
        method: what was done, where it is not the plain measure.
    """

    observed: float
    mean: float
    low: float
    high: float
    p: float
    permutations: int
    rows: int
    method: str = ""


NullTable = MeasureTable[PermutationNull]


def null_of(observed: float, drawn: ArrayLike, rows: int, method: str = "") -> PermutationNull:
    """The record of permuted values ``drawn`` [P] beside the observed one."""
    values = np.asarray(drawn, np.float64)
    low, high = np.quantile(values, [0.025, 0.975])
    # Values that rounding alone sets apart count as equal.
    as_similar = np.count_nonzero(values >= observed - 1e-12 * max(1.0, abs(observed)))
    p = (1 + int(as_similar)) / (1 + len(values))
    return PermutationNull(
        observed, float(values.mean()), float(low), float(high), p, len(values), rows, method
    )


def paired(x: ArrayLike, y: ArrayLike, min_rows: int = 2) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Both sets as matrices with one row each for every item.

    Raises:
        VectorError: not matrices of real numbers, different numbers of rows, or too few.
    """
    a, b = np.asarray(matrix(x, "x", min_rows)), np.asarray(matrix(y, "y", min_rows))
    if len(a) != len(b):
        raise VectorError("paired rows in x and y", f"{len(a):,} and {len(b):,} rows", "link the sets first")
    return a, b


@dataclass(frozen=True)
class Narrow:
    """A set with no more columns than rows, and the same inner products.

    CKA, Procrustes, CCA and ridge depend on inner products only, and read the same.

    Attributes:
        rows: [N, min(N, D)].
        basis: [D, N] orthonormal; original rows are ``rows @ basis.T``. None where D ≤ N.
    """

    rows: NDArray[np.generic]
    basis: Float64 | None

    @classmethod
    def of(cls, x: ArrayLike, what: str = "x") -> Narrow:
        """From rows [N, D].

        Raises:
            VectorError: not a matrix of real numbers, or not finite.
        """
        array = np.asarray(matrix(x, what))
        if array.shape[1] <= array.shape[0]:
            return cls(array, None)
        basis, triangle = np.linalg.qr(float_matrix(array, what).T)
        return cls(triangle.T, basis)

    def widen(self, axes: Float64) -> Float64:
        """Directions [min(N, D), R] in the original columns, [D, R]."""
        return axes if self.basis is None else self.basis @ axes
