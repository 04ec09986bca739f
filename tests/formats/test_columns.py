"""Columns out of whatever a file held, and ids that do not repeat."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError
from repscope.formats.columns import to_column, unique_ids


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1, 2]),
        ([1, 2.5], [1.0, 2.5]),
        ([1, "a"], ["1", "a"]),
        ([True, None], [True, None]),
        ([True, 2], ["True", "2"]),
        ([None, None], [None, None]),
        ([b"caf\xc3\xa9", "x"], ["café", "x"]),
        ([[1, 2], None], ["[1, 2]", None]),
        ([{"a": (1, 2)}, {"b": {3}}], ['{"a": [1, 2]}', '{"b": [3]}']),
        ([np.float32(1.5), np.int64(2)], [1.5, 2.0]),
        ([np.array(3), np.array(4)], [3, 4]),
        ([2**70, 1], [str(2**70), "1"]),
        (np.array([1, 2], ">i4"), [1, 2]),
        (np.array([1.5, 2.5], "f2"), [1.5, 2.5]),
        (np.array(["a", None], object), ["a", None]),
        (np.array([b"a", b"b"]), ["a", "b"]),
        (np.array([[1, 2], [3, 4]]), ["[1, 2]", "[3, 4]"]),
    ],
    ids=str,
)
def test_columns_of_every_kind(values: Any, expected: list[Any]) -> None:
    assert to_column(values, "c").to_pylist() == expected


def test_a_column_that_is_not_utf8() -> None:
    with pytest.raises(FormatError, match="UTF-8 text in 'c'"):
        to_column([b"\xff"], "c")


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["a", "a~2", "a~3", "b", "a~2~2"]), max_size=12))
def test_unique_ids_are_unique_and_deterministic(wanted: list[str]) -> None:
    ids, repeats = unique_ids(wanted)
    assert len(set(ids)) == len(wanted)
    assert unique_ids(wanted) == (ids, repeats)
    assert all(made == want or made.startswith(f"{want}~") for made, want in zip(ids, wanted, strict=True))
    assert repeats == sum(made != want for made, want in zip(ids, wanted, strict=True))
    if len(set(wanted)) == len(wanted):
        assert ids == wanted


def test_numbers_that_are_no_characters_are_refused() -> None:
    texts = np.array([0x110000, 65], "<u4").view("<U1")
    with pytest.raises(FormatError, match="UTF-8"):
        to_column(texts, "label")
