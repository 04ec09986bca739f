"""Arrays out: npy, npz, safetensors. No pickle; missing values are marked by an array of their own.

npz: ``vectors`` and one array for each item column; where values are missing, ``COLUMN.missing``.
safetensors: ``vectors`` and one tensor for each column of numbers; a column of text is its UTF-8
(``COLUMN.utf8``) and where each text begins (``COLUMN.offsets``); the header's metadata says which.
"""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.formats.outgoing import VECTORS, plain_items, refuse_names, row_blocks
from repscope.study import EmbeddingSet

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = ".missing"
UTF8, OFFSETS = ".utf8", ".offsets"
METADATA = "repscope"
"""Key of our part of a safetensors header's metadata."""

WIDEST = 1 << 31
"""Bytes that one column of text may take in npz, where every text is as wide as the longest."""

_TYPES = {
    "float16": "F16", "float32": "F32", "float64": "F64", "int8": "I8", "int16": "I16", "int32": "I32",
    "int64": "I64", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL",
}  # fmt: skip


def write_npy(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """The vectors alone, [N, D]."""
    with path.open("wb") as file:
        _write_vectors(embeddings, file)
    return ()


def write_npz(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """The array ``vectors`` and one array for each item column, uncompressed.

    Raises:
        InputError: text that numpy cannot hold, or column names that the format needs itself.
    """
    items = plain_items(embeddings, "npz", {VECTORS, *(f"{name}{MISSING}" for name in embeddings.columns)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        with archive.open(f"{VECTORS}.npy", "w", force_zip64=True) as file:
            _write_vectors(embeddings, file)
        for name in items.column_names:
            column = items.column(name).combine_chunks()
            for member, values in (
                (name, _array(column, name, embeddings.name)),
                (f"{name}{MISSING}", _mask(column)),
            ):
                if values is not None:
                    with archive.open(f"{member}.npy", "w", force_zip64=True) as file:
                        npy_format.write_array(file, values, allow_pickle=False)
    return ()


def write_safetensors(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """The tensor ``vectors``, and item columns as tensors.

    Raises:
        InputError: column names that the format needs itself.
    """
    items = plain_items(embeddings)
    parts: dict[str, NDArray[Any]] = {}
    text, missing = [], []
    for name in items.column_names:
        column = items.column(name).combine_chunks()
        if _is_text(column):
            text.append(name)
            parts[f"{name}{UTF8}"], parts[f"{name}{OFFSETS}"] = _utf8(column)
        else:
            parts[name] = _numbers(column)
        if (mask := _mask(column)) is not None:
            missing.append(name)
            parts[f"{name}{MISSING}"] = mask
    added = [f"{name}{part}" for name in text for part in (UTF8, OFFSETS)]
    added += [f"{name}{MISSING}" for name in missing]
    refuse_names(embeddings, "safetensors", [VECTORS, METADATA, "__metadata__", *added])
    about = {"columns": items.column_names, "text": text, "missing": missing}
    _write_tensors(embeddings, parts, about, path)
    return ()


def _write_tensors(
    embeddings: EmbeddingSet, parts: dict[str, NDArray[Any]], about: dict[str, Any], path: Path
) -> None:
    shapes: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
        VECTORS: (embeddings.dtype, (embeddings.n, embeddings.d)),
        **{name: (values.dtype, values.shape) for name, values in parts.items()},
    }
    # Wide types first, so that every tensor begins at a multiple of its own width.
    ordered = sorted(shapes, key=lambda name: -shapes[name][0].itemsize)
    header: dict[str, Any] = {"__metadata__": {METADATA: json.dumps(about)}}
    end = 0
    for name in ordered:
        dtype, shape = shapes[name]
        start, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": _TYPES[dtype.name], "shape": shape, "data_offsets": [start, end]}
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as file:
        file.write(len(encoded).to_bytes(8, "little") + encoded)
        for name in ordered:
            if name == VECTORS:
                _write_rows(embeddings, file)
            else:
                file.write(np.ascontiguousarray(parts[name]).data)


def _write_vectors(embeddings: EmbeddingSet, file: IO[bytes]) -> None:
    header = {
        "descr": npy_format.dtype_to_descr(embeddings.dtype),
        "fortran_order": False,
        "shape": (embeddings.n, embeddings.d),
    }
    npy_format.write_array_header_1_0(file, header)
    _write_rows(embeddings, file)


def _write_rows(embeddings: EmbeddingSet, file: IO[bytes]) -> None:
    for _, block in row_blocks(embeddings):
        file.write(block.data)


def _is_text(column: pa.Array) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _mask(column: pa.Array) -> NDArray[np.bool_] | None:
    """[N] which values are missing, or None where none is."""
    return np.asarray(column.is_null()) if column.null_count else None


def _array(column: pa.Array, name: str, owner: str) -> NDArray[Any]:
    if not _is_text(column):
        return _numbers(column)
    cells = [text or "" for text in column.to_pylist()]
    longest = max(map(len, cells), default=0)
    if 4 * longest * len(cells) > WIDEST or any(text.endswith("\0") for text in cells):
        raise InputError(
            f"text in column {name!r} of {owner!r} that numpy's fixed-width arrays can hold",
            f"{len(cells):,} texts, the longest of {longest:,} characters"
            if 4 * longest * len(cells) > WIDEST
            else "a text that ends in NUL",
            "export as parquet",
        )
    return np.array(cells, dtype=f"<U{max(longest, 1)}")


def _numbers(column: pa.Array) -> NDArray[Any]:
    """The values, with 0 (or False) where one is missing."""
    import pyarrow as pa

    filler = pa.scalar(False) if pa.types.is_boolean(column.type) else pa.scalar(0, column.type)
    filled: NDArray[Any] = column.fill_null(filler).to_numpy(zero_copy_only=False)
    return filled


def _utf8(column: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of all texts behind each other, and N+1 offsets into them."""
    encoded = [(text or "").encode() for text in column.to_pylist()]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets
