"""Ridge regression towards the identity: of the space, only what pairs can support is changed."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, unit_rows
from repscope.measure.core.moments import moments
from repscope.transform.base import LearnsFrom
from repscope.transform.inputs import FitData
from repscope.transform.linear.affine import AffineBridge
from repscope.transform.linear.statistics import PAIR_ROWS, merged, split
from repscope.transform.linear.truth_folds import Strength, TruthSample, check_strength, truth_sample

PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4)
CENTRINGS = (0.0, 0.5, 1.0)
USUAL = (100.0, 1.0)
"""Penalty and centring where too little is known to choose them by."""


class ResidualRidge(AffineBridge):
    """y = (x' − μ)(I + B) + (1 − β) μ, with x' = x / |x| and B the ridge regression of t' − x' on x'.

    Where pairs say nothing, B is zero and directions stay as they are; :class:`Ridge` draws them to zero
    instead. μ is the mean of x', of which the share β is taken away; the mean of the target is not added,
    since on cosines it makes hubs. With fewer pairs than dimensions the dual form is solved.

    Paper:
        After Hoerl & Kennard, "Ridge Regression", Technometrics, 1970.

    Args:
        penalty: λ in units of the mean squared length of a centred row; or "cv" to choose it by the mean
            reciprocal rank of held-out clusters.
        centring: β; or "cv".
        folds: of "cv".
        random_state: seed of the folds, and of the rows that are drawn where either side has many.

    Attributes:
        penalty_, centring_: what was used.
    """

    name: ClassVar[str] = "residual-ridge"
    learns_from: ClassVar[LearnsFrom] = "paired"
    invertible: ClassVar[bool] = True
    unit = True
    penalty_: float
    centring_: float

    def __init__(
        self,
        penalty: Strength = "cv",
        centring: Strength = "cv",
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.penalty = penalty
        self.centring = centring
        self.folds = folds
        self.random_state = random_state

    def _fit(self, data: FitData) -> None:
        check_strength("penalty", self.penalty)
        check_strength("centring", self.centring)
        self.penalty_, self.centring_ = self._chosen(data)
        mean, factors = _from_pairs(data)
        self.source_mean_, self.target_mean_ = mean, (1 - self.centring_) * mean
        self.matrix_ = np.eye(data.source.d) + factors.residual(self.penalty_)

    def _chosen(self, data: FitData) -> tuple[float, float]:
        """Penalty and centring: those given, else those of the cross-validation."""
        penalties = PENALTIES if self.penalty == "cv" else (float(self.penalty),)
        centrings = CENTRINGS if self.centring == "cv" else (float(self.centring),)
        if len(penalties) == len(centrings) == 1:
            return penalties[0], centrings[0]
        sample = truth_sample(data, self.random_state)
        total, judged = np.zeros((len(penalties), len(centrings))), 0
        for fold in sample.folds(self.folds, self.random_state):
            mean, factors = _from_sample(sample, fold.rest)
            held = sample.source[fold.held]
            own = held @ sample.target.T
            pull = sample.target @ mean
            for row, penalty in enumerate(penalties):
                scores = own + ((held - mean) @ factors.left / factors.damped(penalty)) @ (
                    factors.right @ sample.target.T
                )
                for column, centring in enumerate(centrings):
                    total[row, column] += sample.reciprocal_ranks(scores - centring * pull, fold.held).sum()
            judged += len(fold.held)
        if not judged:
            self._warn("penalty and centring were not chosen from the data: too few independent pairs")
            return (
                USUAL[0] if self.penalty == "cv" else penalties[0],
                USUAL[1] if self.centring == "cv" else centrings[0],
            )
        best, column = divmod(int(np.argmax(total)), total.shape[1])
        return penalties[best], centrings[column]

    def _state(self) -> dict[str, NDArray[Any]]:
        return {**super()._state(), "chosen": np.array([self.penalty_, self.centring_])}

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        super()._restore(state)
        self.penalty_, self.centring_ = (float(value) for value in state["chosen"])


class Factors:
    """The residual B = left · diag(1 / (values + λ)) · right of every penalty.

    Args:
        left: [D, R].
        values: [R] scatter.
        right: [R, D].
        scale: mean squared length of a centred row, the unit of penalties.
    """

    def __init__(self, left: Float64, values: Float64, right: Float64, scale: float) -> None:
        self.left, self.values, self.right, self.scale = left, np.maximum(values, 0.0), right, scale

    def damped(self, penalty: float) -> Float64:
        """[R] values + λ, without a zero."""
        floor = np.finfo(np.float64).eps * max(float(self.values.max(initial=0.0)), self.scale, 1e-300)
        return np.maximum(self.values + penalty * self.scale, floor)

    def residual(self, penalty: float) -> Float64:
        """[D, D] B."""
        found: Float64 = (self.left / self.damped(penalty)) @ self.right
        return found


def dual(x: Float64, residual: Float64) -> Factors:
    """Factors from P centred rows x [P, D] and what is missing to their targets [P, D], for P < D."""
    values, axes = np.linalg.eigh(x @ x.T)
    return Factors(x.T @ axes, values, axes.T @ residual, float(np.square(x).sum()) / len(x))


def primal(xx: Float64, product: Float64, n: int) -> Factors:
    """Factors from the scatter of x [D, D] and its products with what is missing [D, D]."""
    values, axes = np.linalg.eigh(xx)
    return Factors(axes, values, axes.T @ product, float(np.trace(xx)) / n)


def _from_sample(sample: TruthSample, rest: NDArray[np.int64]) -> tuple[Float64, Factors]:
    """Mean and factors of the pairs of some rows of a sample."""
    rows, texts = np.nonzero(sample.truth[rest]) if sample.truth is not None else (rest[:0], rest[:0])
    return _of_rows(sample.source[rest[rows]], sample.target[texts])


def _of_rows(x: Float64, y: Float64) -> tuple[Float64, Factors]:
    mean = x.mean(axis=0)
    x, y = x - mean, y - y.mean(axis=0)
    return mean, dual(x, y - x) if len(x) < x.shape[1] else primal(x.T @ x, x.T @ (y - x), len(x))


def _from_pairs(data: FitData) -> tuple[Float64, Factors]:
    """Mean and factors of all pairs.

    Raises:
        VectorError: fewer than two pairs, or a row of zeros.
    """
    blocks = (
        [unit_rows(side, name) for side, name in zip(block, ("source", "target"), strict=True)]
        for block in data.pair_blocks(PAIR_ROWS)
    )
    n = 0 if data.pairs is None else len(data.pairs[0])
    if n < 2:
        raise VectorError("at least 2 pairs", f"{n}", "give more items")
    if n < data.source.d:
        return _of_rows(*(np.concatenate(side) for side in zip(*blocks, strict=True)))
    whole = split(merged(moments(np.concatenate(block, axis=1)) for block in blocks), data.source.d)
    return whole.source_mean, primal(whole.xx, whole.xy - whole.xx, whole.n)
