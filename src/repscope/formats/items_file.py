"""A second file that describes the items: ``--items FILE`` beside a bare array."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, LinkError, VectorError, name_some
from repscope.formats.columns import columns_of_records, to_column
from repscope.formats.detect import check_file, detect
from repscope.formats.incoming import Incoming
from repscope.formats.tables.delimited import load_delimited
from repscope.formats.tables.read import load_arrow, load_parquet

if TYPE_CHECKING:
    import pyarrow as pa

NAMES = ""
"""Column of a list without keys; becomes ``label``, or ``text`` beside labels of the file itself."""


def read_items(path: Path, ids: str | None = None) -> dict[str, pa.Array]:
    """Item columns of a csv, tsv, parquet, arrow, json, jsonl or text file.

    A JSON list of texts, or a text file with one name in each line, is one column (:data:`NAMES`).
    A JSON list of dictionaries, or a dictionary of lists, is a table.

    Raises:
        FormatError: the file is damaged or holds no table.
    """
    check_file(path)
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson"):
        return _columns(_load_json(path, lines=suffix != ".json"), path)
    if suffix == ".txt":
        return {NAMES: to_column(_text(path).splitlines(), str(path))}
    kind = detect(path)
    if kind in ("csv", "tsv"):
        table = load_delimited(path, ids)
    elif kind in ("parquet", "arrow"):
        table = load_parquet(path) if kind == "parquet" else load_arrow(path)
    else:
        raise FormatError(
            f"csv, tsv, parquet, arrow, json or txt in {path}", f"a {kind} file", "save the items as csv"
        )
    return {name: to_column(table.column(name), name) for name in table.column_names if name}


def _load_json(path: Path, lines: bool) -> Any:
    text = _text(path)
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()] if lines else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"JSON in {path}", str(error), "correct the file") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"UTF-8 text in {path}", str(error), "save the file as UTF-8") from error


def _columns(value: Any, path: Path) -> dict[str, pa.Array]:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = columns_of_records(value, str(path))
    elif isinstance(value, list):
        value = {NAMES: value}
    lengths = (
        {len(one) if isinstance(one, list) else -1 for one in value.values()}
        if isinstance(value, Mapping)
        else {}
    )
    if len(lengths) != 1 or -1 in lengths:
        raise FormatError(
            f"a JSON list, or a dictionary of lists of one length, in {path}",
            f"a {type(value).__name__}",
            "write one entry for each item",
        )
    return {str(key): to_column(cells, str(key)) for key, cells in value.items()}


def join_items(one: Incoming, items: Mapping[str, pa.Array], source: str) -> Incoming:
    """``one`` with the columns of ``items``: by ``id`` where both have one, else row by row.

    Raises:
        VectorError: row by row, and the lengths differ.
        LinkError: by id, and some of the set's ids are not in ``items``, or repeat there.
        FormatError: a column that the set already has.
    """
    items = dict(items)
    if NAMES in items:
        items["text" if "label" in one.columns else "label"] = items.pop(NAMES)
    length = len(next(iter(items.values())))
    by_id = "id" in items and "id" in one.columns
    if by_id:
        rows = _match(one, items["id"], source)
        items = {key: column.take(rows) for key, column in items.items() if key != "id"}
    elif length != one.n:
        raise VectorError(
            f"{one.n:,} rows in {source}, one for each vector of {one.name!r}",
            f"{length:,}",
            "give one row for each vector in the same order, or an 'id' column in both files",
        )
    taken = [key for key in items if key in one.columns]
    if taken:
        raise FormatError(
            f"new columns for {one.name!r} in {source}",
            f"{name_some(taken)}, which the set already has",
            "rename them",
        )
    note = f"items of {source} joined {'by id' if by_id else 'row by row'}"
    return replace(one, columns={**one.columns, **items}, notes=(*one.notes, note))


def _match(one: Incoming, ids: pa.Array, source: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted, there = one.columns["id"].cast(pa.string()), ids.cast(pa.string())
    repeated = pc.value_counts(there).filter(pc.greater(pc.value_counts(there).field("counts"), 1))
    if len(repeated):
        raise LinkError(
            f"unique ids in {source}",
            f"{name_some(repeated.field('values').to_pylist())} repeat",
            "remove the repeats",
        )
    rows = pc.index_in(wanted, value_set=there)
    if rows.null_count:
        unknown = wanted.filter(pc.is_null(rows)).to_pylist()
        raise LinkError(
            f"every id of {one.name!r} in {source}",
            f"{len(unknown):,} missing ({name_some(unknown)})",
            "add their rows",
        )
    return rows
