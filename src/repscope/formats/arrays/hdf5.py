"""HDF5 through h5py: data sets by name, a data set or a group an item, groups that are sets of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, first_line
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.objects import sets_from
from repscope.formats.outgoing import optional
from repscope.study.stored import LARGE, scratch
from repscope.study.vectors import BLOCK_BYTES

DEEPEST = 8
EMPTY_RATIO, EMPTY_BYTES = 1000, 1 << 30
"""A data set of more than this that keeps fewer than one in so many of its bytes on disk is refused."""

PATIENCE = 10.0
"""Seconds without a sign of life, twice, after which a walk through a file is given up."""
WALKED = 20_000
"""Objects that a walk looks at."""

_WALK = """
import os, sys, h5py
seen = 0
def look(name, part):
    global seen
    seen += 1
    os.write(1, b".")
    dict(part.attrs)
    if not isinstance(part, h5py.Dataset) or part.shape is None:
        return seen >= int(sys.argv[2]) or None
    if part.chunks:
        part.id.get_num_chunks()
    if part.nbytes < 1 << 20:
        part[()]
    elif part.dtype.kind == "O":
        for start in range(0, len(part), 1 << 14):
            os.write(1, b".")
            part[start : start + (1 << 14)]
with h5py.File(sys.argv[1], "r") as file:
    look("/", file)
    file.visititems(look)
"""


def walk_through(path: Path) -> None:
    """Have another process walk through an HDF5 file before this one does.

    In a damaged file the library may follow pointers in a circle, or to nowhere; neither can be caught in
    the process that reads. What the other process refuses in words is left to the reader, which says it.

    Raises:
        FormatError: the other process hung or crashed.
    """
    command = [sys.executable, "-I", "-c", _WALK, str(path), str(WALKED)]
    with (
        tempfile.TemporaryFile() as signs,
        subprocess.Popen(command, stdout=signs, stderr=subprocess.DEVNULL) as walk,
    ):
        seen = -1
        try:
            while walk.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    walk.wait(PATIENCE)
                    break
                if seen == (seen := os.fstat(signs.fileno()).st_size):
                    raise _damaged(path, "one in which the HDF5 library hangs")
        finally:
            walk.kill()
    if walk.returncode < 0:
        raise _damaged(path, f"one in which the HDF5 library crashes (signal {-walk.returncode})")


def _damaged(path: Path, got: str) -> FormatError:
    return FormatError(f"a whole HDF5 file in {path}", got, "copy or write the file again")


def read_hdf5(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The sets of an HDF5 file, as of a dictionary of its data sets and groups.

    Vectors that lie in the file in one piece stay there, memory-mapped. Links are not followed.

    Raises:
        DependencyError: h5py is missing.
        FormatError: the file is damaged, or holds no embeddings.
    """
    h5py = optional("h5py", "which reads HDF5", "hdf5")
    walk_through(path)
    try:
        with h5py.File(path, "r") as file:
            value = _contents(file, path, h5py, 0)
    except FormatError:
        raise
    except Exception as error:
        # h5py raises OSError, KeyError, ValueError, RuntimeError, … for damaged files.
        raise _damaged(path, f"{type(error).__name__}: {first_line(error)}") from error
    chosen = options.vectors
    if chosen and "/" in chosen.strip("/"):
        # group/data set
        group, _, name = chosen.strip("/").rpartition("/")
        for part in group.split("/"):
            value = value.get(part, {}) if isinstance(value, dict) else {}
        return sets_from(value, stem, f"{path} ({group})", replace(options, vectors=name))
    return sets_from(value, stem, str(path), options)


def _contents(group: Any, path: Path, h5py: Any, depth: int) -> dict[str, Any]:
    """Data sets as arrays, groups and their attributes as dictionaries."""
    if depth > DEEPEST:
        raise FormatError(f"groups at most {DEEPEST} deep in {path}", "deeper ones", "choose what to export")
    found: dict[str, Any] = {}
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        part = group[name]
        if isinstance(part, h5py.Group):
            found[name] = _contents(part, path, h5py, depth + 1)
        elif isinstance(part, h5py.Dataset) and (value := _values(part, path, h5py)) is not None:
            found[name] = value
    for name, value in group.attrs.items():
        if name not in found and isinstance(value, str | int | float | np.generic):
            found[name] = value.item() if isinstance(value, np.generic) else value
    return found


def _values(data: Any, path: Path, h5py: Any) -> NDArray[Any] | str | float | None:
    """A data set of numbers or texts; None for anything else."""
    if data.is_virtual or data.external:
        raise FormatError(
            f"the values of {data.name!r} in {path} itself",
            "values in other files",
            "write them into one file",
        )
    if data.shape is None:
        return None
    stored, size = data.id.get_storage_size(), data.size * data.dtype.itemsize
    if size > EMPTY_BYTES and size > EMPTY_RATIO * max(stored, 1):
        raise FormatError(
            f"values of {data.name!r} in {path}",
            f"{size:,} bytes of which {stored:,} are stored",
            "write it again",
        )
    if h5py.check_string_dtype(data.dtype) is not None:
        text = data.asstr("utf-8", errors="backslashreplace")[()]
        return text if isinstance(text, str) else np.asarray(text, object)
    if data.dtype.kind not in "biufSU":
        return None
    offset = data.id.get_offset()
    if offset is not None and data.ndim > 1 and data.dtype.kind == "f" and not data.chunks and data.size:
        return np.memmap(path, data.dtype, "r", offset, data.shape)
    if data.ndim < 2 or data.nbytes < LARGE:
        array: NDArray[Any] = np.asarray(data[()])
        return array
    rows = scratch(data.shape, data.dtype)
    step = max(1, BLOCK_BYTES * len(data) // data.nbytes)
    for start in range(0, len(data), step):
        rows[start : start + step] = data[start : start + step]
    return rows
