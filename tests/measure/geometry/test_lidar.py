"""LiDAR: the published matrices written out, known ranks, groups of items left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import LinkError, VectorError
from repscope.measure.geometry.lidar import lidar, lidar_replicates


def views(seed: int, items: int = 30, each: int = 4, d: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.repeat(rng.standard_normal((items, d)), each, axis=0) + 0.3 * rng.standard_normal(
        (items * each, d)
    )
    order = rng.permutation(len(x))
    return x[order], np.repeat(np.arange(items), each)[order]


def written_out(x: np.ndarray, keys: np.ndarray) -> float:
    groups = [x[keys == key] for key in np.unique(keys)]
    means = np.array([group.mean(axis=0) for group in groups])
    between = np.cov(means.T, ddof=0)
    within = np.mean([np.cov(group.T, ddof=0) for group in groups], axis=0) + 1e-4 * np.eye(x.shape[1])
    values, vectors = np.linalg.eigh(within)
    root = (vectors / np.sqrt(values)) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root @ between @ root)
    p = eigenvalues / np.abs(eigenvalues).sum() + 1e-8
    return float(np.exp(-(p * np.log(p)).sum()))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-7), (np.float32, 1e-4), (np.float16, 1e-2)])
def test_against_the_matrices_written_out(dtype: type, rtol: float) -> None:
    x, keys = views(0)
    assert lidar(x.astype(dtype), keys) == pytest.approx(written_out(x, keys), rel=rtol)


def test_items_weigh_the_same_however_many_views_they_have() -> None:
    x, keys = views(1)
    uneven = np.delete(np.arange(len(x)), np.flatnonzero(keys < 10)[::3][:8])
    assert lidar(x[uneven], keys[uneven]) == pytest.approx(written_out(x[uneven], keys[uneven]), rel=1e-7)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_k_directions_that_tell_items_apart(k: int) -> None:
    """Items at ± each of k axes; views scatter equally along all eight."""
    axes = np.vstack([np.eye(8)[:k], -np.eye(8)[:k]])
    jitter = 0.1 * np.vstack([np.eye(8), -np.eye(8)])
    x = (axes[:, None] + jitter[None]).reshape(-1, 8)
    assert lidar(x, np.repeat(np.arange(2 * k), 16)) == pytest.approx(k, rel=1e-5)


def test_rows_of_no_item_are_left_aside() -> None:
    x, keys = views(2)
    more = np.vstack([x, 100 * np.ones((3, 6))])
    assert lidar(more, np.concatenate([keys, [-1, -1, -1]])) == pytest.approx(lidar(x, keys))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**16))
def test_invariances(seed: int) -> None:
    x, keys = views(seed)
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    order = rng.permutation(len(x))
    value = lidar(x, keys)
    assert lidar((x @ turn + 3)[order], keys[order] * 7) == pytest.approx(value, rel=1e-6)
    assert 1 <= value <= 6 + 1e-4


def test_left_out_groups_are_the_plain_measure_on_the_rest() -> None:
    x, keys = views(3)
    codes = keys % 5 - 1
    replicates = lidar_replicates(x, keys, codes, 4)
    rest = [lidar(x[codes != group], keys[codes != group]) for group in range(4)]
    np.testing.assert_allclose(replicates.leave_out, rest, rtol=1e-8)
    assert replicates.value == pytest.approx(lidar(x, keys))
    assert replicates.n == 30


def test_refusals() -> None:
    x, keys = views(0)
    with pytest.raises(LinkError, match="one group"):
        lidar_replicates(x, keys, np.arange(len(x)) % 2, 2)
    with pytest.raises(VectorError, match="one view"):
        lidar(x, np.arange(len(x)))
    with pytest.raises(VectorError, match="two items"):
        lidar(x, np.zeros(len(x), int))
    with pytest.raises(VectorError, match="item key"):
        lidar(x, keys[1:])
    with pytest.raises(VectorError, match="equal means"):
        lidar(np.tile([[1.0, 2], [1, 4]], (3, 1)), np.repeat(np.arange(3), 2))
