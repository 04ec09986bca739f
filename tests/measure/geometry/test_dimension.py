"""TwoNN: sets of known dimension, the published fit written out, duplicates, groups left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.measure.core.neighbour_lists import NeighbourLists
from repscope.measure.geometry.dimension import two_nn, two_nn_replicates


def published_fit(x: np.ndarray) -> float:
    """Facco et al. with all distances at hand."""
    distances = np.sort(np.linalg.norm(x[:, None] - x[None], axis=2), axis=1)
    mu = np.sort(distances[:, 2] / distances[:, 1])
    n = len(mu)
    points = [(np.log(mu[i]), -np.log(1 - (i + 1) / n)) for i in range(int(0.9 * n))]
    return sum(a * b for a, b in points) / sum(a * a for a, _ in points)


def torus(n: int, seed: int = 0) -> np.ndarray:
    a, b = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, n))
    return np.stack([(3 + np.cos(a)) * np.cos(b), (3 + np.cos(a)) * np.sin(b), np.sin(a)], axis=1)


def embedded(x: np.ndarray, d: int = 20) -> np.ndarray:
    """The same set in a tilted subspace of more dimensions."""
    basis, _ = np.linalg.qr(np.random.default_rng(9).standard_normal((d, x.shape[1])))
    return x @ basis.T


@pytest.mark.parametrize(
    ("dimension", "x"),
    [
        (1, embedded(np.random.default_rng(1).uniform(size=(1500, 1)))),
        (2, embedded(np.random.default_rng(2).uniform(size=(1500, 2)))),
        (2, embedded(torus(1500))),
        (5, embedded(np.random.default_rng(3).standard_normal((1500, 5)))),
    ],
    ids=["line", "plane", "torus", "5-d Gaussian"],
)
def test_known_dimensions(dimension: int, x: np.ndarray) -> None:
    assert two_nn(x).dimension == pytest.approx(dimension, rel=0.1)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-9), (np.float32, 1e-3), (np.float16, 0.1)])
def test_against_the_fit_written_out(dtype: type, rtol: float) -> None:
    x = np.random.default_rng(0).standard_normal((200, 4))
    assert two_nn(x.astype(dtype)).dimension == pytest.approx(published_fit(x), rel=rtol)


def test_copies_count_once() -> None:
    x = torus(200)
    found = two_nn(np.vstack([x, x[:50], x[:10]]))
    assert found == two_nn(x).__class__(two_nn(x).dimension, 200, 60)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**16))
def test_invariances(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((60, 4))
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    value = two_nn(x).dimension
    assert two_nn(3 * rng.permutation(x) @ turn + 1).dimension == pytest.approx(value, rel=1e-6)


def test_left_out_groups_are_the_plain_measure_on_the_rest() -> None:
    x = torus(150)
    # Copies that lie in several groups, and in one.
    x = np.vstack([x, x[:30], x[:1]])
    codes = np.random.default_rng(0).integers(-1, 5, len(x))
    codes[[20, 170]] = 2
    replicates = two_nn_replicates(x, codes, 5)
    rest = [two_nn(x[codes != group]).dimension for group in range(5)]
    np.testing.assert_allclose(replicates.leave_out, rest, rtol=1e-9)
    assert replicates.value == pytest.approx(two_nn(x).dimension)
    assert replicates.n == 150


def test_groups_that_hold_whole_neighbourhoods() -> None:
    """Every list loses all of its spare neighbours, and is searched again."""
    rng = np.random.default_rng(0)
    x = np.vstack([rng.standard_normal((60, 3)) * 0.01 + 10 * rng.standard_normal(3) for _ in range(3)])
    x = np.vstack([x, 10 * rng.standard_normal((40, 3))])
    codes = np.concatenate([np.repeat([0, 1, 2], 60), np.full(40, -1)])
    codes[:20] = codes[60:80] = -1
    replicates = two_nn_replicates(x, codes, 3)
    rest = [two_nn(x[codes != group]).dimension for group in range(3)]
    np.testing.assert_allclose(replicates.leave_out, rest, rtol=1e-9)


def test_leaving_nearly_everything_out_is_undefined() -> None:
    left = two_nn_replicates(torus(30), np.arange(30) // 25, 2).leave_out
    assert np.isnan(left).tolist() == [True, False]


def test_refusals() -> None:
    with pytest.raises(VectorError, match="10 distinct rows"):
        two_nn(np.tile(torus(9), (5, 1)))
    grid = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    with pytest.raises(VectorError, match="grid"):
        two_nn(grid)
    bad = torus(30)
    bad[4] = np.nan
    with pytest.raises(VectorError, match="row"):
        two_nn(bad)


@pytest.mark.parametrize("metric", ["cosine", "l2"])
@pytest.mark.parametrize("spare", [0, 3, 30])
def test_filtered_lists_are_searched_lists(metric: str, spare: int) -> None:
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(3)
    x = rng.standard_normal((80, 6))
    lists = NeighbourLists.of(x, 5, metric, spare)
    kept = np.sort(rng.choice(80, 50, replace=False))
    oracle = NearestNeighbors(n_neighbors=5, metric="cosine" if metric == "cosine" else "euclidean").fit(
        x[kept]
    )
    distances, places = oracle.kneighbors()
    indices, scores = lists.without(kept)
    np.testing.assert_array_equal(indices, kept[places])
    np.testing.assert_allclose(
        scores, 1 - distances if metric == "cosine" else distances, rtol=1e-6, atol=1e-9
    )


def test_filtered_lists_among_copies() -> None:
    x = np.repeat(np.eye(3) + 0.1, 6, axis=0)
    lists = NeighbourLists.of(x, 2, "cosine", 0)
    kept = np.array([0, 3, 4, 5, 6, 7, 8, 12, 13, 14])
    indices, scores = lists.without(kept)
    np.testing.assert_allclose(scores, 1)
    assert (indices // 6 == kept[:, None] // 6).all()
    assert (indices != kept[:, None]).all()


def test_copies_up_to_rounding_count_once() -> None:
    """Features of the same rows from batches of other sizes: the last bits differ, the dimension does not."""
    rng = np.random.default_rng(0)
    x = np.tanh(rng.standard_normal((800, 6)) @ rng.standard_normal((6, 96)) / 2).astype(np.float32)
    copies = x[:100] + np.float32(1e-7) * rng.choice([-1, 0, 1], (100, 96)).astype(np.float32)
    assert not (copies == x[:100]).all(axis=1).any()
    both = np.concatenate([x, copies])
    found = two_nn(both)
    assert (found.rows, found.duplicates) == (800, 100)
    assert found.dimension == two_nn(x).dimension
    groups = np.arange(900) % 9
    assert two_nn_replicates(both, groups, 9).value == found.dimension


def test_kept_lists_give_the_same() -> None:
    x = np.random.default_rng(1).standard_normal((300, 20)).astype(np.float32)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    groups = np.arange(300) % 10
    lists = NeighbourLists.of(unit, 10).by_distance()
    alone = two_nn_replicates(unit, groups, 10)
    kept = two_nn_replicates(unit, groups, 10, search=lambda: lists)
    assert kept.value == alone.value
    np.testing.assert_array_equal(kept.leave_out, alone.leave_out)
