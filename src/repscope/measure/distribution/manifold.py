"""Fidelity and coverage of one set by the neighbour balls of another: precision, recall, density, coverage.

The ball of a row reaches to its k-th nearest neighbour in its own set. A distance equal to the radius is
inside, within rounding (1e-12 of the squared lengths of the centred rows).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64, row_blocks
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.neighbour_lists import SPARE, NeighbourLists
from repscope.measure.core.sampled import MAX_ROWS, Grouped, Sample, notes, sample_pair

MANIFOLD = ("precision", "recall", "density", "coverage")
K = 5
_BLOCK = 256

Search = Callable[[], NeighbourLists]
"""Gives neighbour lists that are searched when they are first asked for."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Manifold:
    """The four measures of one pair of sets.

    Attributes:
        precision: share of items inside any ball of the reference, in [0, 1].
        recall: share of reference rows inside any ball of the items, in [0, 1].
        density: mean number of reference balls around an item, over k; [0, ∞), about 1 for equal
            distributions.
        coverage: share of reference balls with an item inside, in [0, 1].
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold(
    items: ArrayLike, reference: ArrayLike, *, k: int = K, max_rows: int | None = MAX_ROWS, seed: int = 0
) -> Manifold:
    """All four measures in one pass.

    Args:
        items: [N, D], N > k; used as given, Euclidean distance.
        reference: [M, D], M > k. The measures depend on N and M: compare sets of equal sizes.
        k: neighbours that make a ball.
        max_rows: cap for each set (a seeded draw beyond it), or None for every row.
        seed: of the draw.

    Raises:
        VectorError: not matrices, widths that differ, NaN or Inf, no more than k rows.
        InputError: k below 1, or a cap of no more than k rows.

    Paper: Kynkäänniemi et al., Improved Precision and Recall Metric, NeurIPS 2019 (precision, recall);
    Naeem et al., Reliable Fidelity and Diversity Metrics, ICML 2020 (density, coverage).
    """
    first, second = _samples(items, reference, None, k, max_rows, seed)
    values = _shares(first, second, k, 0)[:, -1]
    return Manifold(*(float(value) for value in values))


def manifold_replicates(
    items: ArrayLike,
    reference: ArrayLike,
    groups: ArrayLike,
    reference_groups: ArrayLike,
    n_groups: int,
    *,
    k: int = K,
    max_rows: int | None = MAX_ROWS,
    seed: int = 0,
    searches: tuple[Search | None, Search | None] = (None, None),
) -> dict[str, Replicates]:
    """All four measures by name, and without each group of the rows drawn.

    Distances are computed once. Balls grow as groups are left out, as in the plain functions: their radii
    come from longer neighbour lists.

    Args:
        items: [N, D].
        reference: [M, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1) for rows never left out.
        reference_groups: [M] the same codes for the reference.
        n_groups: G. A group without which a set has no more than k rows leaves NaN.
        k, max_rows, seed: as in :func:`manifold`.
        searches: give the neighbours by distance of the rows drawn of both sets, where they are kept; else
            they are searched.

    Raises:
        VectorError: as :func:`manifold`, or group codes that do not fit.
        InputError: as :func:`manifold`.
    """
    grouped = Grouped(groups, reference_groups, n_groups)
    first, second = _samples(items, reference, grouped, k, max_rows, seed)
    shares = _shares(first, second, k, n_groups, searches)
    n, method = len(first.rows) + len(second.rows), notes(f"k = {k}", first.note, second.note)
    return {
        name: Replicates(float(row[-1]), row[:-1], n, method)
        for name, row in zip(MANIFOLD, shares, strict=True)
    }


def precision(
    items: ArrayLike, reference: ArrayLike, *, k: int = K, max_rows: int | None = MAX_ROWS, seed: int = 0
) -> float:
    """Share of items inside any neighbour ball of the reference; see :func:`manifold`."""
    return manifold(items, reference, k=k, max_rows=max_rows, seed=seed).precision


def recall(
    items: ArrayLike, reference: ArrayLike, *, k: int = K, max_rows: int | None = MAX_ROWS, seed: int = 0
) -> float:
    """Share of reference rows inside any neighbour ball of the items; see :func:`manifold`.

    Recall of a distribution, not of a retrieval.
    """
    return manifold(items, reference, k=k, max_rows=max_rows, seed=seed).recall


def density(
    items: ArrayLike, reference: ArrayLike, *, k: int = K, max_rows: int | None = MAX_ROWS, seed: int = 0
) -> float:
    """Mean number of reference balls around an item, over k; see :func:`manifold`."""
    return manifold(items, reference, k=k, max_rows=max_rows, seed=seed).density


def coverage(
    items: ArrayLike, reference: ArrayLike, *, k: int = K, max_rows: int | None = MAX_ROWS, seed: int = 0
) -> float:
    """Share of reference balls that hold an item; see :func:`manifold`."""
    return manifold(items, reference, k=k, max_rows=max_rows, seed=seed).coverage


def _samples(  # noqa: PLR0917 - two callers, one order
    items: ArrayLike,
    reference: ArrayLike,
    grouped: Grouped | None,
    k: int,
    max_rows: int | None,
    seed: int,
) -> tuple[Sample, Sample]:
    if k < 1:
        raise InputError("k of at least 1", str(k), "raise k")
    return sample_pair(items, reference, grouped, max_rows=max_rows, seed=seed, min_rows=k + 1)


def _shares(
    first: Sample,
    second: Sample,
    k: int,
    n_groups: int,
    searches: tuple[Search | None, Search | None] = (None, None),
) -> Float64:
    """[4, G + 1] the measures in the order of MANIFOLD, without each group, and last with all rows."""
    remain = [(first.groups != g, second.groups != g) for g in range(n_groups)]
    remain.append((np.ones(len(first.rows), dtype=bool), np.ones(len(second.rows), dtype=bool)))
    item_radii = _radii(first, k, [items for items, _ in remain], searches[0])
    radii = _radii(second, k, [reference for _, reference in remain], searches[1])
    centre = second.rows.mean(axis=0)
    x, y = first.rows - centre, second.rows - centre
    squares = [np.einsum("nd,nd->n", one, one) * (1 - _ROUNDING) for one in (x, y)]
    around = np.zeros((n_groups + 1, len(x)), dtype=np.int64)
    reached = np.zeros((n_groups + 1, len(y)), dtype=bool)
    covered = np.zeros((n_groups + 1, len(y)), dtype=bool)
    for block in row_blocks(len(x), _BLOCK):
        distances = squares[0][block, None] + squares[1] - 2 * (x[block] @ y.T)
        every_near = distances <= radii[-1]
        every_reached = (distances <= item_radii[-1, block, None]).any(axis=0)
        for g, (items, reference) in enumerate(remain):
            near: NDArray[np.bool_] = every_near if reference.all() else distances <= radii[g]
            around[g, block] = np.count_nonzero(near, axis=1)
            if items.all():
                covered[g] |= near.any(axis=0)
                reached[g] |= every_reached
            else:
                covered[g] |= near[items[block]].any(axis=0)
                reached[g] |= (distances <= item_radii[g, block, None]).any(axis=0)
    shares = np.full((4, n_groups + 1), np.nan)
    for g, (items, reference) in enumerate(remain):
        if min(items.sum(), reference.sum()) > k:
            inside = around[g, items]
            shares[0, g] = (inside > 0).mean()
            shares[1, g] = reached[g, reference].mean()
            shares[2, g] = inside.mean() / k
            shares[3, g] = covered[g, reference].mean()
    return shares


def _radii(sample: Sample, k: int, remain: list[NDArray[np.bool_]], search: Search | None) -> Float64:
    """[G + 1, n] squared radii of the balls among the rows that remain; −1, no ball, for the others."""
    if search is None:
        lists = NeighbourLists.of(sample.rows, k, "l2", spare=SPARE if len(remain) > 1 else 0)
    else:
        lists = search().wanting(k)
    radii = np.full((len(remain), len(sample.rows)), -1.0)
    for g, rows in enumerate(remain):
        if rows.sum() > k:
            radii[g, rows] = lists.without(np.flatnonzero(rows))[1][:, -1] ** 2
    return radii
