"""Vendi score against the eigenvalues of the whole kernel matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics.pairwise import cosine_similarity

from repscope.errors import VectorError
from repscope.measure.distribution.vendi import vendi, vendi_replicates


def naive(x: NDArray[np.floating]) -> float:
    """exp of the von Neumann entropy of K / N, from the N × N matrix; 0 log 0 = 0."""
    values = np.linalg.eigvalsh(cosine_similarity(x.astype(np.float64)) / len(x))
    return float(np.exp(-sum(value * np.log(value) for value in values if value > 1e-15)))


@pytest.mark.parametrize(("n", "d"), [(50, 8), (8, 50), (20, 20)])
def test_equals_the_kernel_matrix(n: int, d: int) -> None:
    x = np.random.default_rng(0).standard_normal((n, d)) + 0.3
    assert vendi(x) == pytest.approx(naive(x), abs=1e-9)
    assert vendi(x.astype(np.float32)) == pytest.approx(naive(x), rel=1e-6)
    assert vendi(x.astype(np.float16)) == pytest.approx(naive(x), rel=1e-3)


def test_known_answers() -> None:
    assert vendi(np.eye(7) * np.arange(1, 8)) == pytest.approx(7)
    assert vendi(np.ones((9, 4))) == pytest.approx(1)
    assert vendi(np.repeat(np.eye(5), [3] * 5, axis=0)) == pytest.approx(5)
    assert vendi(np.repeat(np.eye(2), [1, 3], axis=0)) == pytest.approx(4 / 3**0.75)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 30), d=st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_properties(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    value = vendi(x)
    turn, _ = np.linalg.qr(rng.standard_normal((d, d)))
    assert 1 - 1e-9 <= value <= min(n, d) + 1e-9
    assert vendi(x @ turn) == pytest.approx(value, abs=1e-8)
    assert vendi(rng.permutation(x) * rng.uniform(0.1, 10, (n, 1))) == pytest.approx(value, abs=1e-8)
    assert vendi(np.vstack([x, x])) == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize("d", [6, 90])
def test_replicates_are_the_measure_without_a_group(d: int) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((80, d)) + 0.2
    groups = rng.integers(-1, 4, 80)
    found = vendi_replicates(x, groups, 4)
    assert found.value == pytest.approx(vendi(x), abs=1e-9)
    assert found.n == 80
    for g in range(4):
        assert found.leave_out[g] == pytest.approx(vendi(x[groups != g]), abs=1e-8)


@pytest.mark.parametrize("d", [3, 30])
def test_a_group_of_all_rows_leaves_nothing_to_measure(d: int) -> None:
    x = np.random.default_rng(2).standard_normal((10, d))
    found = vendi_replicates(x, np.zeros(10, int), 2)
    assert np.isnan(found.leave_out[0])
    assert found.leave_out[1] == pytest.approx(found.value)


def test_refusals() -> None:
    x = np.random.default_rng(3).standard_normal((10, 3))
    x[4] = 0
    with pytest.raises(VectorError, match="zero vectors in row 4"):
        vendi(x)
    with pytest.raises(VectorError, match="zero vectors in row 4"):
        vendi_replicates(x, np.arange(10) % 2, 2)
    with pytest.raises(VectorError, match="at least 1 row"):
        vendi(x[:0])
    with pytest.raises(VectorError, match="group code"):
        vendi_replicates(x, np.zeros(9, int), 2)
