"""Every format out and in again: the same ids, the same vectors, the same item columns."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import DTypeLike, NDArray

from repscope.errors import FormatError, InputError, UnknownNameError
from repscope.formats import Incoming, read_sets
from repscope.formats.arrays import write as write_arrays
from repscope.formats.arrays.write import write_npz, write_safetensors
from repscope.formats.outgoing import plain_items
from repscope.formats.tables.write import write_csv, write_parquet
from repscope.formats.write import TARGETS, target_for
from repscope.study import EmbeddingSet

TYPED = ["parquet", "arrow", "npz", "safetensors", "hf"]
TEXTS = ["csv", "tsv"]
EXTRAS = {"hf": "datasets", "h5ad": "anndata"}


def back(one: EmbeddingSet, kind: str) -> Incoming:
    target = TARGETS[kind]
    if kind in EXTRAS:
        pytest.importorskip(EXTRAS[kind], reason="an optional package")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{next(iter(target.suffixes + target.fits), '')}"
        target.write(one, path)
        (found,) = read_sets(path, "a").sets
        # A memory-mapped file may go away with its folder.
        return Incoming(found.name, np.array(found.vectors), dict(found.columns), found.key)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6)
CELLS: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "string": lambda: TEXT,
    "int64": lambda: st.integers(-(2**53), 2**53),
    "int8": lambda: st.integers(-128, 127),
    "double": lambda: st.floats(allow_nan=False),
    "float": lambda: st.floats(allow_nan=False, width=32),
    "bool": st.booleans,
}


@st.composite
def sets(draw: st.DrawFn, gaps: bool = True) -> EmbeddingSet:
    n, d = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    dtype = draw(st.sampled_from(["f2", "f4"]))
    numbers = st.floats(allow_nan=False, allow_infinity=False, width=16 if dtype == "f2" else 32)
    vectors = np.array(
        draw(st.lists(st.lists(numbers, min_size=d, max_size=d), min_size=n, max_size=n)), dtype
    )
    ids = draw(st.lists(TEXT.filter(bool), min_size=n, max_size=n, unique=True))
    columns: dict[str, Any] = {"id": pa.array(ids, pa.string())}
    for kind in draw(st.lists(st.sampled_from(sorted(CELLS)), max_size=4, unique=True)):
        cell = st.none() | CELLS[kind]() if gaps else CELLS[kind]()
        columns[f"a {kind}"] = pa.array(draw(st.lists(cell, min_size=n, max_size=n)), pa.type_for_alias(kind))
    return EmbeddingSet("a", vectors, pa.table(columns))


@pytest.mark.parametrize("kind", TYPED)
@given(one=sets())
@settings(max_examples=25, deadline=None)
def test_typed_formats_give_back_every_bit_and_every_type(kind: str, one: EmbeddingSet) -> None:
    found = back(one, kind)
    assert found.vectors.dtype == one.dtype
    again = EmbeddingSet("a", found.vectors, pa.table(dict(found.columns)))
    assert again.fingerprint == one.fingerprint
    assert again.items.equals(one.items)


@pytest.mark.parametrize("kind", TEXTS)
@given(one=sets())
@settings(max_examples=25, deadline=None)
def test_text_gives_back_ids_and_every_bit_of_the_vectors(kind: str, one: EmbeddingSet) -> None:
    found = back(one, kind)
    np.testing.assert_array_equal(found.vectors.astype("f4"), one.vectors)
    assert found.columns["id"].to_pylist() == one.ids.tolist()
    assert list(found.columns) == one.columns
    if "a int64" in one.columns and one.items["a int64"].null_count == 0:
        assert found.columns["a int64"].to_pylist() == one.items["a int64"].to_pylist()


def test_nested_values_and_dates_come_back_as_they_would_be_imported() -> None:
    items = {
        "id": ["a", "b"],
        "box": pa.array([[1, 2], None]),
        "day": pa.array([0, 1], pa.date32()),
        "note": ["[1, 2]", "x"],
    }
    one = EmbeddingSet("a", np.eye(2, dtype="f4"), items)
    for kind in TYPED:
        found = back(one, kind)
        assert found.columns["box"].to_pylist() == ["[1, 2]", None]
        assert found.columns["day"].to_pylist() == ["1970-01-01", "1970-01-02"]
        assert found.key in ("vector", "vectors")


def test_other_numbered_columns_are_not_taken_for_the_vectors() -> None:
    one = EmbeddingSet("a", np.eye(2, dtype="f4"), {"id": ["a", "b"], "x0": [1.0, 2.0], "x1": [3.0, 4.0]})
    for kind in [*TYPED, *TEXTS]:
        found = back(one, kind)
        np.testing.assert_array_equal(found.vectors, one.vectors)
        assert list(found.columns) == ["id", "x0", "x1"]


@pytest.mark.parametrize("kind", sorted(set(TARGETS) - {"npy"}))
def test_every_format_crosses_shards_in_order(kind: str) -> None:
    chunks = [np.full((rows, 3), rows, "f4") for rows in (2, 5, 1)]
    items = pa.table({"id": list("hgfedcba"), "label": list("xyxyxyxy")})
    one = EmbeddingSet("a", chunks, items, trusted=True)
    found = back(one, kind)
    assert EmbeddingSet("a", found.vectors, pa.table(dict(found.columns))).fingerprint == one.fingerprint
    assert found.columns["label"].to_pylist() == list("xyxyxyxy")


def test_npy_is_the_vectors(tmp_path: Path) -> None:
    one = EmbeddingSet("a", np.arange(6, dtype="f2").reshape(3, 2))
    TARGETS["npy"].write(one, tmp_path / "a.npy")
    read = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert read.dtype == np.float16
    np.testing.assert_array_equal(read, one.vectors)


def test_other_tools_read_what_is_written(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    vectors = np.random.default_rng(0).standard_normal((5, 3)).astype("f4")
    one = EmbeddingSet("a", vectors, {"id": list("abcde"), "label": [1, None, 3, 4, 5], "odd": [True] * 5})
    write_safetensors(one, tmp_path / "a.safetensors")
    tensors = load_file(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(tensors["vectors"], vectors)
    assert tensors["odd"].all()
    write_npz(one, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert archive["id"].tolist() == list("abcde")
        assert archive["label.missing"].tolist() == [False, True, False, False, False]
    write_parquet(one, tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column("label").to_pylist() == [1, None, 3, 4, 5]
    assert pc.list_value_length(table.column("vector")).unique().to_pylist() == [3]
    write_csv(one, tmp_path / "a.csv")
    assert (
        (tmp_path / "a.csv")
        .read_text()
        .startswith('"id","label","odd","vector_0","vector_1","vector_2"\n"a"')
    )


@pytest.mark.parametrize("kind", ["parquet", "arrow", "npy", "npz", "safetensors"])
def test_a_large_set_is_written_block_by_block(kind: str, tmp_path: Path) -> None:
    held: list[int] = []

    class Watched(EmbeddingSet):
        def blocks(self, rows: int | None = None, dtype: DTypeLike = np.float32) -> Iterator[NDArray[Any]]:
            for block in super().blocks(rows, dtype):
                held.append(pa.total_allocated_bytes() + tracemalloc.get_traced_memory()[0])
                yield block

    chunk = np.ones((16_384, 512), np.float32)
    ids = pc.cast(pa.array(np.arange(8 * len(chunk))), pa.string())
    one = Watched("a", [chunk] * 8, pa.table({"id": ids}), trusted=True)
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    TARGETS[kind].write(one, tmp_path / "a")
    tracemalloc.stop()
    # The vectors are 268 MB; what is held are ids, and at most two blocks of 33 MB.
    assert max(held) - before < 100e6
    assert len(held) == 8


def test_tensors_begin_at_multiples_of_their_width(tmp_path: Path) -> None:
    items = {
        "id": list("abc"),
        "odd": [True] * 3,
        "small": pa.array([1, 2, 3], pa.int16()),
        "score": [0.5] * 3,
    }
    write_safetensors(EmbeddingSet("a", np.ones((3, 1), "f2"), items), tmp_path / "a")
    raw = (tmp_path / "a").read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    widths = {"F16": 2, "I16": 2, "F64": 8, "I64": 8, "U8": 1, "BOOL": 1}
    del header["__metadata__"]
    assert len(header) == 6
    assert all((start + one["data_offsets"][0]) % widths[one["dtype"]] == 0 for one in header.values())


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("npz", "vectors"),
        ("npz", "id.missing"),
        ("safetensors", "vectors"),
        ("safetensors", "id.utf8"),
        ("csv", "a\nb"),
    ],
)
def test_a_column_that_the_format_needs_itself_is_refused(kind: str, column: str, tmp_path: Path) -> None:
    one = EmbeddingSet("a", np.eye(2, dtype="f4"), {"id": ["a", "b"], column: [1, 2]})
    with pytest.raises(InputError, match="parquet"):
        TARGETS[kind].write(one, tmp_path / "a")


@pytest.mark.parametrize("text", ["ends in NUL\0", "x" * 2000])
def test_text_that_numpy_cannot_hold_is_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_arrays, "WIDEST", 10_000)
    one = EmbeddingSet("a", np.eye(2, dtype="f4"), {"id": ["a", "b"], "text": [text, ""]})
    with pytest.raises(InputError, match="parquet"):
        write_npz(one, tmp_path / "a.npz")


@pytest.mark.parametrize("damage", ["offsets", "utf8", "lost", "metadata", "mask"])
def test_damaged_columns_of_safetensors_are_refused(damage: str, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    parts = {
        "vectors": np.eye(2, dtype="f4"),
        "id.utf8": np.frombuffer(b"ab", np.uint8),
        "id.offsets": np.array([0, 1, 2]),
    }
    about: Any = {"columns": ["id"], "text": ["id"], "missing": []}
    if damage == "offsets":
        parts["id.offsets"] = np.array([0, 5, 2])
    elif damage == "utf8":
        parts["id.utf8"] = np.frombuffer(b"\xff\xfe", np.uint8)
    elif damage == "lost":
        del parts["id.offsets"]
    elif damage == "mask":
        about["missing"], parts["id.missing"] = ["id"], np.array([True])
    else:
        about = ["id"]
    save_file(parts, tmp_path / "a.safetensors", metadata={"repscope": json.dumps(about)})
    with pytest.raises(FormatError, match="item columns"):
        read_sets(tmp_path / "a.safetensors", "a")


def test_the_format_is_what_the_name_says() -> None:
    assert target_for("a.b/c.PQ").name == "parquet"
    assert target_for("s3://bucket/a.npz?version=1.csv").name == "npz"
    assert target_for("plain", "csv").name == "csv"
    with pytest.raises(InputError, match="--format"):
        target_for("plain")
    with pytest.raises(InputError, match="ends like npz"):
        target_for("a.npz", "csv")
    with pytest.raises(UnknownNameError, match="parquet"):
        target_for("a.xyz", "xyz")


def test_plain_items_keep_the_order_of_the_columns() -> None:
    one = EmbeddingSet("a", np.eye(2, dtype="f4"), {"z": [1, 2], "id": ["a", "b"], "b": [None, "x"]})
    assert plain_items(one).column_names == ["id", "z", "b"]


@pytest.mark.parametrize("kind", TEXTS)
@settings(deadline=None, max_examples=60)
@given(
    names=st.lists(
        st.builds(
            lambda stem, gap, number: f"{stem}{gap}{number}",
            st.sampled_from(["vector", "vectors", "emb", "x", "score", "vector_"]),
            st.sampled_from(["", "_", ".", " ", "["]),
            st.sampled_from(["", "0", "1", "5", "9", "09", "2020"]),
        ).filter(lambda name: name != "vector"),
        max_size=4,
        unique=True,
    ),
    d=st.integers(1, 6),
)
def test_text_comes_back_whatever_its_columns_are_called(kind: str, names: list[str], d: int) -> None:
    vectors = np.random.default_rng(d).standard_normal((4, d)).astype("f4")
    floats = {name: np.arange(4) / (at + 3) for at, name in enumerate(names)}
    one = EmbeddingSet("a", vectors, {"id": list("abcd"), "label": ["1.1", "1.10", "2", "NA"], **floats})
    found = back(one, kind)
    np.testing.assert_array_equal(found.vectors.astype("f4"), vectors)
    assert found.columns["label"].to_pylist() == ["1.1", "1.10", "2", "NA"]
    for name, values in floats.items():
        assert found.columns[name].to_pylist() == values.tolist()
