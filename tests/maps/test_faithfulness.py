"""Faithfulness: scikit-learn and naive loops as oracles, known answers, ties, samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness

from repscope.errors import InputError, VectorError
from repscope.maps import faithfulness


def naive_kept(x: NDArray[np.float64], y: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    kept = []
    for i in range(len(x)):
        others = np.delete(np.arange(len(x)), i)
        near_x = others[np.argsort(((x[others] - x[i]) ** 2).sum(1), kind="stable")][:k]
        near_y = others[np.argsort(((y[others] - y[i]) ** 2).sum(1), kind="stable")][:k]
        kept.append(len(set(near_x) & set(near_y)) / k)
    return np.array(kept)


@pytest.mark.parametrize("n", [40, 200])
@pytest.mark.parametrize("k", [1, 5, 15])
def test_equals_scikit_learn_and_naive_loops(n: int, k: int) -> None:
    rng = np.random.default_rng(n + k)
    x = rng.standard_normal((n, 6))
    y = x[:, :2] + 0.5 * rng.standard_normal((n, 2))
    read = faithfulness(x, y, k=k)
    assert read.k == k
    assert read.trustworthiness == pytest.approx(trustworthiness(x, y, n_neighbors=k), abs=1e-12)
    assert read.continuity == pytest.approx(trustworthiness(y, x, n_neighbors=k), abs=1e-12)
    assert read.points == pytest.approx(naive_kept(x, y, k), abs=1e-12)
    assert read.neighbours_kept == pytest.approx(naive_kept(x, y, k).mean(), abs=1e-12)
    expected = spearmanr(pdist(x), pdist(y)).statistic
    assert read.distance_correlation == pytest.approx(expected, abs=1e-12)


def test_an_isometry_is_perfect() -> None:
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((120, 2))
    rotation, _ = np.linalg.qr(rng.standard_normal((30, 30)))
    read = faithfulness(plane @ rotation[:2] + 3.0, 0.1 * plane[:, ::-1] - 7.0)
    assert (read.trustworthiness, read.continuity, read.neighbours_kept) == (1.0, 1.0, 1.0)
    assert read.distance_correlation == pytest.approx(1.0, abs=1e-9)


def test_a_random_map_is_unfaithful() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((400, 10)), rng.standard_normal((400, 2))
    read = faithfulness(x, y)
    assert read.trustworthiness == pytest.approx(0.5, abs=0.05)
    assert read.continuity == pytest.approx(0.5, abs=0.05)
    assert read.neighbours_kept == pytest.approx(15 / 399, abs=0.02)
    assert read.chance == 15 / 399
    assert abs(read.distance_correlation or 1) < 0.1


def test_torn_and_false_neighbours_are_told_apart() -> None:
    """A circle cut open stays trustworthy and loses continuity; a line folded up does the opposite."""
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    cut = np.column_stack([angles, np.zeros(200)])
    opened = faithfulness(circle, cut, k=10)
    folded = faithfulness(cut, circle, k=10)
    assert opened.trustworthiness == pytest.approx(1.0, abs=2e-3)
    assert opened.continuity is not None
    assert opened.continuity < 0.99
    assert folded.trustworthiness == pytest.approx(opened.continuity, abs=1e-12)


def test_copies_are_no_fault_of_the_map() -> None:
    """Where rows coincide, any choice of neighbours among them is right: all equal rows map perfectly."""
    rng = np.random.default_rng(2)
    scattered = faithfulness(np.ones((50, 4)), rng.standard_normal((50, 2)))
    assert (scattered.trustworthiness, scattered.continuity, scattered.neighbours_kept) == (1.0, 1.0, 1.0)
    assert scattered.distance_correlation is None
    assert "equal" in scattered.why
    twice = np.repeat(rng.standard_normal((40, 2)), 2, axis=0)
    moved = twice + 1e-6 * rng.standard_normal(twice.shape)
    read = faithfulness(twice, moved, k=5)
    assert (read.trustworthiness, read.continuity, read.neighbours_kept) == (1.0, 1.0, 1.0)


def test_a_sample_of_rows_estimates_the_whole() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((1200, 8))
    y = x[:, :2] + 0.3 * rng.standard_normal((1200, 2))
    whole, sample = faithfulness(x, y), faithfulness(x, y, max_rows=300, pairs=5000)
    assert (sample.rows, sample.of) == (300, 1200)
    assert sample.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.01)
    assert sample.continuity == pytest.approx(whole.continuity, abs=0.01)
    assert sample.neighbours_kept == whole.neighbours_kept
    assert sample.distance_correlation == pytest.approx(whole.distance_correlation, abs=0.03)
    assert faithfulness(x, y, max_rows=300, seed=0).trustworthiness == sample.trustworthiness
    assert faithfulness(x, y, max_rows=300, seed=1).trustworthiness != sample.trustworthiness


@settings(deadline=None, max_examples=20)
@given(st.integers(5, 60), st.integers(0, 1000))
def test_order_and_rotation_change_nothing(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, 5)), rng.standard_normal((n, 2))
    order = rng.permutation(n)
    rotation, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    one, other = faithfulness(x, y), faithfulness((x @ rotation)[order] + 2.0, y[order])
    assert one.trustworthiness == pytest.approx(other.trustworthiness, abs=1e-9)
    assert one.continuity == pytest.approx(other.continuity, abs=1e-9)
    assert one.distance_correlation == pytest.approx(other.distance_correlation, abs=1e-9)
    assert one.points is not None
    assert other.points == pytest.approx(one.points[order])
    for value in (one.trustworthiness, one.continuity, one.neighbours_kept):
        assert value is not None
        assert 0.0 <= value <= 1.0


def test_few_rows() -> None:
    rng = np.random.default_rng(4)
    assert faithfulness(rng.standard_normal((15, 3)), rng.standard_normal((15, 2))).k == 7
    three = faithfulness(rng.standard_normal((3, 3)), rng.standard_normal((3, 2)))
    assert (three.k, three.of) == (1, 3)
    for n in (1, 2):
        read = faithfulness(rng.standard_normal((n, 3)), rng.standard_normal((n, 2)))
        assert read.trustworthiness is None
        assert read.points is None
        assert read.why
        assert read.chance is None
        assert "undefined" in str(read)
        assert read.to_json()["why"] == read.why


def test_the_neighbours_that_are_known_are_used() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((60, 4)), rng.standard_normal((60, 2))
    distances = cdist(x, x) + np.diag(np.full(60, np.inf))
    graph = np.argsort(distances, axis=1)[:, :20]
    assert faithfulness(x, y, neighbours=graph).continuity == faithfulness(x, y).continuity
    assert faithfulness(x, y, neighbours=graph[:, :3]).continuity == faithfulness(x, y).continuity


def test_it_prints_itself() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((80, 2))
    assert str(faithfulness(x, x)) == (
        "trustworthiness 1.00 · continuity 1.00 · neighbours kept 100 % · distance correlation 1.00"
    )
    assert "trustworthiness ." in str(faithfulness(x, rng.standard_normal((80, 2))))


def test_bad_input() -> None:
    x = np.random.default_rng(7).standard_normal((10, 3))
    with pytest.raises(VectorError, match="9 for 10"):
        faithfulness(x, x[:9])
    with pytest.raises(VectorError, match="NaN"):
        faithfulness(np.where(x > 1, np.nan, x), x)
    with pytest.raises(InputError, match="k and max_rows"):
        faithfulness(x, x, k=0)
