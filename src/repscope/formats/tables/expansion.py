"""How large a Parquet or Arrow file becomes in memory, found before it is read."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from repscope.errors import FormatError
from repscope.formats.unpack import BOMB_BYTES, BOMB_RATIO

_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_DICTIONARY = 1 << 16
"""Rows that are read at a time where texts are measured by their dictionary; and by their prefixes."""
_PREFIXES = 1 << 8


def refuse_expansion(path: Path, size: int) -> None:
    """Raise :class:`FormatError` for a file that becomes more than 200 times its size, and than 1 GiB."""
    packed = path.stat().st_size
    if size > BOMB_BYTES and size > BOMB_RATIO * packed:
        raise FormatError(
            f"a table in {path} that becomes at most {BOMB_RATIO} times its {packed:,} bytes in memory",
            f"{size:,} bytes" if size < 1 << 62 else "more than any memory holds",
            "split it, or write it without dictionaries and compression, if it is really so large",
        )


def check_parquet(path: Path) -> None:
    """Refuse a Parquet file that becomes absurdly large.

    Numbers are counted from the metadata. A text may be long once in a dictionary and stand in every row:
    where that could be too much, the texts' lengths are summed, part by part.

    Raises:
        FormatError: see :func:`refuse_expansion`.
    """
    import pyarrow.parquet as pq

    about = pq.read_metadata(path)
    certain, unsure, names, step = 0, 0, set[str](), _DICTIONARY
    for group in range(about.num_row_groups):
        for at in range(about.num_columns):
            chunk = about.row_group(group).column(at)
            column = about.schema.column(at)
            width = (
                column.length
                if column.physical_type == "FIXED_LEN_BYTE_ARRAY"
                else _WIDTHS.get(column.physical_type)
            )
            if width is not None:
                certain += chunk.num_values * width
            elif set(chunk.encodings) <= {"PLAIN", "RLE", "BIT_PACKED"}:
                certain += chunk.total_uncompressed_size
            else:
                unsure += chunk.num_values * chunk.total_uncompressed_size
                names.add(chunk.path_in_schema)
                step = _PREFIXES if "DELTA_BYTE_ARRAY" in chunk.encodings else step
    refuse_expansion(path, certain)
    packed = path.stat().st_size
    if certain + unsure <= max(BOMB_BYTES, BOMB_RATIO * packed):
        return
    columns = sorted(names)
    by_dictionary = columns if step == _DICTIONARY else None
    with pq.ParquetFile(path, memory_map=True, read_dictionary=by_dictionary) as file:
        for batch in file.iter_batches(step, columns=columns, use_threads=False):
            certain += sum(map(decoded_size, batch.columns))
            refuse_expansion(path, certain)


def decoded_size(array: Any) -> int:
    """Bytes of an array once its dictionaries and runs are written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_dictionary(kind) and len(array):
        values = array.dictionary
        texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
        if any(is_text(values.type) for is_text in texts):
            return int(pc.sum(pc.binary_length(values).cast(pa.int64()).take(array.indices)).as_py() or 0)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        values = array.dictionary if pa.types.is_dictionary(kind) else array.values
        return len(array) * (int(values.nbytes) // max(1, len(values)) + 1)
    if pa.types.is_struct(kind):
        return sum(map(decoded_size, array.flatten()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return decoded_size(array.flatten())
    return int(array.nbytes)


def check_messages(path: Path, skip: int) -> None:
    """Refuse an Arrow file whose compressed buffers become absurdly large, by what they say of themselves.

    Args:
        path: of an Arrow file or stream.
        skip: bytes before the first message.

    Raises:
        FormatError: see :func:`refuse_expansion`.
    """
    import pyarrow as pa

    size = 0
    with pa.memory_map(str(path)) as source:
        source.seek(skip)
        reader = pa.ipc.MessageReader.open_stream(source)
        while True:
            try:
                message = reader.read_next_message()
            except (StopIteration, EOFError):
                return
            if message.type in ("record batch", "dictionary") and message.body is not None:
                size += sum(_buffer_sizes(message.metadata.to_pybytes(), memoryview(message.body)))
                refuse_expansion(path, size)


def _buffer_sizes(metadata: bytes, body: memoryview) -> Iterator[int]:
    """Bytes of each buffer of a message, decompressed (Message.fbs and RecordBatch of Arrow's format)."""
    batch = _table(metadata, _field(metadata, _table(metadata, 0), 2))
    if metadata[_field(metadata, _table(metadata, 0), 1)] == 2:
        # A dictionary: its values are a batch of their own.
        batch = _table(metadata, _field(metadata, batch, 1))
    buffers, compressed = _field(metadata, batch, 2), bool(_field(metadata, batch, 3))
    if not buffers:
        return
    start = buffers + _number(metadata, "<I", buffers)
    for at in range(_number(metadata, "<I", start)):
        offset, length = struct.unpack_from("<qq", metadata, start + 4 + 16 * at)
        if compressed and length >= 8:
            said = _number(body, "<q", offset)
            yield length - 8 if said < 0 else said
        else:
            yield length


def _number(data: bytes | memoryview, form: str, at: int) -> int:
    return int(struct.unpack_from(form, data, at)[0])


def _table(data: bytes, at: int) -> int:
    """Where the table lies to which the offset at this place leads."""
    return at + _number(data, "<I", at)


def _field(data: bytes, table: int, index: int) -> int:
    """Where a field of a table lies; 0 if it is not there."""
    layout = table - _number(data, "<i", table)
    if 4 + 2 * index >= _number(data, "<H", layout):
        return 0
    offset = _number(data, "<H", layout + 4 + 2 * index)
    return table + offset if offset else 0
