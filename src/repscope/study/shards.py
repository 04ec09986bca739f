"""One shard: an uncompressed Arrow IPC file of item columns and a fixed-size-list ``vector``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from repscope.errors import CorruptError
from repscope.study.manifest import Shard
from repscope.study.storage import write_atomically

if TYPE_CHECKING:
    import pyarrow as pa

VECTOR = "vector"


def shard_name(index: int) -> str:
    """File name of shard ``index``."""
    return f"shard-{index:05d}.arrow"


def write_shard(path: Path, vectors: NDArray[Any], items: pa.Table) -> Shard:
    """Write one shard durably: temporary name, fsync, rename.

    Raises:
        StorageError: the disk refused; nothing is left under ``path``.
    """
    import pyarrow as pa

    flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
    column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    table = items.append_column(VECTOR, column)

    def write(file: Any) -> None:
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)

    write_atomically(path, write)
    return describe_shard(path, table.num_rows)


def describe_shard(path: Path, rows: int) -> Shard:
    """The manifest's entry for a shard on disk."""
    return Shard(file=path.name, rows=rows, bytes=path.stat().st_size, sha256=file_hash(path))


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_shard(path: Path, shard: Shard, d: int, dtype: str) -> tuple[NDArray[Any], pa.Table]:
    """Memory-map one shard: its vectors [rows, D] without a copy, and its item columns.

    Only sizes and the schema are checked here, so that opening costs no scan; :func:`verify_shard`
    reads every byte.

    Raises:
        CorruptError: the file is missing, of another size, not Arrow, or of another shape.
    """
    import pyarrow as pa

    again = "restore the file, or write the set again"
    if not path.is_file():
        raise CorruptError(f"the shard {path}", "no such file", again)
    if path.stat().st_size != shard.bytes:
        raise CorruptError(f"{shard.bytes:,} bytes in {path}", f"{path.stat().st_size:,} bytes", again)
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        lists = table.column(VECTOR)
        chunks = [np.asarray(chunk.flatten()).reshape(-1, d) for chunk in lists.chunks if len(chunk)]
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        raise CorruptError(f"an Arrow shard in {path}", str(error), again) from error
    vectors = chunks[0] if len(chunks) == 1 else np.concatenate(chunks) if chunks else np.empty((0, d), dtype)
    if len(vectors) != shard.rows or vectors.dtype != np.dtype(dtype):
        raise CorruptError(
            f"{shard.rows:,}×{d} {dtype} vectors in {path}", f"{vectors.shape} {vectors.dtype}", again
        )
    return vectors, cast("pa.Table", table.drop_columns([VECTOR]))


def verify_shard(path: Path, shard: Shard) -> None:
    """Read every byte of a shard and compare its checksum.

    Raises:
        CorruptError: the file is missing or differs from what was committed.
    """
    if not path.is_file():
        raise CorruptError(f"the shard {path}", "no such file", "restore the file, or write the set again")
    found = file_hash(path)
    if found != shard.sha256:
        raise CorruptError(
            f"SHA-256 {shard.sha256[:12]}… of {path}", f"{found[:12]}…", "restore the file, or write the set again"
        )
