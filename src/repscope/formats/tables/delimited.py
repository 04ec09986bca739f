"""Text tables: csv and tsv, with or without a header, read by Arrow without losing what was written."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, first_line
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.outgoing import VECTOR
from repscope.formats.tables.read import numbered_runs, table_set

if TYPE_CHECKING:
    import pyarrow as pa

HEAD_BYTES = 1 << 20


def read_delimited(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of a csv or tsv file. See :mod:`repscope.formats.tables.read` for which columns are vectors.

    Raises:
        FormatError: rows of different widths, text that is not UTF-8, or no vectors.
    """
    return [table_set(_floating(load_delimited(path, options.ids)), stem, str(path), options)]


def _floating(table: pa.Table) -> pa.Table:
    """The numbered columns called ``vector`` as floats: in text, vectors of whole numbers look like codes."""
    import pyarrow as pa

    for name in numbered_runs(table.column_names).get(VECTOR, []):
        if pa.types.is_integer(table.column(name).type):
            table = table.set_column(
                table.column_names.index(name), name, table.column(name).cast(pa.float32(), safe=False)
            )
    return table


def load_delimited(path: Path, ids: str | None = None) -> pa.Table:
    """All columns of a text table.

    The delimiter (comma, tab or semicolon) is the most frequent one of the first line. A first line
    of nothing but numbers is data, unless it counts 0, 1, 2, …; columns are then named x0, x1, ….
    Ids, numbers with leading zeros and dates stay the text that was written.
    """
    import pyarrow as pa

    delimiter, header = _header_line(path)
    headerless = _is_data(header)
    names = [f"x{index}" for index in range(len(header))] if headerless else None
    table = _read(path, delimiter, names, {})
    keep = [field.name for field in table.schema if field.name in ("id", "ids", ids) or _may_lose(field.type)]
    if keep and len(set(table.column_names)) == len(table.column_names):
        table = _restore_text(
            table, _read(path, delimiter, names, dict.fromkeys(keep, pa.string())), keep, ids
        )
    return table


def _header_line(path: Path) -> tuple[str, list[str]]:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        text = head.decode("utf-8-sig", "strict" if len(head) < HEAD_BYTES else "ignore")
    except UnicodeDecodeError as error:
        raise FormatError(f"UTF-8 text in {path}", str(error), "save the table as UTF-8") from error
    line = text.splitlines()[0] if text.splitlines() else ""
    delimiter = max(",\t;", key=line.count)
    return delimiter, next(csv.reader([line], delimiter=delimiter), [])


def _is_data(header: list[str]) -> bool:
    try:
        numbers = [float(cell) for cell in header]
    except ValueError:
        return False
    counted = any(numbers == [float(start + index) for index in range(len(numbers))] for start in (0, 1))
    return not counted


def _may_lose(kind: Any) -> bool:
    """Types in which "007" or "2020-01-01" would not come back as written."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_temporal(kind))


def _restore_text(table: pa.Table, written: pa.Table, keep: list[str], ids: str | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    vectors = {name for run in numbered_runs(table.column_names).values() for name in run}
    for name in keep:
        text = written.column(name)
        is_id = name in ("id", "ids", ids)
        if not is_id and pa.types.is_integer(table.column(name).type):
            padded = pc.any(pc.match_substring_regex(text, r"^\s*[+-]?0\d")).as_py()
            if name in vectors or not padded:
                continue
        table = table.set_column(table.column_names.index(name), name, text)
    return table


def _read(path: Path, delimiter: str, names: list[str] | None, types: dict[str, Any]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    try:
        return arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(column_names=names),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                strings_can_be_null=False, column_types=types, include_columns=list(types)
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise FormatError(
            f"a table of equal rows in {path}",
            first_line(error),
            "correct the row, or write the table as parquet",
        ) from error
