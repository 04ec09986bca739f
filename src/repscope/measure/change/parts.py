"""A change split into shift, rotation, scale, any other linear map, and the rest.

Five models, each containing the one before, are fitted by least squares to take before to after:
nothing moves; + a shift of the mean; + a rotation about it (orthogonal Procrustes, reflections included;
Schönemann 1966); + a common scale; + any linear map. What each takes off the squared displacement is its
share; what the last leaves is the residual.

In the sample, a model that is free enough explains noise too: a linear map takes D/(N − 1) of pure noise, and
a rotation nearly half of that. :func:`decompose_held_out` therefore fits on some rows and scores on others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.change.displacement import same_space
from repscope.measure.core.arrays import Float64, float_matrix, group_codes, row_blocks
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.folds import FOLDS, cluster_folds
from repscope.measure.core.joint import JointMoments, joint_leave_out
from repscope.measure.core.moments import BLOCK_ROWS, iterate_leave_out, joint_group_moments
from repscope.measure.core.pairs import Narrow
from repscope.measure.core.ridge import principal_axes, ridge_penalty
from repscope.measure.core.tables import ReplicateTable, others
from repscope.study.stored import scratch

PARTS = ("shift", "rotation", "scale", "linear", "residual")
_TIE = 1e-9


@dataclass(frozen=True)
class Decomposition:
    """Shares of the total squared displacement; they are non-negative and sum to 1.

    Attributes:
        shift, rotation, scale, linear, residual: the shares.
        total: Σ‖after − before‖².
        n: rows.
        method: "in sample", or how rows were held out.
        why: the reason when a share was folded into the residual.
    """

    shift: float
    rotation: float
    scale: float
    linear: float
    residual: float
    total: float
    n: int
    method: str
    why: str = ""

    @property
    def shares(self) -> dict[str, float]:
        """The five shares by name."""
        return {part: getattr(self, part) for part in PARTS}


def decompose(before: ArrayLike, after: ArrayLike) -> Decomposition:
    """Split the change by the in-sample fits.

    Exact for a change that is one of the parts; for noisy changes the rotation and linear shares are
    inflated (see the module). With N ≤ D + 1 rows a linear map fits anything, so that the linear share is
    not told from the residual and counts as residual.

    Args:
        before: [N, D].
        after: [N, D], row i the same item as row i of ``before``.

    Raises:
        VectorError: rows not paired or not finite, widths that differ, fewer than 2 rows, or no change.
    """
    b, d = _steps(before, after)
    n, dimension = len(b), np.shape(before)[1]
    models = _Models.fit(_all_moments(b, d), ridge=False)
    errors = models.errors(b, d)[:, _WITH_ROTATION].sum(axis=0)
    why = ""
    if n <= dimension + 1:
        errors[-1] = errors[-2]
        why = f"{n:,} rows cannot tell a linear map of {dimension:,} dimensions from noise"
    return _decomposition(errors, n, "in sample", why)


def decompose_held_out(
    before: ArrayLike,
    after: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    folds: int = FOLDS,
    seed: int = 0,
) -> Decomposition:
    """Split the change by what fits on other rows predict.

    The squared errors of the five models are summed over held-out folds. A model counts only where it
    predicts better than every simpler one, so that shares stay non-negative and sum to 1; pure noise is all
    residual.

    Args:
        before, after: as for :func:`decompose`.
        clusters: [N] integer codes of rows that are not independent; every row its own by default.
        folds: of the cross-validation.
        seed: of the assignment of clusters to folds.

    Raises:
        VectorError: as :func:`decompose`, or fewer than two clusters.
    """
    b, d = _steps(before, after)
    fold_of_row = cluster_folds(np.arange(len(b)) if clusters is None else clusters, folds, seed)
    errors = _held_out(b, d, fold_of_row).sum(axis=0)
    return _decomposition(errors[_path(errors)], len(b), _folds(fold_of_row))


def decompose_replicates(
    before: ArrayLike,
    after: ArrayLike,
    groups: ArrayLike,
    n_groups: int,
    *,
    folds: int = FOLDS,
    seed: int = 0,
) -> ReplicateTable:
    """Shares of :func:`decompose_held_out` with groups for clusters, and without the errors of each group.

    The fits stay those of all rows: what varies is which rows are scored.

    Args:
        before, after, folds, seed: as for :func:`decompose_held_out`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.

    Returns:
        "change.shift" and the other four by name.

    Raises:
        VectorError: as :func:`decompose_held_out`, or codes that do not fit.
    """
    b, d = _steps(before, after)
    codes = group_codes(groups, len(b), n_groups)
    fold_of_row = cluster_folds(codes, folds, seed)
    sums = np.zeros((n_groups + 1, len(_MODELS)))
    np.add.at(sums, codes + 1, _held_out(b, d, fold_of_row))
    path = _path(sums.sum(axis=0))
    whole = _shares(sums.sum(axis=0)[path])
    left = np.full((n_groups, len(PARTS)), np.nan)
    for group, errors in enumerate(others(sums[1:], sums[0])):
        if errors[0] > 0:
            left[group] = _shares(errors[path])
    method = f"{_folds(fold_of_row)}, fits held fixed"
    table = ReplicateTable()
    for column, part in enumerate(PARTS):
        table[f"change.{part}"] = Replicates(float(whole[column]), left[:, column], len(b), method)
    return table


_MODELS = (
    "nothing",
    "shift",
    "rotation",
    "scaled rotation",
    "linear from there",
    "scale",
    "linear from scale",
)
_WITH_ROTATION = [0, 1, 2, 3, 4]
_WITHOUT_ROTATION = [0, 1, 1, 5, 6]


@dataclass(frozen=True)
class _Models:
    """Fitted predictions of the step d of a row from where the row was, b.

    Attributes:
        mean_b, mean_d: [D] means of the training rows.
        maps: [D, D] of each model after the shift, in the order of ``_MODELS``; d is predicted
            by mean_d + (b − mean_b) · map.
    """

    mean_b: Float64
    mean_d: Float64
    maps: tuple[Float64, ...]

    @classmethod
    def fit(cls, joint: JointMoments, ridge: bool) -> _Models:
        """Least squares on joint moments of [b | d]; the linear maps by ridge or, without, exactly."""
        from_b, identity = joint.xx, np.eye(len(joint.xx))
        products = from_b + joint.xy
        # Directions in which nothing is known, or that tie, are best left where they are: the term in
        # the identity decides them and is far too small to move any other.
        largest = max(float(np.linalg.norm(products)), np.finfo(np.float64).tiny)
        left, _, right = np.linalg.svd(products / largest + _TIE * identity)
        rotation = left @ right
        spread = float(np.trace(from_b))
        turned = float(np.vdot(rotation, products))
        scale = turned / spread if spread > 0 else 1.0
        plain = float(np.trace(products)) / spread if spread > 0 else 1.0
        scaled, resized = scale * rotation - identity, (plain - 1.0) * identity
        axes, values = principal_axes(from_b)
        linear = [one + _further(joint, one, axes, values, ridge) for one in (scaled, resized)]
        return cls(joint.mean_x, joint.mean_y, (rotation - identity, scaled, linear[0], resized, linear[1]))

    def errors(self, b: NDArray[np.generic], d: Float64) -> Float64:
        """[N, 7] squared error of each model for each row."""
        errors = np.empty((len(b), len(_MODELS)))
        for block in row_blocks(len(b), BLOCK_ROWS):
            errors[block, 0] = np.square(d[block]).sum(axis=1)
            from_b, from_d = np.asarray(b[block], np.float64) - self.mean_b, d[block] - self.mean_d
            errors[block, 1] = np.square(from_d).sum(axis=1)
            for column, one in enumerate(self.maps, start=2):
                errors[block, column] = np.square(from_d - from_b @ one).sum(axis=1)
        return errors


def _further(joint: JointMoments, start: Float64, axes: Float64, values: Float64, ridge: bool) -> Float64:
    """The map to add to ``start`` so that b predicts d best."""
    along = axes.T @ (joint.xy - joint.xx @ start)
    penalty = 0.0
    if ridge:
        unexplained = joint.yy - joint.xy.T @ start - start.T @ joint.xy + start.T @ joint.xx @ start
        spread = float(np.trace(unexplained))
        penalty = ridge_penalty(joint.n, values, np.square(along).sum(axis=1), spread)
    further: Float64 = axes @ (along / (values + penalty)[:, None])
    return further


def _held_out(b: NDArray[np.generic], d: Float64, fold_of_row: NDArray[np.int64]) -> Float64:
    """[N, 7] squared errors, each row's by the fits on the other folds."""
    parts, fixed = joint_group_moments(b, d, fold_of_row, int(fold_of_row.max()) + 1)
    errors = np.empty((len(b), len(_MODELS)))
    for fold, training in enumerate(iterate_leave_out(parts, fixed)):
        rows = np.flatnonzero(fold_of_row == fold)
        models = _Models.fit(JointMoments.split(training, b.shape[1]), ridge=True)
        for block in row_blocks(len(rows), BLOCK_ROWS):
            some = rows[block]
            errors[some] = models.errors(b[some], d[some])
    return errors


def _path(errors: Float64) -> list[int]:
    """The chain of models: without the rotation, where it predicts no better than the shift."""
    return _WITH_ROTATION if errors[2] < errors[1] else _WITHOUT_ROTATION


def _shares(errors: Float64) -> Float64:
    """[5] shares from the squared errors of the five models, the first of them the total."""
    left = np.minimum.accumulate(errors)
    shares: Float64 = np.append(left[:-1] - left[1:], left[-1]) / errors[0]
    return shares


def _decomposition(errors: Float64, n: int, method: str, why: str = "") -> Decomposition:
    shares = dict(zip(PARTS, _shares(errors).tolist(), strict=True))
    return Decomposition(**shares, total=float(errors[0]), n=n, method=method, why=why)


def _steps(before: ArrayLike, after: ArrayLike) -> tuple[NDArray[np.generic], Float64]:
    """Where each row was, and its step, in as few dimensions as hold them all."""
    a, b = same_space(before, after)
    if len(a) < 2:
        raise VectorError("at least 2 rows to split a change", f"{len(a)}", "give more items")
    step: Float64 = scratch(a.shape, np.float64)
    moved = False
    for block in row_blocks(len(a), BLOCK_ROWS):
        step[block] = float_matrix(b[block], "after") - float_matrix(a[block], "before")
        moved = moved or bool(step[block].any())
    if not moved:
        raise VectorError(
            "rows that moved, to split the change", "no change at all", "nothing is to be explained"
        )
    if a.shape[1] > 2 * len(a):
        both = np.asarray(Narrow.of(np.vstack([float_matrix(a), step])).rows, np.float64)
        return both[: len(a)], both[len(a) :]
    return a, step


def _all_moments(b: NDArray[np.generic], d: Float64) -> JointMoments:
    return next(joint_leave_out(b, d, np.full(len(b), FIXED), 0))


def _folds(fold_of_row: NDArray[np.int64]) -> str:
    return f"{int(fold_of_row.max()) + 1} folds held out"
