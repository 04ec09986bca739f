"""The unpaired linear methods of means and covariances: CORAL, and optimal transport between Gaussians."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64
from repscope.transform.base import LearnsFrom
from repscope.transform.inputs import FitData
from repscope.transform.linear.affine import AffineBridge
from repscope.transform.linear.statistics import (
    Shrinkage,
    checked_shrinkage,
    covariance,
    doubts,
    power,
    row_moments,
)


class SecondOrderBridge(AffineBridge):
    """A linear map that follows from the means and covariances of both sides.

    Attributes:
        source_shrinkage_, target_shrinkage_: how far each covariance was drawn to a multiple of the
            identity, from 0 to 1.
    """

    learns_from: ClassVar[LearnsFrom] = "unpaired"
    invertible: ClassVar[bool] = True
    source_shrinkage_: float
    target_shrinkage_: float

    def __init__(self, shrinkage: Shrinkage = "ledoit-wolf") -> None:
        self.shrinkage = shrinkage

    def _fit(self, data: FitData) -> None:
        checked_shrinkage(self.shrinkage)
        if data.target is None:
            raise InputError(f"a target for {self.name}", "none", "give the set to move towards")
        source, target = row_moments(data.source), row_moments(data.target)
        first, self.source_shrinkage_ = covariance(data.source, source, self.shrinkage)
        second, self.target_shrinkage_ = covariance(data.target, target, self.shrinkage)
        for rows, found, amount in (
            (data.source, source, self.source_shrinkage_),
            (data.target, target, self.target_shrinkage_),
        ):
            for doubt in doubts(rows.name, found.n, found.scatter, amount=amount):
                self._warn(doubt)
        self.source_mean_, self.target_mean_ = source.mean, target.mean
        self.matrix_ = self._matrix(first, second)

    @abstractmethod
    def _matrix(self, source: Float64, target: Float64) -> Float64:
        """[D, D] from the two covariances, for rows on its left."""


class Coral(SecondOrderBridge):
    """y = (x − μ_s) S_s^(−1/2) S_t^(1/2) + μ_t: whitened, then coloured as the target.

    The paper adds the identity to both covariances and leaves the means alone; here the covariances
    are shrunk and the means move too.

    Paper:
        Sun, Feng & Saenko, "Return of Frustratingly Easy Domain Adaptation", AAAI 2016.

    Args:
        shrinkage: 0 to 1, or "ledoit-wolf".
    """

    name: ClassVar[str] = "coral"

    def _matrix(self, source: Float64, target: Float64) -> Float64:
        return power(source, -0.5, "the source") @ power(target, 0.5, "the target")


class GaussianTransport(SecondOrderBridge):
    """y = (x − μ_s) A + μ_t with A = S_s^(−1/2) (S_s^(1/2) S_t S_s^(1/2))^(1/2) S_s^(−1/2).

    Among all maps that give the source the mean and covariance of the target, this one moves rows
    least (in mean squared distance) when both are Gaussian. A is symmetric and positive.

    Paper:
        Dowson & Landau, "The Fréchet distance between multivariate normal distributions", Journal of
        Multivariate Analysis, 1982; Peyré & Cuturi, Computational Optimal Transport, 2019, section 2.6.

    Args:
        shrinkage: 0 to 1, or "ledoit-wolf".
    """

    name: ClassVar[str] = "gaussian-ot"

    def _matrix(self, source: Float64, target: Float64) -> Float64:
        root, inverse = power(source, 0.5, "the source"), power(source, -0.5, "the source")
        middle = power(root @ target @ root, 0.5, "both sides")
        found = inverse @ middle @ inverse
        return (found + found.T) / 2
