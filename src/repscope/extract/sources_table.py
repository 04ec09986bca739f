"""Tables that name images or hold texts: csv, tsv, jsonl, parquet, arrow."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, InputError, name_some
from repscope.extract.sources import IMAGE_SUFFIXES, Cell, Item, printable
from repscope.extract.sources_files import ImageFiles, absolute, check_unique, describe, load_json, size_of
from repscope.extract.sources_texts import TextItems, needed_columns, refuse_empty, text_item

PATH_NAMES = ("path", "image_path", "file_path", "image", "file", "filename", "file_name", "img", "img_path")
"""Columns that are taken for the path of the image, in this order."""

OWN_COLUMNS = frozenset(["id", "parent", "token", "row", "col", "path", "text"])
"""Names of the study's own; columns of the table with one of them become ``table_…``."""


def read_table(
    path: Path,
    *,
    path_column: str | None = None,
    id_column: str | None = None,
    text_column: str | None = None,
    images: str | Path | None = None,
) -> ImageFiles | TextItems:
    """A row an item. With a column of paths the items are images, with only a column of texts, texts.

    Other columns become columns of the items, and so do those of paths and ids unless their name is the
    study's own. A row without a path or text, or whose file is missing, is recorded as skipped when it is
    reached.

    Args:
        path: ``.csv .tsv .jsonl .json .parquet .arrow .feather``.
        path_column: relative paths count from ``images``; None for the first of :data:`PATH_NAMES` that is
            there, or the only column whose first value ends like an image.
        id_column: None for ``id``, or else the path as it is written, or the row's number of a text.
        text_column: holds texts. Where there are paths too, the images' source has them as ``texts``.
        images: None for the table's own folder.

    Raises:
        FormatError: the file is damaged, or not a table.
        UnknownNameError: no such column.
        InputError: no rows, no column of paths or texts, or ids that repeat.
    """
    columns = {str(name): values for name, values in load_columns(path).items()}
    count = len(next(iter(columns.values()), ()))
    refuse_empty(range(count), path, "0 rows")
    asked = [one for one in (path_column, id_column, text_column) if one is not None]
    needed_columns([one for one in asked if one not in columns], list(columns), path)
    places = path_column or _guess_paths(columns)
    if places is None and text_column is None:
        raise InputError(
            f"a column of image paths in {path}, or --text-column",
            f"columns {name_some(columns, 12)}",
            "name the column with --path-column or --text-column",
        )
    id_name = id_column or ("id" if "id" in columns else None)
    used = {places, id_name, text_column} if places is not None else {id_name, text_column}
    kept = {
        own_name(name, columns): values
        for name, values in columns.items()
        if name not in used or (name in (places, id_name) and name not in OWN_COLUMNS)
    }
    ids = _ids(columns, id_name, places, count, path)
    texts = None
    if text_column is not None:
        texts = _texts(path, ids, columns[text_column], kept)
    if places is None:
        assert texts is not None
        return texts
    base = Path(images).expanduser() if images is not None else path.parent
    items, problems = [], {}
    for row, (own, value) in enumerate(zip(ids, columns[places], strict=True)):
        described: dict[str, Cell] = {name: values[row] for name, values in kept.items()}
        if text_column is not None:
            described["text"] = columns[text_column][row]
        place, problem = _place(value, base, row)
        if problem:
            problems[own] = problem
        size = 0 if problem else size_of(Path(place))
        items.append(
            Item(
                own, size, {"path": printable(place) or None, **described}, place, detail=describe(described)
            )
        )
    names = ("path", *kept, *(["text"] if text_column is not None else []))
    record = {"path_column": places, "id_column": id_name, "text_column": text_column}
    return ImageFiles("table", path, tuple(items), names, problems=problems, record=record, texts=texts)


def load_columns(path: Path) -> Mapping[str, Sequence[Cell]]:
    """All columns of a table as plain values; nested ones as a line of JSON each.

    Raises:
        FormatError: it is damaged, or not a table.
    """
    from repscope.formats.columns import columns_of_records, to_column
    from repscope.formats.delimited import load_delimited
    from repscope.formats.tables import load_arrow, load_parquet

    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        raw: Mapping[str, Any] = columns_of_records(_json_lines(path), str(path))
    elif suffix == ".json":
        values = load_json(path)
        if not isinstance(values, list):
            raise FormatError(f"a list of dictionaries in {path}", f"a {type(values).__name__}", "give one")
        raw = columns_of_records(values, str(path))
    else:
        loaders = {".parquet": load_parquet, ".arrow": load_arrow, ".feather": load_arrow}
        table = loaders.get(suffix, load_delimited)(path)
        names = table.column_names
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise FormatError(f"unique column names in {path}", name_some(repeated), "rename those columns")
        raw = dict(zip(names, table.columns, strict=True))
    return {
        name or "row_number": [_cell(value) for value in to_column(values, name).to_pylist()]
        for name, values in raw.items()
    }


def _json_lines(path: Path) -> list[Any]:
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError(f"UTF-8 text in {path}", str(error), "save the file as UTF-8") from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise FormatError(
                f"JSON in line {number:,} of {path}",
                str(error)[:200] or type(error).__name__,
                "write one dictionary a line",
            ) from error
    return found


def _cell(value: Any) -> Cell:
    # A missing number of a parquet column arrives as NaN, which is no value of an item.
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _guess_paths(columns: Mapping[str, Sequence[Cell]]) -> str | None:
    """The column of image paths; a name counts only if its values are text."""
    for name in PATH_NAMES:
        if name in columns and any(isinstance(value, str) for value in columns[name]):
            return name
    alike = [name for name, values in columns.items() if _like_image(values)]
    return alike[0] if len(alike) == 1 else None


def _like_image(values: Sequence[Cell]) -> bool:
    first = next((value for value in values if value not in (None, "")), None)
    return isinstance(first, str) and Path(first).suffix.lower() in IMAGE_SUFFIXES


def own_name(name: str, columns: Mapping[str, object], also: Collection[str] = ()) -> str:
    """The name that a column of a table gets, beside the study's own columns and those in ``also``."""
    if name not in OWN_COLUMNS and name not in also:
        return name
    own = f"table_{name}"
    while own in columns:
        own += "_"
    return own


def _ids(
    columns: Mapping[str, Sequence[Cell]], id_name: str | None, places: str | None, count: int, path: Path
) -> list[str]:
    source = id_name or places
    if source is None:
        return [str(row) for row in range(1, count + 1)]
    values = columns[source]
    lacking = [row for row, value in enumerate(values, 1) if value in (None, "")]
    if lacking:
        raise InputError(
            f"an id in every row of {path} (column {source!r})",
            f"{len(lacking):,} rows without: row {name_some(lacking)}",
            "fill it, or name another column with --id-column",
        )
    ids = [printable(str(value)) for value in values]
    check_unique(ids, f"{path} (column {source!r})", "name a column of unique values with --id-column")
    return ids


def _place(value: Cell, base: Path, row: int) -> tuple[str, str]:
    """Absolute path, and why there can be no file."""
    if value is None or value == "":
        return "", f"no path in row {row + 1:,}"
    text = str(value)
    if "\0" in text:
        return "", "a path with a zero byte"
    if text.partition("://")[0].lower() in ("http", "https", "s3", "gs", "ftp"):
        return "", "a web address; download it first"
    return absolute(base / text), ""


def _texts(
    path: Path, ids: Sequence[str], values: Sequence[Cell], kept: Mapping[str, Sequence[Cell]]
) -> TextItems:
    items = [
        text_item(
            own,
            None if value is None or not str(value).strip() else str(value),
            {name: cells[row] for name, cells in kept.items()},
        )
        for row, (own, value) in enumerate(zip(ids, values, strict=True))
    ]
    return TextItems("table", path, tuple(items), ("text", *kept))
