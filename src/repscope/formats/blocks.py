"""Vectors of a file as a set will store them, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError, name_some
from repscope.formats.incoming import Incoming
from repscope.study.vectors import block_rows, check_vectors


def scan(incoming: Incoming, drop_invalid: bool) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[N] which rows are finite as they will be stored, and [N] which of those are zero.

    Raises:
        VectorError: not an N×D floating array; rows that are not finite, unless they may be dropped.
    """
    if incoming.vectors.ndim != 2 or 0 in incoming.vectors.shape or incoming.vectors.dtype.kind != "f":
        check_vectors(incoming.vectors, incoming.name)
    finite = np.ones(incoming.n, bool)
    zero = np.zeros(incoming.n, bool)
    for start, block in stored_blocks(incoming.vectors, None, block_rows(incoming.vectors.shape[1])):
        here = np.isfinite(block).all(axis=1)
        finite[start : start + len(block)] = here
        zero[start : start + len(block)] = here & ~block.any(axis=1)
    bad = np.flatnonzero(~finite)
    if drop_invalid and not (finite & ~zero).any():
        raise VectorError(
            f"rows with a direction in set {incoming.name!r}",
            f"NaN, Inf or zero vectors in {incoming.n:,} of {incoming.n:,} rows",
            "find out why the model gave them",
        )
    if len(bad) and not drop_invalid:
        raise VectorError(
            f"finite vectors in set {incoming.name!r}",
            f"NaN, Inf or numbers beyond float32 in {len(bad):,} of {incoming.n:,} rows "
            f"(rows {name_some(bad)})",
            "find out why the model gave them; to leave these rows out, import with --drop-invalid",
        )
    return finite, zero


def stored_blocks(
    vectors: NDArray[Any], rows: NDArray[np.int64] | None, size: int, first: int = 0
) -> Iterator[tuple[int, NDArray[Any]]]:
    """(start, block) of the chosen rows, from number ``first`` on, converted as they will be stored."""
    dtype = np.float16 if vectors.dtype.itemsize == 2 else np.float32
    for start in range(first, len(vectors) if rows is None else len(rows), size):
        block = vectors[start : start + size] if rows is None else vectors[rows[start : start + size]]
        with np.errstate(over="ignore"):
            yield start, np.asarray(block).astype(dtype, copy=False)
