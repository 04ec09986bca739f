"""Second moments of two paired sets, and of the pairs without each group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.moments import Moments, iterate_joint_leave_out

_NO_SPREAD = 1e-26


@dataclass(frozen=True)
class JointMoments:
    """Second moments of two paired sets.

    Attributes:
        n: rows.
        mean_x, mean_y: [D₁], [D₂].
        xx, xy, yy: [D₁, D₁], [D₁, D₂], [D₂, D₂] sums of centred products.
    """

    n: int
    mean_x: Float64
    mean_y: Float64
    xx: Float64
    xy: Float64
    yy: Float64

    @classmethod
    def split(cls, joint: Moments, width: int) -> JointMoments:
        """From the moments of rows [x | y], x being ``width`` wide; views, not copies."""
        mean, scatter = joint.mean, joint.scatter
        return cls(
            joint.n,
            mean[:width],
            mean[width:],
            scatter[:width, :width],
            scatter[:width, width:],
            scatter[width:, width:],
        )

    def spreads(self) -> tuple[float, float]:
        """Total squared distances to the means, of x and of y.

        Raises:
            VectorError: fewer than 2 rows, or the rows of one set are all equal.
        """
        spreads = float(np.trace(self.xx)), float(np.trace(self.yy))
        for spread, mean in zip(spreads, (self.mean_x, self.mean_y), strict=True):
            refuse_equal_rows(self.n, spread, mean)
        return spreads


def refuse_equal_rows(n: int, spread: float, mean: Float64) -> None:
    """Raise where the rows of a set are all equal, up to rounding.

    Args:
        n: rows.
        spread: total squared distance to the mean.
        mean: [D].

    Raises:
        VectorError: they are, or there are fewer than 2.
    """
    if n < 2 or spread <= _NO_SPREAD * n * float(mean @ mean):
        raise VectorError(
            "two sets whose rows differ, to compare them",
            f"{n:,} equal rows in one of them" if n > 1 else f"{n} rows",
            "leave similarity out for these sets",
        )


def joint_leave_out(x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int) -> Iterator[JointMoments]:
    """Joint moments of all pairs, then without group 0, without group 1, …; one at a time.

    Args:
        x: [N, D₁].
        y: [N, D₂].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.

    Raises:
        VectorError: not paired, not finite, or codes that do not fit.
    """
    width = np.shape(x)[1]
    for joint in iterate_joint_leave_out(x, y, groups, n_groups):
        yield JointMoments.split(joint, width)
