"""Neighbourhood similarity: scikit-learn's neighbours and Python sets, groups left out, null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from repscope.errors import InputError, VectorError
from repscope.measure.core.neighbour_lists import overlap
from repscope.measure.similarity.neighbours import (
    knn_jaccard,
    knn_jaccard_items,
    knn_nulls,
    knn_recall,
    knn_recall_items,
    knn_replicates,
    neighbour_pair,
)


def pair(seed: int, n: int = 50) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 6))
    return x, np.hstack([x, rng.standard_normal((n, 2))]) + 0.5 * rng.standard_normal((n, 8))


def sets(x: np.ndarray, k: int) -> list[set[int]]:
    found = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(x).kneighbors()[1]
    return [set(row.tolist()) for row in found]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("k", [1, 5, 10])
def test_against_python_sets(dtype: type, k: int) -> None:
    x, y = pair(0)
    a, b = sets(x, k), sets(y, k)
    jaccard = [len(one & other) / len(one | other) for one, other in zip(a, b, strict=True)]
    recall = [len(one & other) / k for one, other in zip(a, b, strict=True)]
    x, y = x.astype(dtype), y.astype(dtype)
    first, second = neighbour_pair(x, y, k)
    items = first.indices[:, :k], second.indices[:, :k]
    np.testing.assert_allclose(knn_jaccard_items(*items), jaccard)
    np.testing.assert_allclose(knn_recall_items(*items), recall)
    assert knn_jaccard(x, y, k) == pytest.approx(np.mean(jaccard))
    assert knn_recall(x, y, k) == pytest.approx(np.mean(recall))


def test_overlap_by_hand() -> None:
    a = np.array([[1, 2, 3], [4, 5, 6]])
    b = np.array([[3, 9, 1], [7, 8, 9]])
    assert overlap(a, b).tolist() == [2, 0]
    assert overlap(a, b, block_rows=1).tolist() == [2, 0]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**16))
def test_invariances_bounds_and_symmetry(seed: int) -> None:
    x, y = pair(seed, 25)
    rng = np.random.default_rng(seed)
    order = rng.permutation(25)
    turn, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    for measure in (knn_recall, knn_jaccard):
        value = measure(x, y, 4)
        assert 0 <= value <= 1
        assert measure(y, x, 4) == value
        assert measure(x[order], y[order], 4) == pytest.approx(value)
        assert measure(3 * x @ turn, y, 4) == pytest.approx(value)
        assert measure(x, 2 * x @ turn, 4) == 1


def test_left_out_groups_are_the_plain_measure_on_the_rest() -> None:
    x, y = pair(1, 90)
    codes = np.arange(90) % 4 - 1
    table = knn_replicates(*neighbour_pair(x, y, 6), codes, 3)
    for name, measure in (("knn.recall", knn_recall), ("knn.jaccard", knn_jaccard)):
        rest = [measure(x[codes != group], y[codes != group], 6) for group in range(3)]
        assert table[name].value == pytest.approx(measure(x, y, 6))
        np.testing.assert_allclose(table[name].leave_out, rest, atol=1e-12)


def test_left_out_to_fewer_than_k_is_nan() -> None:
    x, y = pair(1, 12)
    table = knn_replicates(*neighbour_pair(x, y, 4), np.array([0] * 8 + [1] * 4), 2)
    assert np.isnan(table["knn.recall"].leave_out).tolist() == [True, False]


def test_null_is_the_measure_of_permuted_rows() -> None:
    x, y = pair(2)
    nulls = knn_nulls(x, y, k=5, seed=4, permutations=200)
    rng = np.random.default_rng(4)
    drawn = [knn_recall(x, y[rng.permutation(50)], 5) for _ in range(4)]
    first_four = knn_nulls(x, y, k=5, seed=4, permutations=4)["knn.recall"]
    assert first_four.mean == pytest.approx(np.mean(drawn))
    # Hypergeometric: k of N − 1 by chance.
    assert nulls["knn.recall"].mean == pytest.approx(5 / 49, rel=0.05)
    assert nulls["knn.recall"].p == pytest.approx(1 / 201)


def test_refusals() -> None:
    x, y = pair(0, 8)
    with pytest.raises(InputError, match="k = 10"):
        knn_recall(x, y)
    with pytest.raises(VectorError, match="paired"):
        knn_jaccard(x, y[1:], 2)
    with pytest.raises(VectorError, match="equally many"):
        knn_replicates(neighbour_pair(x, y, 2)[0], neighbour_pair(x, y, 3)[1], np.zeros(8, int), 1)
