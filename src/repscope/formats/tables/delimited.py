"""Text tables: csv and tsv, with or without a header, read by Arrow without losing what was written."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, first_line
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.tables.arrow import refuse_repeats
from repscope.formats.tables.long_lines import LONGEST_LINE, block_size, unlike_row
from repscope.formats.tables.read import table_set
from repscope.formats.text_files import not_utf8

if TYPE_CHECKING:
    import pyarrow as pa

HEAD_BYTES = 1 << 20
_FRACTION = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+[eE][+-]?\d+|\d+\.\d*[eE][+-]?\d+)")


def read_delimited(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of a csv or tsv file. See :mod:`repscope.formats.tables.choice` for which columns are vectors.

    Raises:
        FormatError: rows of different widths, text that is not UTF-8, or no vectors.
    """
    block = block_size(path)
    layout = replace(_layout(path), block=block)
    table = _read(path, layout)
    refuse_repeats(table.column_names, str(path))

    def written(names: Sequence[str]) -> pa.Table:
        return _as_written(path, layout, table.select(list(names)), options.ids)

    return [table_set(table, stem, str(path), options, written)]


def load_delimited(path: Path, ids: str | None = None) -> pa.Table:
    """All columns of a text table, each as it was written.

    The delimiter (comma, tab or semicolon) is the most frequent one of the first line. A first line
    of data, not of names, is taken as such: columns are then x0, x1, …. Lines that begin with # before
    the table are left out. A column is of numbers or truths only if these give back exactly what was
    written in every row; any other, also ids, ``1.10`` and dates, stays the text that it is.
    """
    block = block_size(path)
    layout = replace(_layout(path), block=block)
    table = _read(path, layout)
    refuse_repeats(table.column_names, str(path))
    return _as_written(path, layout, table, ids)


@dataclass(frozen=True)
class _Layout:
    """How a text table is laid out: its delimiter, lines before it, and names where no line has them."""

    delimiter: str
    skip: int
    names: list[str] | None = None
    block: int | None = None
    """Bytes that are read at a time; a row must lie within two of them."""


def _layout(path: Path) -> _Layout:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        while len(head) >= HEAD_BYTES and head.count(b"\n") < 2 and (more := file.readline(LONGEST_LINE)):
            head += more
    try:
        text = head.decode("utf-8-sig", "strict" if len(head) < HEAD_BYTES else "ignore")
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    lines = text.splitlines()
    skip = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    first = lines[skip] if skip < len(lines) else ""
    delimiter = max(",\t;", key=first.count)
    cells = _cells(first, delimiter)
    after = _cells(lines[skip + 1], delimiter) if skip + 1 < len(lines) else []
    if (
        skip
        and _all_numbers(cells)
        and len(named := _cells(lines[skip - 1].lstrip("# "), delimiter)) == len(cells)
    ):
        # numpy.savetxt writes names behind a #.
        return _Layout(delimiter, skip, [name.strip() for name in named])
    if skip and not first and text.startswith("#"):
        skip, cells = 0, _cells(lines[0], delimiter)
    if _is_data(cells, after):
        return _Layout(delimiter, skip, _numbered(cells))
    names = [name.lstrip() for name in cells]
    # A space behind every delimiter is none of the names'. A name of several lines Arrow reads itself.
    spaced = (
        len(cells) > 1
        and all(name.startswith(" ") for name in cells[1:])
        and len(set(names)) == len(cells)
        and not first.count('"') % 2
    )
    return _Layout(delimiter, skip + 1, names) if spaced else _Layout(delimiter, skip)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        # Cells that are longer than Python's reader takes.
        return line.split(delimiter)


def _numbered(cells: Sequence[str]) -> list[str]:
    """Names for the columns of a table without: ``x0 x1 …`` for numbers, ``key``, ``key_2`` … for text."""
    names: list[str] = []
    texts = 0
    for cell in cells:
        if _is_number(cell):
            names.append(f"x{len(names) - texts}")
        else:
            texts += 1
            names.append("key" if texts == 1 else f"key_{texts}")
    return names


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _all_numbers(cells: Sequence[str]) -> bool:
    return bool(cells) and all(map(_is_number, cells))


def _is_data(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first line is a row: numbers that do not count 0, 1, 2, …, or a text with decimals."""
    if _all_numbers(first):
        numbers = [float(cell) for cell in first]
        return not any(numbers == [float(start + at) for at in range(len(numbers))] for start in (0, 1))
    decimals = [at for at, cell in enumerate(first) if _FRACTION.fullmatch(cell.strip())]
    rest = [cell for cell in first if not _is_number(cell)]
    return (
        len(decimals) >= 2
        and len(rest) < len(decimals)
        and len(second) == len(first)
        and all(_is_number(second[at]) for at in decimals)
    )


def _as_written(path: Path, layout: _Layout, table: pa.Table, ids: str | None) -> pa.Table:
    """The columns, as text where numbers, truths or dates would not give back what was written."""
    import pyarrow as pa

    unsure = [
        field.name
        for field in table.schema
        if not pa.types.is_string(field.type) or field.name in ("id", "ids", ids)
    ]
    if not unsure:
        return table
    text = _read(path, layout, dict.fromkeys(unsure, pa.string()))
    for name in unsure:
        if name in ("id", "ids", ids) or not _gives_back(table.column(name), text.column(name)):
            table = table.set_column(table.column_names.index(name), name, text.column(name))
    return table


def _gives_back(values: pa.ChunkedArray, written: pa.ChunkedArray) -> bool:
    """Whether one way to write the values gives exactly what was written, in every row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_null(kind):
        return bool(pc.all(pc.equal(written, "")).as_py() is not False)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        return False
    if pa.types.is_floating(kind) and pc.any(_are_negative_zeros(values)).as_py():
        # As a number it would be one key with 0.
        return False
    if not _same(pc.fill_null(values.cast(pa.string()), ""), written):
        if pa.types.is_integer(kind):
            return False
        ways = (repr, str.lower) if pa.types.is_boolean(kind) else (repr, _plainest)
        spelled = values.to_pylist()
        texts = written.to_pylist()
        return any(
            all(
                ("" if value is None else way(str(value)) if way is str.lower else way(value)) == text
                for value, text in zip(spelled, texts, strict=True)
            )
            for way in ways
        )
    return True


def _are_negative_zeros(values: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.equal(pc.divide(1.0, pc.fill_null(values, 1.0)), float("-inf"))


def _plainest(value: float) -> str:
    """As Python writes it, without ``.0``."""
    return repr(value).removesuffix(".0")


def _same(values: pa.ChunkedArray, written: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(pc.equal(values, written)).as_py() is not False)


def _read(path: Path, layout: _Layout, types: dict[str, Any] | None = None) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    types = types or {}
    try:
        return arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(
                column_names=layout.names, skip_rows=layout.skip, block_size=layout.block
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                strings_can_be_null=False, column_types=types, include_columns=list(types)
            ),
        )
    except (pa.ArrowException, OSError) as error:
        if "UTF8" in str(error):
            raise not_utf8(path, error) from error
        row = unlike_row(path, layout.delimiter)
        raise FormatError(
            f"a table of equal rows in {path}",
            f"{row} ({first_line(error)})" if row else first_line(error),
            "correct the row, or write the table as parquet",
        ) from error
