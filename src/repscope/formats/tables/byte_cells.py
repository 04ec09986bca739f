"""A vector in one cell as its bytes, plain or written as base64."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, InputError, VectorError, name_some

if TYPE_CHECKING:
    import pyarrow as pa

DTYPES = ("float16", "float32", "float64", "bfloat16", "int8", "uint8", "int16", "int32", "int64")
"""What the numbers of a column of bytes may be; little-endian unless ``>`` is put before."""

SHORTEST_BASE64 = 32
"""Characters of a text that is taken for numbers as base64: six of them in single precision."""


def byte_vectors(column: pa.ChunkedArray, key: str, source: str, dtype: str) -> NDArray[Any]:
    """[N, D] of a column of bytes, or of base64, with numbers of ``dtype``; missing ones are a row of NaN.

    Raises:
        FormatError: text that is no base64.
        InputError: no such type.
        VectorError: rows of different lengths, or no whole number of numbers.
    """
    name = dtype.lstrip("<>=")
    if name not in DTYPES:
        raise InputError(f"one of {', '.join(DTYPES)} for --vectors-dtype", repr(dtype), "choose one")
    stored = np.dtype("u2" if name == "bfloat16" else name)
    stored = stored.newbyteorder(">" if dtype.startswith(">") else "<")
    cells = column.to_pylist()
    for row, cell in enumerate(cells):
        if isinstance(cell, str):
            cells[row] = _from_base64(cell)
            if cells[row] is None:
                raise FormatError(
                    f"numbers as base64 in each cell of {key!r} of {source}, since --vectors-dtype was given",
                    f"{brief(cell)!r} (row {row:,})",
                    "leave out --vectors-dtype if they are written as text",
                )
    sizes = sorted({len(cell) for cell in cells if cell is not None})
    if len(sizes) != 1 or not sizes[0] or sizes[0] % stored.itemsize:
        raise VectorError(
            f"bytes of one length, a multiple of {stored.itemsize}, in {key!r} of {source}",
            f"lengths {name_some(sizes)}" if sizes else "no bytes",
            "choose another --vectors-dtype, or write the vectors as lists of numbers",
        )
    width = sizes[0] // stored.itemsize
    flat = np.frombuffer(b"".join(cell or bytes(sizes[0]) for cell in cells), stored).reshape(-1, width)
    if name == "bfloat16":
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    missing = np.array([cell is None for cell in cells])
    if not missing.any() and flat.dtype.kind == "f":
        return flat
    rows = flat.astype(np.float32 if flat.dtype.itemsize <= 2 else np.float64)
    rows[missing] = np.nan
    return rows


def base64_floats(sample: Sequence[str]) -> str:
    """The first of some texts if all of them are floats written as base64, as services send vectors."""
    sizes = {len(text) for text in sample}
    if len(sizes) != 1 or min(sizes) < SHORTEST_BASE64:
        return ""
    for text in sample:
        decoded = _from_base64(text)
        plausible = decoded is not None and any(
            len(decoded) % kind().itemsize == 0 and _of_one_scale(np.frombuffer(decoded, kind))
            for kind in (np.float32, np.float64)
        )
        if not plausible:
            return ""
    return brief(sample[0])


def _of_one_scale(numbers: NDArray[Any]) -> bool:
    # The exponents of other bytes, such as hashes, are spread over the whole range.
    sizes = np.abs(numbers[numbers != 0])
    return bool(np.isfinite(sizes).all() and sizes.size and sizes.min() > 1e-12 and sizes.max() < 1e6)


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except ValueError:
        return None


def brief(text: str) -> str:
    """A cell for a message, its middle left out where it is long."""
    return text if len(text) <= 60 else f"{text[:40]}…{text[-15:]}"
