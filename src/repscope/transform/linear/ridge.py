"""Ridge regression of the target on the source, from moments alone."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.folds import cluster_folds
from repscope.measure.core.moments import iterate_leave_out, merge_all
from repscope.measure.core.ridge import PENALTIES, principal_axes, ridge_penalty
from repscope.transform.base import LearnsFrom
from repscope.transform.inputs import FitData
from repscope.transform.linear.affine import AffineBridge
from repscope.transform.linear.statistics import PairMoments, doubts, joint_moments, pair_moments, split

Penalty = float | Literal["cv", "gcv"]


class Ridge(AffineBridge):
    """y = (x − μ_s) (X'X + α I)⁻¹ X'Y + μ_t over the paired, centred rows.

    With one text for each class, each image is paired with its class text; what counts is the number
    of pairs and of different texts: K texts span K − 1 directions, and outputs stay within them.

    Paper:
        Hoerl & Kennard, "Ridge Regression", Technometrics, 1970; Golub, Heath & Wahba, "Generalized
        Cross-Validation", Technometrics, 1979.

    Args:
        penalty: α itself (as scikit-learn's ``alpha``); or "cv" to choose it by cross-validation that
            never parts a cluster; or "gcv", quicker, which takes pairs as independent.
        folds: of "cv".
        random_state: seed of the folds.

    Attributes:
        alpha_: the penalty that was used.
    """

    name: ClassVar[str] = "ridge"
    learns_from: ClassVar[LearnsFrom] = "paired"
    same_width: ClassVar[bool] = False
    alpha_: float

    def __init__(self, penalty: Penalty = "cv", folds: int = 5, random_state: int = 0) -> None:
        self.penalty = penalty
        self.folds = folds
        self.random_state = random_state

    def _fit(self, data: FitData) -> None:
        given = self.penalty
        if not (given in ("cv", "gcv") or (isinstance(given, int | float) and 0 <= given < float("inf"))):
            raise InputError('a penalty of at least 0, "cv" or "gcv"', repr(given), "choose one of these")
        if given == "cv":
            moments, self.alpha_ = self._cross_validated(data)
        else:
            moments = pair_moments(data)
            self.alpha_ = _generalised(moments) if given == "gcv" else float(given)
        for doubt in doubts("the source", moments.n, moments.xx, "pairs"):
            self._warn(doubt)
        axes, values = principal_axes(moments.xx)
        self.source_mean_, self.target_mean_ = moments.source_mean, moments.target_mean
        self.matrix_ = axes @ ((axes.T @ moments.xy) / (values + self.alpha_)[:, None])

    def _cross_validated(self, data: FitData) -> tuple[PairMoments, float]:
        """Moments of all pairs, and the penalty with the least squared error on held-out clusters."""
        d = data.source.d
        rows = data.pairs[0] if data.pairs is not None else np.arange(0)
        fold = cluster_folds(data.clusters[rows], self.folds, self.random_state)
        parts = [joint_moments(data, np.flatnonzero(fold == number)) for number in range(int(fold.max()) + 1)]
        whole = split(merge_all(parts), d)
        scale = float(principal_axes(whole.xx)[1].mean()) if np.any(whole.xx) else 1.0
        # The penalty grows with the rows; folds are fitted on fewer.
        errors = np.zeros(len(PENALTIES))
        empty = type(parts[0]).empty(parts[0].dimension)
        for held, rest in zip(parts, iterate_leave_out(parts, empty), strict=True):
            errors += _errors(split(rest, d), split(held, d), PENALTIES * scale * rest.n / whole.n)
        return whole, float(PENALTIES[np.argmin(errors)] * scale)

    def _state(self) -> dict[str, NDArray[Any]]:
        return {**super()._state(), "alpha": np.array([self.alpha_])}

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        super()._restore(state)
        self.alpha_ = float(state["alpha"][0])


def _generalised(moments: PairMoments) -> float:
    axes, values = principal_axes(moments.xx)
    squares = np.square(axes.T @ moments.xy).sum(axis=1)
    return ridge_penalty(moments.n, values, squares, float(np.trace(moments.yy)))


def _errors(rest: PairMoments, held: PairMoments, penalties: Float64) -> Float64:
    """[P] squared error on held-out pairs of the fits on the rest, from moments alone.

    With predictions of ŷ = μ_y + (x − μ_x) A D B in the axes A of the rest, the error is a quadratic form in
    the diagonal D, so that all penalties cost as much as one.
    """
    axes, values = principal_axes(rest.xx)
    products = axes.T @ rest.xy
    off_x, off_y = held.source_mean - rest.source_mean, held.target_mean - rest.target_mean
    xx = axes.T @ (held.xx + held.n * np.multiply.outer(off_x, off_x)) @ axes
    xy = axes.T @ (held.xy + held.n * np.multiply.outer(off_x, off_y))
    total = float(np.trace(held.yy)) + held.n * float(off_y @ off_y)
    linear = np.einsum("re,re->r", products, xy)
    quadratic = xx * (products @ products.T)
    inverse = 1 / (values + penalties[:, None])
    errors: Float64 = total - 2 * inverse @ linear + np.einsum("pr,rs,ps->p", inverse, quadratic, inverse)
    return errors
