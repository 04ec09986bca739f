"""csv, tsv, parquet, arrow: which columns are the vectors, and nothing lost from the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError, UnknownNameError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.tables.runs import find_runs


def read(path: Path, **options: Any) -> Incoming:
    (one,) = read_sets(path, path.stem, ReadOptions(**options)).sets
    return one


def written(tmp_path: Path, text: str, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


NUMBERS = [[0.5, 1.0], [-2.25, 3.0]]


@pytest.mark.parametrize(
    "text",
    [
        "id,x0,x1,label\na,0.5,1,cat\nb,-2.25,3,dog\n",
        "id,dim_0,dim_1,label\na,0.5,1,cat\nb,-2.25,3,dog\n",
        "id,0,1,label\na,0.5,1,cat\nb,-2.25,3,dog\n",
        "id,f1,f2,label\na,0.5,1,cat\nb,-2.25,3,dog\n",
        "id,x1,label,x0\na,1,cat,0.5\nb,3,dog,-2.25\n",
        "id;x0;x1;label\na;0.5;1;cat\nb;-2.25;3;dog\n",
        'id,vec,label\na,"[0.5, 1]",cat\nb,"[-2.25, 3]",dog\n',
        'id,vec,label\na,[0.5 1.  ],cat\nb,"[-2.25\n  3. ]",dog\n',
        "id,width,height,label\na,0.5,1.0,cat\nb,-2.25,3.0,dog\n",
        "\ufeffid,x0,x1,label\r\na,0.5,1,cat\r\nb,-2.25,3,dog\r\n",
    ],
    ids=[
        "x0",
        "dim_0",
        "0",
        "from 1",
        "any order",
        "semicolons",
        "json list",
        "numpy list",
        "floats",
        "windows",
    ],
)
def test_csv_in_its_usual_forms(tmp_path: Path, text: str) -> None:
    one = read(written(tmp_path, text))
    np.testing.assert_array_equal(one.vectors, NUMBERS)
    assert one.columns["id"].to_pylist() == ["a", "b"]
    assert one.columns["label"].to_pylist() == ["cat", "dog"]


def test_tsv(tmp_path: Path) -> None:
    path = written(tmp_path, "id\tx0\tx1\ttext\na\t0.5\t1\tone, two\nb\t-2.25\t3\tthree\n", "a.tsv")
    one = read(path)
    np.testing.assert_array_equal(one.vectors, NUMBERS)
    assert one.columns["text"].to_pylist() == ["one, two", "three"]
    assert read_sets(path, "a").format == "tsv"


def test_csv_of_numbers_alone(tmp_path: Path) -> None:
    one = read(written(tmp_path, "0.5,1\n-2.25,3\n"))
    np.testing.assert_array_equal(one.vectors, NUMBERS)
    assert not one.columns


def test_floating_columns_are_said(tmp_path: Path) -> None:
    one = read(written(tmp_path, "id,width,height\na,0.5,1.0\nb,-2.25,3.0\n"))
    assert "width, height" in one.notes[0]


def test_what_was_written_is_kept(tmp_path: Path) -> None:
    one = read(
        written(
            tmp_path,
            "id,x0,x1,image_id,day,count,label\n007,0,1.5,000139,2020-01-02,3,01\n010,1,2.5,000285,2021-01-02,4,02\n",
        )
    )
    assert one.columns["id"].to_pylist() == ["007", "010"]
    assert one.columns["image_id"].to_pylist() == ["000139", "000285"]
    assert one.columns["day"].to_pylist() == ["2020-01-02", "2021-01-02"]
    assert one.columns["label"].to_pylist() == ["01", "02"]
    assert one.columns["count"].to_pylist() == [3, 4]


def test_an_index_column_of_pandas(tmp_path: Path) -> None:
    one = read(written(tmp_path, ",x0,x1\n0,0.5,1\n1,-2.25,3\n"))
    assert one.columns["row"].to_pylist() == [0, 1]


def test_missing_cells_are_nan_not_zero(tmp_path: Path) -> None:
    one = read(written(tmp_path, "id,x0,x1\na,0.5,\nb,nan,inf\n"))
    np.testing.assert_array_equal(one.vectors, [[0.5, np.nan], [np.nan, np.inf]])


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    one = read(written(tmp_path, "id,x0,x1\na,1,2\nb,3,4\n"))
    assert one.vectors.dtype.kind == "i"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,x0,x1,y0,y1\na,1.5,2,3,4.5\n", "choose with --vectors x"),
        ("id,label\na,b\n", "vectors in"),
        ("id,x0,x1\na,1.5\n", "Expected 3 columns, got 2"),
        ("id,id,x0,x1\na,b,1.5,2\n", "unique column names"),
        ('id,v\na,"[1.5, 2]"\nb,"[1.5, ...]"\n', "row 1"),
    ],
)
def test_csv_that_cannot_be_read(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(written(tmp_path, text))
    assert says in str(caught.value)


def test_text_among_numbers_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "id,x0,x1\na,1.5,2\nb,oops,4\n")
    with pytest.raises(FormatError, match=r"numbers in column 'x0'.*'oops'"):
        read(path, vectors="x")


def test_csv_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id,x0,x1\né,1.5,2\n".encode("latin-1"))
    with pytest.raises(FormatError):
        read(tmp_path / "a.csv")


def test_lists_of_different_lengths(tmp_path: Path) -> None:
    with pytest.raises(VectorError, match="lengths 2, 3"):
        read(written(tmp_path, 'id,v\na,"[1.5, 2]"\nb,"[1.5, 2, 3]"\n'))


def test_choosing_a_prefix_or_a_column(tmp_path: Path) -> None:
    path = written(tmp_path, "id,x_0,x_1,y_0,y_1\na,1.5,2,3,4.5\n")
    np.testing.assert_array_equal(read(path, vectors="y").vectors, [[3, 4.5]])
    np.testing.assert_array_equal(read(path, vectors="y_").vectors, [[3, 4.5]])
    assert list(read(path, vectors="y").columns) == ["id", "x_0", "x_1"]
    with pytest.raises(UnknownNameError, match="only x, y"):
        read(path, vectors="z")


@settings(deadline=None, max_examples=30)
@given(
    prefix=st.sampled_from(["", "x", "dim_", "f.", "v[", "é "]),
    start=st.sampled_from([0, 1]),
    count=st.integers(2, 12),
    seed=st.integers(0, 99),
)
def test_numbered_runs_in_any_order(prefix: str, start: int, count: int, seed: int) -> None:
    names = [f"{prefix}{start + index}" + ("]" if prefix == "v[" else "") for index in range(count)]
    mixed = np.random.default_rng(seed).permutation([*names, "id", "label", "other7"]).tolist()
    assert [list(run.names) for run in find_runs(mixed).values()] == [names]


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float32(), 2),
        pa.list_(pa.float64()),
        pa.large_list(pa.float32()),
        pa.list_(pa.float16(), 2),
    ],
    ids=str,
)
def test_parquet_of_lists(tmp_path: Path, kind: Any) -> None:
    table = pa.table({"id": ["a", "b"], "embedding": pa.array(NUMBERS, kind), "label": ["cat", "dog"]})
    pq.write_table(table, tmp_path / "a.parquet")
    one = read(tmp_path / "a.parquet")
    np.testing.assert_array_equal(one.vectors, NUMBERS)
    assert (one.key, list(one.columns)) == ("embedding", ["id", "label"])


def test_parquet_of_several_row_groups_and_a_missing_list(tmp_path: Path) -> None:
    rows = [[1.0, 2.0], None, [5.0, 6.0], [7.0, 8.0]]
    table = pa.table({"v": pa.array(rows, pa.list_(pa.float32())), "n": [1, 2, 3, 4]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    one = read(tmp_path / "a.parquet")
    np.testing.assert_array_equal(one.vectors, [[1, 2], [np.nan, np.nan], [5, 6], [7, 8]])


def test_parquet_of_numeric_columns_and_other_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "x0": [0.5, -2.25],
            "x1": [1.0, 3.0],
            "label": pa.array(["cat", "dog"]).dictionary_encode(),
            "boxes": [[1, 2], [3]],
            "when": pa.array([0, 1], pa.timestamp("s")),
            "none": pa.nulls(2),
        }
    ).replace_schema_metadata({"from": "a test"})
    pq.write_table(table, tmp_path / "a.parquet")
    one = read(tmp_path / "a.parquet", vectors="x")
    np.testing.assert_array_equal(one.vectors, NUMBERS)
    assert one.columns["label"].to_pylist() == ["cat", "dog"]
    assert one.columns["boxes"].to_pylist() == ["[1, 2]", "[3]"]
    assert one.columns["when"].to_pylist() == ["1970-01-01 00:00:00.000", "1970-01-01 00:00:01.000"]
    assert one.columns["none"].to_pylist() == [None, None]


def test_arrow_files(tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b"], "vector": pa.array(NUMBERS, pa.list_(pa.float32(), 2))})
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    np.testing.assert_array_equal(read(tmp_path / "a.arrow").vectors, NUMBERS)


def test_arrow_streams_as_hugging_face_keeps_them(tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b"], "v": pa.array(NUMBERS, pa.list_(pa.float32()))})
    path = tmp_path / "data-00000-of-00001.arrow"
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    whole = path.read_bytes()
    np.testing.assert_array_equal(read(path).vectors, NUMBERS)
    # Cut anywhere, also between two batches, it is not a shorter table.
    for length in range(8, len(whole), 8):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match="a whole Arrow file"):
            read(path)


def test_a_slice_of_fixed_size_lists_is_not_shifted(tmp_path: Path) -> None:
    lists = pa.array([[float(row), 0.0] for row in range(10)], pa.list_(pa.float32(), 2)).slice(3, 4)
    with pa.ipc.new_file(tmp_path / "a.arrow", pa.schema([("v", lists.type)])) as writer:
        writer.write_table(pa.table({"v": lists}))
    np.testing.assert_array_equal(read(tmp_path / "a.arrow").vectors[:, 0], [3, 4, 5, 6])


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_corrupt_parquet(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x0": np.random.default_rng(0).random(500), "x1": np.zeros(500)}), path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(FormatError, match="whole Parquet file"):
        read(path)
