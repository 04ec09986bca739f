"""What may be a vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from repscope.errors import VectorError
from repscope.study import vectors as module
from repscope.study.vectors import check_vectors, row_numbers


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.float16, np.float16),
        (np.float32, np.float32),
        (np.float64, np.float32),
        (np.longdouble, np.float32),
        (">f2", np.float16),
        (">f4", np.float32),
        (">f8", np.float32),
    ],
)
def test_dtypes(given: Any, kept: Any) -> None:
    found = check_vectors(np.array([[1, -2.5], [0, 3]], given), "s")
    assert found.dtype == np.dtype(kept)
    assert found.dtype.isnative
    assert found.tolist() == [[1, -2.5], [0, 3]]


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [(torch.float16, "f2"), (torch.bfloat16, "f4"), (torch.float32, "f4"), (torch.float64, "f4")],
)
def test_tensors(dtype: torch.dtype, kept: str) -> None:
    found = check_vectors(torch.tensor([[1, -2.5]], dtype=dtype, requires_grad=True), "s")
    assert found.dtype == np.dtype(kept)
    assert found.tolist() == [[1, -2.5]]


def test_no_copy_where_none_is_needed() -> None:
    given = np.ones((3, 2), np.float16)
    assert check_vectors(given, "s") is given
    assert check_vectors([[1.0, 2.0]], "s").dtype == np.float32


@pytest.mark.parametrize(
    "given", [np.array([[1, 2]]), np.array([["a"]]), np.array([[True]]), np.array([[1j]]), "ab"]
)
def test_not_floating(given: Any) -> None:
    with pytest.raises(VectorError, match="expected floating vectors in set 's'; got dtype"):
        check_vectors(given, "s")


@pytest.mark.parametrize("shape", [(), (3,), (0, 3), (3, 0), (2, 3, 4)])
def test_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(VectorError, match=r"expected an N×D array .* got shape"):
        check_vectors(np.ones(shape), "s")


def test_ragged_and_masked() -> None:
    with pytest.raises(VectorError, match="rows of one width"):
        check_vectors([[1.0], [1.0, 2.0]], "s")
    with pytest.raises(VectorError, match="masked"):
        check_vectors(np.ma.masked_array([[1.0]], [[True]]), "s")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("block", [1, 4, 10_000])
def test_rows_that_are_not_finite_are_named(
    dtype: Any, value: float, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "block_rows", lambda _: block)
    given = np.ones((10, 3), dtype)
    given[[2, 9], [0, 2]] = value
    with pytest.raises(VectorError, match=r"NaN or Inf in 2 of 10 rows \(rows 2, 9\)"):
        check_vectors(given, "s")


def test_numbers_beyond_float32() -> None:
    with pytest.raises(VectorError, match=r"numbers beyond float32 in 1 of 2 rows \(rows 1\)"):
        check_vectors(np.array([[1.0], [1e300]]), "s")


def test_row_numbers() -> None:
    assert row_numbers([2, 0], 3, "s").tolist() == [2, 0]
    assert row_numbers(np.array([True, False, True]), 3, "s").tolist() == [0, 2]
    assert row_numbers(np.array([1], np.uint8), 3, "s").dtype == np.int64


@pytest.mark.parametrize(
    "rows",
    [[], [3], [-1], [0, 0], [0.0], [[0]], 0, ["a"], [True], [True] * 4, [False] * 3],
)
def test_rows_that_are_none(rows: Any) -> None:
    with pytest.raises(VectorError, match="of set 's'"):
        row_numbers(rows, 3, "s")
