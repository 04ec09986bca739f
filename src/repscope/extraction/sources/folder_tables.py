"""Folders of images whose ids are the names of their files, and tables that describe them row by row.

Generated images often lie in one folder a generation, with file names that repeat from folder to folder, and
their prompts in a table beside them. Rows and images are brought together by a key that both have, never by
their order, so an image that failed shifts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from repscope.errors import InputError, MissingError, name_some
from repscope.extraction.sources.base import Cell, ImageFolder, Item, printable
from repscope.extraction.sources.image_lists import ImageFiles
from repscope.extraction.sources.listing import (
    absolute,
    check_unique,
    describe,
    need_columns,
    records,
    refuse_empty,
    refuse_gaps,
    usual_name,
)
from repscope.extraction.sources.tables import load_cells, own_name
from repscope.formats.text_files import read_json

IDS = ("path", "stem", "number")
"""What the id of an image of a folder can be."""


def name_items(folder: ImageFolder, rule: str) -> ImageFolder:
    """The folder with other ids.

    Args:
        folder: as scanned, with paths as ids.
        rule: "path"; "stem" for the file name without folder and suffix; "number" for a stem that is a whole
            number, without leading zeros (``gen_4/00012.png`` is ``12``).

    Returns:
        The same images, sorted by the new id; numbers by value.

    Raises:
        InputError: another rule, two files of one id, or a stem that is no number.
    """
    if rule not in IDS:
        raise InputError(f"--id among {', '.join(IDS)}", repr(rule), "choose one, or leave it out")
    if rule == "path":
        return folder
    names = [PurePosixPath(item.id).stem for item in folder.items]
    if rule == "number":
        wrong = [item.id for item, name in zip(folder.items, names, strict=True) if _number(name) is None]
        if wrong:
            raise InputError(
                f"file names of digits only in {folder.path}, for --id number",
                f"{len(wrong):,} others ({name_some(wrong)})",
                "choose --id stem, or move them elsewhere",
            )
        names = [_number(name) or name for name in names]
    _refuse_shared(folder, names, rule)
    items = [replace(item, id=name) for item, name in zip(folder.items, names, strict=True)]
    items.sort(key=lambda item: (int(item.id), "") if rule == "number" else (0, item.id))
    return replace(folder, items=tuple(items), ids=rule)


def describe_items(
    folder: ImageFolder, table: Path, key: str | None = None, encoding: str | None = None
) -> ImageFiles:
    """The images of a folder with the columns of a table, brought together by id.

    Items are in the order of the table. A row without an image, and an image without a row (after all rows),
    is an item that cannot be opened: it is recorded as skipped with that reason, or stops the run when that
    is strict.

    Args:
        folder: see :func:`name_items`.
        table: ``.csv .tsv .jsonl .json .parquet .arrow .feather`` with a row an image, or COCO captions with
            a row an annotation: ``caption_id``, ``image_id``, ``caption``, and ``index``, which counts the
            annotations of the file from 0.
        key: column of the table that equals the ids; None for ``id``. It is kept as a column as well. Where
            the ids are numbers, its values are read as whole numbers too: 12, 12.0 and "00012" are one.
        encoding: of a text file that is not UTF-8, nor begins with a mark.

    Raises:
        MissingError: no such table.
        FormatError: it is damaged, or not a table.
        UnknownNameError: no such column.
        InputError: no rows; a key that is missing, repeats or is no number; no row that has an image.
    """
    if not table.is_file():
        raise MissingError(f"a table of items at {table}", "no such file", "check the path after --items")
    columns = _load(table, encoding)
    count = len(next(iter(columns.values()), ()))
    refuse_empty(range(count), table, "0 rows")
    name = key or "id"
    if name not in columns:
        need_columns([key or "id (or the one that --id-column names)"], columns, table)
    ids = _keys(columns[name], table, name, folder.ids)
    images = {item.id: item for item in folder.items}
    known = {usual_name(own): own for own in images}
    ids = [own if own in images else known.get(usual_name(own), own) for own in ids]
    if not images.keys() & set(ids):
        raise InputError(
            f"ids of the images of {folder.path} in column {name!r} of {table}",
            f"none (images {name_some(map(repr, images), 3)}; column {name_some(map(repr, ids), 3)})",
            "choose another column with --id-column, or another id with --id: " + ", ".join(IDS),
        )
    taken = set(folder.columns) - {"path"}
    kept = {
        own_name(column, columns, also=taken): values
        for column, values in columns.items()
        if not column == name == "id"
    }
    items, problems = [], {}
    for row, own in enumerate(ids):
        image = images.pop(own, None)
        items.append(_item(folder, image, own, {column: values[row] for column, values in kept.items()}))
        if image is None:
            problems[own] = f"no image of this id in {printable(folder.path.name)}"
    for own, image in images.items():
        items.append(_item(folder, image, own, dict.fromkeys(kept)))
        problems[own] = f"no row with {name} {own!r} in {table.name}"
    record = {
        **folder.to_json(),
        "items": len(items),
        "table": {
            "path": printable(absolute(table)),
            "id_column": name,
            "rows": count,
            "rows_without_image": len(ids) + len(images) - len(folder.items),
            "images_without_row": len(images),
        },
    }
    names = (*folder.columns, *kept)
    return ImageFiles("image folder", folder.path, tuple(items), names, record, problems)


def _refuse_shared(folder: ImageFolder, names: Sequence[str], rule: str) -> None:
    """Two files of one id, both by name."""
    first: dict[str, str] = {}
    shared = []
    for item, name in zip(folder.items, names, strict=True):
        if name in first:
            shared.append(f"{first[name]} and {item.id}")
        first.setdefault(name, item.id)
    if shared:
        raise InputError(
            f"one file for each {rule} in {folder.path}, for --id {rule}",
            f"{len(shared):,} that share theirs ({name_some(shared, 3)})",
            "rename or move one of them, or choose --id path",
        )


def _number(value: Cell) -> str | None:
    """A whole number, or its digits, as text without leading zeros; None of anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return str(int(text)) if text.isascii() and text.isdigit() else None


def _keys(values: Sequence[Cell], table: Path, name: str, rule: str) -> list[str]:
    """The ids that the rows of a table mean."""
    where = f"{table} (column {name!r})"
    refuse_gaps(values, where, "fill it")
    # Numbers that became floats beside missing cells are still whole: the study's keys read them so too.
    whole = [int(key) if isinstance(key, float) and key.is_integer() else key for key in values]
    ids = [printable(str(value)) for value in whole]
    if rule == "number":
        numbers = [_number(value) for value in whole]
        wrong = [repr(value) for value, number in zip(ids, numbers, strict=True) if number is None]
        if wrong:
            raise InputError(
                f"whole numbers in {where}, for --id number",
                f"{len(wrong):,} others ({name_some(wrong)})",
                "name a column of numbers with --id-column, or choose --id stem",
            )
        ids = [number for number in numbers if number is not None]
    check_unique(ids, where, "name a column of unique values with --id-column")
    return ids


def _load(table: Path, encoding: str | None) -> Mapping[str, Sequence[Cell]]:
    """Columns of a table, or of the captions of a COCO file."""
    if table.suffix.lower() == ".json":
        value = read_json(table, encoding)
        if isinstance(value, dict) and "annotations" in value:
            return _captions(records(value, "annotations", table))
    return load_cells(table, encoding=encoding)


def _captions(annotations: Sequence[Mapping[str, Any]]) -> dict[str, list[Cell]]:
    def plain(value: Any) -> Cell:
        return value if isinstance(value, str | int) else None

    return {
        "index": list(range(len(annotations))),
        "caption_id": [plain(note.get("id")) for note in annotations],
        "image_id": [plain(note.get("image_id")) for note in annotations],
        "caption": [plain(note.get("caption")) for note in annotations],
    }


def _item(folder: ImageFolder, image: Item | None, own: str, cells: Mapping[str, Cell]) -> Item:
    columns: dict[str, Cell] = {**(image.columns if image else dict.fromkeys(folder.columns)), **cells}
    place = absolute(folder.path / image.place) if image else ""
    return Item(own, image.size if image else 0, columns, place, detail=describe(columns))
