"""Items: unique string ids, one type a column, nothing matched by position."""

from __future__ import annotations

import datetime
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from repscope.errors import InputError, VectorError
from repscope.study.items import as_items, check_ids


def test_without_items_the_ids_count() -> None:
    assert as_items(None, 3, "s").to_pydict() == {"id": ["0", "1", "2"]}
    assert as_items({}, 2, "s").to_pydict() == {"id": ["0", "1"]}
    assert as_items({"label": ["a", "b"]}, 2, "s").to_pydict() == {"id": ["0", "1"], "label": ["a", "b"]}


def test_id_is_the_first_column_and_text() -> None:
    for ids in ([7, 8], [7.0, 8.0], np.array([7, 8], np.uint8), torch.tensor([7, 8]), pa.array(["7", "8"])):
        table = as_items({"label": ["a", "b"], "id": ids}, 2, "s")
        assert table.column_names == ["id", "label"]
        assert table.schema.field("id").type == pa.string()
        assert table.column("id").to_pylist() == ["7", "8"]


@pytest.mark.parametrize(
    ("values", "kind", "back"),
    [
        (["a", None], "string", ["a", None]),
        ([1, None], "int64", [1, None]),
        ([1.5, None], "double", [1.5, None]),
        ([True, False], "bool", [True, False]),
        ([None, None], "null", [None, None]),
        ([[1, 2], []], "list<item: int64>", [[1, 2], []]),
        ([["a"], None], "list<item: string>", [["a"], None]),
        ([{"x": 1}, {"x": 2}], "struct<x: int64>", [{"x": 1}, {"x": 2}]),
        ([b"\xff", b""], "binary", [b"\xff", b""]),
        (np.array(["a", "bc"]), "string", ["a", "bc"]),
        (np.array([b"a", b"bc"]), "string", ["a", "bc"]),
        (np.array(["a", None], object), "string", ["a", None]),
        (np.array([1, 2], ">i2"), "int16", [1, 2]),
        (np.array([1, 2], np.float16), "halffloat", [1.0, 2.0]),
        (np.array([[1, 2], [3, 4]]), "list<item: int64>", [[1, 2], [3, 4]]),
        (
            np.array(["2024-01-02", "NaT"], "datetime64[s]"),
            "timestamp[s]",
            [datetime.datetime(2024, 1, 2), None],
        ),
        (torch.tensor([1, 2]), "int64", [1, 2]),
        (torch.tensor([1.0, 2.0], dtype=torch.bfloat16), "float", [1.0, 2.0]),
        (pa.array(["a", "b"], pa.large_string()), "string", ["a", "b"]),
        (pa.array(["a", "b"], pa.string_view()), "string", ["a", "b"]),
        (pa.array(["a", "a"]).dictionary_encode(), "string", ["a", "a"]),
        (pa.chunked_array([["a"], ["b"]]), "string", ["a", "b"]),
        ((str(i) for i in range(2)), "string", ["0", "1"]),
        (range(2), "int64", [0, 1]),
    ],
)
def test_columns(values: Any, kind: str, back: list[Any]) -> None:
    column = as_items({"c": values}, 2, "s").column("c")
    assert str(column.type) == kind
    assert column.to_pylist() == back


def test_a_table_loses_its_metadata_and_nothing_else() -> None:
    table = pa.table({"x": [1, 2], "id": ["a", "b"]}).replace_schema_metadata({"pandas": "{}"})
    items = as_items(table, 2, "s")
    assert items.schema.metadata is None
    assert items.to_pydict() == {"id": ["a", "b"], "x": [1, 2]}


def test_a_slice_of_a_table() -> None:
    table = pa.table({"id": [str(i) for i in range(10)], "l": [[i] for i in range(10)]})
    assert as_items(table.slice(4, 2), 2, "s").to_pydict() == {"id": ["4", "5"], "l": [[4], [5]]}


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"],
        ["a", 1.5],
        [[1], 2],
        "ab",
        b"ab",
        {"x": 1, "y": 2},
        {"a", "b"},
        3,
        np.array(3),
        [2**70, 1],
        [1 + 2j, 0j],
        np.array([1j, 0j]),
        [object(), object()],
        ["\udcff", "a"],
        np.array([b"\xff", b"a"]),
    ],
    ids=lambda value: re.sub(r" at 0x[0-9a-f]+", "", repr(value)) if not isinstance(value, set) else "a set",
)
def test_columns_that_are_not_one_type(values: Any) -> None:
    with pytest.raises(InputError, match="values of one type in column 'c' of set 's'"):
        as_items({"c": values}, 2, "s")


def test_another_number_of_values() -> None:
    with pytest.raises(
        VectorError, match="expected 3 values in column 'c' of set 's', one for each vector; got 2"
    ):
        as_items({"c": [1, 2]}, 3, "s")
    with pytest.raises(VectorError, match="column 'id'"):
        as_items({"id": [1, 2]}, 3, "s")


@pytest.mark.parametrize("items", [[{"id": "a"}], "ab", 3])
def test_items_are_columns(items: Any) -> None:
    with pytest.raises(InputError, match="Arrow table or a mapping of columns"):
        as_items(items, 1, "s")


@pytest.mark.parametrize(
    "table",
    [
        pa.table([pa.array([1]), pa.array([2])], ["a", "a"]),
        pa.table([pa.array([1])], [""]),
    ],
)
def test_columns_have_names_of_their_own(table: pa.Table) -> None:
    with pytest.raises(InputError, match="names of their own"):
        as_items(table, 1, "s")


def test_the_column_of_vectors_is_reserved() -> None:
    with pytest.raises(InputError, match="one named 'vector'"):
        as_items({"vector": [1]}, 1, "s")


@pytest.mark.parametrize("ids", [["a", None], ["a", ""], [1.0, float("nan")], [None, None]])
def test_missing_ids(ids: list[Any]) -> None:
    with pytest.raises(InputError, match=r"an id for every row of set 's'; got [12] rows without"):
        as_items({"id": ids}, 2, "s")


def test_repeated_ids_are_named() -> None:
    with pytest.raises(InputError, match=r"2 ids that occur more than once \(a, c\)"):
        as_items({"id": ["a", "b", "a", "c", "c", "c"]}, 6, "s")
    with pytest.raises(InputError, match=r"more than once \(3\)"):
        as_items({"id": np.array([3, 3.0, "3"], object)}, 3, "s")


def test_check_ids_over_chunks() -> None:
    check_ids(pa.chunked_array([["a"], ["b"]]), "s")
    with pytest.raises(InputError, match="more than once"):
        check_ids(pa.chunked_array([["a"], ["a"]]), "s")


def test_ids_that_are_lists() -> None:
    with pytest.raises(InputError, match="the ids of set 's'"):
        as_items({"id": [[1], [2]]}, 2, "s")
