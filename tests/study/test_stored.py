"""Rows of several shards read as the one matrix that they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.study import EmbeddingSet, Study
from repscope.study.stored import StoredRows

SIZES = st.lists(st.integers(0, 5), min_size=1, max_size=5)


def made(sizes: list[int], dtype: str = "f4") -> tuple[StoredRows, np.ndarray]:
    """Chunks of these sizes, and the one array that they stand for."""
    whole = np.arange(sum(sizes) * 3, dtype=dtype).reshape(-1, 3)
    return StoredRows(np.split(whole, np.cumsum(sizes)[:-1])), whole


def same(found: np.ndarray, expected: np.ndarray) -> None:
    assert isinstance(found, np.ndarray)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


@settings(max_examples=60)
@given(SIZES, st.sampled_from(["f2", "f4"]), st.data())
def test_reads_like_the_joined_chunks(sizes: list[int], dtype: str, data: st.DataObject) -> None:
    rows, whole = made(sizes, dtype)
    n = len(whole)
    assert (len(rows), rows.shape, rows.ndim, rows.dtype) == (n, whole.shape, 2, whole.dtype)
    bound = st.none() | st.integers(-n - 2, n + 2)
    steps = st.sampled_from([None, 1, 2, 3, -1, -2])
    part = slice(data.draw(bound), data.draw(bound), data.draw(steps))
    same(rows[part], whole[part])
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool)
    same(rows[mask], whole[mask])
    numbers = data.draw(st.lists(st.integers(-n, n - 1), max_size=12)) if n else []
    same(rows[numbers], whole[numbers])
    for kind in ("i2", "i8"):
        same(rows[np.array(numbers, kind)], whole[np.array(numbers, kind)])
    for number in numbers:
        same(rows[number], whole[number])
        same(rows[np.int64(number)], whole[number])
    same(np.asarray(rows), whole)
    same(np.asarray(rows, np.float64), whole.astype(np.float64))
    same(np.stack(list(rows)) if n else np.empty((0, 3), dtype), whole)


@settings(max_examples=30)
@given(SIZES, st.integers(0, 8))
def test_rows_out_of_range_are_an_index_error(sizes: list[int], past: int) -> None:
    rows, _ = made(sizes)
    n = len(rows)
    for wrong in (n + past, -n - 1 - past):
        for asked in (wrong, [wrong], np.array([0, wrong]) if n else np.array([wrong])):
            with pytest.raises(IndexError, match=f"row {wrong} of {n}"):
                rows[asked]


@pytest.mark.parametrize(
    "asked",
    [
        np.ones(4, bool), np.ones(6, bool), np.zeros(0, bool), [0.0, 1.0], "a", None, [[0, 1]], (0, 1),
        (slice(None), 0), True, np.zeros((5, 3), bool), Ellipsis,
    ],
)  # fmt: skip
def test_what_is_no_row_is_an_index_error(asked: object) -> None:
    rows, _ = made([2, 3])
    with pytest.raises(IndexError, match="rows by numbers or a mask of 5 booleans"):
        rows[asked]


def test_rows_in_order_within_a_chunk_are_a_view() -> None:
    whole = np.arange(12.0).reshape(6, 2)
    rows = StoredRows([whole[:4], whole[4:]])
    assert np.shares_memory(rows[1:3], whole)
    assert np.shares_memory(rows[4:], whole)
    assert not np.shares_memory(rows[3:5], whole)
    assert not np.shares_memory(rows[[1]], whole)
    with pytest.raises(ValueError, match="without a copy"):
        np.array(rows, copy=False)


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [np.zeros((2, 3)), np.zeros((2, 4))],
        [np.zeros((2, 3)), np.zeros((2, 3), np.float16)],
        [np.zeros(3)],
    ],
)
def test_chunks_that_are_no_matrix_are_refused(chunks: list[np.ndarray]) -> None:
    with pytest.raises(ValueError, match="matrices of one dtype and width"):
        StoredRows(chunks)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_rows_of_a_set_are_as_stored(tmp_path: Path, dtype: type[np.floating]) -> None:
    values = np.random.default_rng(0).normal(size=(23, 4)).astype(dtype)
    study = Study(tmp_path / "study")
    one, many = study.add("one", values), study.add("many", values, shard_rows=5)
    for found in (one, many, EmbeddingSet("memory", values)):
        assert found.rows.dtype == dtype
        same(np.asarray(found.rows), values)
        same(found.vectors, values.astype(np.float32))
        assert found.rows is found.rows
        with pytest.raises(ValueError, match="read-only"):
            found.rows[:2][0, 0] = 1
    assert isinstance(one.rows, np.ndarray)
    assert isinstance(many.rows, StoredRows)
    assert repr(many.rows) == f"StoredRows((23, 4), {np.dtype(dtype)}, 5 chunks)"
