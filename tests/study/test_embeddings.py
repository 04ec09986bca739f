"""A set in memory: fingerprint, columns, blocks, rows."""

from __future__ import annotations

import hashlib
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from repscope.errors import NameNotAllowedError, UnknownNameError, VectorError
from repscope.study import EmbeddingSet, Study

IDS = ["a", "é", "日本"]
VECTORS = np.array([[1, -2.5], [0, 3], [1e-3, 65504]], np.float32)

id_text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)


def by_hand(ids: list[str], vectors: np.ndarray[Any, Any]) -> str:
    """The fingerprint as its documentation defines it, byte by byte."""
    n, d = vectors.shape
    form = {"float16": "<e", "float32": "<f"}[vectors.dtype.name]
    names = b"".join(struct.pack("<I", len(one.encode("utf-8"))) + one.encode("utf-8") for one in ids)
    numbers = b"".join(struct.pack(form, float(value)) for row in vectors for value in row)
    head = f"{n}x{d}:{vectors.dtype.name}:".encode("ascii")
    whole = head + hashlib.sha256(names).digest() + hashlib.sha256(numbers).digest()
    return hashlib.sha256(whole).hexdigest()[:32]


def test_the_fingerprint_never_changes() -> None:
    assert EmbeddingSet("s", VECTORS, {"id": IDS}).fingerprint == "bd34184ffed6344864ab466338dca533"
    assert (
        EmbeddingSet("s", VECTORS.astype("f2"), {"id": IDS}).fingerprint == "96c2dfd3b803b6c7f0fe8a99fd0256c8"
    )


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_fingerprint_by_hand(data: st.DataObject) -> None:
    ids = data.draw(st.lists(id_text, min_size=1, max_size=6, unique=True))
    shape = (len(ids), data.draw(st.integers(1, 4)))
    dtype = data.draw(st.sampled_from([np.float16, np.float32]))
    finite = npst.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False)
    vectors = data.draw(npst.arrays(dtype, shape, elements=finite))
    assert EmbeddingSet("s", vectors, {"id": ids}).fingerprint == by_hand(ids, vectors)


def test_what_changes_the_fingerprint_and_what_does_not(tmp_path: Path) -> None:
    base = EmbeddingSet("s", VECTORS, {"id": IDS}).fingerprint
    bit = VECTORS.copy()
    bit.view(np.uint32)[1, 1] ^= 1
    zero = VECTORS.copy()
    zero[1, 0] = -0.0
    different = [
        EmbeddingSet("s", VECTORS[::-1], {"id": IDS}),
        EmbeddingSet("s", VECTORS[::-1], {"id": IDS[::-1]}),
        EmbeddingSet("s", VECTORS, {"id": ["a", "e", "日本"]}),
        EmbeddingSet("s", VECTORS, {"id": ["aé", "日", "本"]}),
        EmbeddingSet("s", bit, {"id": IDS}),
        EmbeddingSet("s", zero, {"id": IDS}),
        EmbeddingSet("s", VECTORS.astype(np.float16), {"id": IDS}),
        EmbeddingSet("s", VECTORS.reshape(2, 3), {"id": IDS[:2]}),
        EmbeddingSet("s", VECTORS[:2], {"id": IDS[:2]}),
    ]
    fingerprints = [one.fingerprint for one in different]
    assert base not in fingerprints
    assert len(set(fingerprints)) == len(different)

    study = Study(tmp_path / "study")
    same = [
        EmbeddingSet("other", VECTORS, {"id": IDS, "label": [1, 2, 3]}, provenance={"model": "m"}),
        EmbeddingSet("s", VECTORS.astype(np.float64), {"id": IDS}),
        EmbeddingSet("s", np.asfortranarray(VECTORS), {"id": IDS}),
        EmbeddingSet("s", VECTORS.astype(">f4"), {"id": IDS}),
        *(study.add(f"by {rows}", VECTORS, {"id": IDS}, shard_rows=rows) for rows in (1, 2, 3)),
    ]
    assert {one.fingerprint for one in same} == {base}


def test_a_set_describes_itself() -> None:
    one = EmbeddingSet("my set", VECTORS, {"label": [1, 2, 3], "id": IDS})
    assert (one.n, one.d, len(one), one.dtype, one.columns) == (3, 2, 3, np.float32, ["id", "label"])
    assert repr(one) == "EmbeddingSet('my set', n=3, d=2, float32, columns=['id', 'label'])"
    assert one.ids.tolist() == IDS
    assert np.array_equal(np.asarray(one), VECTORS)
    assert np.asarray(one, np.float64).dtype == np.float64


def test_nothing_reaches_the_stored_numbers() -> None:
    one = EmbeddingSet("s", VECTORS.copy(), {"id": IDS})
    for array in (one.vectors, one.ids, next(one.blocks()), np.asarray(one)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    own = np.array(one)
    own[0] = 7
    assert np.array_equal(one.vectors, VECTORS)


def test_names_are_checked() -> None:
    with pytest.raises(NameNotAllowedError):
        EmbeddingSet("../x", VECTORS)


@pytest.mark.parametrize(
    ("values", "back"),
    [
        (["a", None, "b"], ["a", None, "b"]),
        ([1, 2, 3], [1, 2, 3]),
        ([1, None, 3], [1.0, np.nan, 3.0]),
        ([2**53 + 1, None, 3], [2**53 + 1, None, 3]),
        ([-(2**62), None, None], [-(2**62), None, None]),
        ([1.5, None, np.nan], [1.5, np.nan, np.nan]),
        ([True, None, False], [True, None, False]),
        ([None, None, None], [None, None, None]),
    ],
)
def test_column(values: list[Any], back: list[Any]) -> None:
    found = EmbeddingSet("s", VECTORS, {"c": values}).column("c")
    assert found.shape == (3,)
    assert repr(found.tolist()) == repr(back)


def test_columns_of_times_and_lists() -> None:
    times = np.array(["2024-01-02", "NaT", "2024-01-03"], "datetime64[s]")
    one = EmbeddingSet("s", VECTORS, {"t": times, "l": [[1], [], None]})
    assert np.array_equal(one.column("t"), times, equal_nan=True)
    lists = one.column("l")
    assert lists[0].tolist() == [1]
    assert lists[2] is None


def test_no_such_column() -> None:
    with pytest.raises(
        UnknownNameError, match=r"a column of set 's'; got 'nope'; do: choose one of id, label"
    ):
        EmbeddingSet("s", VECTORS, {"label": [1, 2, 3]}).column("nope")


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingSet:
    """23 rows in shards of 7."""
    rng = np.random.default_rng(0)
    study = Study(tmp_path_factory.mktemp("study"))
    items = {"id": [f"i{k}" for k in range(23)], "label": [k % 3 for k in range(23)]}
    return study.add("s", rng.normal(size=(23, 5)).astype("f2"), items, shard_rows=7)


@pytest.mark.parametrize("rows", [None, 1, 2, 7, 100])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_blocks_are_the_vectors_in_order(sharded: EmbeddingSet, rows: int | None, dtype: Any) -> None:
    blocks = list(sharded.blocks(rows, dtype))
    assert all(block.dtype == dtype and 1 <= len(block) <= (rows or 7) for block in blocks)
    assert np.array_equal(np.concatenate(blocks), sharded.vectors.astype(dtype))


@pytest.mark.parametrize("rows", [0, -1])
def test_blocks_of_nothing(sharded: EmbeddingSet, rows: int) -> None:
    with pytest.raises(VectorError, match="at least one row"):
        next(sharded.blocks(rows))


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.integers(0, 22), min_size=1, unique=True))
def test_take_is_indexing(sharded: EmbeddingSet, rows: list[int]) -> None:
    taken = sharded.take(rows, "some")
    assert taken.name == "some"
    assert taken.dtype == sharded.dtype
    assert np.array_equal(taken.vectors, sharded.vectors[rows])
    assert taken.items.to_pydict() == sharded.items.take(pa.array(rows)).to_pydict()
    mask = np.zeros(23, bool)
    mask[rows] = True
    assert np.array_equal(sharded.take(mask).vectors, sharded.vectors[mask])


def test_take_knows_its_parent(sharded: EmbeddingSet) -> None:
    taken = sharded.take([3])
    assert taken.provenance["parents"] == [{"name": "s", "fingerprint": sharded.fingerprint}]
    assert "command" not in taken.provenance
    assert taken.fingerprint != sharded.fingerprint


@pytest.mark.parametrize("rows", [[23], [-1], [1, 1], [], [True, False]])
def test_take_of_rows_that_are_none(sharded: EmbeddingSet, rows: list[Any]) -> None:
    with pytest.raises(VectorError, match="of set 's'"):
        sharded.take(rows)


def test_few_rows_and_blocks_cost_little_memory(tmp_path: Path) -> None:
    n, d = 40_000, 64
    study = Study(tmp_path / "study")
    study.add("s", np.ones((n, d), np.float16), shard_rows=n // 8)
    big = study["s"]
    tracemalloc.start()
    try:
        taken = big.take([0, n // 2, n - 1])
        few = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        total = sum(float(block.sum()) for block in big.blocks(1000))
        scan = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        whole = big.vectors.nbytes
        everything = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken.vectors.sum() == 3 * d
    assert total == n * d
    assert few < 100_000
    assert scan < 4 * 1000 * d * 4
    assert whole <= everything < 1.1 * whole
