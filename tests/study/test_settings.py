"""study.toml: read by tomllib, changed by tomlkit so that what a person wrote stays."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import CorruptError, InputError, NameNotAllowedError, StorageError
from repscope.study import SetLink, Study
from repscope.study.settings import SCHEMA, load_settings, save_settings

text = st.text(st.characters(codec="utf-8"), max_size=8)
plain = (
    text
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.dates()
    | st.datetimes()
    | st.times()
)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(text, values, max_size=5))
def test_what_is_written_is_read(table: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert save_settings(Path(folder), table) == table
        assert tomllib.loads((Path(folder) / "study.toml").read_text(encoding="utf-8")) == table


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(text, values, max_size=4), st.dictionaries(text, values, max_size=3))
def test_what_is_changed_is_read(before: dict[str, Any], changes: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        save_settings(Path(folder), before)
        assert save_settings(Path(folder), changes) == {**before, **changes}


@pytest.mark.parametrize("value", [None, b"x", object(), [1, None], {"a": {1, 2}}])
def test_values_that_toml_has_not(tmp_path: Path, value: Any) -> None:
    with pytest.raises(InputError, match="a value that TOML can hold at key"):
        save_settings(tmp_path, {"key": value})
    assert list(tmp_path.iterdir()) == []


def test_readable_output(tmp_path: Path) -> None:
    table = {
        "schema": SCHEMA,
        "name": 'my "study"',
        "stages": {"main": ["a", "b c"]},
        "links": [{"left": "a", "right": "t", "on": "label"}],
    }
    save_settings(tmp_path, table)
    assert (tmp_path / "study.toml").read_text() == (
        'schema = "repscope.study/1"\n'
        'name = "my \\"study\\""\n'
        "\n[stages]\n"
        'main = ["a", "b c"]\n'
        "\n[[links]]\n"
        'left = "a"\nright = "t"\non = "label"\n'
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"schema = ", "TOML"),
        (b"\xff\xfe", "TOML"),
        (b"[" * 100_000, "TOML"),
        (b"", "schema"),
        (b'schema = "repscope.study/99"', "schema"),
        (b"name = 3", "schema"),
        (b'schema = "repscope.study/1"\nname = 3', "a string as 'name'"),
        (b'schema = "repscope.study/1"\ndescription = []', "a string as 'description'"),
        (b'schema = "repscope.study/1"\nstages = 3', "stages"),
        (b'schema = "repscope.study/1"\n[stages]\na = "b"', "stages"),
        (b'schema = "repscope.study/1"\n[stages]\na = [1]', "stages"),
        (b'schema = "repscope.study/1"\nlinks = 3', "links"),
        (b'schema = "repscope.study/1"\n[[links]]\nleft = "a"', "links"),
        (b'schema = "repscope.study/1"\n[[links]]\nleft = "a"\nright = 3', "links"),
        (b'schema = "repscope.study/1"\n[[links]]\nleft = "a"\nright = "b"\nby = "c"', "links"),
    ],
)
def test_files_that_are_no_settings(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "study.toml").write_bytes(content)
    with pytest.raises(CorruptError, match=problem) as caught:
        Study(tmp_path)
    assert "study.toml" in str(caught.value)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "study.toml").mkdir()
    with pytest.raises(StorageError, match="to read"):
        Study(tmp_path)


def test_by_hand(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        """
        # my notes
        schema = "repscope.study/1"
        name = "Générations"
        description = "three of them"
        [stages]
        recursive = ["gen 0", "gen 4", "gen 10"]
        [[links]]
        left = "gen 0"
        right = "text"
        on = "caption_id"
        [[links]]
        left = "gen 0"
        right = "gen 4"
        [run]
        steps = ["extract", "compare"]
        """,
        encoding="utf-8",
    )
    study = Study.open(tmp_path)
    assert study.name == "Générations"
    assert study.description == "three of them"
    assert study.stages == {"recursive": ["gen 0", "gen 4", "gen 10"]}
    assert study.links == [SetLink("gen 0", "text", "caption_id"), SetLink("gen 0", "gen 4", "id")]

    before = (tmp_path / "study.toml").read_bytes()
    study.add("gen 0", [[1.0, 2.0]])
    assert (tmp_path / "study.toml").read_bytes() == before

    study.configure(description="more")
    again = Study.open(tmp_path)
    assert again.description == "more"
    assert again.stages == study.stages
    assert again.links == study.links
    assert load_settings(tmp_path)["run"] == {"steps": ["extract", "compare"]}


def test_what_a_person_wrote_stays(tmp_path: Path) -> None:
    """Comments, order, unknown keys and the way that values are written, wherever nothing changed."""
    written = """\
# my notes
schema = "repscope.study/1"
name    =   'as I like it'   # mine
colour = "blue"

[stages]
# from the paper
first = [
    "a",  # before
    "b",
]
second = ["c", "d"]  # old
[[links]]
left = "a"  # pictures
right = "text"
on = "label"

[run]  # of mine
steps = [1,2]
"""
    (tmp_path / "study.toml").write_text(written)
    study = Study.open(tmp_path)
    same = study.configure(name=study.name, stages=study.stages, links=study.links).settings
    assert (tmp_path / "study.toml").read_text() == written
    assert same == tomllib.loads(written)
    study.configure(
        description='new "one"', stages={"first": ["a", "b"], "third": ["e", "f"]}, links=[*study.links]
    )
    now = (tmp_path / "study.toml").read_text()
    lost = [line for line in written.splitlines() if line not in now.splitlines()]
    assert lost == ['second = ["c", "d"]  # old']
    assert Study.open(tmp_path).stages == {"first": ["a", "b"], "third": ["e", "f"]}
    assert Study.open(tmp_path).settings["colour"] == "blue"
    assert 'description = "new \\"one\\""' in now
    study.configure(links=[SetLink("a", "b")])
    again = Study.open(tmp_path)
    assert again.links == [SetLink("a", "b", "id")]
    assert again.settings["run"] == {"steps": [1, 2]}
    assert "# from the paper" in (tmp_path / "study.toml").read_text()


def test_configure_writes_all(tmp_path: Path) -> None:
    study = Study(tmp_path / "new study").configure(
        name="N", description="D", stages={"all": ["a", "b"]}, links=[SetLink("a", "b")]
    )
    again = Study.open(tmp_path / "new study")
    assert (again.name, again.description, again.stages) == ("N", "D", {"all": ["a", "b"]})
    assert again.links == [SetLink("a", "b", "id")]
    assert again.settings == study.settings


@pytest.mark.parametrize("order", [["a"], ["a", "a"], [], "ab"])
def test_orders_of_fewer_than_two(tmp_path: Path, order: Any) -> None:
    with pytest.raises(InputError, match="two or more different sets in stage order 'x'"):
        Study(tmp_path).configure(stages={"x": order})


def test_orders_and_links_hold_names(tmp_path: Path) -> None:
    study = Study(tmp_path)
    with pytest.raises(NameNotAllowedError):
        study.configure(stages={"x": ["a", "../b"]})
    with pytest.raises(NameNotAllowedError):
        study.configure(links=[SetLink("a", "/b")])
    assert study.stages == {}
