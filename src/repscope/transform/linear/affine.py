"""Bridges that are a matrix between two means: y = (x − μ_source) A + μ_target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import Float64, unit_rows
from repscope.transform.base import Bridge
from repscope.transform.inputs import Floats, Source

if TYPE_CHECKING:
    from torch import nn

Side = Literal["source", "target"]


class AffineBridge(Bridge):
    """Base of the linear methods; a subclass writes ``_fit`` and sets these attributes.

    Attributes:
        source_mean_: [D] float64.
        target_mean_: [E] float64.
        matrix_: [D, E] float64, or None for the identity.
        unit: rows are brought to length 1 first; the way back gives rows of length 1.
    """

    unit: bool = False
    source_mean_: Float64
    target_mean_: Float64
    matrix_: Float64 | None

    @property
    def flops_per_row(self) -> int:
        """A multiply and an add for each entry of the matrix, and the means."""
        self._check_fitted()
        product = 0 if self.matrix_ is None else 2 * self.matrix_.size
        return product + self.n_features_in_ + self.n_features_out_

    @property
    def n_parameters(self) -> int:
        """Entries of the matrix and of both means."""
        self._check_fitted()
        matrix = 0 if self.matrix_ is None else self.matrix_.size
        return matrix + self.n_features_in_ + self.n_features_out_

    def _apply(self, rows: Floats) -> Floats:
        given = unit_rows(rows, "source") if self.unit else rows
        moved = np.subtract(given, self.source_mean_, dtype=np.float64)
        if self.matrix_ is not None:
            moved = moved @ self.matrix_
        moved += self.target_mean_
        return moved.astype(rows.dtype, copy=False)

    def _unapply(self, rows: Floats) -> Floats:
        moved = np.subtract(rows, self.target_mean_, dtype=np.float64)
        if self.matrix_ is not None:
            moved = moved @ self._inverse()
        moved += self.source_mean_
        return moved.astype(rows.dtype, copy=False)

    def _inverse(self) -> Float64:
        """[E, D] inverse of the matrix, kept while the matrix is the same object."""
        kept = getattr(self, "_inverse_of", None)
        if kept is None or kept[0] is not self.matrix_:
            matrix = np.asarray(self.matrix_)
            condition = np.linalg.cond(matrix)
            if not condition < 1 / (len(matrix) * np.finfo(np.float64).eps):
                raise VectorError(
                    f"a {self.name} that kept every dimension, to move back",
                    f"a matrix of condition {condition:.1e}",
                    "fit with more rows or a larger shrinkage",
                )
            kept = self._inverse_of = (self.matrix_, np.linalg.inv(matrix))
        found: Float64 = kept[1]
        return found

    def _projected(self, rows: Source, side: Side, source: Float64, target: Float64) -> Floats:
        """[N, k] rows of one side less its mean, times the matrix of that side.

        Raises:
            StudyError: not fitted.
            VectorError: rows of another width.
            InputError: another side.
        """
        if side not in get_args(Side):
            raise InputError('the side "source" or "target"', repr(side), "choose one")
        here = side == "source"
        given = self._checked(rows, "n_features_in_" if here else "n_features_out_")
        mean, matrix = (self.source_mean_, source) if here else (self.target_mean_, target)
        blocks = [np.subtract(block, mean, dtype=np.float64) @ matrix for block in given.blocks()]
        return np.concatenate(blocks).astype(given.dtype, copy=False)

    def _state(self) -> dict[str, NDArray[Any]]:
        state = {"source_mean": self.source_mean_, "target_mean": self.target_mean_}
        return state if self.matrix_ is None else {**state, "matrix": self.matrix_}

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        d, e = self.n_features_in_, self.n_features_out_
        self.source_mean_ = taken(state, "source_mean", (d,))
        self.target_mean_ = taken(state, "target_mean", (e,))
        self.matrix_ = taken(state, "matrix", (d, e)) if "matrix" in state else None
        if self.matrix_ is None and d != e:
            raise ValueError(f"no matrix between widths {d} and {e}")

    def _module(self) -> nn.Module:
        from repscope.transform.modules import AffineModule

        return AffineModule(self.source_mean_, self.target_mean_, self.matrix_, unit=self.unit)


def taken(state: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> Float64:
    """One float64 array of a saved state.

    Raises:
        ValueError: it is missing or has another shape; loading turns this into a FormatError.
    """
    if name not in state or state[name].shape != shape:
        got = state[name].shape if name in state else "none"
        raise ValueError(f"{name} of shape {shape} expected, found {got}")
    if not np.isfinite(state[name]).all():
        raise ValueError(f"{name} holds NaN or Inf")
    return np.asarray(state[name], np.float64)
