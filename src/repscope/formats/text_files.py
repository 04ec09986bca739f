"""Text and JSON as people save them: UTF-8, with or without a byte order mark."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, UnknownNameError, first_line

LINES = (".jsonl", ".ndjson")
"""Endings of files with one JSON value in each line."""

JSON_SUFFIXES = (".json", *LINES)


MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The first bytes of text in other encodings than UTF-8; the longer first."""


def read_text(path: Path, encoding: str | None = None) -> str:
    """A text file, its lines ended by line feeds.

    Args:
        path: of the file.
        encoding: of its text; by default UTF-8, and UTF-16 and UTF-32 by their mark.

    Raises:
        FormatError: not in that encoding.
        UnknownNameError: there is no such encoding.
    """
    data = path.read_bytes()
    wanted = encoding or next((name for mark, name in MARKS if data.startswith(mark)), "utf-8-sig")
    check_encoding(wanted)
    try:
        return data.decode(wanted).removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeError as error:
        if encoding is None:
            # Bytes that only look like a mark are no text in UTF-8 either.
            raise not_utf8(path, error) from error
        raise FormatError(
            f"text in {wanted} in {path}", first_line(error), "name another --encoding"
        ) from error


def check_encoding(encoding: str) -> codecs.IncrementalDecoder:
    """A decoder of that encoding.

    Raises:
        UnknownNameError: there is no such encoding of text.
    """
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        decoder.decode(b"")
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise UnknownNameError(
            "a text encoding that Python knows, for --encoding",
            repr(encoding),
            "for example utf-16, cp1252, latin-1",
        ) from error
    return decoder


def read_json(path: Path, encoding: str | None = None) -> Any:
    """The value of a JSON file; of ``.jsonl`` and ``.ndjson`` the list of the lines' values.

    Raises:
        FormatError: not JSON in UTF-8, or the encoding given.
    """
    return load_json(path, lines=path.suffix.lower() in LINES, encoding=encoding)


def load_json(path: Path, *, lines: bool = False, encoding: str | None = None) -> Any:
    """The value of a JSON file; of one with a value in each line, their list.

    Raises:
        FormatError: not JSON in UTF-8, or the encoding given.
    """
    text = read_text(path, encoding)
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
