"""A second file that describes the items: ``--items FILE`` beside a bare array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from repscope.errors import FormatError, LinkError, VectorError, name_some
from repscope.formats.columns import to_column
from repscope.formats.detect import check_file, detect
from repscope.formats.incoming import Incoming
from repscope.formats.tables.load import columns_of_json, load_columns
from repscope.formats.text_files import JSON_SUFFIXES, read_json, read_text
from repscope.formats.unpack import unpacked

if TYPE_CHECKING:
    import pyarrow as pa

NAMES = ""
"""Column of a list without keys; becomes ``label``, or ``text`` beside labels of the file itself."""


def read_items(path: Path, ids: str | None = None, encoding: str | None = None) -> dict[str, pa.Array]:
    """Item columns of a csv, tsv, parquet, arrow, json, jsonl or text file.

    A JSON list of texts, or a text file with one name in each line, is one column (:data:`NAMES`).
    A JSON list of dictionaries, or a dictionary of lists, is a table.

    Args:
        path: of the file.
        ids: column whose text is kept as it is written.
        encoding: of text that is not UTF-8, nor begins with a mark.

    Raises:
        FormatError: the file is damaged or holds no table.
    """
    check_file(path)
    with unpacked(path, encoding) as (plain, _):
        return _read_plain(plain, ids)


def _read_plain(path: Path, ids: str | None) -> dict[str, pa.Array]:
    suffix = path.suffix.lower()
    if suffix == ".txt":
        return {NAMES: to_column(read_text(path).splitlines(), str(path))}
    if suffix in JSON_SUFFIXES:
        value = read_json(path)
        if isinstance(value, list) and not (value and isinstance(value[0], dict)):
            return {NAMES: to_column(value, str(path))}
        return columns_of_json(value, path)
    if (kind := detect(path)) not in ("csv", "tsv", "parquet", "arrow"):
        raise FormatError(
            f"csv, tsv, parquet, arrow, json or txt in {path}", f"a {kind} file", "save the items as csv"
        )
    return {name: column for name, column in load_columns(path, ids).items() if name}


def join_items(incoming: Incoming, items: Mapping[str, pa.Array], source: str) -> Incoming:
    """``incoming`` with the columns of ``items``: by ``id`` where both have one, else row by row.

    Raises:
        VectorError: row by row, and the lengths differ.
        LinkError: by id, and some of the set's ids are not in ``items``, or repeat there.
        FormatError: a column that the set already has.
    """
    items = dict(items)
    if NAMES in items:
        items["text" if "label" in incoming.columns else "label"] = items.pop(NAMES)
    length = len(next(iter(items.values())))
    by_id = "id" in items and "id" in incoming.columns
    if by_id:
        rows = _match(incoming, items["id"], source)
        items = {key: column.take(rows) for key, column in items.items() if key != "id"}
    elif length != incoming.n:
        raise VectorError(
            f"{incoming.n:,} rows in {source}, one for each vector of {incoming.name!r}",
            f"{length:,}",
            "give one row for each vector in the same order, or an 'id' column in both files",
        )
    taken = [key for key in items if key in incoming.columns]
    if taken:
        raise FormatError(
            f"new columns for {incoming.name!r} in {source}",
            f"{name_some(taken)}, which the set already has",
            "rename them",
        )
    note = f"items of {source} joined {'by id' if by_id else 'row by row'}"
    return replace(incoming, columns={**incoming.columns, **items}, notes=(*incoming.notes, note))


def _match(incoming: Incoming, ids: pa.Array, source: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted, there = incoming.columns["id"].cast(pa.string()), ids.cast(pa.string())
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
            f"every id of {incoming.name!r} in {source}",
            f"{len(unknown):,} missing ({name_some(unknown)})",
            "add their rows",
        )
    return rows
