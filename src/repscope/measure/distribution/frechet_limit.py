"""The Fréchet distance of infinitely many rows: what remains once the bias of finite sets is taken away."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import integer_codes, matrix
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.moments import group_moments, merge_all
from repscope.measure.core.sampled import check_widths, notes
from repscope.measure.distribution.frechet import frechet_from_moments

SPLITS = 3
"""Splits into halves that the bias is read from."""

CELLS = 6
"""Parts of each set that halves are made of, for ten different splits."""


def frechet_infinity(
    items: ArrayLike,
    reference: ArrayLike,
    *,
    item_units: ArrayLike | None = None,
    reference_units: ArrayLike | None = None,
    splits: int = SPLITS,
    seed: int = 0,
) -> float:
    """``frechet`` extrapolated to infinitely many rows: the distance less :func:`frechet_bias`.

    Args:
        items: [N, D].
        reference: [M, D].
        item_units, reference_units, splits, seed: as in :func:`frechet_bias`.

    Returns:
        The limit; may be slightly below zero where the distributions are the same.

    Raises:
        VectorError, InputError: as :func:`frechet_bias`.

    Paper: Chong & Forsyth, Effectively Unbiased FID and Inception Score, CVPR 2020.
    """
    distance, bias = _distance_and_bias(items, reference, (item_units, reference_units), splits, seed)
    return distance - bias


def frechet_bias(
    items: ArrayLike,
    reference: ArrayLike,
    *,
    item_units: ArrayLike | None = None,
    reference_units: ArrayLike | None = None,
    splits: int = SPLITS,
    seed: int = 0,
) -> float:
    """How far ``frechet`` of these rows lies above its limit for infinitely many.

    The bias is close to linear in 1/N, so half of the rows have twice of it: it is the mean distance
    between halves, less that of all rows. The paper thins one set to many sizes and fits a line; here both
    sets are halved, so that the bias that either brings is counted, and both halves of each split are used,
    so that every row weighs the same. To first order no row then moves the bias, and the intervals of
    ``frechet``, moved by it, are those of the limit.

    Args:
        items: [N, D].
        reference: [M, D].
        item_units: [N] integer codes of rows that are not independent and stay in one half (clusters, or
            the keys of linked pairs); negative, or no array at all, for rows that stand alone. Equal codes
            of both sets stay together.
        reference_units: [M] the same codes for the reference; without any its rows stand alone.
        splits: into halves, 1 to 10; their distances are averaged.
        seed: of the splits.

    Raises:
        VectorError: as ``frechet``; sets of no more than three rows a dimension, where the bias is not
            linear and the limit is not defined; fewer than six independent units, or a half with no more
            rows than dimensions.
        InputError: no such number of splits.
    """
    return _distance_and_bias(items, reference, (item_units, reference_units), splits, seed)[1]


def frechet_infinity_replicates(whole: Replicates, bias: float) -> Replicates:
    """:func:`frechet_infinity`, and without each group, from those of ``frechet`` and the bias.

    The bias is held: see :func:`frechet_bias` for why it does not move with a group to first order.
    """
    method = notes(f"frechet less a bias of {bias:.4g} from halves, which is held fixed", whole.method)
    return Replicates(whole.value - bias, whole.leave_out - bias, whole.n, method)


def _distance_and_bias(
    items: ArrayLike,
    reference: ArrayLike,
    units: tuple[ArrayLike | None, ArrayLike | None],
    splits: int,
    seed: int,
) -> tuple[float, float]:
    x, y = matrix(items, "items"), matrix(reference, "reference")
    check_widths(x.shape[1], y.shape[1])
    if min(len(x), len(y)) <= 3 * x.shape[1]:
        raise VectorError(
            f"more than {3 * x.shape[1]:,} rows in both sets to extrapolate {x.shape[1]} dimensions",
            f"{len(x):,} and {len(y):,}",
            "read frechet beside frechet_floor instead",
        )
    halvings = list(combinations(range(1, CELLS), CELLS // 2 - 1))
    if not 1 <= splits <= len(halvings):
        raise InputError(f"1 to {len(halvings)} splits into halves", str(splits), "choose a number of them")
    cells = _cells(x, y, units, seed)
    # One pass over the rows serves every split: halves are made of cells.
    parts = [group_moments(rows, of_row, CELLS)[0] for rows, of_row in zip((x, y), cells, strict=True)]
    whole = frechet_from_moments(merge_all(parts[0]), merge_all(parts[1]))
    halves = []
    for drawn in np.random.default_rng(seed).choice(len(halvings), splits, replace=False):
        first = {0, *halvings[drawn]}
        for half in (first, set(range(CELLS)) - first):
            sides = [merge_all([cells_of_set[cell] for cell in sorted(half)]) for cells_of_set in parts]
            if min(side.n for side in sides) <= x.shape[1]:
                raise VectorError(
                    f"more than {x.shape[1]:,} rows in every half of both sets",
                    f"{min(side.n for side in sides):,}",
                    "give more independent units, or units of like size",
                )
            halves.append(frechet_from_moments(*sides))
    return whole, float(np.mean(halves)) - whole


def _cells(
    x: NDArray[np.generic],
    y: NDArray[np.generic],
    units: tuple[ArrayLike | None, ArrayLike | None],
    seed: int,
) -> list[NDArray[np.int64]]:
    """The cell of each row of both sets. Units that the sets share are dealt once, for both."""
    codes = []
    for rows, given in zip((x, y), units, strict=True):
        of_row = np.full(len(rows), -1) if given is None else given
        do = "give a code a row, negative for rows that stand alone"
        codes.append(integer_codes(of_row, len(rows), "unit", do))
    if units[0] is not None and units[1] is not None:
        return np.split(_dealt(np.concatenate(codes), seed), [len(x)])
    return [_dealt(of_row, seed + number) for number, of_row in enumerate(codes)]


def _dealt(codes: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """[N] random cells 0 to CELLS − 1, as many units in each, the same for rows of one code."""
    alone = codes < 0
    codes = codes.copy()
    codes[alone] = codes.max(initial=0) + 1 + np.arange(int(alone.sum()))
    names, unit = np.unique(codes, return_inverse=True)
    if len(names) < CELLS:
        raise VectorError(
            f"at least {CELLS} independent units in each set", f"{len(names)}", "give more of them"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    cells: NDArray[np.int64] = order[unit] % CELLS
    return cells
