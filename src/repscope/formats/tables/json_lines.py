"""JSON lines as a table, read by Arrow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 1 << 24
"""Bytes that are read at once; a line has to fit in."""

_EXACT = 1 << 53
"""Whole numbers beyond this are no doubles."""


def json_table(path: Path) -> pa.Table | None:
    """The table of a file with a JSON object in each line; None where Arrow cannot read it without loss.

    Dates stay the text that was written. Lines that are no objects, fields of several types, and whole
    numbers beyond 64 bits are for a slower reader.
    """
    import pyarrow as pa
    from pyarrow import json as arrow_json

    with path.open("rb") as file:
        marked = file.read(3) == b"\xef\xbb\xbf"
    read = arrow_json.ReadOptions(block_size=BLOCK)
    try:
        table = arrow_json.read_json(path, read_options=read) if not marked else None
        if table is not None and any(_has_dates(field.type) for field in table.schema):
            schema = pa.schema([(field.name, _without_dates(field.type)) for field in table.schema])
            parse = arrow_json.ParseOptions(explicit_schema=schema)
            table = arrow_json.read_json(path, read_options=read, parse_options=parse)
    except (pa.ArrowException, OSError):
        return None
    if table is None or any(_may_be_rounded(table.column(name)) for name in table.column_names):
        return None
    return table if len(table) and table.num_columns else None


def _has_dates(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_temporal(kind):
        return True
    return any(_has_dates(kind.field(at).type) for at in range(kind.num_fields))


def _without_dates(kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_temporal(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct(
            [(kind.field(at).name, _without_dates(kind.field(at).type)) for at in range(kind.num_fields)]
        )
    if pa.types.is_list(kind):
        return pa.list_(_without_dates(kind.value_type))
    return kind


def _may_be_rounded(column: pa.ChunkedArray) -> bool:
    """Whether a column of doubles may come from whole numbers that a double cannot hold."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return False
    return bool(pc.any(pc.greater_equal(pc.abs(column), float(_EXACT))).as_py())
