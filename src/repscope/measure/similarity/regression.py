"""How much of one set a linear map of the other predicts, on rows that the map has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.measure.core.arrays import Float64, float_matrix, group_codes, row_blocks
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.folds import FOLDS, cluster_folds
from repscope.measure.core.joint import JointMoments, refuse_equal_rows
from repscope.measure.core.moments import BLOCK_ROWS, iterate_leave_out, joint_group_moments
from repscope.measure.core.pairs import (
    PERMUTATIONS,
    Narrow,
    PermutationNull,
    null_of,
    paired,
)
from repscope.measure.core.ridge import principal_axes, ridge_penalty
from repscope.measure.core.shuffles import shuffles
from repscope.measure.core.tables import others

SKETCH = 64


def linear_r2(
    x: ArrayLike, y: ArrayLike, clusters: ArrayLike | None = None, *, folds: int = FOLDS, seed: int = 0
) -> float:
    """Held-out R² of ridge regression from x to y: 1 − Σ‖y − ŷ‖² / Σ‖y − mean of the training rows‖².

    Folds never part a cluster. Each fold's penalty is chosen on its training rows by generalised
    cross-validation (Golub, Heath & Wahba 1979). At most 1; 0 is no better than the mean, and below 0 is
    worse. Not symmetric. Unchanged by rotation and shift of either set.

    Args:
        x: [N, D₁] predicts.
        y: [N, D₂] is predicted; row i belongs with row i of x.
        clusters: [N] integer codes of rows that are not independent; every row its own by default.
        folds: of the cross-validation.
        seed: of the assignment of clusters to folds.

    Raises:
        VectorError: rows not paired or not finite, fewer than two clusters, or no spread in y.
    """
    a, _ = paired(x, y, 4)
    codes = np.arange(len(a)) if clusters is None else np.asarray(clusters)
    errors, baseline = linear_errors(x, y, cluster_folds(codes, folds, seed))
    return 1.0 - float(errors.sum() / baseline.sum())


def linear_r2_replicates(
    x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int, *, folds: int = FOLDS, seed: int = 0
) -> Replicates:
    """:func:`linear_r2` with groups for clusters, and without the held-out rows of each group.

    The fits stay those of all rows: what varies is which rows are scored.

    Args:
        x, y, folds, seed: as for :func:`linear_r2`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.

    Raises:
        VectorError: as :func:`linear_r2`, or codes that do not fit.
    """
    a, _ = paired(x, y, 4)
    codes = group_codes(groups, len(a), n_groups)
    errors, baseline = linear_errors(x, y, cluster_folds(codes, folds, seed))
    sums = np.zeros((n_groups + 1, 2))
    np.add.at(sums, codes + 1, np.stack([errors, baseline], axis=1))
    rest = others(sums[1:], sums[0])
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.where(rest[:, 1] > 0, 1.0 - rest[:, 0] / rest[:, 1], np.nan)
    value = 1.0 - float(errors.sum() / baseline.sum())
    return Replicates(value, left, len(a), f"{folds}-fold fits held fixed")


def linear_errors(x: ArrayLike, y: ArrayLike, fold_of_row: NDArray[np.int64]) -> tuple[Float64, Float64]:
    """[N] squared errors of the held-out predictions, and [N] of the training mean.

    Args:
        x: [N, D₁].
        y: [N, D₂].
        fold_of_row: [N] codes 0 to F − 1.

    Raises:
        VectorError: rows not paired or not finite.
    """
    a, b = Narrow.of(x, "x").rows, paired(x, y)[1]
    errors, baseline = np.empty(len(a)), np.empty(len(a))
    n_folds = int(fold_of_row.max()) + 1
    parts, fixed = joint_group_moments(a, b, fold_of_row, n_folds)
    for fold, training in enumerate(iterate_leave_out(parts, fixed)):
        joint = JointMoments.split(training, a.shape[1])
        spread = float(np.trace(joint.yy))
        refuse_equal_rows(joint.n, spread, joint.mean_y)
        axes, values = principal_axes(joint.xx)
        along = axes.T @ joint.xy
        penalty = ridge_penalty(joint.n, values, np.square(along).sum(axis=1), spread)
        weights = axes @ (along / (values + penalty)[:, None])
        held_out = np.flatnonzero(fold_of_row == fold)
        for block in row_blocks(len(held_out), BLOCK_ROWS):
            rows = held_out[block]
            away = np.asarray(b[rows], np.float64) - joint.mean_y
            missed = away - (np.asarray(a[rows], np.float64) - joint.mean_x) @ weights
            errors[rows] = np.square(missed).sum(axis=1)
            baseline[rows] = np.square(away).sum(axis=1)
    return errors, baseline


def linear_r2_null(
    x: ArrayLike,
    y: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    folds: int = FOLDS,
    most_rows: int = 1000,
) -> PermutationNull:
    """:func:`linear_r2` when rows of y are paired with rows of x at random, whole clusters together.

    Of y, 64 random projections (seeded) are predicted where it is wider than that, in the permutations and
    in ``observed`` alike; R² of a projection is R² of the whole in expectation. Penalties are chosen anew
    for each pairing.

    Args:
        x, y, clusters, folds: as for :func:`linear_r2`.
        seed: of folds, projections, rows and permutations.
        permutations: random pairings.
        most_rows: rows permuted at most.

    Raises:
        VectorError: as :func:`linear_r2`.
        InputError: fewer than 1 permutation.
    """
    a, b = paired(x, y, 4)
    codes = np.arange(len(a)) if clusters is None else np.asarray(clusters)
    random = shuffles(len(a), clusters, seed=seed, permutations=permutations, most_rows=most_rows)
    rows = random.rows
    left = float_matrix(Narrow.of(a[rows], "x").rows, "x")
    right = float_matrix(b[rows], "y")
    middle = right.mean(axis=0)
    refuse_equal_rows(len(rows), float(np.square(right - middle).sum()), middle)
    method = [random.method] if random.method else []
    if right.shape[1] > SKETCH:
        projection = np.random.default_rng(seed).standard_normal((right.shape[1], SKETCH))
        right = (right - right.mean(axis=0)) @ (projection / np.sqrt(SKETCH))
        method.append(f"{SKETCH} projections of y")
    splits = list(_splits(left, cluster_folds(codes[rows], folds, seed)))
    drawn = [_score(splits, right[pairing]) for pairing in random.pairings]
    return null_of(_score(splits, right), drawn, len(rows), "; ".join(method))


@dataclass(frozen=True)
class _Split:
    """One fold's training rows along their principal axes, and its held-out rows.

    Attributes:
        training, held_out: row numbers.
        values: [R] scatter of the training rows along each axis.
        scaled: [T, R] training rows along the axes.
        test: [S, R] held-out rows along the axes.
    """

    training: NDArray[np.int64]
    held_out: NDArray[np.int64]
    values: Float64
    scaled: Float64
    test: Float64


def _splits(x: Float64, fold_of_row: NDArray[np.int64]) -> Iterator[_Split]:
    for fold in range(int(fold_of_row.max()) + 1):
        training, held_out = np.flatnonzero(fold_of_row != fold), np.flatnonzero(fold_of_row == fold)
        mean = x[training].mean(axis=0)
        centred = x[training] - mean
        axes, values = principal_axes(centred.T @ centred)
        yield _Split(training, held_out, values, centred @ axes, (x[held_out] - mean) @ axes)


def _score(splits: list[_Split], y: Float64) -> float:
    """Held-out R² over all folds."""
    error = baseline = 0.0
    for split in splits:
        mean = y[split.training].mean(axis=0)
        centred = y[split.training] - mean
        along = split.scaled.T @ centred
        squares = np.square(along).sum(axis=1)
        penalty = ridge_penalty(len(split.training), split.values, squares, float(np.square(centred).sum()))
        away = y[split.held_out] - mean
        error += float(np.square(away - split.test @ (along / (split.values + penalty)[:, None])).sum())
        baseline += float(np.square(away).sum())
    return 1.0 - error / baseline
