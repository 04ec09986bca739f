"""Any table as item columns: csv, tsv, json, jsonl, parquet, arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError
from repscope.formats.columns import columns_of_records, to_columns
from repscope.formats.tables.arrow import checked, is_columnar, load_table, refuse_repeats
from repscope.formats.tables.delimited import load_delimited
from repscope.formats.text_files import JSON_SUFFIXES, read_json
from repscope.formats.unpack import unpacked

if TYPE_CHECKING:
    import pyarrow as pa


def load_columns(
    path: Path, ids: str | None = None, but: Sequence[str] = (), encoding: str | None = None
) -> dict[str, pa.Array]:
    """All columns of a table, each of one plain type.

    Args:
        path: of the table; a file of no other known kind is read as csv or tsv.
        ids: column whose text is kept as it is written.
        but: columns of a Parquet or Arrow file that are not read.
        encoding: of a text file that is not UTF-8, nor begins with a mark.

    Raises:
        FormatError: it is damaged, or not a table.
    """
    with unpacked(path, encoding) as (plain, _):
        if plain.suffix.lower() in JSON_SUFFIXES:
            return columns_of_json(read_json(plain), path)
        table = load_table(plain, but) if is_columnar(plain) else load_delimited(plain, ids)
        refuse_repeats(checked(table, str(path)).column_names, str(path))
        return to_columns(dict(zip(table.column_names, table.columns, strict=True)))


def columns_of_json(value: Any, path: Path) -> dict[str, pa.Array]:
    """Columns of a list of dictionaries, or of a dictionary of lists.

    Raises:
        FormatError: it is something else.
    """
    if isinstance(value, list):
        return to_columns(columns_of_records(value, str(path)))
    lists = list(value.values()) if isinstance(value, Mapping) else []
    if not lists or not all(isinstance(cells, list) and len(cells) == len(lists[0]) for cells in lists):
        raise FormatError(
            f"a JSON list of dictionaries, or a dictionary of lists of one length, in {path}",
            f"a {type(value).__name__}",
            "write one entry for each item",
        )
    return to_columns(value)
