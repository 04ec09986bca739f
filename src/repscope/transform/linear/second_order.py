"""What the unpaired linear methods share: means, and covariances of both sides."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64
from repscope.transform.base import LearnsFrom
from repscope.transform.inputs import FitData
from repscope.transform.linear.affine import AffineBridge
from repscope.transform.linear.statistics import Shrinkage, checked_shrinkage, covariance, doubts, row_moments


class SecondOrderBridge(AffineBridge):
    """A linear map that follows from the means and covariances of both sides.

    Attributes:
        source_shrinkage_, target_shrinkage_: how far each covariance was drawn to a multiple of the
            identity, from 0 to 1.
    """

    learns_from: ClassVar[LearnsFrom] = "unpaired"
    invertible: ClassVar[bool] = True
    shrinkage: Shrinkage
    source_shrinkage_: float
    target_shrinkage_: float

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
