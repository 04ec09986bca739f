"""Parquet and Arrow files, read whole or part by part."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from repscope.errors import FormatError, first_line, name_some
from repscope.formats.tables.expansion import (
    check_messages,
    check_parquet,
    decoded_size,
    refuse_expansion,
)

if TYPE_CHECKING:
    import pyarrow as pa

_PARQUET_MAGIC, _FILE_MAGIC = b"PAR1", b"ARROW1"
_MESSAGES = 8
"""Bytes of an Arrow file before its first message."""
_STREAM_END = b"\xff\xff\xff\xff\0\0\0\0"


@dataclass(frozen=True)
class TableParts:
    """A table whose parts (row groups of Parquet, record batches of Arrow) are read one at a time.

    Attributes:
        schema: of all parts.
        counts: rows of each part.
        read: the named columns of one part, by its number from 0.
    """

    schema: pa.Schema
    counts: Sequence[int]
    read: Callable[[int, Sequence[str]], pa.Table]


def open_table(path: Path) -> TableParts:
    """Open a Parquet file, an Arrow IPC file, or an Arrow stream as Hugging Face data sets keep it.

    Arrow files are memory-mapped.

    Raises:
        FormatError: it is none of these, or was cut short; so does reading a part.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    def parquet_part(part: int, names: Sequence[str]) -> pa.Table:
        with _whole(path), pq.ParquetFile(path, memory_map=True) as file:
            # Of a column that is not there Parquet says nothing; select does.
            return file.read_row_group(part, columns=list(names)).select(list(names))

    def arrow_part(part: int, names: Sequence[str]) -> pa.Table:
        with _whole(path):
            return pa.Table.from_batches([batch(part)]).select(list(names))

    with _whole(path):
        if _is_parquet(path):
            about = pq.read_metadata(path)
            counts = [about.row_group(part).num_rows for part in range(about.num_row_groups)]
            return TableParts(pq.read_schema(path), counts, parquet_part)
        schema, n_parts, batch = _open_arrow(path)
        return TableParts(schema, [batch(part).num_rows for part in range(n_parts)], arrow_part)


def load_table(path: Path, but: Sequence[str] = ()) -> pa.Table:
    """All columns of a Parquet or Arrow file, save those in ``but``, which are not read.

    Raises:
        FormatError: see :func:`open_table`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _whole(path):
        if not _is_parquet(path):
            schema, n_parts, batch = _open_arrow(path)
            table = pa.Table.from_batches([batch(part) for part in range(n_parts)], schema)
            # Arrow ends the process where a list lies beyond its values.
            table.validate()
            written_out = (decoded_size(chunk) for column in table.columns for chunk in column.chunks)
            refuse_expansion(path, sum(written_out))
            return table.drop_columns(list(but)) if but else table
        check_parquet(path)
        # ParquetFile reads this file and nothing around it (read_table would look for partitions).
        with pq.ParquetFile(path, memory_map=True) as file:
            names = [name for name in file.schema_arrow.names if name not in but]
            return file.read(columns=names if but else None)


def checked(table: pa.Table, source: str) -> pa.Table:
    """The table, once its texts are UTF-8 and its lists lie within their values.

    Raises:
        FormatError: they do not.
    """
    import pyarrow as pa

    try:
        table.validate(full=True)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise FormatError(
            f"a whole table in {source}, its texts in UTF-8", first_line(error), "copy or write it again"
        ) from error
    return table


def _open_arrow(path: Path) -> tuple[pa.Schema, int, Callable[[int], pa.RecordBatch]]:
    """The schema, the number of record batches, and one of them by its number."""
    import pyarrow as pa

    is_file = _begins(path, _FILE_MAGIC)
    check_messages(path, _MESSAGES if is_file else 0)
    source = pa.memory_map(str(path))
    if is_file:
        file = pa.ipc.open_file(source)
        return file.schema, file.num_record_batches, file.get_batch
    stream = pa.ipc.open_stream(source)
    batches = list(stream)
    source.seek(source.size() - len(_STREAM_END))
    # A stream that was cut between two batches would otherwise read as a shorter one.
    if source.read(len(_STREAM_END)) != _STREAM_END:
        raise pa.ArrowInvalid("a stream without its end")
    return stream.schema, len(batches), batches.__getitem__


def refuse_repeats(names: Sequence[str], source: str) -> None:
    """Refuse columns of one name; raises :class:`FormatError`."""
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise FormatError(f"unique column names in {source}", name_some(repeated), "rename those columns")


def is_columnar(path: Path) -> bool:
    """Whether a file is, or by its name should be, Parquet or Arrow."""
    return path.suffix.lower() in (".arrow", ".feather") or _is_parquet(path) or _begins(path, _FILE_MAGIC)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet" or _begins(path, _PARQUET_MAGIC)


def _begins(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Whatever pyarrow raises for a damaged file, as a :class:`FormatError`."""
    import pyarrow as pa

    try:
        yield
    except FormatError:
        raise
    except (pa.ArrowException, OSError, KeyError, IndexError, UnicodeDecodeError, struct.error) as error:
        raise FormatError(
            f"a whole {'Parquet' if _is_parquet(path) else 'Arrow'} file in {path}",
            first_line(error),
            "copy or write it again",
        ) from error
