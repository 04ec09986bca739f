"""Names stay inside the study, on every file system."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import NameNotAllowedError
from repscope.study.names import LONGEST, check_name, inside, is_name, safe_name

ALLOWED = [
    "a",
    "visual_before",
    "gen 10",
    "v1.2",
    "é",
    "日本語",
    "модель+1",
    "a-b",
    "😀",
    "console",
    "com10",
    "nul_",
]

REFUSED = [
    "",
    " ",
    " a",
    "a ",
    "a\u00a0",
    ".",
    "..",
    ".hidden",
    "a.",
    "-x",
    "--json",
    "../x",
    "a/b",
    "/etc/passwd",
    "a\\b",
    "C:",
    "C:\\x",
    "a*",
    "a?",
    'a"b',
    "a<b",
    "a|b",
    "a\0b",
    "a\nb",
    "a\x1b[31m",
    "a\x7f",
    "a\u200bb",
    "a\u202eb",
    "a\u2028b",
    "\ud800",
    "x" * (LONGEST + 1),
    "é" * LONGEST,
    "x" * 100_000,
    "CON",
    "con",
    "con.txt",
    "Aux",
    "NUL.tar.gz",
    "COM1",
    "com¹",
    "lpt9.x",
    "conin$",
]


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed(name: str) -> None:
    assert check_name(name) == unicodedata.normalize("NFC", name)
    assert is_name(name)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(NameNotAllowedError, match="expected a plain name for a set"):
        check_name(name)
    assert not is_name(name)


@pytest.mark.parametrize("name", [None, 3, b"a", Path("a")])
def test_only_strings_are_names(name: object) -> None:
    with pytest.raises(NameNotAllowedError, match="not a string"):
        check_name(name)  # type: ignore[arg-type]


def test_composed_and_decomposed_are_one_name() -> None:
    assert check_name("cafe\u0301") == check_name("caf\u00e9") == "caf\u00e9"


def test_the_longest_name_is_a_file_name(tmp_path: Path) -> None:
    name = check_name("é" * (LONGEST // 2))
    (tmp_path / name).mkdir()
    assert (tmp_path / name).is_dir()


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=300) | st.sampled_from(REFUSED + ALLOWED))
def test_a_safe_name_is_always_allowed(text: str) -> None:
    assert check_name(safe_name(text)) == safe_name(text)


@pytest.mark.parametrize("name", ALLOWED)
def test_a_safe_name_leaves_an_allowed_one_alone(name: str) -> None:
    assert safe_name(name) == name


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=80))
def test_no_allowed_name_leaves_the_folder(text: str) -> None:
    try:
        name = check_name(text)
    except NameNotAllowedError:
        return
    root = Path("/study/sets")
    assert (root / name).parent == root
    assert Path(name).name == name
    assert not Path(name).is_absolute()


def test_inside_refuses_links_that_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (root / "out").symlink_to(tmp_path / "other")
    (root / "in").symlink_to(root / "real")
    (root / "loop").symlink_to(root / "loop")
    assert inside(root, root / "real") == root / "real"
    assert inside(root, root / "in") == root / "in"
    assert inside(root, root / "absent") == root / "absent"
    for bad in ("out", "out/deeper", "loop", "../other"):
        with pytest.raises(NameNotAllowedError, match="a path inside"):
            inside(root, root / bad)
    with pytest.raises(NameNotAllowedError, match="a path inside"):
        inside(root, root / "a\0b")
