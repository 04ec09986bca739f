"""True matches, best matches and ranks of items in a reference, in one pass of blocked products.

A row's *truth* is its best linked row of the other set; *other* rows are the unlinked ones. Ranks are
mid-ranks: 1 + unlinked rows strictly nearer + half of those exactly as near, so that a set collapsed to
a point ranks its truth in the middle, not first. Cosines closer than
:func:`repscope.measure.core.cosines.tie_width` are equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.cosines import (
    Floats,
    Ints,
    check_pair,
    count_columns,
    count_rows,
    default_block,
    tie_width,
    top_columns,
    unit_block,
    working_dtype,
)
from repscope.measure.core.linking import best_linked, link_keys


@dataclass(frozen=True)
class Match:
    """What each item finds in a reference, and each reference row among the items.

    Attributes:
        true: [N] cosine to the best linked reference row; 0 where ``has_truth`` is false.
        max: [N] cosine to the nearest reference row, linked or not.
        other: [N] cosine to the best unlinked reference row; −inf where every row is linked.
        nearest: [N] index of the nearest reference row, the lowest one of ties.
        rank: [N] mid-rank of the truth, from 1; 0 where ``has_truth`` is false.
        ties: [N] unlinked reference rows exactly as near as the truth.
        has_truth: [N] false for items without a linked reference row.
        top_indices: [N, top] the nearest reference rows, nearest first.
        reverse_rank: [M] mid-rank of the best linked item among all items; 0 without one.
        reverse_ties: [M] unlinked items exactly as near as the best linked one.
        reverse_has_truth: [M] false for reference rows without a linked item.
    """

    true: NDArray[np.float64]
    max: NDArray[np.float64]
    other: NDArray[np.float64]
    nearest: Ints
    rank: NDArray[np.float64]
    ties: Ints
    has_truth: NDArray[np.bool_]
    top_indices: Ints
    reverse_rank: NDArray[np.float64]
    reverse_ties: Ints
    reverse_has_truth: NDArray[np.bool_]


def match(
    items: Floats,
    reference: Floats,
    item_keys: Ints,
    reference_keys: Ints,
    *,
    top: int = 10,
    block_rows: int | None = None,
) -> Match:
    """Match every item with every reference row.

    One matrix product per block of items; besides the results and a unit copy of the reference, only
    one block of cosines is held. Products are made in float32 unless an input is float64.

    Args:
        items: [N, D] floats, not necessarily of unit length.
        reference: [M, D].
        item_keys: [N] integer codes; an item is linked with the reference rows of the same code.
            A negative code means that the truth is not known: the row is no query, but others may
            still find it.
        reference_keys: [M].
        top: nearest reference rows to keep for each item (at most M).
        block_rows: items per block; chosen by memory when None. It does not change the result.

    Raises:
        VectorError: zero, NaN or infinite rows, wrong shapes, widths that differ.
        LinkError: keys of the wrong length or type.
        InputError: ``top`` below 1.
    """
    items, reference = check_pair(items, reference)
    if top < 1:
        raise InputError("top of at least 1", str(top), "keep at least the nearest row")
    links = link_keys(item_keys, reference_keys, len(items), len(reference))
    dtype = working_dtype(items, reference)
    tied = tie_width(dtype)
    n, m = len(items), len(reference)
    targets = unit_block(reference, "reference", dtype).T
    true, reverse_true = best_linked(items, reference, links)
    low, high = _window(true, tied)
    reverse_low, reverse_high = _window(reverse_true, tied)

    best, other = np.empty(n, dtype), np.empty(n, dtype)
    nearest = np.empty(n, np.int64)
    top_indices = np.empty((n, min(top, m)), np.int64)
    above, reached = np.empty(n, np.int64), np.empty(n, np.int64)
    reverse_above, reverse_reached = np.zeros(m, np.int64), np.zeros(m, np.int64)
    block_rows = block_rows or default_block(m)
    for start in range(0, n, block_rows):
        block = slice(start, min(start + block_rows, n))
        cosines = unit_block(items, "items", dtype, block) @ targets
        best[block] = cosines.max(axis=1)
        nearest[block] = (cosines >= best[block, None] - tied).argmax(axis=1)
        top_indices[block] = _nearest_first(top_columns(cosines, top), nearest[block])
        cosines[links.linked_columns(block.start, block.stop)] = -np.inf
        other[block] = cosines.max(axis=1)
        above[block] = count_rows(cosines > high[block, None])
        reached[block] = count_rows(cosines >= low[block, None])
        reverse_above += count_columns(cosines > reverse_high)
        reverse_reached += count_columns(cosines >= reverse_low)

    has_truth, reverse_has_truth = links.has_truth, links.reference_has_truth
    return Match(
        true=np.where(has_truth, true, 0.0).astype(np.float64),
        max=np.maximum(best, true).astype(np.float64),
        other=other.astype(np.float64),
        nearest=nearest,
        rank=np.where(has_truth, 1 + (above + reached) / 2, 0.0),
        ties=reached - above,
        has_truth=has_truth,
        top_indices=top_indices,
        reverse_rank=np.where(reverse_has_truth, 1 + (reverse_above + reverse_reached) / 2, 0.0),
        reverse_ties=reverse_reached - reverse_above,
        reverse_has_truth=reverse_has_truth,
    )


def _window(true: Floats, tied: float) -> tuple[Floats, Floats]:
    """Ends of the interval of equal cosines; +inf where there is no truth, so that nothing counts."""
    known = np.where(np.isneginf(true), np.inf, true).astype(true.dtype)
    return known - true.dtype.type(tied), known + true.dtype.type(tied)


def _nearest_first(top_indices: Ints, nearest: Ints) -> Ints:
    """Put the nearest row first where rounding among ties has put it later, or left it out."""
    moved = np.flatnonzero(top_indices[:, 0] != nearest)
    if moved.size:
        old, first = top_indices[moved], nearest[moved][:, None]
        same = old == first
        place = np.where(same.any(axis=1), same.argmax(axis=1), old.shape[1] - 1)[:, None]
        columns = np.arange(old.shape[1])[None, :]
        shifted = np.concatenate((first, old[:, :-1]), axis=1)
        top_indices[moved] = np.where(columns <= place, shifted, old)
    return top_indices
