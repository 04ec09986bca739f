"""Text and JSON as people save them."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from repscope.errors import FormatError
from repscope.formats.text_files import read_json, read_text


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_marks_and_line_ends_are_no_part_of_the_text(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(mark + '["café",\r\n1]'.encode())
    assert read_text(path) == '["café",\n1]'
    assert read_json(path) == ["café", 1]


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".JSONL"])
def test_lines(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    # A separator of lines within a text is no end of the line.
    path.write_bytes('{"a": "x\u2028y"}\r\n\n[2]'.encode())
    assert read_json(path) == [{"a": "x\u2028y"}, [2]]
    path.write_text("1\n\n{")
    with pytest.raises(FormatError, match=r"JSON in line 3 of .*got Expecting property name"):
        read_json(path)


@pytest.mark.parametrize("raw", [b"{", b"", b"[" * 100_000, b'"\xff"'])
def test_what_is_no_json(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(raw)
    with pytest.raises(FormatError, match=r"(JSON|UTF-8 text) in"):
        read_json(path)
