"""Spread over seeds: alignment, what PCA has, what a start decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import procrustes

from repscope.errors import InputError
from repscope.maps import align, ensemble, project


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.1, 10), st.booleans())
def test_alignment_undoes_what_a_picture_may_do(seed: int, scale: float, mirrored: bool) -> None:
    rng = np.random.default_rng(seed)
    fixed = rng.standard_normal((12, 2))
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn = turn @ np.diag([1.0, -1.0])
    moving = scale * fixed @ turn + rng.standard_normal(2)
    assert align(moving, fixed) == pytest.approx(fixed, abs=1e-8)


def test_alignment_is_as_good_as_scipy() -> None:
    rng = np.random.default_rng(0)
    fixed = rng.standard_normal((30, 2))
    moving = fixed + 0.4 * rng.standard_normal((30, 2))
    left = ((align(moving, fixed) - fixed) ** 2).sum() / ((fixed - fixed.mean(axis=0)) ** 2).sum()
    assert left == pytest.approx(procrustes(fixed, moving)[2], abs=1e-12)


def test_alignment_of_one_place() -> None:
    assert align(np.ones((4, 2)), np.arange(8.0).reshape(4, 2)) == pytest.approx(np.tile([3.0, 4.0], (4, 1)))


def test_pca_does_not_depend_on_the_seed() -> None:
    x = np.random.default_rng(1).standard_normal((40, 6))
    spread = ensemble({"x": x}, method="pca", seeds=3).faithfulness
    assert spread.spread == 0.0
    assert spread.spread_points is not None
    assert (spread.spread_points == 0).all()
    assert spread.seeds == 3


def test_spread_of_tsne() -> None:
    rng = np.random.default_rng(2)
    x = np.concatenate(
        [centre + 0.2 * rng.standard_normal((25, 8)) for centre in rng.standard_normal((4, 8))]
    )
    shown = ensemble({"x": x}, seeds=3, seed=5)
    read = shown.faithfulness
    assert np.array_equal(shown.joint, project({"x": x}, seed=5).joint)
    assert read.spread is not None
    assert read.spread_points is not None
    assert read.spread_points.shape == (100,)
    assert read.spread == pytest.approx(np.sqrt((read.spread_points**2).mean()))
    assert 0 < read.spread < 1
    assert "spread over 3 seeds" in str(read)
    again = ensemble({"x": x}, seeds=3, seed=5).faithfulness
    assert again.spread == read.spread
    random = ensemble({"x": x}, seeds=3, seed=5, start="random").faithfulness
    assert (random.spread or 0) > read.spread


def test_every_seed_shows_the_same_rows() -> None:
    x = np.random.default_rng(3).standard_normal((200, 5))
    shown = ensemble({"x": x}, seeds=2, max_rows=40, seed=1)
    assert np.array_equal(shown.rows["x"], project({"x": x}, method="pca", max_rows=40, seed=1).rows["x"])
    assert shown.faithfulness.spread_points is not None
    assert len(shown.faithfulness.spread_points) == 40


def test_one_seed_has_no_spread() -> None:
    with pytest.raises(InputError, match="at least 2 seeds"):
        ensemble({"x": np.eye(9)}, seeds=1)
    assert project({"x": np.eye(9)}, method="pca").faithfulness.spread is None
