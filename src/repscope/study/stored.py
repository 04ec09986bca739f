"""Rows that lie in files: those of several shards as one matrix, and room for rows that are made once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGE = 64 * 2**20
"""Bytes from which an array lies in a file."""


class StoredRows:
    """Chunks of rows, mostly memory maps, as one [N, D] matrix that is read but never held.

    It reads like an array of two dimensions as far as rows go: by a slice, by row numbers in any order (also
    repeated, also from the end), by a mask of N booleans, or one row by its number. Rows that lie in one
    chunk in order come as a read-only view of it, others as a new array, always in the stored dtype. What
    asks for an array (``np.asarray``) gets all rows at once. It has no arithmetic: take rows first.

    Args:
        chunks: [n_i, D] arrays of one dtype and width, in order; at least one.

    Raises:
        ValueError: no chunks, or chunks that differ in dtype or width.
    """

    def __init__(self, chunks: Sequence[NDArray[Any]]) -> None:
        if len({(chunk.dtype, chunk.shape[1:]) for chunk in chunks}) != 1 or chunks[0].ndim != 2:
            raise ValueError("chunks of rows must be matrices of one dtype and width")
        self._chunks = tuple(chunks)
        self._ends = np.cumsum([len(chunk) for chunk in chunks])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and width."""
        return int(self._ends[-1]), int(self._chunks[0].shape[1])

    @property
    def ndim(self) -> int:
        """2."""
        return 2

    @property
    def dtype(self) -> np.dtype[Any]:
        """The stored dtype."""
        return self._chunks[0].dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """The rows asked for: [R, D], or [D] for one number.

        Raises:
            IndexError: a row out of range, a mask of another length, or what is no row number.
        """
        if isinstance(rows, slice):
            start, stop, step = rows.indices(len(self))
            if step == 1:
                return self._between(start, max(start, stop))
            return self._gather(np.arange(start, stop, step))
        # A tuple asks an array for rows and columns; here are rows alone.
        index = np.asarray(None if isinstance(rows, tuple) else rows)
        if index.ndim == 0 and index.dtype.kind in "iu":
            row: NDArray[Any] = self._gather(self._numbers(index[None]))[0]
            return row
        return self._gather(self._numbers(index))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("rows of several shards cannot become one array without a copy")
        whole = np.empty(self.shape, self.dtype if dtype is None else dtype)
        return np.concatenate(self._chunks, out=whole, casting="unsafe")

    def __repr__(self) -> str:
        return f"StoredRows({self.shape}, {self.dtype}, {len(self._chunks)} chunks)"

    def _numbers(self, index: NDArray[Any]) -> NDArray[np.int64]:
        """Row numbers 0…N−1 from numbers, some perhaps counted from the end, or from a mask."""
        n = len(self)
        if index.dtype == bool and index.shape == (n,):
            return np.flatnonzero(index)
        # An empty list is float64 to numpy, and no rows to everyone else.
        if index.ndim != 1 or index.dtype == bool or (index.size and index.dtype.kind not in "iu"):
            raise IndexError(f"rows by numbers or a mask of {n} booleans, not {index.shape} of {index.dtype}")
        outside = index[(index < -n) | (index >= n)]
        if outside.size:
            raise IndexError(f"row {outside[0]} of {n}")
        numbers = index.astype(np.int64)
        return np.where(numbers < 0, numbers + n, numbers)

    def _between(self, start: int, stop: int) -> NDArray[Any]:
        """Rows ``start`` to ``stop`` in order; a view where one chunk holds them."""
        first = int(np.searchsorted(self._ends, start, side="right"))
        parts = []
        for end, chunk in zip(self._ends[first:].tolist(), self._chunks[first:], strict=True):
            begin = end - len(chunk)
            if begin >= stop:
                break
            parts.append(chunk[max(start - begin, 0) : stop - begin])
        if not parts:
            return self._chunks[0][:0]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _gather(self, index: NDArray[np.int64]) -> NDArray[Any]:
        """Rows by their numbers, each chunk read once."""
        taken = np.empty((len(index), self.shape[1]), self.dtype)
        home = np.searchsorted(self._ends, index, side="right")
        order = np.argsort(home, kind="stable")
        chunks, heads = np.unique(home[order], return_index=True)
        for number, mine in zip(chunks.tolist(), np.split(order, heads[1:]), strict=False):
            chunk = self._chunks[number]
            taken[mine] = chunk[index[mine] - (self._ends[number] - len(chunk))]
        return taken


def scratch(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array to be filled; a large one lies in a temporary file without a name.

    The system then writes it out where memory is short instead of ending the process, and it is gone with
    the array. The file is in the folder of temporary files (``TMPDIR``); where that has no room, the array
    lies in memory.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size >= LARGE and hasattr(os, "posix_fallocate"):
        try:
            with tempfile.TemporaryFile(prefix="repscope-") as file:
                # Reserved now: a disk that is full later would end the process.
                os.posix_fallocate(file.fileno(), 0, size)
                return np.memmap(file, dtype, "r+", shape=shape).view(np.ndarray)
        except OSError:
            pass
    return np.empty(shape, dtype)
