"""Orthogonal Procrustes: the rotation (and reflection) that takes paired rows nearest to their targets."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from repscope.errors import VectorError
from repscope.transform.base import LearnsFrom
from repscope.transform.inputs import FitData
from repscope.transform.linear.affine import AffineBridge
from repscope.transform.linear.statistics import pair_moments


class Procrustes(AffineBridge):
    """y = c (x − μ_s) R + μ_t with R orthogonal and the least Σ ‖y − t‖² over the pairs.

    R = U Vᵀ of the singular value decomposition of the cross-product, c = Σσ / Σ‖x‖² with ``scaling``.
    Directions of which the pairs say nothing turn as little as they can.

    Paper:
        Schönemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika, 1966.

    Args:
        centring: means are removed and restored; False turns about the origin.
        scaling: lengths are fitted too.

    Attributes:
        rank_: directions in which the pairs say how to turn.
    """

    name: ClassVar[str] = "procrustes"
    learns_from: ClassVar[LearnsFrom] = "paired"
    invertible: ClassVar[bool] = True
    rank_: int

    def __init__(self, centring: bool = True, scaling: bool = False) -> None:
        self.centring = centring
        self.scaling = scaling

    def _fit(self, data: FitData) -> None:
        found = pair_moments(data)
        cross, spread, d = found.xy, float(np.trace(found.xx)), len(found.xx)
        self.source_mean_, self.target_mean_ = found.source_mean, found.target_mean
        if not self.centring:
            cross = cross + found.n * np.multiply.outer(found.source_mean, found.target_mean)
            spread += found.n * float(found.source_mean @ found.source_mean)
            self.source_mean_, self.target_mean_ = np.zeros(d), np.zeros(d)
        left, values, right = np.linalg.svd(cross)
        self.rank_ = int(np.sum(values > d * np.finfo(np.float64).eps * values[0]))
        if self.rank_ == 0:
            raise VectorError(
                "pairs that vary together", "no product between the two sides", "check the link, or the rows"
            )
        if self.rank_ < d:
            self._warn(
                f"{found.n:,} pairs fix {self.rank_} of {d} directions: the others turn as little as they can"
            )
            # Pairs say nothing here; the least turn is better than the one that rounding chooses.
            first, last = left[:, self.rank_ :], right[self.rank_ :]
            one, _, two = np.linalg.svd(first.T @ last.T)
            left[:, self.rank_ :] = first @ one @ two
        scale = float(values.sum()) / spread if self.scaling else 1.0
        self.matrix_ = scale * (left @ right)
