"""Tables that name images, or hold them or texts: csv, tsv, jsonl, parquet, arrow."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from repscope.errors import InputError, name_some
from repscope.extraction.sources.base import IMAGE_SUFFIXES, Cell, Item, printable, size_of
from repscope.extraction.sources.image_lists import ImageFiles
from repscope.extraction.sources.listing import (
    absolute,
    check_unique,
    describe,
    find_file,
    is_elsewhere,
    need_columns,
    refuse_empty,
    refuse_gaps,
)
from repscope.extraction.sources.stored_images import StoredCell, StoredColumn, StoredImages, image_columns
from repscope.extraction.sources.texts import TextItems, text_item
from repscope.formats.tables.load import load_columns

PATH_NAMES = ("path", "image_path", "file_path", "image", "file", "filename", "file_name", "img", "img_path")
"""Columns that are taken for the path of the image, in this order."""

LINK = ("row_id", "text_column", "text_index")
"""Columns of texts where a row has several: the row's id, to link by, the column, and its place from 0."""

OWN_COLUMNS = frozenset(["id", "parent", "token", "row", "col", "path", "text"])
"""Names of the study's own; columns of the table with one of them become ``table_…``."""


def read_table(
    path: Path,
    *,
    path_column: str | None = None,
    id_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
    images: str | Path | None = None,
    encoding: str | None = None,
) -> ImageFiles | StoredImages | TextItems:
    """A row an item. With a column of images the items are images, with only columns of texts, texts.

    Images are named by a path, or are in the table as bytes (Parquet and Arrow). Other columns become columns
    of the items, and so do those of paths and ids unless their name is the study's own. A row without an
    image or text, or whose file is missing, is recorded as skipped when it is reached.

    Of several columns of texts, each cell is an item ``ROW#COLUMN``, with the columns ``row_id`` (the row's
    id, which the images then have as well, to link by), ``text_column`` and ``text_index``.

    Args:
        path: ``.csv .tsv .jsonl .json .parquet .arrow .feather``.
        path_column: paths, which count from ``images`` where they are relative, or bytes. None for bytes if
            there are some, or else the first of :data:`PATH_NAMES` that is there, or the only column whose
            first value ends like an image.
        id_column: None for ``id``, or else the path as it is written, or the row's number from 1 of a text,
            and of bytes that do not all have a path of their own.
        text_column: holds texts; several for several texts a row. Where there are images too, their source
            has them as ``texts``.
        images: None for the table's own folder.
        encoding: of a text file that is not UTF-8, nor begins with a mark.

    Raises:
        FormatError: the file is damaged, or not a table.
        UnknownNameError: no such column.
        InputError: no rows, no column of images or texts, several that could be the images, a column of texts
            given twice, or ids that repeat.
    """
    able = image_columns(path, path_column)
    columns = load_cells(path, able, encoding)
    captions = (text_column,) if isinstance(text_column, str) else tuple(text_column or ())
    _check_asked(path, columns, able, path_column=path_column, id_column=id_column, captions=captions)
    inside = _choose_bytes(able, path_column, path)
    stored = None if inside is None else StoredColumn(path, inside)
    cells = [] if stored is None else list(stored.cells())
    count = len(next(iter(columns.values()), cells))
    refuse_empty(range(count), path, "0 rows")
    places = None if stored is not None else path_column or _guess_paths(columns)
    if places is None and stored is None and not captions:
        raise InputError(
            f"a column of image paths in {path}, or --text-column",
            f"columns {name_some(columns, 12)}",
            "name the column with --path-column or --text-column",
        )
    id_name = id_column or ("id" if "id" in columns else None)
    if stored is not None and id_name is None:
        ids = _ids_of_cells(cells)
    else:
        ids = _ids(columns, id_name, places, count, path)
    used = {places, id_name, *captions} if places is not None else {id_name, *captions}
    link = LINK if len(captions) > 1 else ()
    kept = {
        own_name(name, columns, link): values
        for name, values in columns.items()
        if name not in used or (name in (places, id_name) and name not in OWN_COLUMNS)
    }
    texts = _texts(path, ids, {name: columns[name] for name in captions}, kept) if captions else None
    if stored is None and places is None:
        assert texts is not None
        return texts
    if len(captions) == 1:
        kept["text"] = columns[captions[0]]
    elif captions:
        kept |= {own_name(name, columns, link): columns[name] for name in captions}
        kept["row_id"] = ids
    if places is not None:
        cells = [StoredCell(None, "", value) for value in columns[places]]
    base = Path(images).expanduser() if images is not None else path.parent
    items: list[Item] = []
    problems: dict[str, str] = {}
    for row, (own, cell) in enumerate(zip(ids, cells, strict=True)):
        described: dict[str, Cell] = {name: values[row] for name, values in kept.items()}
        place, problem = (str(row), "") if cell.size is not None else _place(cell.path, base, row)
        if problem:
            problems[own] = problem if stored is None else f"no bytes, and {problem}"
        shown = place if cell.size is None else printable(str(cell.path or ""))
        size = 0 if problem else size_of(Path(place)) if cell.size is None else cell.size
        columns_of: dict[str, Cell] = {"path": printable(shown) or None, **described}
        items.append(Item(own, size, columns_of, place, detail=cell.digest + describe(columns_of)))
    names = ("path", *kept)
    record = {"path_column": places or inside, "id_column": id_name, "text_column": text_column}
    if able:
        record["images_left_out"] = [name for name in able if name != inside]
    if stored is None:
        return ImageFiles("table", path, tuple(items), names, record, problems, texts)
    with_bytes = {own: row for row, (own, cell) in enumerate(zip(ids, cells, strict=True)) if cell.digest}
    return StoredImages(
        "table", path, tuple(items), names, record, problems, texts, stored=stored, rows=with_bytes
    )


def _check_asked(
    path: Path,
    columns: Mapping[str, object],
    able: Sequence[str],
    *,
    path_column: str | None,
    id_column: str | None,
    captions: Sequence[str],
) -> None:
    """Refuse columns that are not there, or that hold images where something else is asked for."""
    if len(set(captions)) < len(captions):
        raise InputError(
            "another column after each --text-column", ", ".join(captions), "name each column once"
        )
    asked = [name for name in (path_column, id_column, *captions) if name is not None]
    need_columns(asked, [*columns, *able], path)
    if misused := [name for name in (id_column, *captions) if name in able]:
        raise InputError(
            f"ids and texts in columns of {path} that hold such",
            f"images in {name_some(misused)}",
            f"choose among {name_some(columns, 12)}",
        )


def _choose_bytes(able: Sequence[str], path_column: str | None, path: Path) -> str | None:
    """The column of images as bytes, if they are what is asked for."""
    if path_column is not None:
        return path_column if path_column in able else None
    named = [name for name in PATH_NAMES if name in able]
    if len(able) > 1 and not named:
        raise InputError(
            f"one column of images in {path}", name_some(able, 12), "choose one with --path-column"
        )
    return next(iter((*named, *able)), None)


def load_cells(path: Path, but: Sequence[str] = (), encoding: str | None = None) -> dict[str, Sequence[Cell]]:
    """All columns of a table as plain values; nested ones as a line of JSON each.

    Args:
        path: of the table.
        but: columns of a Parquet or Arrow file that stay where they are.
        encoding: of a text file that is not UTF-8, nor begins with a mark.

    Raises:
        FormatError: it is damaged, or not a table.
    """
    return {
        name or "row_number": [_cell(value) for value in column.to_pylist()]
        for name, column in load_columns(path, but=but, encoding=encoding).items()
    }


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


def _ids_of_cells(cells: Sequence[StoredCell]) -> list[str]:
    """The paths, where every image has one of its own, or else the rows' numbers from 1."""
    paths = [printable(str(cell.path or "")) for cell in cells]
    if all(paths) and len(set(paths)) == len(paths):
        return paths
    return [str(row) for row in range(1, len(cells) + 1)]


def _ids(
    columns: Mapping[str, Sequence[Cell]], id_name: str | None, places: str | None, count: int, path: Path
) -> list[str]:
    source = id_name or places
    if source is None:
        return [str(row) for row in range(1, count + 1)]
    values = columns[source]
    where = f"{path} (column {source!r})"
    refuse_gaps(values, where, "fill it, or name another column with --id-column")
    ids = [printable(str(value)) for value in values]
    check_unique(ids, where, "name a column of unique values with --id-column")
    return ids


def _place(value: Cell, base: Path, row: int) -> tuple[str, str]:
    """Absolute path, and why there can be no file."""
    if value is None or value == "":
        return "", f"no path in row {row + 1:,}"
    text = str(value)
    if "\0" in text:
        return "", "a path with a zero byte"
    if elsewhere := is_elsewhere(text):
        return "", elsewhere
    return absolute(find_file(base, text)), ""


def _texts(
    path: Path,
    ids: Sequence[str],
    captions: Mapping[str, Sequence[Cell]],
    kept: Mapping[str, Sequence[Cell]],
) -> TextItems:
    items = []
    several = len(captions) > 1
    for row, own in enumerate(ids):
        described: dict[str, Cell] = {name: cells[row] for name, cells in kept.items()}
        for index, (name, values) in enumerate(captions.items()):
            value = values[row]
            text = None if value is None or not str(value).strip() else str(value)
            link: dict[str, Cell] = dict(zip(LINK, (own, name, index), strict=True)) if several else {}
            items.append(text_item(f"{own}#{name}" if several else own, text, {**link, **described}))
    if several:
        check_unique((item.id for item in items), path, "rename the columns of texts")
    return TextItems("table", path, tuple(items), ("text", *(LINK if several else ()), *kept))
