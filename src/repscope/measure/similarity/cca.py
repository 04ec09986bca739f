"""Similarity up to any invertible linear map: SVCCA and projection-weighted CCA."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.joint import JointMoments, joint_leave_out
from repscope.measure.core.pairs import Narrow, paired
from repscope.measure.core.tables import each_left_out
from repscope.measure.similarity.procrustes import Norm, nuclear_norm

VARIANCE = 0.99
RANK_TOLERANCE = 1e-10
"""Directions with less than this share of the largest variance are taken to be rounding."""


@dataclass(frozen=True)
class Whitening:
    """Principal axes of one set.

    Attributes:
        values: [R] scatter along each axis, descending, those at rounding level left out.
        axes: [D, R] orthonormal.
    """

    values: Float64
    axes: Float64

    @classmethod
    def of(cls, scatter: Float64) -> Whitening:
        """From a scatter matrix [D, D]."""
        values, axes = np.linalg.eigh(scatter)
        real = values > RANK_TOLERANCE * values[-1]
        return cls(values[real][::-1], axes[:, real][:, ::-1])

    @property
    def matrix(self) -> Float64:
        """[D, R] takes centred rows to orthonormal columns."""
        return self.axes / np.sqrt(self.values)

    def components(self, variance: float = VARIANCE) -> int:
        """Fewest axes that hold this share of the variance."""
        share = np.cumsum(self.values) / self.values.sum()
        return int(np.count_nonzero(share < variance - 1e-12)) + 1


def svcca(x: ArrayLike, y: ArrayLike) -> float:
    """SVCCA (Raghu et al., NeurIPS 2017): mean canonical correlation of the leading principal components.

    Each set keeps the fewest principal components that hold 99 % of its variance; the mean is over as many
    correlations as the smaller set has components. Between 0 and 1, symmetric; near 1 by construction
    where components are not few beside N, so read it beside its permutation null.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.

    Raises:
        VectorError: rows not paired or not finite, no spread in one set, or as many components as
            N − 1, where every correlation is 1 whatever the data.
    """
    return svcca_replicates(x, y, np.full(len(np.asarray(x)), FIXED), 0).value


def svcca_replicates(x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int) -> Replicates:
    """:func:`svcca`, and with each group left out, exactly; the components are chosen anew.

    Args:
        x, y: as for :func:`svcca`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.
    """
    paired(x, y)
    joints = joint_leave_out(Narrow.of(x, "x").rows, Narrow.of(y, "y").rows, groups, n_groups)
    whole = next(joints)
    return Replicates(Canonical.of(whole).svcca(), each_left_out(_svcca_of, joints), whole.n)


def pwcca(x: ArrayLike, y: ArrayLike) -> float:
    """Projection-weighted CCA (Morcos, Raghu & Bengio, NeurIPS 2018).

    Σ αᵢ ρᵢ / Σ αᵢ over the canonical correlations ρ, αᵢ = Σⱼ |⟨hᵢ, xⱼ⟩| with hᵢ the canonical variate and
    xⱼ the columns of the set with fewer dimensions (x where they tie), as in the authors' code. Between 0
    and 1; symmetric only where the numbers of dimensions differ.

    Args, Raises: as :func:`svcca`.
    """
    return pwcca_replicates(x, y, np.full(len(np.asarray(x)), FIXED), 0).value


def pwcca_replicates(x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int) -> Replicates:
    """:func:`pwcca`, and with each group left out, exactly.

    Args:
        x, y: as for :func:`pwcca`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.
    """
    paired(x, y)
    a, b = Narrow.of(x, "x"), Narrow.of(y, "y")
    joints = joint_leave_out(a.rows, b.rows, groups, n_groups)
    whole = next(joints)
    left = each_left_out(lambda joint: Canonical.of(joint).pwcca(a, b), joints)
    return Replicates(Canonical.of(whole).pwcca(a, b), left, whole.n)


@dataclass(frozen=True)
class Canonical:
    """Canonical correlation of two sets, before the last decomposition.

    Attributes:
        n: rows.
        x, y: principal axes of the two.
        cross: [R₁, R₂] products of their orthonormal coordinates; its singular values are the
            canonical correlations.
    """

    n: int
    x: Whitening
    y: Whitening
    cross: Float64

    @classmethod
    def of(cls, joint: JointMoments) -> Canonical:
        """From joint moments.

        Raises:
            VectorError: fewer than 2 rows, or no spread in one set.
        """
        joint.spreads()
        x, y = Whitening.of(joint.xx), Whitening.of(joint.yy)
        return cls(joint.n, x, y, x.matrix.T @ joint.xy @ y.matrix)

    def svcca(self, norm: Norm = nuclear_norm) -> float:
        """Mean correlation of the leading components."""
        rows, columns = self.x.components(), self.y.components()
        self._refuse_full(rows, columns)
        return min(1.0, norm(self.cross[:rows, :columns]) / min(rows, columns))

    def pwcca(self, x: Narrow, y: Narrow) -> float:
        """Projection-weighted mean correlation; ``x`` and ``y`` are the sets that the moments are of."""
        self._refuse_full(*self.cross.shape)
        from_x = self.cross.shape[0] <= self.cross.shape[1]
        axes, narrow, cross = (self.x, x, self.cross) if from_x else (self.y, y, self.cross.T)
        columns = np.sqrt(axes.values)[:, None] * narrow.widen(axes.axes).T
        return projection_weighted(cross, columns)

    def _refuse_full(self, rows: int, columns: int) -> None:
        if max(rows, columns) >= self.n - 1:
            raise VectorError(
                "fewer dimensions than rows, for canonical correlations",
                f"{max(rows, columns):,} dimensions and {self.n:,} rows, where every correlation is 1",
                "give more items, or reduce the dimensions first",
            )


def projection_weighted(cross: Float64, columns: Float64) -> float:
    """PWCCA from the product of two orthonormal bases.

    Args:
        cross: [R₁, R₂], R₁ ≤ R₂.
        columns: [R₁, D₁] the columns of the first set in its basis.
    """
    squares, variates = np.linalg.eigh(cross @ cross.T)
    weights = np.abs(variates.T @ columns).sum(axis=1)
    return float(weights @ np.sqrt(np.clip(squares, 0.0, 1.0)) / weights.sum())


def _svcca_of(joint: JointMoments) -> float:
    return Canonical.of(joint).svcca()
