"""JSON and JSON lines: what a record holds comes back, numbers as numbers, texts as texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError
from repscope.formats import Incoming, ReadOptions, read_sets

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["2020-01-02", "2020-01-02T10:11:12Z", "1.10", "NA", "null", "true", "[1.5, 2]"]
)
NUMBER = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: float(np.float32(x))) | st.integers(-99, 99)


def read(path: Path, **options: Any) -> Incoming:
    (one,) = read_sets(path, "a", ReadOptions(**options)).sets
    return one


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(NUMBER, min_size=3, max_size=3), min_size=2, max_size=6),
    cells=st.lists(TEXT, min_size=6, max_size=6),
    numbers=st.lists(st.integers(-(2**70), 2**70), min_size=6, max_size=6),
    where=st.sampled_from([("a.json", False), ("a", False), ("a.jsonl", True), ("a", True)]),
)
def test_records(
    tmp_path: Path, rows: list[Any], cells: list[str], numbers: list[int], where: tuple[str, bool]
) -> None:
    name, lines = where
    rows[0][0] = 0.5
    records = [
        {"id": f"i{at}", "name": cell, "n": number, "meta": {"day": cell}, "embedding": row}
        for at, (row, cell, number) in enumerate(zip(rows, cells, numbers, strict=False))
    ]
    text = "\n".join(map(json.dumps, records)) if lines else json.dumps(records)
    (tmp_path / name).write_text(text, encoding="utf-8")
    one = read(tmp_path / name)
    np.testing.assert_allclose(one.vectors, rows, rtol=1e-6)
    assert one.columns["name"].to_pylist() == cells[: len(rows)]
    assert [str(number) for number in one.columns["n"].to_pylist()] == list(map(str, numbers[: len(rows)]))
    # A dictionary in each record is spread over columns, or kept as a line of JSON.
    days = one.columns["day"] if "day" in one.columns else one.columns["meta"]
    kept = (
        [json.loads(cell)["day"] for cell in days.to_pylist()] if "meta" in one.columns else days.to_pylist()
    )
    assert kept == cells[: len(rows)]


def test_lines_of_vectors_and_of_pairs(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("[0.5, 1.5]\n[2.5, 3]\n")
    np.testing.assert_array_equal(read(tmp_path / "a.jsonl").vectors, [[0.5, 1.5], [2.5, 3]])
    (tmp_path / "b.jsonl").write_text('["a", [0.5, 1.5]]\n["b", [2.5, 3]]\n')
    assert read(tmp_path / "b.jsonl").columns["id"].to_pylist() == ["a", "b"]


def test_as_pandas_writes_frames(tmp_path: Path) -> None:
    text = '{"name": {"0": "a", "1": "b"}, "emb": {"0": [0.5, 1.5], "1": [2.5, 3.5]}}'
    (tmp_path / "a.json").write_text(text)
    one = read(tmp_path / "a.json")
    np.testing.assert_array_equal(one.vectors, [[0.5, 1.5], [2.5, 3.5]])
    assert one.columns["name"].to_pylist() == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", '{"a": [0.5, 1.5', "JSON in"),
        ("a.jsonl", '{"emb": [0.5, 1.5]}\n{"emb": [0.5', "line 2"),
        ("a.json", '{"a": 1, "b": "x"}', "an N×D array"),
        ("a.jsonl", '{"emb": [0.5, 1.5]}\n{"emb": [0.5]}\n', "lengths 1, 2"),
        (
            "a.jsonl",
            '{"lat": 0.5, "lon": 1.5, "v": [[0.5, 1], [1.5, 2]]}\n',
            "one vector in each cell of 'v'",
        ),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FormatError if "lengths" not in says else Exception) as caught:
        read(tmp_path / name)
    assert says in str(caught.value)


def test_brackets_without_an_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" * 3000)
    with pytest.raises(FormatError):
        read_sets(tmp_path / "a.json", "a")
