"""Text and JSON as people save them: UTF-8, with or without a byte order mark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, first_line

LINES = (".jsonl", ".ndjson")
"""Endings of files with one JSON value in each line."""

JSON_SUFFIXES = (".json", *LINES)


def read_text(path: Path) -> str:
    """A text file, its lines ended by line feeds.

    Raises:
        FormatError: not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error


def read_json(path: Path) -> Any:
    """The value of a JSON file; of ``.jsonl`` and ``.ndjson`` the list of the lines' values.

    Raises:
        FormatError: not JSON in UTF-8.
    """
    return load_json(path, lines=path.suffix.lower() in LINES)


def load_json(path: Path, *, lines: bool = False) -> Any:
    """The value of a JSON file; of one with a value in each line, their list.

    Raises:
        FormatError: not JSON in UTF-8.
    """
    text = read_text(path)
    if not lines:
        return _parse(text, f"JSON in {path}", "write the file again")
    return [
        _parse(line, f"JSON in line {number:,} of {path}", "write one dictionary a line")
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]


def _parse(text: str, expected: str, do: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(expected, first_line(error), do) from error


def not_utf8(path: Path, error: Exception) -> FormatError:
    """The refusal of text that is not UTF-8, with what it may be."""
    found = error.object[error.start : error.start + 12] if isinstance(error, UnicodeDecodeError) else b""
    shown = f"; cp1252 would read {found.decode('cp1252', 'replace')!r}" if found else ""
    return FormatError(
        f"UTF-8 text in {path}",
        f"{first_line(error)}{shown}",
        "name the encoding, for example --encoding cp1252 or utf-16; or save the file as UTF-8",
    )
