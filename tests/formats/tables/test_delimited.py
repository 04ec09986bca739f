"""Text tables: what was written in a column that is no vector comes back to the letter."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.tables.load import load_columns

PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6)
SPELLINGS = st.one_of(
    st.sampled_from(
        ["1.1", "1.10", "1e5", "100000", "1E5", "01", "1", "1.0", "+1", "-0", "0", "NA", "null", "None",
         "nan", "NaN", "true", "True", "TRUE", "false", "1_0", "0x10", "2020-01-02", "12:30", "inf", "1.",
         ".5", "0.50", "5e-1", "9007199254740993", "18446744073709551616", "", "#N/A"]
    ),
    st.integers(-100, 100).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-10, 10, places=2).map(str),
    PRINTABLE,
)  # fmt: skip


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(SPELLINGS, min_size=1, max_size=5))
def test_two_keys_are_one_only_if_they_were_written_alike(tmp_path: Path, cells: list[str]) -> None:
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL)
        writer.writerow(["name", "key", "x0", "x1"])
        writer.writerows([f"n{at}", cell, 0.5, at] for at, cell in enumerate(cells))
    key = read(tmp_path / "a.csv").columns["key"]
    np.testing.assert_array_equal(key.to_pylist(), load_columns(tmp_path / "a.csv")["key"].to_pylist())
    back = ["" if value is None else value for value in key.to_pylist()]
    for first, one in zip(cells, back, strict=True):
        assert [one == other for other in back] == [first == written for written in cells]
    if pa.types.is_string(key.type):
        assert back == cells


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2"], "int64"),
        (["1", ""], "int64"),
        (["0.1", "0.3333333333333333"], "double"),
        (["0.0", "1e-05"], "double"),
        (["0", "0.5"], "double"),
        (["True", "False"], "bool"),
        (["true", "false"], "bool"),
        (["true", "True"], "string"),
        (["1.10", "1.1"], "string"),
        (["1", "NA"], "string"),
        (["2020-01-02", "2021-01-02"], "string"),
    ],
)
def test_numbers_stay_numbers_where_nothing_is_lost(tmp_path: Path, cells: list[str], kind: str) -> None:
    rows = "".join(f"{cell},0.5,{at}\n" for at, cell in enumerate(cells))
    (tmp_path / "a.csv").write_text(f"key,x0,x1\n{rows}")
    assert str(read(tmp_path / "a.csv").columns["key"].type) == kind


def test_decimal_commas(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;year;x0;x1\na;2000;0,5;-1,25\nb;2001;1e-3;2\n")
    one = read(tmp_path / "a.csv")
    np.testing.assert_allclose(one.vectors, [[0.5, -1.25], [0.001, 2]])
    assert one.columns["year"].to_pylist() == [2000, 2001]


def test_thousands_are_not_taken_for_decimals(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;lat;lon;x0;x1\na;0.5;1.5;1,500;2,250\n")
    with pytest.raises(FormatError, match="decimals or thousands"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# made by a tool\n# 2020\nid,x0,x1\na,0.5,1.5\n", ["id"]),
        ("id, x0, x1\na, 0.5, 1.5\n", ["id"]),
        ("# u,v\n0.5,1.5\n", []),
        ("a,0.5,1.5\nb,2.5,3.5\n", ["key"]),
        ("a\t0.5\t1.5\nb\t2.5\t3.5\n", ["key"]),
        ('"i\nd",x0,x1\na,0.5,1.5\n', ["i\nd"]),
    ],
    ids=["comments", "spaces", "savetxt", "no names", "no names, tabs", "a name of two lines"],
)
def test_what_stands_before_the_rows(tmp_path: Path, text: str, names: list[str]) -> None:
    (tmp_path / "a.csv").write_text(text)
    one = read(tmp_path / "a.csv")
    np.testing.assert_array_equal(one.vectors[0], [0.5, 1.5])
    assert len(one.vectors) == (2 if text.splitlines()[-1].startswith("b") else 1)
    assert list(one.columns) == names


def read(path: Path, **options: Any) -> Incoming:
    (one,) = read_sets(path, path.stem, ReadOptions(**options)).sets
    return one
