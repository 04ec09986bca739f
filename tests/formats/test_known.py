"""The list of formats is the list of readers."""

from __future__ import annotations

from repscope.formats.detect import FOLDERS
from repscope.formats.known import KNOWN, known_markdown, known_text
from repscope.formats.read import READERS


def test_every_reader_is_listed() -> None:
    assert set(KNOWN) == set(READERS)
    assert {name for name, one in KNOWN.items() if one.folder} == set(FOLDERS)
    for text in (known_markdown(), known_text()):
        assert all(name in text for name in READERS)
