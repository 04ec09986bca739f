"""Intrinsic dimension from the two nearest neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.knn.repeated import NearCopies, near_copies
from repscope.measure.core.arrays import Float64, group_codes, matrix
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.neighbour_lists import SPARE, NeighbourLists
from repscope.measure.core.tables import each_left_out

DISCARD = 0.1
FEWEST_ROWS = 10


@dataclass(frozen=True)
class TwoNN:
    """An intrinsic dimension and what it was read from.

    Attributes:
        dimension: the estimate; not an integer.
        rows: distinct rows that it was read from.
        duplicates: rows left aside because a copy was there already.
    """

    dimension: float
    rows: int
    duplicates: int


def two_nn(x: ArrayLike) -> TwoNN:
    """Intrinsic dimension by TwoNN (Facco et al., Scientific Reports 2017).

    With r₁, r₂ the Euclidean distances of a row to its two nearest others and μ = r₂/r₁, the slope through
    the origin of −log(1 − F(μ)) on log μ, the tenth of the rows with the largest μ left aside, as published.
    Rows that are equal up to rounding say nothing about dimension (r₁ ≈ 0), so each distinct row counts once
    (:func:`repscope.knn.near_copies`). The estimate reads low
    in high dimensions: rows needed grow exponentially, so compare it with the Gaussian reference.

    Args:
        x: [N, D] any float dtype.

    Raises:
        VectorError: not a finite matrix, fewer than 10 distinct rows, or all neighbours equally far.
    """
    array = np.asarray(matrix(x))
    first = near_copies(array).first
    _enough(len(first))
    dimension = _slope(NeighbourLists.of(array[first], 2, metric="l2", spare=0).scores)
    return TwoNN(dimension, len(first), len(array) - len(first))


def two_nn_replicates(
    x: ArrayLike,
    groups: ArrayLike,
    n_groups: int,
    *,
    tolerance: float | None = None,
    search: Callable[[], NeighbourLists] | None = None,
) -> Replicates:
    """:func:`two_nn`, and with each group left out: neighbours are found once and filtered.

    Args:
        x: [N, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.
        tolerance: of copies, where ``x`` has another dtype than it was computed in; see
            :func:`repscope.knn.near_copies`.
        search: gives the neighbours of all rows by distance, where they are kept; else they are searched.
            Rows with copies are searched again, each once.

    Raises:
        VectorError: as :func:`two_nn`, or codes that do not fit.
    """
    array = np.asarray(matrix(x))
    copies = near_copies(array, tolerance=tolerance)
    codes = _groups_of(copies, group_codes(groups, len(array), n_groups))
    _enough(copies.groups)
    if search is not None and not copies.extra:
        lists = search().wanting(2)
    else:
        lists = NeighbourLists.of(array[copies.first], 2, metric="l2", spare=SPARE if n_groups else 0)

    def without(group: int) -> float:
        rows = np.flatnonzero(codes != group)
        _enough(len(rows))
        return _slope(lists.without(rows)[1])

    value = _slope(lists.scores[:, :2])
    return Replicates(value, each_left_out(without, range(n_groups)), copies.groups)


def _groups_of(copies: NearCopies, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """[G] the group that takes each distinct row away: FIXED where copies lie in several groups."""
    lowest = np.full(copies.groups, np.iinfo(np.int64).max)
    highest = np.full(copies.groups, FIXED)
    np.minimum.at(lowest, copies.codes, codes)
    np.maximum.at(highest, copies.codes, codes)
    return np.where(lowest == highest, lowest, FIXED)


def _slope(distances: Float64) -> float:
    """The published fit, from [N, 2] distances to the two nearest neighbours."""
    ratio = np.sort(np.log(distances[:, 1] / distances[:, 0]))
    n = len(ratio)
    kept = int(n * (1.0 - DISCARD))
    empirical = -np.log1p(-np.arange(1, kept + 1) / n)
    ratio = ratio[:kept]
    if not ratio.any():
        raise VectorError(
            "neighbours at different distances",
            "first and second neighbour equally far for every row, as on a grid",
            "leave dimension.twonn out for this set",
        )
    return float(ratio @ empirical / (ratio @ ratio))


def _enough(rows: int) -> None:
    if rows < FEWEST_ROWS:
        raise VectorError(
            f"at least {FEWEST_ROWS} distinct rows for a dimension", f"{rows}", "give more items"
        )
