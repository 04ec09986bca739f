"""Whitening of both sides, each with its own moments, and back into the target's raw space."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64
from repscope.transform.inputs import FitData, Floats, Source
from repscope.transform.linear.affine import Side, taken
from repscope.transform.linear.second_order import SecondOrderBridge
from repscope.transform.linear.statistics import Shrinkage, refuse_singular

Kind = Literal["zca-cor", "zca", "pca", "diagonal"]


class Whitening(SecondOrderBridge):
    """y = (x − μ_s) W_s W_t⁻¹ + μ_t: the source whitened by its moments, unwhitened by the target's.

    The result lies in the raw space of the target, so that it can be compared with raw reference rows.
    The whitened space itself, in which cosines give weak directions as much say as strong ones, is
    :meth:`whitened`: compare ``whitened(source)`` with ``whitened(reference, "target")`` there, never with
    raw rows.

    ==========  =====================================================================================
    zca-cor     each dimension to variance 1, then decorrelated by the least turn (the paper's advice)
    zca         decorrelated by the least turn; the bridge then equals ``coral``
    pca         principal axes matched by rank, each with the sign that agrees with the target's
    diagonal    each dimension to the target's mean and variance; no dimension mixes with another
    ==========  =====================================================================================

    Paper:
        Kessy, Lewin & Strimmer, "Optimal Whitening and Decorrelation", The American Statistician, 2018.

    Args:
        kind: of the table.
        shrinkage: 0 to 1, or "ledoit-wolf".

    Attributes:
        source_whitening_, target_whitening_: [D, D] W_s and W_t.
    """

    name: ClassVar[str] = "whitening"
    source_whitening_: Float64
    target_whitening_: Float64

    def __init__(self, kind: Kind = "zca-cor", shrinkage: Shrinkage = "ledoit-wolf") -> None:
        self.kind = kind
        self.shrinkage = shrinkage

    def whitened(self, rows: Source, side: Side = "source") -> Floats:
        """[N, D] rows of one side with mean 0 and covariance I, over the rows of the fit.

        Args:
            rows: of that side.
            side: whose moments whiten them.

        Raises:
            StudyError, VectorError: as in ``transform``.
            InputError: another side.
        """
        self._check_fitted()
        return self._projected(rows, side, self.source_whitening_, self.target_whitening_)

    def _fit(self, data: FitData) -> None:
        if self.kind not in get_args(Kind):
            raise InputError(
                f"a kind of whitening: {', '.join(get_args(Kind))}", repr(self.kind), "choose one"
            )
        super()._fit(data)

    def _matrix(self, source: Float64, target: Float64) -> Float64:
        if self.kind == "pca":
            first, back_first = _principal(source, "the source", None)
            second, back = _principal(target, "the target", back_first)
        else:
            first, _ = _symmetric(source, "the source", self.kind)
            second, back = _symmetric(target, "the target", self.kind)
        self.source_whitening_, self.target_whitening_ = first, second
        return first @ back

    def _state(self) -> dict[str, NDArray[Any]]:
        return {
            **super()._state(),
            "source_whitening": self.source_whitening_,
            "target_whitening": self.target_whitening_,
        }

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        super()._restore(state)
        shape = (self.n_features_in_, self.n_features_in_)
        self.source_whitening_ = taken(state, "source_whitening", shape)
        self.target_whitening_ = taken(state, "target_whitening", shape)


def _symmetric(covariance: Float64, name: str, kind: Kind) -> tuple[Float64, Float64]:
    """[D, D] whitening matrix W (rows from the left) and its inverse; WᵀSW = I."""
    spread = np.sqrt(np.diag(covariance))
    if not spread.all():
        refuse_singular(np.sort(np.square(spread)), name)
    if kind == "diagonal":
        return np.diag(1 / spread), np.diag(spread)
    scale = spread if kind == "zca-cor" else np.ones_like(spread)
    values, axes = np.linalg.eigh(covariance / np.multiply.outer(scale, scale))
    refuse_singular(values, name)
    whiten = (axes / np.sqrt(values)) @ axes.T / scale[:, None]
    back = (axes * np.sqrt(values)) @ axes.T * scale
    return whiten, back


def _principal(covariance: Float64, name: str, like: Float64 | None) -> tuple[Float64, Float64]:
    """As :func:`_symmetric` for the principal axes, with the signs that agree with those of ``like``."""
    values, axes = np.linalg.eigh(covariance)
    refuse_singular(values, name)
    if like is not None:
        axes = axes * np.where(np.einsum("dk,kd->k", axes, like) < 0, -1.0, 1.0)
    return axes / np.sqrt(values), (axes * np.sqrt(values)).T
