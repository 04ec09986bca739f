"""LiDAR: effective rank of what tells items apart, against how far views of one item scatter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import LinkError, VectorError
from repscope.measure.core.arrays import Float64, float_matrix, group_codes, integer_codes
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.moments import Moments, group_moments, iterate_leave_out, merge_all
from repscope.measure.core.tables import each_left_out

WITHIN_DELTA = 1e-4
EPSILON = 1e-8


@dataclass(frozen=True)
class _Views:
    """Item means [I, D], and deviations of views from them [N, D] over the root of the item's views."""

    means: Float64
    deviations: Float64
    item_of_row: NDArray[np.int64]


def lidar(x: ArrayLike, item_keys: ArrayLike) -> float:
    """LiDAR (Thilak et al., ICLR 2024): smooth rank of the linear-discriminant matrix.

    exp of the entropy of p = λ/Σλ + 1e-8, λ the eigenvalues of W^(−½) B W^(−½): B is the covariance of the
    item means, W the mean over items of the covariance of an item's views, plus 1e-4 · I. Every item weighs
    the same. Between 1 and about min(items − 1, D); 1e-4 is the paper's and is not scale-free, so compare
    sets of one scale (unit rows).

    Args:
        x: [N, D] rows are views.
        item_keys: [N] which item a row is a view of; −1 leaves the row out. Each item needs two views.

    Raises:
        VectorError: not a finite matrix, an item with one view, fewer than two items, or equal means.
    """
    views, _ = _views(x, item_keys)
    zeros = np.zeros(len(views.means), np.int64)
    between, _ = group_moments(views.means, zeros, 1)
    within, _ = group_moments(views.deviations, zeros[views.item_of_row], 1)
    return _rank(between[0], within[0])


def lidar_replicates(x: ArrayLike, item_keys: ArrayLike, groups: ArrayLike, n_groups: int) -> Replicates:
    """:func:`lidar`, and with each group of items left out.

    Args:
        x, item_keys: as for :func:`lidar`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1); all views of an item in one group.
        n_groups: G.

    Raises:
        VectorError: as :func:`lidar`, or codes that do not fit.
        LinkError: the views of an item lie in different groups.
    """
    views, rows = _views(x, item_keys)
    codes = group_codes(groups, len(np.asarray(x)), n_groups)[rows]
    of_item = np.empty(len(views.means), np.int64)
    of_item[views.item_of_row] = codes
    if (of_item[views.item_of_row] != codes).any():
        raise LinkError(
            "all views of an item in one group", "views of one item in several", "group by item or coarser"
        )
    between, fixed_between = group_moments(views.means, of_item, n_groups)
    within, fixed_within = group_moments(views.deviations, codes, n_groups)
    value = _rank(merge_all([fixed_between, *between]), merge_all([fixed_within, *within]))
    rest = zip(
        iterate_leave_out(between, fixed_between), iterate_leave_out(within, fixed_within), strict=True
    )
    return Replicates(value, each_left_out(lambda pair: _rank(*pair), rest), len(views.means))


def _views(x: ArrayLike, item_keys: ArrayLike) -> tuple[_Views, NDArray[np.int64]]:
    array = float_matrix(x)
    do = "give the key of the item that each row is a view of"
    keys = integer_codes(item_keys, len(array), "item key", do)
    rows = np.flatnonzero(keys >= 0)
    _, item_of_row, counts = np.unique(keys[rows], return_inverse=True, return_counts=True)
    if len(counts) < 2 or counts.min() < 2:
        raise VectorError(
            "at least two items with two views each, for LiDAR",
            f"{len(counts)} items" if len(counts) < 2 else f"{(counts < 2).sum():,} items with one view",
            "extract several augmented views of every item",
        )
    means = np.zeros((len(counts), array.shape[1]))
    np.add.at(means, item_of_row, array[rows])
    means /= counts[:, None]
    deviations = (array[rows] - means[item_of_row]) / np.sqrt(counts[item_of_row])[:, None]
    return _Views(means, deviations, item_of_row), rows


def _rank(between: Moments, within: Moments) -> float:
    from scipy.linalg import eigh

    if between.n < 2:
        raise VectorError("at least two items for LiDAR", f"{between.n}", "give more items")
    spread = np.trace(between.scatter)
    if spread <= 1e-26 * between.n * (between.mean @ between.mean):
        raise VectorError(
            "items whose means differ, for LiDAR", "equal means", "leave lidar out for this set"
        )
    w = within.scatter / between.n + WITHIN_DELTA * np.eye(within.dimension)
    values = np.maximum(eigh(between.scatter / between.n, w, eigvals_only=True), 0.0)
    p = values / values.sum() + EPSILON
    return float(np.exp(-(p * np.log(p)).sum()))
