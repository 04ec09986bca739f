"""Exact neighbours: float64 oracles, ties, copies, near-copies, independence of blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from repscope.errors import InputError, UnknownNameError, VectorError
from repscope.knn import exact, k_distances

METRICS = ("cosine", "inner", "l2")


def naive(
    x: NDArray[np.floating], y: NDArray[np.floating] | None, k: int, metric: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every score one by one in float64, sorted by score and then by row."""
    a = x.astype(np.float64)
    b = a if y is None else y.astype(np.float64)
    indices, scores = [], []
    for i, row in enumerate(a):
        if metric == "l2":
            keys = np.sqrt(((b - row) ** 2).sum(axis=1))
        else:
            keys = -(b * row).sum(axis=1)
            if metric == "cosine":
                keys = keys / (np.sqrt((b * b).sum(axis=1)) * np.sqrt((row * row).sum()))
        allowed = np.arange(len(b)) if y is not None else np.delete(np.arange(len(b)), i)
        order = allowed[np.argsort(keys[allowed], kind="stable")][:k]
        indices.append(order)
        scores.append(keys[order] if metric == "l2" else -keys[order])
    return np.array(indices), np.array(scores)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("alone", [True, False])
def test_equals_the_naive_search(metric: str, dtype: type, alone: bool) -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((400, 20)) + 0.5).astype(dtype)
    y = None if alone else (rng.standard_normal((333, 20)) * 2).astype(dtype)
    found = exact(x, y, k=7, metric=metric, block_rows=64)
    indices, scores = naive(x, y, 7, metric)
    assert np.array_equal(found.indices, indices)
    assert np.abs(found.scores - scores).max() < 1e-12
    assert found.indices.dtype == np.int64
    assert found.scores.dtype == np.float64


def test_equals_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((300, 32)), rng.standard_normal((500, 32))
    peer = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(y)
    distances, indices = peer.kneighbors(x)
    found = exact(x, y, k=5, metric="l2")
    assert np.array_equal(found.indices, indices)
    assert np.allclose(found.scores, distances, atol=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_large_float32_search_equals_float64_products(metric: str) -> None:
    """Several default blocks, and the last one partly filled."""
    x = np.random.default_rng(2).standard_normal((5003, 24), dtype=np.float32)
    found = exact(x, k=15, metric=metric)
    wide = x.astype(np.float64)
    if metric == "l2":
        keys = -cdist(wide, wide)
    else:
        if metric == "cosine":
            wide /= np.linalg.norm(wide, axis=1, keepdims=True)
        keys = wide @ wide.T
    np.fill_diagonal(keys, -np.inf)
    best = -np.partition(-keys, 14, axis=1)[:, :15]
    assert np.allclose(np.sort(np.abs(found.scores)), np.sort(np.abs(best)), atol=1e-12)
    assert np.array_equal(np.take_along_axis(keys, found.indices, axis=1).argmax(axis=1), np.zeros(len(x)))


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(2, 90),
    block=st.integers(1, 100),
    metric=st.sampled_from(METRICS),
    alone=st.booleans(),
    values=st.integers(2, 4),
)
@settings(max_examples=30, deadline=None)
def test_ties_go_to_the_lower_row_for_any_block(
    *, seed: int, rows: int, block: int, metric: str, alone: bool, values: int
) -> None:
    """Small integers make many equal scores, equal rows, and scores that are exact in any order of sums.

    Under cosine the rows are vectors of signs, whose lengths are equal.
    """
    rng = np.random.default_rng(seed)
    x, y = (rng.integers(1, values, (rows + more, 3)).astype(np.float32) for more in (0, 5))
    if metric == "cosine":
        x, y = (rng.choice(np.float32([-1, 1]), (rows + more, values)) for more in (0, 5))
    y = None if alone else y
    k = int(rng.integers(1, rows))
    found = exact(x, y, k=k, metric=metric, block_rows=block)
    indices, scores = naive(x, y, k, metric)
    assert np.array_equal(found.indices, indices)
    assert np.allclose(found.scores, scores, atol=1e-12)


@given(seed=st.integers(0, 10_000), block=st.integers(1, 300))
@settings(max_examples=20, deadline=None)
def test_rotation_and_order_of_rows(seed: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((150, 8))
    turn, _ = np.linalg.qr(rng.standard_normal((8, 8)))
    order = rng.permutation(150)
    plain = exact(x, k=4, metric="l2")
    turned = exact((x @ turn)[order], k=4, metric="l2", block_rows=block)
    assert np.array_equal(order[turned.indices], plain.indices[order])
    assert np.allclose(turned.scores, plain.scores[order], atol=1e-10)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spread", [1e-3, 1e-5, 1e-9, 1e-14])
def test_rows_almost_equal(metric: str, spread: float) -> None:
    """Collapsed to a point with noise: float32 products alone would return rounding errors."""
    rng = np.random.default_rng(3)
    x = 1.0 + spread * rng.standard_normal((300, 16))
    found = exact(x, k=5, metric=metric, block_rows=128)
    indices, scores = naive(x, None, 5, metric)
    if metric == "l2" or spread > 1e-6:
        assert np.array_equal(found.indices, indices)
    assert np.allclose(found.scores, scores, rtol=1e-9)


def test_two_tight_clumps_far_apart() -> None:
    rng = np.random.default_rng(4)
    x = np.repeat(rng.standard_normal((2, 16)), 400, axis=0) + 1e-6 * rng.standard_normal((800, 16))
    found = exact(x, k=6, metric="l2")
    assert np.array_equal(found.indices, naive(x, None, 6, "l2")[0])


def test_near_copies_keep_a_relative_distance() -> None:
    x = np.random.default_rng(5).standard_normal((100, 64)) * 1e3
    copy = x.copy()
    copy[:, 0] += 1e-7
    found = exact(x, copy, k=1, metric="l2")
    assert np.array_equal(found.indices[:, 0], np.arange(100))
    assert np.allclose(found.scores[:, 0], np.abs(copy[:, 0] - x[:, 0]), rtol=1e-9)


def test_all_rows_equal() -> None:
    x = np.full((3000, 8), 0.3, dtype=np.float32)
    found = exact(x, k=3)
    assert np.array_equal(found.indices[0], [1, 2, 3])
    assert np.array_equal(found.indices[2], [0, 1, 3])
    assert np.array_equal(found.indices[2999], [0, 1, 2])
    assert np.allclose(found.scores, 1.0, atol=1e-12)
    assert np.array_equal(exact(x[:2], x, k=3).indices, [[0, 1, 2], [0, 1, 2]])


def test_rows_snapped_to_few_points() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((12, 8))[rng.integers(0, 12, 500)]
    for metric in METRICS:
        found = exact(x, k=60, metric=metric)
        indices, scores = naive(x, None, 60, metric)
        assert np.allclose(found.scores, scores, atol=1e-12)
        if metric != "cosine":
            assert np.array_equal(found.indices, indices)


def test_negative_zero_is_zero() -> None:
    x = np.array([[1.0, 0.0], [1.0, -0.0], [0.0, 1.0]])
    assert np.array_equal(exact(x, k=2, metric="l2").indices, [[1, 2], [0, 2], [0, 1]])


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_scale_of_float32_does_not_matter(scale: float) -> None:
    x = np.random.default_rng(7).standard_normal((200, 10)).astype(np.float32)
    for metric in METRICS:
        assert np.array_equal(
            exact(x * np.float32(scale), k=4, metric=metric).indices,
            exact((x * np.float32(scale)).astype(np.float64), k=4, metric=metric).indices,
        )


def test_few_queries_many_base_rows() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((3, 12)), rng.standard_normal((30_000, 12))
    assert np.array_equal(exact(x, y, k=9, metric="l2").indices, naive(x, y, 9, "l2")[0])


def test_k_is_all_rows() -> None:
    x = np.random.default_rng(9).standard_normal((40, 5))
    assert np.array_equal(exact(x, k=39).indices, naive(x, None, 39, "cosine")[0])
    assert np.array_equal(exact(x, x, k=40).indices[:, 0], np.arange(40))


def test_k_distances() -> None:
    x = np.random.default_rng(10).standard_normal((60, 5))
    expected = np.sort(cdist(x, x), axis=1)[:, 3]
    assert np.allclose(k_distances(x, k=3), expected, atol=1e-12)


def test_no_queries() -> None:
    found = exact(np.empty((0, 4)), np.ones((5, 4)), k=2)
    assert found.indices.shape == found.scores.shape == (0, 2)


def test_refusals() -> None:
    x = np.random.default_rng(11).standard_normal((6, 4))
    with pytest.raises(InputError, match="k = 6 with 5 rows besides the query"):
        exact(x, k=6)
    with pytest.raises(InputError, match="k = 7 with 6 rows"):
        exact(x, x, k=7)
    with pytest.raises(InputError, match="k = 0"):
        exact(x, k=0)
    with pytest.raises(InputError, match="block_rows"):
        exact(x, k=1, block_rows=0)
    with pytest.raises(UnknownNameError, match="manhattan"):
        exact(x, k=1, metric="manhattan")
    with pytest.raises(VectorError, match="4 and 3"):
        exact(x, x[:, :3], k=1)
    with pytest.raises(VectorError, match="2-D"):
        exact(x[0], k=1)
    with pytest.raises(VectorError, match="complex128"):
        exact(x * 1j, k=1)
    broken = x.copy()
    broken[[1, 4], 2] = np.nan, np.inf
    with pytest.raises(VectorError, match="rows 1, 4"):
        exact(broken, k=1)
    with pytest.raises(VectorError, match=r"base.*rows 1, 4"):
        exact(x, broken, k=1)
    broken[[1, 4]] = 0
    with pytest.raises(VectorError, match="zero vectors in rows 1, 4"):
        exact(broken, k=1)
    assert exact(broken, k=1, metric="l2").indices[1, 0] == 4
