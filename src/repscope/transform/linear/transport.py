"""Optimal transport between Gaussians: the smallest move that gives the target's mean and covariance."""

from __future__ import annotations

from typing import ClassVar

from repscope.measure.core.arrays import Float64
from repscope.transform.linear.second_order import SecondOrderBridge
from repscope.transform.linear.statistics import Shrinkage, power


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

    def __init__(self, shrinkage: Shrinkage = "ledoit-wolf") -> None:
        self.shrinkage = shrinkage

    def _matrix(self, source: Float64, target: Float64) -> Float64:
        root, inverse = power(source, 0.5, "the source"), power(source, -0.5, "the source")
        middle = power(root @ target @ root, 0.5, "both sides")
        found = inverse @ middle @ inverse
        return (found + found.T) / 2
