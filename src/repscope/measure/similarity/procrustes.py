"""Procrustes similarity: how well a rotation lays one set on the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.joint import JointMoments, joint_leave_out
from repscope.measure.core.pairs import Narrow, paired
from repscope.measure.core.tables import each_left_out

Norm = Callable[[Float64], float]
"""Sum of the singular values of a matrix."""


def procrustes(x: ArrayLike, y: ArrayLike) -> float:
    """‖XᵀY‖_* of the centred sets, each scaled to unit Frobenius norm.

    It is 1 − d²/2 with d the orthogonal Procrustes distance of such sets (Ding, Denain & Steinhardt,
    NeurIPS 2021), and the cosine of the angular shape distance of Williams et al. (NeurIPS 2021). 1 when
    the sets differ by shift, rotation or reflection, and scale; different widths count as padded with
    zeros. Between 0 and 1, symmetric. Unrelated sets read high where D is not small beside N: read it
    beside its permutation null.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.

    Raises:
        VectorError: rows not paired or not finite, fewer than 2, or no spread in one set.
    """
    return procrustes_replicates(x, y, np.full(len(np.asarray(x)), FIXED), 0).value


def procrustes_replicates(x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int) -> Replicates:
    """:func:`procrustes`, and with each group left out, exactly.

    Args:
        x, y: as for :func:`procrustes`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.
    """
    paired(x, y)
    joints = joint_leave_out(Narrow.of(x, "x").rows, Narrow.of(y, "y").rows, groups, n_groups)
    whole = next(joints)
    return Replicates(procrustes_of(whole), each_left_out(procrustes_of, joints), whole.n)


def procrustes_of(joint: JointMoments, norm: Norm | None = None) -> float:
    """:func:`procrustes` from joint moments; ``norm`` is :func:`nuclear_norm`, or the quick one.

    Raises:
        VectorError: fewer than 2 rows, or no spread in one set.
    """
    spread_x, spread_y = joint.spreads()
    return min(1.0, (norm or nuclear_norm)(joint.xy) / float(np.sqrt(spread_x) * np.sqrt(spread_y)))


def nuclear_norm(a: Float64) -> float:
    """Sum of the singular values of ``a``."""
    return float(np.linalg.svd(a, compute_uv=False).sum())


def quick_nuclear_norm(a: Float64) -> float:
    """Sum of the singular values of ``a`` to about 1e-8 of the largest each, three times as fast."""
    small = a @ a.T if a.shape[0] <= a.shape[1] else a.T @ a
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh(small), 0.0)).sum())
