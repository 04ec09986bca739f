"""The bundle: what goes in comes out, positions to a 65,535th, and nothing that is not finite goes in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from repscope.errors import CorruptError, InputError, VectorError
from repscope.viewer.bundle import Bundle, Frame
from repscope.viewer.fields import LONGEST, NO_VALUE, packed_fields


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 30), st.just(2)),
        elements=st.floats(-1e6, 1e6),
    )
)
def test_positions_come_back_within_half_a_step(points: np.ndarray) -> None:
    frame = Frame.around(points)
    again = frame.unpack(frame.pack(points))
    assert np.abs(again - points).max() <= frame.side / 65_535 * 0.51


def test_equal_points_lie_in_the_middle() -> None:
    frame = Frame.around(np.full((5, 2), 3.0))
    assert frame.side == 1.0
    assert np.abs(frame.pack(np.full((5, 2), 3.0)).astype(int) - 32_768).max() <= 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_coordinates_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(VectorError, match="1 of 3 points"):
        Frame.around(np.array([[0.0, 1.0], [value, 0.0], [1.0, 1.0]]))


def test_what_goes_in_comes_out() -> None:
    columns = {
        "a": np.arange(7, dtype=np.uint8),
        "b": np.arange(6, dtype=np.uint16).reshape(3, 2),
        "c": np.array([1.5, np.nan], np.float32),
    }
    data = Bundle({"title": "</script> \u202e 猫 \ud800"}, columns).to_bytes()
    again = Bundle.from_bytes(data)
    assert again.manifest == {"title": "</script> \u202e 猫 \ud800"} or "\\ud800" in again.manifest["title"]
    for name, column in columns.items():
        np.testing.assert_array_equal(again.columns[name], column)
        assert again.columns[name].dtype == column.dtype
    assert data == Bundle({"title": "</script> \u202e 猫 \ud800"}, columns).to_bytes()


@pytest.mark.parametrize(
    "damage", [lambda data: b"no" + data, lambda data: data[:-9], lambda data: data[:12]]
)
def test_damaged_bundles_are_refused(damage) -> None:
    data = Bundle({"title": "x"}, {"a": np.arange(16, dtype=np.uint8)}).to_bytes()
    with pytest.raises(CorruptError):
        Bundle.from_bytes(damage(data))


def test_other_types_and_nan_in_the_manifest_are_refused() -> None:
    with pytest.raises(InputError, match="float64"):
        Bundle({}, {"a": np.zeros(2)}).to_bytes()
    with pytest.raises(InputError, match="JSON"):
        Bundle({"a": float("nan")}, {}).to_bytes()


def test_columns_become_categories_numbers_and_texts() -> None:
    items = pa.table(
        {
            "id": ["a/b", "..", "c", "d"],
            "kind": ["x", None, "y", "x"],
            "size": [1, None, 3, 4],
            "seen": [True, False, True, None],
            "caption": ["<script>", "y" * 100_000, None, "w"],
            "boxes": [[1, 2], [3], None, []],
        }
    )
    described, columns, notes = packed_fields(items)
    assert [(one["name"], one["kind"]) for one in described] == [
        ("id", "text"), ("kind", "category"), ("size", "number"), ("seen", "category"), ("caption", "text"),
    ]  # fmt: skip
    assert columns["field/1"].tolist() == [0, NO_VALUE, 1, 0]
    np.testing.assert_array_equal(columns["field/2"], np.array([1, np.nan, 3, 4], np.float32))
    starts = columns["field/4/starts"]
    assert starts.tolist() == [0, 8, 8 + LONGEST, 8 + LONGEST, 9 + LONGEST]
    assert bytes(columns["field/4/bytes"][:8]) == b"<script>"
    assert any("boxes" in note for note in notes)
    assert any("cut" in note and "1 text" in note for note in notes)
