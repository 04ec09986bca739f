"""Fréchet distance: closed forms, scipy's matrix root, torchmetrics, replicates and floor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.moments import moments
from repscope.measure.distribution.frechet import (
    frechet,
    frechet_floor,
    frechet_from_moments,
    frechet_replicates,
    rank_note,
)

FIXED = -1


def exactly(n: int, mean: NDArray[np.float64], root: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Rows whose sample mean and covariance are exactly ``mean`` and ``root @ root.T``."""
    rows = np.random.default_rng(seed).standard_normal((n, len(mean)))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows.T))).T
    return mean + rows @ root.T


def by_matrix_root(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    from scipy.linalg import sqrtm

    x, y = x.astype(np.float64), y.astype(np.float64)
    a, b = np.cov(x.T), np.cov(y.T)
    step = x.mean(axis=0) - y.mean(axis=0)
    return float(step @ step + np.trace(a) + np.trace(b) - 2 * np.trace(sqrtm(a @ b).real))


def by_singular_values(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """tr (Σ₁Σ₂)^½ is the nuclear norm of the product of the centred data: no covariance is ever formed."""
    a, b = (one - one.mean(axis=0) for one in (x, y))
    a, b = a / np.sqrt(len(a) - 1), b / np.sqrt(len(b) - 1)
    step = x.mean(axis=0) - y.mean(axis=0)
    shared = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(step @ step + (a * a).sum() + (b * b).sum() - 2 * shared)


def pair(seed: int, n: int = 60, m: int = 50, d: int = 6) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + rng.standard_normal(d)
    return x, rng.standard_normal((m, d)) @ rng.standard_normal((d, d))


def test_closed_form_of_commuting_covariances() -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))
    one, other = np.array([1.0, 2.0, 0.5, 3.0]), np.array([2.0, 0.1, 0.5, 1.0])
    shift = np.array([1.0, -1.0, 0.0, 2.0])
    x = exactly(50, np.zeros(4), turn * one, 1)
    y = exactly(70, shift, turn * other, 2)
    assert frechet(x, y) == pytest.approx(shift @ shift + ((one - other) ** 2).sum(), abs=1e-10)


def test_closed_form_in_two_dimensions() -> None:
    """tr √(AB) = √(tr AB + 2 √det AB), for covariances that do not commute."""
    a, b = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.7], [-0.7, 3.0]])
    x = exactly(30, np.zeros(2), np.linalg.cholesky(a), 1)
    y = exactly(40, np.zeros(2), np.linalg.cholesky(b), 2)
    root = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    assert frechet(x, y) == pytest.approx(np.trace(a) + np.trace(b) - 2 * root, abs=1e-10)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-8), (np.float32, 1e-4), (np.float16, 2e-2)])
def test_equals_the_matrix_root(dtype: type, tolerance: float) -> None:
    """Of the rows before the cast; float16 keeps three digits of each."""
    x, y = pair(3, 300, 200, 8)
    assert frechet(x.astype(dtype), y.astype(dtype)) == pytest.approx(by_matrix_root(x, y), rel=tolerance)


def test_equals_torchmetrics() -> None:
    torch = pytest.importorskip("torch")
    fid = pytest.importorskip("torchmetrics.image.fid")
    x, y = pair(4)
    statistics = [torch.from_numpy(one) for z in (x, y) for one in (z.mean(axis=0), np.cov(z.T))]
    assert frechet(x, y) == pytest.approx(float(fid._compute_fid(*statistics)), rel=1e-6)


@pytest.mark.parametrize(("n", "m"), [(20, 200), (200, 20), (15, 25), (2, 2)])
def test_fewer_rows_than_dimensions(n: int, m: int) -> None:
    x, y = pair(5, n, m, 64)
    assert frechet(x, y) == pytest.approx(by_singular_values(x, y), rel=1e-8)
    assert frechet(x, x) == pytest.approx(0, abs=1e-9 * np.var(x) * 64)


def test_no_spread_at_all() -> None:
    _, y = pair(6)
    collapsed = np.tile(y[:1], (40, 1))
    expected = ((y[0] - y.mean(axis=0)) ** 2).sum() + np.trace(np.cov(y.T))
    assert frechet(collapsed, y) == pytest.approx(expected, rel=1e-9)
    assert frechet(y, collapsed) == pytest.approx(expected, rel=1e-9)
    assert frechet(collapsed, collapsed) == 0


@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_properties(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = pair(seed)
    value = frechet(x, y)
    turn, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    step = rng.standard_normal(6)
    assert value >= 0
    assert frechet(y, x) == pytest.approx(value, rel=1e-8)
    assert frechet(x @ turn + step, y @ turn + step) == pytest.approx(value, rel=1e-7)
    assert frechet(rng.permutation(x), y) == pytest.approx(value, rel=1e-9)
    assert frechet(x * scale, y * scale) == pytest.approx(value * scale**2, rel=1e-8)
    assert frechet(x, x) == pytest.approx(0, abs=1e-9 * np.trace(np.cov(x.T)))
    assert frechet_from_moments(moments(x, block_rows=7), moments(y)) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("d", [6, 80])
def test_replicates_are_the_measure_without_a_group(paired: bool, d: int) -> None:
    x, y = pair(7, 90, 60, d)
    rng = np.random.default_rng(7)
    groups = rng.integers(-1, 5, 90)
    reference_groups = rng.integers(-1, 5, 60) if paired else np.full(60, FIXED)
    found = frechet_replicates(x, y, groups, reference_groups, 5)
    assert found.value == pytest.approx(frechet(x, y), abs=1e-8)
    assert found.n == 150
    assert ("rank 59" in found.method) == (d == 80)
    for g in range(5):
        expected = frechet(x[groups != g], y[reference_groups != g])
        assert found.leave_out[g] == pytest.approx(expected, abs=1e-8)


def test_a_group_of_nearly_all_rows_leaves_nothing_to_measure() -> None:
    x, y = pair(8, 10, 10)
    found = frechet_replicates(x, y, np.array([0] * 9 + [1]), np.full(10, FIXED), 2)
    assert np.isnan(found.leave_out[0])
    assert np.isfinite(found.leave_out[1])


def test_floor_is_what_equal_distributions_read() -> None:
    rows = np.random.default_rng(9).standard_normal((400, 10))
    other = np.random.default_rng(10).standard_normal((200, 10))
    floor = frechet_floor(rows, seed=3, repeats=4)
    assert floor.shape == (4,)
    assert np.array_equal(floor, frechet_floor(rows, seed=3, repeats=4))
    assert 0.5 < floor.mean() / frechet(rows[:200], other) < 2
    assert frechet_floor(rows[:100], repeats=4).mean() > 1.5 * floor.mean()


def test_rank_note() -> None:
    assert rank_note(100, 80, 64) == ""
    assert "rank 63 at most from 64 rows in 64 dimensions" in rank_note(100, 64, 64)


def test_refusals() -> None:
    x, y = pair(12)
    with pytest.raises(VectorError, match="6 and 5"):
        frechet(x, y[:, :5])
    with pytest.raises(VectorError, match="6 and 5"):
        frechet_replicates(x, y[:, :5], np.zeros(60, int), np.zeros(50, int), 2)
    with pytest.raises(VectorError, match="at least 2 rows"):
        frechet(x[:1], y)
    with pytest.raises(VectorError, match="at least 4 rows"):
        frechet_floor(x[:3])
    with pytest.raises(InputError, match="repeat"):
        frechet_floor(x, repeats=0)
    x[3, 0] = np.nan
    with pytest.raises(VectorError, match="NaN or Inf in row 3"):
        frechet(x, y)


@pytest.mark.parametrize("d", [40, 200])
def test_fewer_rows_than_dimensions_equal_the_singular_values(d: int) -> None:
    rng = np.random.default_rng(9)
    x, y = 100 + rng.standard_normal((18, d)), 100.5 + 2 * rng.standard_normal((15, d))
    groups = np.arange(18) % 5
    found = frechet_replicates(x, y, groups, np.full(15, FIXED), 5)
    assert found.value == pytest.approx(by_singular_values(x, y), rel=1e-9)
    assert frechet(x, y) == pytest.approx(found.value, rel=1e-12)
    left = [by_singular_values(x[groups != one], y) for one in range(5)]
    assert found.leave_out == pytest.approx(left, rel=1e-9)
    assert f"{d:,} dimensions" in found.method


def test_rows_that_are_not_finite_are_named_whatever_the_width() -> None:
    x = np.zeros((4, 30))
    x[2, 7] = np.nan
    with pytest.raises(VectorError, match="2"):
        frechet(x, np.ones((3, 30)))
