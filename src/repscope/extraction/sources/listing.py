"""What every list of items needs: ids of its own, a digest of its columns, the files that it names."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from repscope.errors import FormatError, InputError, MissingError, UnknownNameError, name_some
from repscope.extraction.sources.base import Cell, Item, printable, size_of
from repscope.study.storage import json_hash

LOOKED_FOR = 200
"""File names that are tried when the folder of images is searched."""


def check_unique(ids: Iterable[str], where: Path | str, do: str) -> None:
    """Refuse ids that repeat, by name.

    Raises:
        InputError: some do.
    """
    repeated = [f"{name!r} {count}×" for name, count in Counter(ids).items() if count > 1]
    if repeated:
        raise InputError(
            f"an id of its own for every item of {where}", f"repeats ({name_some(repeated)})", do
        )


def refuse_gaps(values: Sequence[Cell], where: str, do: str) -> None:
    """Refuse a column of ids that lacks some; raises :class:`InputError`."""
    lacking = [row for row, value in enumerate(values, 1) if value is None or value == ""]
    if lacking:
        raise InputError(
            f"an id in every row of {where}", f"{len(lacking):,} rows without: row {name_some(lacking)}", do
        )


def refuse_empty(items: Sequence[object], where: Path, among: str) -> None:
    """Raise :class:`InputError` when a list names nothing."""
    if not items:
        raise InputError(f"items in {where}", f"none among {among}", "give a list that names something")


def need_columns(wanted: Sequence[str], have: Iterable[str], where: Path) -> None:
    """Raise :class:`UnknownNameError` when columns are not there."""
    have = list(have)
    if missing := [name for name in wanted if name not in have]:
        raise UnknownNameError(
            f"columns {name_some(missing)} in {where}", f"{name_some(have, 12)}", "choose among these"
        )


def describe(columns: Mapping[str, Cell]) -> str:
    """Hash of an item's columns, so that a set with old labels is not taken for one with new ones.

    The path is left out: a copy of the images elsewhere is the same source.
    """
    told = {name: value for name, value in columns.items() if name != "path"}
    return json_hash(told)[:16]


def absolute(file: Path) -> str:
    """The absolute path of a file, links and all, whether or not it is there."""
    # Not resolve(): a loop of links must reach the place where it is reported.
    return Path(os.path.abspath(file)).as_posix()  # noqa: PTH100


def find_file(folder: Path, written: str) -> Path:
    """The file that a list names, as systems write names: from ``folder``, and with what the disk calls it.

    A ``file://`` address is the path that it stands for. Where there is no file of exactly this name,
    backslashes are tried as slashes, and accents in one piece (NFC) and in two (NFD, as macOS writes them).
    """
    path = _of_address(written)
    if size_of(folder / path):
        return folder / path
    slashed = path.replace("\\", "/")
    for tried in dict.fromkeys(
        unicodedata.normalize(form, name) for name in (path, slashed) for form in ("NFC", "NFD")
    ):
        if size_of(folder / tried):
            return folder / tried
    return folder / path


def usual_name(name: str) -> str:
    """A name as :func:`find_file` compares it: slashes, and accents in one piece."""
    return unicodedata.normalize("NFC", _of_address(name).replace("\\", "/"))


def is_elsewhere(written: str) -> str:
    """Why a name is of no file here: a web address, or a file of another machine; "" if it may be one."""
    scheme, mark, rest = written.partition("://")
    if mark and scheme.lower() in ("http", "https", "s3", "gs", "ftp"):
        return "a web address; download it first"
    if mark and scheme.lower() == "file" and rest.partition("/")[0].lower() not in ("", "localhost"):
        return "a file of another machine; copy it first"
    return ""


def _of_address(written: str) -> str:
    scheme, mark, rest = written.partition("://")
    if not mark or scheme.lower() != "file":
        return written
    return unquote(f"/{rest.partition('/')[2]}")


def file_item(own: str, file: Path, described: Mapping[str, Cell]) -> Item:
    """The item of a file, with its path as the first column."""
    place = absolute(file)
    columns: dict[str, Cell] = {"path": printable(place), **described}
    return Item(own, size_of(Path(place)), columns, place, detail=describe(columns))


def find_images(path: Path, names: Sequence[str], given: str | Path | None) -> Path:
    """The folder that holds the images of an annotation file.

    Without ``given`` these are tried: the file's own folder, ``images`` in it, ``images`` beside it, and
    in each of those a folder named like the split (``val2017`` of ``captions_val2017.json``).

    Raises:
        MissingError: none of them holds one of the first images.
    """
    if given is not None:
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise MissingError(
                f"a folder of images at {folder}", "no such folder", "check the path after --images"
            )
        return folder
    split = path.stem.rpartition("_")[2]
    near = [path.parent, path.parent / "images", path.parent.parent / "images", path.parent.parent]
    folders = [place for folder in near for place in (folder, folder / split)]
    # Names at even distances first: of a partial copy the first ones may be absent.
    for tried in (names[:: max(1, len(names) // LOOKED_FOR)], names):
        for folder in folders:
            if folder.is_dir() and any(size_of(find_file(folder, name)) for name in tried):
                return folder
    raise MissingError(
        f"the images of {path}, such as {names[0]!r}" if names else f"images in {path}",
        f"none in {name_some(folders[:6], 6)}",
        "give their folder with --images",
    )


def records(value: Any, key: str, path: Path) -> list[dict[str, Any]]:
    """The list of dictionaries under ``key`` of an annotation file.

    Raises:
        FormatError: it is something else.
    """
    listed = value.get(key) if isinstance(value, dict) else None
    if not isinstance(listed, list) or not all(isinstance(record, dict) for record in listed):
        raise FormatError(
            f"a list of dictionaries under {key!r} in {path}",
            "nothing" if listed is None else f"a {type(listed).__name__} of something else",
            "check that this is the annotation file",
        )
    return listed
