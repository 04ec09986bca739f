"""NumPy's files: .npy (memory-mapped) and .npz (only the members that are needed, sizes checked first)."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format

from repscope.errors import FormatError
from repscope.formats.arrays.null_masks import with_gaps
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.objects import bare_array, from_mapping, sets_from
from repscope.formats.older.generations import is_generation, read_generation
from repscope.formats.pickles.load import loads

LARGEST_HEADER = 100_000
BOMB_RATIO, BOMB_BYTES = 200, 1 << 30
"""An archive that unpacks to more than this many times its size, and to more than this, is refused."""


def read_npy(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The array of an .npy file; a pickled one is read by the restricted reader.

    Raises:
        FormatError: the file is truncated or not .npy.
        UnsafePickleError: its pickle asks for code.
    """
    with path.open("rb") as file:
        shape, _, dtype = _header(file, str(path))
        start = file.tell()
    if dtype.hasobject:
        value = _pickled(path.read_bytes(), start, shape, str(path), options)
        return sets_from(value, stem, str(path), options)
    _refuse_fields(dtype, str(path))
    expected = math.prod(shape) * dtype.itemsize
    if (found := path.stat().st_size - start) < expected:
        raise _truncated(str(path), expected, found)
    array = np.load(path, mmap_mode="r" if expected else None, allow_pickle=False)
    return bare_array(array, stem, str(path), options)


def read_npz(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The sets of an .npz archive: the 2-D array ``vectors``, or the only one, or ``options.vectors``.

    Raises:
        FormatError: the archive is truncated, encrypted, damaged, or unpacks to absurd sizes.
        UnsafePickleError: a pickled member asks for code.
    """
    source = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist() if info.filename.endswith(".npy")}
            _refuse_bomb(path, sum(info.file_size for info in members.values()))
            arrays = {
                name.removesuffix(".npy"): _member(archive, info, f"{name} of {source}", options)
                for name, info in members.items()
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise FormatError(
            f"a whole npz archive in {source}",
            str(error) or "a truncated one",
            "copy or write the file again",
        ) from error
    if not options.vectors and is_generation(arrays):
        return read_generation(arrays, stem, source, options)
    return [with_gaps(one) for one in from_mapping(arrays, stem, source, options)]


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: str, options: ReadOptions) -> Any:
    with archive.open(info) as file:
        shape, fortran, dtype = _header(file, source)
        if dtype.hasobject:
            return _pickled(file.read(), 0, shape, source, options)
        _refuse_fields(dtype, source)
        expected = math.prod(shape) * dtype.itemsize
        if expected > info.file_size:
            raise _truncated(source, expected, info.file_size)
        raw = file.read(expected)
        # Reading to the end makes zipfile compare the checksum.
        if len(raw) != expected or file.read(1):
            raise _truncated(source, expected, len(raw))
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")


def _header(file: IO[bytes] | Any, source: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = npy_format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = npy_format.read_array_header_1_0(file, max_header_size=LARGEST_HEADER)
        elif version in ((2, 0), (3, 0)):
            # Version 3 only differs in how field names are encoded; arrays with fields are refused anyway.
            shape, fortran, dtype = npy_format.read_array_header_2_0(file, max_header_size=LARGEST_HEADER)
        else:
            raise ValueError(f"npy version {version}")
        if any(n < 0 for n in shape):
            raise ValueError(f"shape {shape}")
    except (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
        raise FormatError(
            f"the header of an npy array in {source}", str(error)[:200], "copy or write the file again"
        ) from error
    return shape, fortran, dtype


def _pickled(raw: bytes, start: int, shape: tuple[int, ...], source: str, options: ReadOptions) -> Any:
    """numpy stores an array of Python objects as a pickle of the array."""
    from repscope.formats.trust import read_or_trust

    def trusted() -> Any:
        import pickle

        return pickle.loads(raw[start:])

    value = read_or_trust(lambda: loads(raw, source, start), trusted, source, options)
    if isinstance(value, np.ndarray) and value.shape != shape:
        raise FormatError(f"an array of shape {shape} in {source}", f"{value.shape}", "write the file again")
    return value


def _refuse_fields(dtype: np.dtype[Any], source: str) -> None:
    if dtype.names or dtype.kind == "V":
        raise FormatError(
            f"an array of numbers in {source}",
            f"records with fields ({', '.join(dtype.names or ['void'])})",
            "save the fields as separate arrays: numpy.savez(file, vectors=a['…'], ids=a['…'])",
        )


def _refuse_bomb(path: Path, unpacked: int) -> None:
    packed = path.stat().st_size
    if unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed:
        raise FormatError(
            f"an archive in {path} that unpacks to at most {BOMB_RATIO} times its {packed:,} bytes",
            f"{unpacked:,} bytes",
            "save the arrays uncompressed with numpy.savez if they are really so large",
        )


def _truncated(source: str, expected: int, found: int) -> FormatError:
    return FormatError(
        f"{expected:,} bytes of values in {source}", f"{found:,} (truncated)", "copy or write the file again"
    )
