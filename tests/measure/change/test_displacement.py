"""Displacement of items: its length and its angle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.measure.change.displacement import displacement, displacement_angle, displacement_norm


def pair(seed: int, n: int = 40, d: int = 6, step: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    before = rng.standard_normal((n, d))
    return before, before + step * rng.standard_normal((n, d))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-9), (np.float32, 1e-4), (np.float16, 1e-2)])
def test_displacement_against_a_loop(dtype: type, rtol: float) -> None:
    before, after = pair(0)
    found = displacement(before.astype(dtype), after.astype(dtype))
    for i, (a, b) in enumerate(zip(before, after, strict=True)):
        cosine = a @ b / math.sqrt((a @ a) * (b @ b))
        assert found.norm[i] == pytest.approx(math.dist(a, b), rel=rtol)
        assert found.angle[i] == pytest.approx(math.degrees(math.acos(cosine)), rel=rtol)
        assert found.before[i] == pytest.approx(math.hypot(*a), rel=rtol)
        assert found.after[i] == pytest.approx(math.hypot(*b), rel=rtol)
    np.testing.assert_array_equal(displacement_norm(before, after), displacement(before, after).norm)
    np.testing.assert_array_equal(displacement_angle(before, after), displacement(before, after).angle)


def test_known_angles() -> None:
    before = np.array([[1.0, 0], [1, 0], [2, 0], [1, 0], [3, 4]])
    after = np.array([[1.0, 0], [0, 5], [-1, 0], [math.cos(1e-9), math.sin(1e-9)], [6, 8]])
    # The fourth is 1e-9 rad, at which arccos of a rounded cosine reads 0.
    np.testing.assert_allclose(
        displacement_angle(before, after), [0, 90, 180, math.degrees(1e-9), 0], rtol=1e-9
    )


def test_a_zero_row_has_a_step_and_no_angle() -> None:
    before, after = pair(1)
    after[3] = 0
    found = displacement(before, after)
    assert np.flatnonzero(np.isnan(found.angle)).tolist() == [3]
    assert found.norm[3] == pytest.approx(np.linalg.norm(before[3]))
    with pytest.raises(VectorError, match="first in row 3"):
        displacement_angle(before, after)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**16))
def test_displacement_turns_with_the_space(seed: int) -> None:
    before, after = pair(seed)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((6, 6)))
    one, other = displacement(before, after), displacement(3 * before @ turn, 3 * after @ turn)
    np.testing.assert_allclose(other.norm, 3 * one.norm)
    np.testing.assert_allclose(other.angle, one.angle)


def test_displacement_refusals() -> None:
    before, after = pair(0)
    with pytest.raises(VectorError, match="one space"):
        displacement(before, after[:, :3])
    with pytest.raises(VectorError, match="paired"):
        displacement(before, after[1:])
    after[9] = np.nan
    with pytest.raises(VectorError, match="row 9"):
        displacement(before, after)
