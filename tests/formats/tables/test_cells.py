"""A vector in one cell: every form that is beyond doubt is read, every other one refused with the cell."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.tables.byte_cells import byte_vectors
from repscope.formats.tables.cells import parse_cell

Row = list[float]
FORMS: dict[str, Callable[[Row], str]] = {
    "json": json.dumps,
    "tuple": lambda row: str(tuple(row)),
    "array": lambda row: repr(np.array(row)),
    "array32": lambda row: repr(np.array(row, "f4")),
    "numpy": lambda row: str(np.array(row)),
    "np.array": lambda row: f"np.array({row}, dtype=np.float32)",
    "tensor": lambda row: repr(torch.tensor(row, dtype=torch.float64)),
    "tensor on a device": lambda row: f"tensor({row}, device='cuda:0', grad_fn=<AddBackward0>)",
    "scalars": lambda row: str([np.float64(x) for x in row]),
    "tensors": lambda row: str([torch.tensor(x, dtype=torch.float64) for x in row]),
    "nested": lambda row: json.dumps([row]),
    "nested array": lambda row: repr(np.array([row])),
    "braces": lambda row: "{" + ",".join(map(str, row)) + "}",
    "spaces": lambda row: " ".join(map(str, row)),
    "commas": lambda row: ", ".join(map(str, row)),
    "semicolons": lambda row: ";".join(map(str, row)),
    "bars": lambda row: "|".join(map(str, row)),
    "semicolons in brackets": lambda row: "[" + "; ".join(map(str, row)) + "]",
}

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 4))


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=60)
@given(row=st.lists(numbers, min_size=3, max_size=40))
def test_every_form_gives_the_numbers(form: str, row: Row) -> None:
    with np.printoptions(precision=17, threshold=100):
        torch.set_printoptions(precision=12)
        text = FORMS[form](row)
        torch.set_printoptions(profile="default")
    np.testing.assert_allclose(parse_cell(text) or [], row, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_places_are_not_taken_for_vectors(tmp_path: Path, form: str) -> None:
    import csv

    rows = [[0.5, 1.25, -2.0], [3.0, 4.5, 0.125]]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "lat", "lon", "embedding"])
        writer.writerows([f"i{at}", 0.1, 0.2, FORMS[form](row)] for at, row in enumerate(rows))
    one = read(tmp_path / "a.csv")
    np.testing.assert_allclose(one.vectors, rows)
    assert (one.key, list(one.columns)) == ("embedding", ["id", "lat", "lon"])


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "[a, b]", "[[1.5, 2], [3, 4]]", "[1.5 2.5 ... 3.5]", "[0.1, 0.2", "1,5 2,5 3,5",
        "1.5,,2.5,3.5", "1_0, 2.5, 3.5", "{'a': 1.5}", "2020-01-02 10:11:12", "12.03.2020 14.30 15.00",
        "[true, false]", "0.5 1.5", "[1,5; 2,5; 3,5]", "[null, 1.5]",
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_no_vector(text: str) -> None:
    assert parse_cell(text) is None


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("[0.5 1.5 ... 2.5 3.5]", "abbreviated with …"),
        ("array([0.5, 1.5, ..., 2.5])", "abbreviated with …"),
        ("[[0.5, 1.5, 2.5], [0.5, 1.5, 2.5]]", "one vector in each cell of 'v'"),
        ("[0.5 1.5 2.5", "one vector in each cell of 'v'"),
        ("x=0.5 y=1.5 z=2.5", "one vector in each cell of 'v'"),
        ("[0,5; 1,5; 2,5]", "one vector in each cell of 'v'"),
    ],
)
def test_other_forms_are_refused_with_the_cell_not_replaced_by_places(
    tmp_path: Path, cell: str, says: str
) -> None:
    pq.write_table(pa.table({"lat": [0.5], "lon": [1.5], "v": [cell]}), tmp_path / "a.parquet")
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "a.parquet")
    assert says in str(caught.value)
    assert cell[:10] in str(caught.value)


ROWS = [[0.5, 1.0, -2.0], [-2.25, 3.0, 1.0]]
WHOLE = [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (ROWS, pa.list_(pa.float64())),
        (ROWS, pa.list_(pa.float32(), 3)),
        (ROWS, pa.large_list(pa.float16())),
        (WHOLE, pa.list_(pa.int8())),
        (WHOLE, pa.list_(pa.int64(), 3)),
        ([[row] for row in ROWS], pa.list_(pa.list_(pa.float32()))),
        ([[row] for row in ROWS], pa.list_(pa.list_(pa.float32(), 3), 1)),
        ([[[row]] for row in ROWS], pa.list_(pa.large_list(pa.list_(pa.float64())))),
        ([{"vector": row, "model": "m"} for row in ROWS], None),
        ([{"data": [row], "n": 3} for row in ROWS], None),
    ],
    ids=str,
)
def test_arrow_types(tmp_path: Path, rows: list[Any], kind: pa.DataType | None) -> None:
    table = pa.table({"id": ["a", "b"], "lat": [0.5, 1.5], "lon": [1.5, 2.5], "v": pa.array(rows, kind)})
    pq.write_table(table, tmp_path / "a.parquet")
    one = read(tmp_path / "a.parquet")
    np.testing.assert_array_equal(one.vectors, WHOLE if rows is WHOLE else ROWS)
    assert one.vectors.dtype.kind == "f"
    assert (one.key, list(one.columns)[:3]) == ("v", ["id", "lat", "lon"])


def test_a_missing_nested_list_is_a_row_of_nan(tmp_path: Path) -> None:
    table = pa.table({"v": pa.array([[[0.5, 1.0]], None, [[2.0, 3.0]]], pa.list_(pa.list_(pa.float32())))})
    pq.write_table(table, tmp_path / "a.parquet")
    np.testing.assert_array_equal(read(tmp_path / "a.parquet").vectors, [[0.5, 1], [np.nan] * 2, [2, 3]])


def test_a_tensor_of_fixed_shape(tmp_path: Path) -> None:
    tensor = pa.FixedShapeTensorArray.from_numpy_ndarray(np.array(ROWS, "f4"))
    with pa.ipc.new_file(tmp_path / "a.arrow", pa.schema([("v", tensor.type)])) as writer:
        writer.write_table(pa.table({"v": tensor}))
    np.testing.assert_array_equal(read(tmp_path / "a.arrow").vectors, ROWS)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int8", "bfloat16"])
def test_bytes_of_a_known_type(tmp_path: Path, dtype: str) -> None:
    stored = {"bfloat16": "f4"}.get(dtype, dtype)
    raw = [np.array(row, stored).tobytes() for row in (WHOLE if dtype == "int8" else ROWS)]
    if dtype == "bfloat16":
        raw = [b"".join(cell[at + 2 : at + 4] for at in range(0, 12, 4)) for cell in raw]
    pq.write_table(pa.table({"lat": [0.5, 1.5], "lon": [1.5, 2.5], "v": raw}), tmp_path / "a.parquet")
    with pytest.raises(FormatError, match="--vectors v --vectors-dtype float32"):
        read(tmp_path / "a.parquet")
    given_as = ">float32" if dtype == ">f4" else dtype
    one = read(tmp_path / "a.parquet", vectors_dtype=given_as)
    np.testing.assert_array_equal(one.vectors, WHOLE if dtype == "int8" else ROWS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("beside", ["lat,lon", "hash"])
def test_base64_is_never_passed_over(tmp_path: Path, dtype: str, beside: str) -> None:
    rows = np.random.default_rng(0).normal(size=(4, 8)).astype(dtype)
    cells = [base64.b64encode(row.tobytes()).decode() for row in rows]
    others = {"lat,lon": "0.5,1.5", "hash": hashlib.sha256(b"x").hexdigest()}[beside]
    lines = [f"{beside},v", *(f"{others},{cell}" for cell in cells)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    for options in ({}, {"vectors": "v"}):
        with pytest.raises(FormatError, match=r"base64[\s\S]*--vectors v --vectors-dtype"):
            read(tmp_path / "a.csv", **options)
    for options in ({}, {"vectors": "v"}):
        np.testing.assert_array_equal(read(tmp_path / "a.csv", vectors_dtype=dtype, **options).vectors, rows)
    (tmp_path / "a.csv").write_text("\n".join([*lines, f"{others},*not base64*"]))
    with pytest.raises(FormatError, match=r"\*not base64\*' \(row 4\)"):
        read(tmp_path / "a.csv", vectors="v", vectors_dtype=dtype)


def test_bytes_that_cannot_be_vectors() -> None:
    with pytest.raises(VectorError, match="lengths 6, 8"):
        byte_vectors(pa.chunked_array([[b"abcdef", b"abcdefgh"]]), "v", "a", "float16")
    with pytest.raises(VectorError, match="multiple of 4"):
        byte_vectors(pa.chunked_array([[b"abcdef"]]), "v", "a", "float32")


def test_of_several_lists_the_one_that_is_called_so_and_said(tmp_path: Path) -> None:
    table = pa.table({"bbox": [[0.1, 0.2, 0.3, 0.4]], "emb": [[0.5, 1.0, 2.0]], "tokens": [[1, 2]]})
    pq.write_table(table, tmp_path / "a.parquet")
    one = read(tmp_path / "a.parquet")
    assert (one.key, one.notes) == ("emb", ("vectors are 'emb'; bbox could be too, see --vectors",))
    assert one.columns["tokens"].to_pylist() == ["[1, 2]"]
    assert read(tmp_path / "a.parquet", vectors="bbox").vectors.shape == (1, 4)


def read(path: Path, **options: Any) -> Incoming:
    (one,) = read_sets(path, path.stem, ReadOptions(**options)).sets
    return one
