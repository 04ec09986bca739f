"""Alignment and uniformity on the unit hypersphere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import matrix
from repscope.measure.core.cosines import Floats, Ints, check_pair, unit_block, working_dtype
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.grouping import (
    CHUNK,
    check_groups,
    chosen_rows,
    group_rows,
    sampling_note,
)
from repscope.measure.core.linking import link_keys, require_links

MAX_ROWS = 5000
"""Rows that uniformity, a mean over pairs, is computed on; more are drawn at random, seeded."""


def alignment_items(
    items: Floats, reference: Floats, item_keys: Ints, reference_keys: Ints
) -> NDArray[np.float64]:
    """Mean ‖N(x) − N(y)‖² of each item over its linked rows: [T], the items with a truth in order.

    The measure is the mean over items, in [0, 4]; 0 where linked rows coincide.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        item_keys: [N] key codes, negative where the truth is not known.
        reference_keys: [M].

    Raises:
        VectorError: zero, NaN or infinite rows, wrong shapes, widths that differ.
        LinkError: no item is linked.

    Paper: Wang & Isola, Understanding Contrastive Representation Learning through Alignment and
    Uniformity on the Hypersphere, ICML 2020 (α = 2).
    """
    items, reference = check_pair(items, reference)
    links = link_keys(item_keys, reference_keys, len(items), len(reference))
    require_links(links)
    grouped = group_rows(links.reference_slots, links.n_keys)
    distances = np.zeros(len(items))
    for first in range(0, links.n_keys, CHUNK):
        last = min(first + CHUNK, links.n_keys)
        centres = grouped.sums(reference, "reference", first, last) / grouped.counts[first:last, None]
        stop = links.item_starts[last]
        for begin in range(links.item_starts[first], stop, CHUNK):
            rows = links.item_order[begin : min(begin + CHUNK, stop)]
            units = unit_block(items, "items", np.dtype(np.float64), rows)
            cosines = np.einsum("ij,ij->i", units, centres[links.item_slots[rows] - first])
            distances[rows] = np.maximum(2 - 2 * cosines, 0.0)
    return distances[links.has_truth]


def uniformity(vectors: Floats, *, max_rows: int = MAX_ROWS, seed: int = 0, block_rows: int = 1024) -> float:
    """Log of the mean of exp(−2‖N(x) − N(x′)‖²) over distinct pairs of rows, in [−8, 0].

    Lower is more uniform; 0 is all rows in one direction. Above ``max_rows`` rows it is computed on
    that many, drawn without replacement with ``seed``.

    Args:
        vectors: [N, D] floats, N ≥ 2.
        max_rows: rows used at most.
        seed: of the draw.
        block_rows: rows multiplied at once; it does not change the result.

    Raises:
        VectorError: fewer than two rows; zero, NaN or infinite rows.

    Paper: Wang & Isola, ICML 2020 (t = 2).
    """
    rows = _rows(vectors, max_rows, seed)
    alone = np.full(len(rows), -1)
    sums, _ = _kernel_sums(vectors, rows, alone, block_rows)
    return float(_log_mean(sums.sum(), len(rows)))


def uniformity_replicates(
    vectors: Floats,
    groups: Ints,
    n_groups: int,
    *,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
    block_rows: int = 1024,
) -> Replicates:
    """:func:`uniformity`, and without each group, from one pass over the kernel.

    The sum without group g is the whole sum, less twice what g's rows have with all rows, plus what
    they have among themselves. On a sample, a group that is not in it changes nothing.

    Args:
        vectors: [N, D] floats.
        groups: [N] codes 0 to ``n_groups`` − 1, or −1 for rows never left out.
        n_groups: number of groups.
        max_rows: rows used at most.
        seed: of the draw.
        block_rows: rows multiplied at once.

    Raises:
        VectorError: as :func:`uniformity`, also of the rows that remain without a group; group codes
            that do not fit.
    """
    rows = _rows(vectors, max_rows, seed)
    codes = check_groups(groups, len(vectors), n_groups)[rows]
    sums, within = _kernel_sums(vectors, rows, codes, block_rows)
    grouped = codes >= 0
    taken = np.bincount(codes[grouped], 2 * sums[grouped] - within[grouped], n_groups)
    left = len(rows) - np.bincount(codes[grouped], minlength=n_groups)
    value = float(_log_mean(sums.sum(), len(rows)))
    method = sampling_note(len(rows), len(vectors), seed)
    return Replicates(value, _log_mean(sums.sum() - taken, left), len(rows), method)


def _rows(vectors: Floats, max_rows: int, seed: int) -> Ints:
    return chosen_rows(len(matrix(vectors, "the set")), max_rows, seed)


def _kernel_sums(
    vectors: Floats, rows: Ints, codes: Ints, block_rows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each row, the kernel summed over the other rows, and over the other rows of its group."""
    units = unit_block(vectors, "the set", working_dtype(vectors), rows)
    sums, within = np.empty(len(rows)), np.zeros(len(rows))
    for start in range(0, len(rows), block_rows):
        block = slice(start, min(start + block_rows, len(rows)))
        kernel = units[block] @ units.T
        # ‖x − y‖² = 2 − 2·cos for unit rows, so the exponent −2‖x − y‖² is 4·cos − 4.
        kernel -= 1
        kernel *= 4
        np.minimum(kernel, 0, out=kernel)
        np.exp(kernel, out=kernel)
        kernel[np.arange(block.stop - start), np.arange(start, block.stop)] = 0
        sums[block] = kernel.sum(axis=1, dtype=np.float64)
        if (codes[block] >= 0).any():
            kernel *= codes[block, None] == codes[None, :]
            within[block] = kernel.sum(axis=1, dtype=np.float64)
    return sums, within


def _log_mean(total: NDArray[np.float64], counts: NDArray[np.int64] | int) -> NDArray[np.float64]:
    n = np.asarray(counts)
    if (n < 2).any():
        raise VectorError(
            "at least two rows, also without any one group",
            f"{int(n.min())}",
            "pass more rows, or resample over more groups",
        )
    mean: NDArray[np.float64] = np.log(total / (n * (n - 1.0)))
    return mean
