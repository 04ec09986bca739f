"""NumPy's files, piece by piece: headers, values and archives, every size checked before it is believed."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from repscope.errors import FormatError, first_line

LARGEST_HEADER = 100_000


class Header(NamedTuple):
    """What an npy array says of itself; ``nbytes`` counts its values."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes], source: str) -> Header:
    """The header of an npy array; the file stands behind it afterwards.

    Raises:
        FormatError: it is damaged, or of an unknown version.
    """
    try:
        version = npy_format.read_magic(file)
        if version == (1, 0):
            header = Header(*npy_format.read_array_header_1_0(file, max_header_size=LARGEST_HEADER))
        elif version in ((2, 0), (3, 0)):
            # Version 3 only differs in how field names are encoded; arrays with fields are refused anyway.
            header = Header(*npy_format.read_array_header_2_0(file, max_header_size=LARGEST_HEADER))
        else:
            raise ValueError(f"npy version {version}")
        if any(n < 0 for n in header.shape):
            raise ValueError(f"shape {header.shape}")
    except (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
        raise FormatError(
            f"the header of an npy array in {source}", first_line(error), "copy or write the file again"
        ) from error
    return header


def read_values(file: IO[bytes], header: Header, size: int, source: str) -> NDArray[Any]:
    """The values behind a header, of a file that claims ``size`` bytes in all.

    Raises:
        FormatError: it holds fewer, or more.
    """
    refuse_truncated(header, size, source)
    raw = file.read(header.nbytes)
    # Reading to the end makes zipfile compare the checksum.
    if len(raw) != header.nbytes or file.read(1):
        raise _truncated(header, len(raw), source)
    return np.frombuffer(raw, header.dtype).reshape(header.shape, order="F" if header.fortran else "C")


def refuse_truncated(header: Header, there: int, source: str) -> None:
    """Refuse an array with fewer bytes of values than its header says; raises :class:`FormatError`."""
    if there < header.nbytes:
        raise _truncated(header, there, source)


def read_members(
    path: Path, read: Callable[[IO[bytes], int, str], Any], check: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Every array of an npz archive, by name.

    Args:
        path: the archive.
        read: gives an array from its open file, the bytes that it claims, and its name for messages.
        check: told how many bytes the archive unpacks to before any is read.

    Raises:
        FormatError: the archive is truncated, encrypted or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            if check is not None:
                check(sum(info.file_size for info in members))
            arrays = {}
            for info in members:
                with archive.open(info) as file:
                    name = info.filename.removesuffix(".npy")
                    arrays[name] = read(file, info.file_size, f"{info.filename} of {path}")
            return arrays
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise FormatError(
            f"a whole npz archive in {path}", first_line(error), "copy or write the file again"
        ) from error


def _truncated(header: Header, there: int, source: str) -> FormatError:
    return FormatError(
        f"{header.nbytes:,} bytes of values in {source}, as its header says",
        f"{there:,} (truncated)",
        "copy or write the file again",
    )
