"""RSA: scipy's Spearman over loops of pairs, ties, groups left out, null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from repscope.errors import VectorError
from repscope.measure.similarity.rsa import rsa, rsa_null, rsa_replicates


def pair(seed: int, n: int = 30) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 5))
    return x, x[:, :3] + rng.standard_normal((n, 3))


def distances(x: np.ndarray) -> list[float]:
    return [
        round(1 - float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)), 12)
        for i, a in enumerate(x)
        for b in x[i + 1 :]
    ]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-4), (np.float16, 1e-2)])
def test_against_scipy(dtype: type, tolerance: float) -> None:
    x, y = pair(0)
    oracle = spearmanr(distances(x), distances(y)).statistic
    assert rsa(x.astype(dtype), y.astype(dtype)) == pytest.approx(oracle, abs=tolerance)


def test_ties_share_their_rank() -> None:
    x, y = pair(1)
    x = np.repeat(x[:10], 3, axis=0)  # many pairs at distance 0, and every other distance nine times
    assert rsa(x, y) == pytest.approx(spearmanr(distances(x), distances(y)).statistic, abs=1e-9)


def test_known_answers() -> None:
    x, _ = pair(2)
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((5, 5)))
    lengths = np.random.default_rng(1).uniform(0.1, 9, (30, 1))
    assert rsa(x, lengths * x @ turn) == pytest.approx(1, abs=1e-9)
    # On a quarter circle against the same four points in turn: near becomes far.
    angles = np.radians([0, 10, 30, 90])
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    swapped = points[[0, 3, 1, 2]]
    assert rsa(points, swapped) == pytest.approx(
        spearmanr([10, 30, 90, 20, 80, 60], [90, 10, 30, 80, 60, 20]).statistic
    )


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**16))
def test_symmetry_bounds_and_order(seed: int) -> None:
    x, y = pair(seed, 15)
    order = np.random.default_rng(seed).permutation(15)
    value = rsa(x, y)
    assert -1 <= value <= 1
    assert rsa(y, x) == pytest.approx(value, abs=1e-9)
    assert rsa(x[order], y[order]) == pytest.approx(value, abs=1e-9)


def test_left_out_groups_are_the_plain_measure_on_the_rest() -> None:
    x, y = pair(3)
    x[5] = x[6]
    codes = np.arange(30) % 5 - 1
    replicates = rsa_replicates(x, y, codes, 4)
    rest = [rsa(x[codes != group], y[codes != group]) for group in range(4)]
    np.testing.assert_allclose(replicates.leave_out, rest, atol=1e-9)


def test_many_rows_are_sampled() -> None:
    x, y = pair(4, 60)
    rows = np.sort(np.random.default_rng(8).choice(60, 20, replace=False))
    replicates = rsa_replicates(x, y, np.arange(60) % 3, 3, most_rows=20, seed=8)
    assert replicates.value == pytest.approx(rsa(x[rows], y[rows]))
    assert replicates.n == 20
    assert "20 of 60 rows, seed 8" in replicates.method


def test_null_is_the_measure_of_permuted_rows() -> None:
    x, y = pair(5)
    null = rsa_null(x, y, seed=2, permutations=9)
    rng = np.random.default_rng(2)
    drawn = [rsa(x, y[rng.permutation(30)]) for _ in range(9)]
    assert null.observed == pytest.approx(rsa(x, y))
    assert null.mean == pytest.approx(np.mean(drawn), abs=1e-9)
    assert null.p == 0.1


def test_refusals() -> None:
    x, y = pair(0)
    for function in (rsa, rsa_null):
        with pytest.raises(VectorError, match="all equal"):
            function(np.eye(30) + 0.0, y)
        with pytest.raises(VectorError, match="at least 3 rows"):
            function(x[:2], y[:2])
        with pytest.raises(VectorError, match="paired"):
            function(x, y[:4])
        with pytest.raises(VectorError, match="zero vectors in row 3"):
            function(np.where(np.arange(30)[:, None] == 3, 0, x), y)
    # A collapsed set differs in rounding only, and that is no order of distances.
    with pytest.raises(VectorError, match="all equal"):
        rsa(np.ones((30, 3)) * np.linspace(0.1, 0.7, 3), y)
