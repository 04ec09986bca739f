"""Collapse: known answers, and the same for any scale, N and D."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.measure.geometry.collapse import collapse
from repscope.measure.geometry.spectrum import rank_entropy, spectrum_rows


def gaussian(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def test_share_and_rank_are_what_they_say() -> None:
    rows = gaussian(200, 6) * [3, 1, 1, 1, 1, 1] + [2, 0, 0, 0, 0, 0]
    found = collapse(rows)
    assert found.share == pytest.approx(rows.var(axis=0, ddof=1).sum() / (rows**2).sum(axis=1).mean())
    assert found.rank == pytest.approx(rank_entropy(spectrum_rows(rows)))
    assert found.kind == "none"


@pytest.mark.parametrize("scale", [1.0, 0.01, 1e-6, 1e6])
@pytest.mark.parametrize(("n", "d"), [(64, 768), (500, 16)])
def test_a_healthy_set_is_healthy_at_any_scale_n_and_d(n: int, d: int, scale: float) -> None:
    found = collapse(scale * gaussian(n, d))
    assert found.kind == "none"
    assert found.share == pytest.approx(collapse(gaussian(n, d)).share)
    assert "no sign of collapse" in str(found)


def test_fewer_rows_than_columns_read_near_the_gaussian_of_the_same_shape() -> None:
    found = collapse(gaussian(64, 768, seed=3))
    assert found.rank is not None
    # Far below D, and as it should be: 64 rows have 63 directions.
    assert found.rank == pytest.approx(found.gaussian, rel=0.02)
    assert found.gaussian < 64


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_a_point_and_a_line_are_collapsed(scale: float) -> None:
    rows = gaussian(300, 32)
    point = collapse(scale * (1 + 0.01 * rows))
    assert point.kind == "point"
    assert point.share == pytest.approx(1e-4, rel=0.05)
    line = collapse(scale * (np.outer(rows[:, 0], np.ones(32)) + 1e-4 * rows))
    assert line.kind == "directions"
    assert "few directions" in str(line)


def test_rows_that_say_only_their_place_are_collapsed() -> None:
    places = np.tile(np.arange(20), 30)
    rows = gaussian(20, 32)[places] + 0.02 * gaussian(600, 32, seed=1)
    assert collapse(rows).kind == "none"
    found = collapse(rows, places)
    assert found.kind == "point"
    assert found.share == pytest.approx(0.02**2, rel=0.1)
    assert "rows of one place" in str(found)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.floats(1e-3, 1e3))
def test_rotation_and_scale_change_nothing(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((40, 5)) + rng.standard_normal(5)
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    one, other = collapse(rows), collapse(scale * rows @ turn)
    assert one.share == pytest.approx(other.share)
    assert one.rank == pytest.approx(other.rank)


def test_what_has_no_differences_is_an_error() -> None:
    with pytest.raises(VectorError, match="two rows or more of a place"):
        collapse(np.ones((3, 2)), [0, 1, 2])
    with pytest.raises(VectorError, match="not all zero"):
        collapse(np.zeros((3, 2)))
