"""Canonical correlation analysis: what two modalities share, and the way from one to the other through it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64
from repscope.transform.base import LearnsFrom
from repscope.transform.inputs import FitData, Floats, Source
from repscope.transform.linear.affine import AffineBridge, Side, taken
from repscope.transform.linear.statistics import (
    PAIR_ROWS,
    Shrinkage,
    checked_shrinkage,
    doubts,
    pair_moments,
    power,
    shrunk,
)

Weight = Literal["correlation", "none"]


class CCA(AffineBridge):
    """y = (x − μ_s) W_s diag(ρ) W_t⁻¹ + μ_t, where W_s and W_t give the k canonical variates of each side.

    With S_s^(−1/2) S_st S_t^(−1/2) = U diag(ρ) Vᵀ: W_s = S_s^(−1/2) U, and W_t⁻¹ = Vᵀ S_t^(1/2). All
    components and no shrinkage give least squares; fewer components give regression of reduced rank.
    The variates themselves, in which nuisance has no part, are :meth:`variates`.

    With one text for each class, each image is paired with its class text: K texts have at most
    K − 1 components, and the covariance of the texts needs shrinkage when K ≤ E.

    Paper:
        Hotelling, "Relations between two sets of variates", Biometrika, 1936; Vinod, "Canonical ridge",
        Journal of Econometrics, 1976.

    Args:
        n_components: k; as many as the narrower side is wide without.
        shrinkage: of both covariances: 0 to 1, or "ledoit-wolf".
        weight: "correlation" damps what the source predicts badly, by ρ; "none" gives every variate
            the spread that it has in the target.

    Attributes:
        correlations_: [k] ρ, descending; of the shrunk covariances.
        source_weights_, target_weights_: [D, k] and [E, k] W_s and W_t.
    """

    name: ClassVar[str] = "cca"
    learns_from: ClassVar[LearnsFrom] = "paired"
    same_width: ClassVar[bool] = False
    correlations_: Float64
    source_weights_: Float64
    target_weights_: Float64

    def __init__(
        self,
        n_components: int | None = None,
        shrinkage: Shrinkage = "ledoit-wolf",
        weight: Weight = "correlation",
    ) -> None:
        self.n_components = n_components
        self.shrinkage = shrinkage
        self.weight = weight

    def variates(self, rows: Source, side: Side = "source") -> Floats:
        """[N, k] the canonical variates of rows of one side.

        Raises:
            StudyError: not fitted.
            VectorError: rows of another width.
            InputError: another side.
        """
        self._check_fitted()
        return self._projected(rows, side, self.source_weights_, self.target_weights_)

    def _fit(self, data: FitData) -> None:
        checked_shrinkage(self.shrinkage)
        if self.weight not in get_args(Weight):
            raise InputError('the weight "correlation" or "none"', repr(self.weight), "choose one")
        widest = min(self.n_features_in_, self.n_features_out_)
        k = widest if self.n_components is None else self.n_components
        if not 1 <= k <= widest:
            raise InputError(f"1 to {widest} components", f"{k}", "choose fewer")
        found = pair_moments(data)
        sides = []
        for side, scatter, mean in (
            (0, found.xx, found.source_mean),
            (1, found.yy, found.target_mean),
        ):

            def centred(side: int = side, mean: Float64 = mean) -> Any:
                return (block[side] - mean for block in data.pair_blocks(PAIR_ROWS))

            covariance, amount = shrunk(scatter, found.n, self.shrinkage, centred)
            sides.append(covariance)
            for doubt in doubts(("the source", "the target")[side], found.n, scatter, "pairs", amount):
                self._warn(doubt)
        source = power(sides[0], -0.5, "the source")
        target, back = power(sides[1], -0.5, "the target"), power(sides[1], 0.5, "the target")
        left, values, right = np.linalg.svd(source @ (found.xy / found.n) @ target, full_matrices=False)
        self.correlations_ = np.minimum(values[:k], 1.0)
        self.source_weights_, self.target_weights_ = source @ left[:, :k], target @ right[:k].T
        scale = self.correlations_ if self.weight == "correlation" else np.ones(k)
        self.source_mean_, self.target_mean_ = found.source_mean, found.target_mean
        self.matrix_ = (self.source_weights_ * scale) @ (right[:k] @ back)

    def _state(self) -> dict[str, NDArray[Any]]:
        return {
            **super()._state(),
            "correlations": self.correlations_,
            "source_weights": self.source_weights_,
            "target_weights": self.target_weights_,
        }

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        super()._restore(state)
        k = len(state["correlations"])
        self.correlations_ = taken(state, "correlations", (k,))
        self.source_weights_ = taken(state, "source_weights", (self.n_features_in_, k))
        self.target_weights_ = taken(state, "target_weights", (self.n_features_out_, k))
