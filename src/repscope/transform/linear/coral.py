"""CORAL: the source is given the covariance of the target."""

from __future__ import annotations

from typing import ClassVar

from repscope.measure.core.arrays import Float64
from repscope.transform.linear.second_order import SecondOrderBridge
from repscope.transform.linear.statistics import Shrinkage, power


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

    def __init__(self, shrinkage: Shrinkage = "ledoit-wolf") -> None:
        self.shrinkage = shrinkage

    def _matrix(self, source: Float64, target: Float64) -> Float64:
        return power(source, -0.5, "the source") @ power(target, 0.5, "the target")
