"""From a path to its source: which kind it is, by content and suffix, and the options that it takes."""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, InputError, MissingError, StorageError, first_line
from repscope.extraction.sources.arrays import read_idx, read_npz
from repscope.extraction.sources.base import IMAGE_SUFFIXES, ImageFolder, Source
from repscope.extraction.sources.coco import (
    read_caption_texts,
    read_captions,
    read_instances,
    read_panoptic,
)
from repscope.extraction.sources.folder_tables import describe_items, name_items
from repscope.extraction.sources.hoi import read_hicodet, read_vcoco
from repscope.extraction.sources.tables import read_table
from repscope.extraction.sources.texts import read_classes, read_texts
from repscope.formats.text_files import read_json

_BOXES = "coco-instances"

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather")
TEXT_SUFFIXES = (".txt", ".text", ".names", ".list")
HEAD_BYTES = 4096


@dataclass(frozen=True)
class SourceOptions:
    """What a person says about a source beyond its path; None where the source's own rules decide.

    Attributes:
        kind: one of :data:`KINDS`.
        path_column, id_column, text_column: of a table; ``id_column`` also of an npz and of ``items``, and
            ``text_column``, which can be several, of COCO captions, where it is "caption".
        images: folder of the images that a list names.
        regions: boxes to cut out: "human", "object", "union", "segments".
        templates: prompts with ``{}`` for a class name.
        array: of an npz, the one with the images.
        id: of a folder, one of :data:`repscope.extraction.sources.folder_tables.IDS`.
        items: a table that describes the images of a folder, row by row.
        encoding: of the text file that the source, or ``items``, is.
    """

    kind: str | None = None
    path_column: str | None = None
    id_column: str | None = None
    text_column: str | tuple[str, ...] | None = None
    images: str | Path | None = None
    regions: tuple[str, ...] | None = None
    templates: tuple[str, ...] | None = None
    array: str | None = None
    id: str | None = None
    items: str | Path | None = None
    encoding: str | None = None


def read_folder(
    path: Path,
    id: str | None = None,  # noqa: A002  # called as the option is
    items: str | Path | None = None,
    id_column: str | None = None,
    encoding: str | None = None,
) -> Source:
    """A folder of images, with ids and columns as asked for.

    Raises:
        MissingError, InputError, FormatError, UnknownNameError, StorageError: see
            :meth:`ImageFolder.scan`, :func:`name_items` and :func:`describe_items`.
    """
    if items is None and encoding is not None:
        raise InputError("--encoding of a table of items", "a folder without one", "leave --encoding out")
    if items is None and id_column is not None:
        raise InputError(
            "--id-column of a table of items",
            f"{id_column!r} and a folder without one",
            "name the table with --items, or leave out --id-column",
        )
    named = name_items(ImageFolder.scan(path), id or "path")
    return named if items is None else describe_items(named, Path(items).expanduser(), id_column, encoding)


READERS: Mapping[str, tuple[Callable[..., Source], tuple[str, ...]]] = {
    "folder": (read_folder, ("id", "items", "id_column", "encoding")),
    "table": (read_table, ("path_column", "id_column", "text_column", "images", "encoding")),
    "npz": (read_npz, ("array", "id_column")),
    "idx": (read_idx, ()),
    "coco-captions": (read_captions, ("images", "text_column")),
    "coco-captions-text": (read_caption_texts, ()),
    _BOXES: (read_instances, ("images", "regions")),
    "coco-panoptic": (read_panoptic, ("images", "regions")),
    "hicodet": (read_hicodet, ("images", "regions")),
    "vcoco": (read_vcoco, ("images", "regions")),
    "text": (read_texts, ("encoding",)),
    "classes": (read_classes, ("templates", "encoding")),
}
"""By kind: the reader, and the options that it takes; any other is refused, since it would change nothing."""

KINDS = tuple(READERS)


def open_source(path: str | Path, options: SourceOptions | None = None) -> Source:
    """The source at a path.

    Raises:
        MissingError: there is nothing.
        FormatError: its kind cannot be told, or its content is damaged.
        InputError: nothing in it, ids that repeat, or an option that this kind does not take.
        UnknownNameError: a column or array that is not there.
        StorageError: it may not be read.
    """
    given = options or SourceOptions()
    place = Path(path).expanduser()
    if given.kind is not None and given.kind not in KINDS:
        raise InputError(
            f"--source-kind among {', '.join(KINDS)}", repr(given.kind), "choose one, or leave it out"
        )
    try:
        kind = given.kind or detect_kind(place, given)
        asked = _taken(kind, given)
        if kind != "folder":
            _check_file(place)
        return READERS[kind][0](place, **asked)
    except (MissingError, StorageError):
        raise
    except OSError as error:
        raise StorageError(
            f"to read {place}", error.strerror or str(error), "check the file and its permissions"
        ) from error


def detect_kind(path: Path, options: SourceOptions | None = None) -> str:
    """One of :data:`KINDS`, by what is in the file; for text, by its suffix and the options.

    Raises:
        MissingError: there is nothing.
        FormatError: it cannot be told, or is JSON that cannot be parsed.
        InputError: a single image, or an empty file.
    """
    given = options or SourceOptions()
    if path.is_dir():
        return "folder"
    _check_file(path)
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        raise InputError(f"a folder of images at {path}", "a file", f"give its folder: {path.parent}")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    binary = _binary_kind(path, head)
    if binary is not None:
        return binary
    if given.templates is not None and (suffix in (*TEXT_SUFFIXES, ".json") or not suffix):
        return "classes"
    if suffix in TABLE_SUFFIXES:
        return "table"
    if suffix in TEXT_SUFFIXES:
        return "text"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if suffix == ".json" or start in (b"{", b"["):
        return _json_kind(path, given)
    raise FormatError(
        f"a folder of images or a list of items at {path}",
        f"a file whose kind is not known ({suffix or 'no suffix'})",
        f"name it with --source-kind: {', '.join(KINDS)}",
    )


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(
            f"a folder of images or a list of items at {path}", "no such folder or file", "check the path"
        ) from None
    except ValueError as error:
        raise MissingError(f"a source at {path!r}", str(error), "check the path") from error
    if not path.is_file():
        raise InputError(f"a file at {path}", "something else", "give a file or a folder")
    if not size:
        raise InputError(f"items in {path}", "an empty file", "give a list that names something")


def _binary_kind(path: Path, head: bytes) -> str | None:
    if head.startswith(b"PK") and zipfile.is_zipfile(path):
        return "npz"
    if head.startswith((b"PAR1", b"ARROW1")):
        return "table"
    if head.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as file:
                head = file.read(4)
        except (OSError, EOFError, zlib.error) as error:
            raise FormatError(f"a whole gzip file in {path}", first_line(error), "copy it again") from error
    return "idx" if head[:3] == b"\0\0\x08" and head[3:4] in (b"\2", b"\3", b"\4") else None


def _json_kind(path: Path, given: SourceOptions) -> str:
    value = read_json(path, given.encoding)
    if isinstance(value, dict):
        if kind := _annotation_kind(value):
            return kind
        keys = f"a dictionary of {', '.join(sorted(map(str, value))[:8]) or 'nothing'}"
    elif isinstance(value, list) and value:
        if all(isinstance(entry, str) for entry in value):
            return "text" if given.templates is None else "classes"
        if all(isinstance(entry, dict) for entry in value):
            return "table"
        keys = "a list of other things"
    else:
        keys = json.dumps(value)[:80]
    raise FormatError(
        f"annotations of COCO, HICO-DET or V-COCO, or a list of texts or dictionaries, in {path}",
        keys,
        "give one of these, or a csv file",
    )


def _annotation_kind(value: Mapping[str, Any]) -> str | None:
    """Which annotations a dictionary holds, by its keys and those of the first annotation."""
    if {"annotation", "filenames"} <= value.keys():
        return "hicodet"
    first = _first(value.get("annotations"))
    if "boxes_h" in first:
        return "vcoco"
    if "images" not in value:
        return None
    for key, kind in (("caption", "coco-captions"), ("segments_info", "coco-panoptic"), ("bbox", _BOXES)):
        if key in first:
            return kind
    return _BOXES if "categories" in value else None


def _first(values: Any) -> Mapping[str, Any]:
    return values[0] if isinstance(values, list) and values and isinstance(values[0], dict) else {}


def _taken(kind: str, given: SourceOptions) -> dict[str, Any]:
    """The options that were given; raises :class:`InputError` for one that this kind would ignore."""
    taken = {}
    for field in fields(given):
        value = getattr(given, field.name)
        if field.name == "kind" or value is None:
            continue
        if field.name not in READERS[kind][1]:
            option = "--" + field.name.replace("_", "-")
            able = ", ".join(name for name, (_, options) in READERS.items() if field.name in options)
            raise InputError(
                f"options of a source of kind {kind!r}",
                f"{option}, which it does not take",
                f"leave {option} out; it is for {able}",
            )
        taken[field.name] = value
    return taken
