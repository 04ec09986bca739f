"""The list of formats is the list of readers."""

from __future__ import annotations

import re
from pathlib import Path

from repscope.formats.detect import FOLDERS
from repscope.formats.known import KNOWN, known_markdown, known_text
from repscope.formats.read import READERS


def test_every_reader_is_listed() -> None:
    assert set(KNOWN) == set(READERS)
    assert {name for name, one in KNOWN.items() if one.folder} == set(FOLDERS)
    for text in (known_markdown(), known_text()):
        assert all(name in text for name in READERS)


def test_the_page_imports_an_example_of_each() -> None:
    page = (Path(__file__).parents[2] / "docs" / "verbs" / "import.md").read_text(encoding="utf-8")
    files = [
        word for line in re.findall(r"^\$ repscope import (.*)$", page, re.MULTILINE) for word in line.split()
    ]
    shown = {kind for kind in FOLDERS if re.search(rf"--format {kind}\b", page)}
    shown |= {
        kind
        for kind, one in KNOWN.items()
        for end in one.endings.split()
        if any(f.endswith(end) for f in files)
    }
    assert set(KNOWN) - shown == set()
    assert "samples.json" in files
