"""3, 3.0 and "3" are one key, whichever way they come."""

from __future__ import annotations

import datetime
import decimal
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError
from repscope.study.keys import as_keys, is_missing, plain


@pytest.mark.parametrize(
    "values",
    [
        np.array([3, 10]),
        np.array([3, 10], np.uint8),
        np.array([3, 10], ">i4"),
        np.array([3.0, 10.0]),
        np.array([3.0, 10.0], np.float32),
        np.array([3.0, 10.0], np.float16),
        np.array(["3", "10"]),
        np.array([b"3", b"10"]),
        np.array(["3", "10"], object),
        np.array([3, "10"], object),
        np.array([3.0, 10], object),
        np.array(["3", "10"], np.dtypes.StringDType()),
        pa.array([3, 10]),
        pa.array([3.0, 10.0]),
        pa.array(["3", "10"], pa.large_string()),
        pa.array(["3", "10"], pa.string_view()),
        pa.array(["3", "10"]).dictionary_encode(),
        pa.chunked_array([[3], [10]]),
        [3, 10],
        ("3", 10.0),
        (key for key in ("3", "10")),
        torch.tensor([3, 10]),
    ],
    ids=lambda values: str(getattr(values, "dtype", None) or getattr(values, "type", type(values))),
)
def test_one_key_whatever_the_type(values: Any) -> None:
    keys = as_keys(values, "keys")
    assert keys.to_pylist() == ["3", "10"]
    assert keys.type == pa.string()


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.0, np.nan]),
        np.array(["1", ""]),
        np.array(["1", None], object),
        np.array([1, None], object),
        np.array([1, math.nan], object),
        np.array(["1", math.nan], object),
        np.array([1, ""], object),
        pa.array([1, None]),
        pa.array([1.0, None]),
        pa.array([1.0, math.nan]),
        pa.array(["1", ""]),
    ],
)
def test_missing_keys(values: Any) -> None:
    assert as_keys(values, "keys").to_pylist() == ["1", None]


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        (
            np.array([0.5, -0.0, 1e300, np.inf, -(2.0**62), 1.5e-7, 1e19]),
            ["0.5", "0", "1e+300", "inf", "-4611686018427387904", "1.5e-7", "1e+19"],
        ),
        (np.array([0.1], np.float32), ["0.1"]),
        (np.array([2**63 + 1], np.uint64), ["9223372036854775809"]),
        (np.array([2**80, 1], object), [str(2**80), "1"]),
        (pa.array([2**53 + 1, None]), ["9007199254740993", None]),
        (np.array([True, False]), ["True", "False"]),
        (np.array(["3.0", " 3", "NaN"]), ["3.0", " 3", "NaN"]),
        (np.array(["2024-01-02"], "datetime64[D]"), ["2024-01-02"]),
        (pa.array([datetime.date(2024, 1, 2)]), ["2024-01-02"]),
        (pa.array([decimal.Decimal("1.50")]), ["1.50"]),
        (np.array(["é", "e\u0301", "日本"]), ["é", "e\u0301", "日本"]),
        (pa.array([], pa.string()), []),
        (pa.array([None, None]), [None, None]),
    ],
)
def test_exact_text(values: Any, keys: list[str | None]) -> None:
    assert as_keys(values, "keys").to_pylist() == keys


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((2, 2)),
        np.array([[1], [2, 3]], object),
        pa.array([[1], [2]]),
        pa.array([{"a": 1}]),
        np.array([b"\xff", b"a"]),
        pa.array([b"\xff"]),
        np.array(["\ud800"], object),
        np.float64(3),
        3,
        "ab",
        {"a": 1},
    ],
)
def test_no_keys(values: Any) -> None:
    with pytest.raises(InputError, match="expected strings or numbers in the column"):
        as_keys(values, "the column")


values = (
    st.none()
    | st.integers(-(2**62), 2**62)
    | st.floats(width=64)
    | st.text(st.characters(codec="utf-8"), max_size=5)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(values, max_size=8) | st.lists(st.none() | st.floats(), max_size=8))
def test_python_and_arrow_agree(mixed: list[Any]) -> None:
    found = as_keys(np.array([*mixed, None], object)[:-1], "keys").to_pylist()
    for value, key in zip(mixed, found, strict=True):
        if is_missing(value):
            assert key is None
        elif isinstance(value, float) and not value.is_integer():
            assert float(key) == value
        elif isinstance(value, float):
            assert float(key) == value
            assert key == (str(int(value)) if abs(value) < 2**63 else plain(value))
        else:
            assert key == str(value)
