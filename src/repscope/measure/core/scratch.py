"""Room for rows that are made once and read in blocks, in a file where they are many."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGE = 64 * 2**20
"""Bytes from which an array lies in a file."""


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
