"""Blocks of unit rows and what is read off a block of cosines: the floor under every matching measure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import matrix, unit_rows
from repscope.study.stored import scratch

Floats: TypeAlias = NDArray[np.floating]
Ints: TypeAlias = NDArray[np.int64]

BLOCK_ELEMENTS = 8_000_000
"""Cosines held at once when no block size is given: 32 MB in float32."""

_TIED = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-12}


def working_dtype(*arrays: Floats) -> np.dtype[np.floating]:
    """Float64 when any of the arrays is, float32 otherwise: what matrix products are made in."""
    # One row says it; all rows would be loaded where they are read from shards.
    wide = any(np.asarray(array[:1]).dtype.itemsize > 4 for array in arrays)
    return np.dtype(np.float64) if wide else np.dtype(np.float32)


def tie_width(dtype: np.dtype[np.floating]) -> float:
    """Largest difference at which two cosines count as equal: 1e-6 in float32, 1e-12 in float64.

    The same two rows give products that differ in the last bits with the shape of the block they
    stand in. Without a width, ties (all of them, in a collapsed set) would be broken by that noise.
    """
    return _TIED[dtype]


def check_pair(items: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Both sets as they are, if they are matrices of numbers of the same width.

    Raises:
        VectorError: not two-dimensional, empty, not real numbers, or widths that differ.
    """
    items, reference = cast(Floats, matrix(items, "items")), cast(Floats, matrix(reference, "reference"))
    if items.shape[1] != reference.shape[1]:
        raise VectorError(
            "items and reference of the same width",
            f"widths {items.shape[1]} and {reference.shape[1]}",
            "compare sets from the same embedding space",
        )
    return items, reference


def default_block(columns: int) -> int:
    """Rows per block such that a block of cosines stays near ``BLOCK_ELEMENTS``."""
    return int(np.clip(BLOCK_ELEMENTS // max(columns, 1), 64, 4096))


def unit_block(
    vectors: Floats, name: str, dtype: np.dtype[np.floating], rows: slice | Ints = slice(None)
) -> Floats:
    """N(x) = x/‖x‖ of the chosen rows, [R, D] in ``dtype``.

    Raises:
        VectorError: a row is zero, NaN or infinite; the row is named.
    """
    block = np.array(vectors[rows], dtype=dtype, order="C")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        norms = np.sqrt(np.einsum("ij,ij->i", block, block))
    tiny = np.sqrt(np.finfo(dtype).tiny) / np.finfo(dtype).eps
    suspect = np.flatnonzero(~((norms > tiny) & np.isfinite(norms)))
    if suspect.size:
        numbers = np.arange(len(vectors))[rows][suspect]
        block[suspect] = unit_rows(np.asarray(vectors[rows])[suspect], name, numbers)
        norms[suspect] = 1
    block /= norms[:, None]
    return block


def unit_blocks(
    vectors: Floats, name: str, dtype: np.dtype[np.floating], block_rows: int = 4096
) -> Iterator[tuple[int, Floats]]:
    """Unit rows in order, as (index of the first row, block)."""
    for start in range(0, len(vectors), block_rows):
        yield start, unit_block(vectors, name, dtype, slice(start, start + block_rows))


def unit_copy(vectors: Floats, name: str, dtype: np.dtype[np.floating]) -> Floats:
    """[N, D] unit rows of all of ``vectors``, made in blocks; of many rows they lie in a file."""
    whole: Floats = scratch(vectors.shape, dtype)
    for start, block in unit_blocks(vectors, name, dtype):
        whole[start : start + len(block)] = block
    return whole


def count_rows(truths: NDArray[np.bool_]) -> NDArray[np.int32]:
    """How many are true in each row of [b, M]."""
    counts: NDArray[np.int32] = np.add.reduce(truths.view(np.int8), axis=1, dtype=np.int32)
    return counts


def count_columns(truths: NDArray[np.bool_]) -> NDArray[np.int32]:
    """How many are true in each column of [b, M]."""
    counts: NDArray[np.int32] = np.add.reduce(truths.view(np.int8), axis=0, dtype=np.int32)
    return counts


def top_columns(cosines: Floats, k: int) -> Ints:
    """Columns of the k largest values of each row, [b, k], in descending order.

    Values within :func:`tie_width` of the k-th largest are equal; of those, the lowest columns are
    taken. The rows are not sorted whole: the k largest lie in the k groups of columns with the
    largest maxima, so only those are searched.
    """
    width = cosines.shape[1]
    k = min(k, width)
    chosen = _partition(cosines, k)
    values = np.take_along_axis(cosines, chosen, axis=1)
    order = np.lexsort((chosen, -values), axis=-1)
    chosen = np.take_along_axis(chosen, order, axis=1)
    if k == width:
        return chosen
    smallest = np.take_along_axis(cosines, chosen[:, -1:], axis=1)
    tied = tie_width(cosines.dtype)
    crowded = np.flatnonzero(count_rows(cosines >= smallest - tied) > k)
    if crowded.size:
        chosen[crowded] = _lowest_of_ties(cosines[crowded], smallest[crowded], k, tied)
    return chosen


def _partition(cosines: Floats, k: int) -> Ints:
    rows, width = cosines.shape
    group = int(np.sqrt(width / k))
    groups = width // group if group else 0
    if k == width:
        return np.tile(np.arange(width), (rows, 1))
    if group < 4 or groups <= 2 * k:
        return np.argpartition(cosines, width - k, axis=1)[:, width - k :].astype(np.int64)
    # Group j holds columns j, j + groups, j + 2·groups, …, so that its maximum is taken elementwise.
    grouped = cosines[:, : groups * group].reshape(rows, group, groups).max(axis=1)
    best = np.argpartition(grouped, groups - k, axis=1)[:, groups - k :]
    candidates = (best[:, :, None] + np.arange(group) * groups).reshape(rows, k * group)
    rest = np.broadcast_to(np.arange(groups * group, width), (rows, width - groups * group))
    candidates = np.concatenate((candidates, rest), axis=1)
    values = np.take_along_axis(cosines, candidates, axis=1)
    inner = np.argpartition(values, values.shape[1] - k, axis=1)[:, values.shape[1] - k :]
    return np.take_along_axis(candidates, inner, axis=1)


def _lowest_of_ties(cosines: Floats, smallest: Floats, k: int, tied: float) -> Ints:
    above = cosines > smallest + tied
    equal = (cosines >= smallest - tied) & ~above
    room = k - count_rows(above)[:, None]
    taken = above | (equal & (np.cumsum(equal, axis=1) <= room))
    columns = np.nonzero(taken)[1].reshape(len(cosines), k)
    values = np.where(
        np.take_along_axis(above, columns, axis=1), np.take_along_axis(cosines, columns, axis=1), smallest
    )
    order = np.lexsort((columns, -values), axis=-1)
    return np.take_along_axis(columns, order, axis=1)
