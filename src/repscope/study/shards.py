"""One shard: an uncompressed Arrow IPC file of item columns and a fixed-size-list ``vector``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import CorruptError, RepscopeError
from repscope.study.manifest import Shard
from repscope.study.names import inside
from repscope.study.storage import file_hash, storage_errors, write_atomically

if TYPE_CHECKING:
    import pyarrow as pa

VECTOR = "vector"

_AGAIN = "restore the file, or write the set again with --overwrite"


def write_shard(path: Path, vectors: NDArray[Any], items: pa.Table) -> Shard:
    """Write one shard durably: temporary name, fsync, rename.

    Args:
        path: of the file.
        vectors: [rows, D] float16 or float32.
        items: table of as many rows.

    Raises:
        StorageError: the disk refused; nothing is left under ``path``.
    """
    import pyarrow as pa

    flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
    column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    # One record batch, so that the vectors are one block of memory when the file is mapped.
    table = items.append_column(VECTOR, column).combine_chunks()

    def write(file: Any) -> None:
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)

    write_atomically(path, write)
    return describe_shard(path, table.num_rows)


def describe_shard(path: Path, rows: int) -> Shard:
    """The manifest's entry for a shard on disk."""
    with storage_errors(path, "read"):
        return Shard(file=path.name, rows=rows, bytes=path.stat().st_size, sha256=file_hash(path))


def read_shard(path: Path, shard: Shard, d: int, dtype: str) -> tuple[list[NDArray[Any]], pa.Table]:
    """Memory-map one shard: its vectors in chunks [rows, D] without a copy, and its item columns.

    Sizes, types and the item columns are checked; the vectors are not read, so that opening costs
    no scan. :func:`verify_shard` reads every byte.

    Raises:
        CorruptError: the file is missing, of another size, not Arrow, or of another shape.
        StorageError: it cannot be read.
    """
    import pyarrow as pa

    check_size(path, shard)
    expected = pa.list_(pa.from_numpy_dtype(np.dtype(dtype)), d)
    try:
        with _mapped(path) as file:
            _check_vector_type(path, file.schema, expected)
            table = file.read_all()
        if table.get_total_buffer_size() > shard.bytes:
            raise ValueError("compressed columns, which cannot be memory-mapped")
        items = table.drop_columns([VECTOR])
        items.validate(full=True)
        table.column(VECTOR).validate()
        chunks = [_as_matrix(chunk, d) for chunk in table.column(VECTOR).chunks if len(chunk)]
    except RepscopeError:
        raise
    except (pa.ArrowException, KeyError, ValueError, OSError, MemoryError) as error:
        raise CorruptError(f"an Arrow shard in {path}", str(error), _AGAIN) from error
    rows = sum(len(chunk) for chunk in chunks)
    if rows != shard.rows or items.num_rows != rows:
        raise CorruptError(f"{shard.rows:,} rows in {path}", f"{rows:,}", _AGAIN)
    return chunks, items


def read_schema(path: Path) -> pa.Schema:
    """The item columns of a shard whose bytes are known to be whole."""
    with _mapped(path) as file:
        schema = file.schema
    return schema.remove(schema.get_field_index(VECTOR))


def _mapped(path: Path) -> pa.RecordBatchFileReader:
    import pyarrow as pa

    with storage_errors(path, "read"):
        # Python opens it first: Arrow does not tell a file it may not read from one it cannot parse.
        path.open("rb").close()
    # As bytes, since Arrow takes a string for UTF-8 and file names need not be.
    return pa.ipc.open_file(pa.memory_map(str(path) if os.name == "nt" else os.fsencode(path)))


def check_size(path: Path, shard: Shard) -> None:
    """Look at a shard's file without reading it.

    Raises:
        CorruptError: it is missing, a link out of the folder, or of another size than committed.
    """
    inside(path.parent, path)
    with storage_errors(path, "read"):
        if not path.is_file():
            raise CorruptError(f"the shard {path}", "no such file", _AGAIN)
        size = path.stat().st_size
    if size != shard.bytes:
        raise CorruptError(f"{shard.bytes:,} bytes in {path}", f"{size:,} bytes", _AGAIN)


def verify_shard(path: Path, shard: Shard) -> None:
    """Read every byte of a shard and compare its checksum.

    Raises:
        CorruptError: the file is missing or differs from what was committed.
        StorageError: it cannot be read.
    """
    check_size(path, shard)
    with storage_errors(path, "read"):
        checksum = file_hash(path)
    if checksum != shard.sha256:
        raise CorruptError(f"SHA-256 {shard.sha256[:12]}… of {path}", f"{checksum[:12]}…", _AGAIN)


def _check_vector_type(path: Path, schema: pa.Schema, expected: pa.DataType) -> None:
    if schema.names.count(VECTOR) != 1 or len(set(schema.names)) != len(schema.names):
        raise CorruptError(f"one column {VECTOR!r} in {path}", f"columns {schema.names}", _AGAIN)
    kind = schema.field(VECTOR).type
    if kind != expected:
        raise CorruptError(f"vectors of type {expected} in {path}", str(kind), _AGAIN)


def _as_matrix(chunk: pa.FixedSizeListArray, d: int) -> NDArray[Any]:
    values = chunk.flatten()
    if chunk.null_count or values.null_count:
        raise ValueError("missing values among the vectors")
    matrix: NDArray[Any] = values.to_numpy(zero_copy_only=True).reshape(-1, d)
    return matrix
