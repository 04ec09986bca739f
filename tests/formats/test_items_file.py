"""Item columns from a second file: by id, or row by row, never by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import FormatError, LinkError, VectorError
from repscope.formats import Incoming
from repscope.formats.columns import to_column
from repscope.formats.items_file import join_items, read_items


def bare(n: int, **columns: list[Any]) -> Incoming:
    return Incoming(
        "a", np.ones((n, 3), "f4"), {key: to_column(values, key) for key, values in columns.items()}
    )


def written(tmp_path: Path, name: str, content: str) -> Path:
    (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path / name


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("items.csv", "id,label\nx,cat\ny,dog\n"),
        ("items.tsv", "id\tlabel\nx\tcat\ny\tdog\n"),
        ("items.json", json.dumps([{"id": "x", "label": "cat"}, {"id": "y", "label": "dog"}])),
        ("items.json", json.dumps({"id": ["x", "y"], "label": ["cat", "dog"]})),
        ("items.jsonl", '{"id": "x", "label": "cat"}\n\n{"id": "y", "label": "dog"}\n'),
    ],
    ids=["csv", "tsv", "records", "columns", "jsonl"],
)
def test_tables_of_every_form(tmp_path: Path, name: str, content: str) -> None:
    items = read_items(written(tmp_path, name, content))
    joined = join_items(bare(2), items, "items")
    assert {key: values.to_pylist() for key, values in joined.columns.items()} == {
        "id": ["x", "y"],
        "label": ["cat", "dog"],
    }
    assert "row by row" in joined.notes[-1]


@pytest.mark.parametrize(("name", "content"), [("n.json", '["cat", "dog"]'), ("n.txt", "cat\ndog\n")])
def test_a_list_of_names_is_the_label(tmp_path: Path, name: str, content: str) -> None:
    items = read_items(written(tmp_path, name, content))
    assert join_items(bare(2), items, name).columns["label"].to_pylist() == ["cat", "dog"]
    beside = join_items(bare(2, label=["0", "1"]), items, name)
    assert beside.columns["label"].to_pylist() == ["0", "1"]
    assert beside.columns["text"].to_pylist() == ["cat", "dog"]


def test_ids_win_over_the_order(tmp_path: Path) -> None:
    items = read_items(written(tmp_path, "items.csv", "id,label\nz,fox\ny,dog\nx,cat\n"))
    joined = join_items(bare(2, id=["x", "y"]), items, "items.csv")
    assert joined.columns["label"].to_pylist() == ["cat", "dog"]
    assert "by id" in joined.notes[-1]


def test_ids_as_numbers_and_as_text_are_the_same(tmp_path: Path) -> None:
    items = read_items(written(tmp_path, "items.csv", "id,label\n2,dog\n1,cat\n"))
    assert join_items(bare(2, id=[1, 2]), items, "items.csv").columns["label"].to_pylist() == ["cat", "dog"]


@pytest.mark.parametrize(
    ("one", "content", "error", "says"),
    [
        (bare(3), "label\ncat\ndog\n", VectorError, "3 rows in items.csv"),
        (bare(2, id=["x", "q"]), "id,label\nx,cat\ny,dog\n", LinkError, "1 missing (q)"),
        (bare(2, id=["x", "y"]), "id,label\nx,cat\nx,dog\ny,fox\n", LinkError, "x repeat"),
        (
            bare(2, label=["a", "b"]),
            "label,n\ncat,1\ndog,2\n",
            FormatError,
            "label, which the set already has",
        ),
    ],
)
def test_what_does_not_fit(
    tmp_path: Path, one: Incoming, content: str, error: type[Exception], says: str
) -> None:
    items = read_items(written(tmp_path, "items.csv", content))
    with pytest.raises(error) as caught:
        join_items(one, items, "items.csv")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", "[1, 2"),
        ("a.json", '"text"'),
        ("a.json", '{"a": [1], "b": [1, 2]}'),
        ("a.json", '{"a": 1}'),
        ("a.json", '[{"a": 1}, 2]'),
        ("a.json", "[" * 100_000),
    ],
)
def test_damaged_tables(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(FormatError):
        read_items(written(tmp_path, name, content))


def test_an_array_is_no_table(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(3))
    with pytest.raises(FormatError, match="a npy file"):
        read_items(tmp_path / "a.npy")
