"""Sliced Wasserstein distance: closed forms, exact assignment, unequal sizes, replicates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from repscope.errors import InputError, VectorError
from repscope.measure.distribution.sliced import sliced_wasserstein, sliced_wasserstein_replicates

FIXED = -1


def squared_by_assignment(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """W₂² of values on a line: each repeated until both sets are of one size, then the best matching."""
    x, y = np.repeat(x, len(y)), np.repeat(y, len(x))
    cost = (x[:, None] - y[None, :]) ** 2
    return float(cost[linear_sum_assignment(cost)].mean())


@pytest.mark.parametrize(("n", "m"), [(12, 12), (4, 6), (5, 7), (1, 9), (8, 3)])
def test_one_dimension_equals_the_best_matching(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((n, 1)), 2 * rng.standard_normal((m, 1)) + 1
    expected = np.sqrt(squared_by_assignment(x[:, 0], y[:, 0]))
    assert sliced_wasserstein(x, y, directions=3) == pytest.approx(expected, abs=1e-12)


def test_first_order_cost_agrees_with_scipy() -> None:
    """Where y lies above x by one constant along a line, W₂ is W₁."""
    from scipy.stats import wasserstein_distance

    x = np.random.default_rng(0).standard_normal((30, 1))
    assert sliced_wasserstein(x, x + 3.5) == pytest.approx(wasserstein_distance(x[:, 0], x[:, 0] + 3.5))


def test_shift_along_a_whole_basis() -> None:
    """Over D orthogonal directions the squared shift is shared out exactly: ‖v‖ / √D."""
    rng = np.random.default_rng(1)
    x, v = rng.standard_normal((50, 6)), rng.standard_normal(6)
    for directions in (6, 12):
        found = sliced_wasserstein(x, x + v, directions=directions)
        assert found == pytest.approx(np.linalg.norm(v) / np.sqrt(6), abs=1e-12)


def test_scale_of_a_gaussian() -> None:
    """W₂ of N(0, s²) and N(0, t²) is |s − t| along every direction."""
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((20_000, 3)), 3 * rng.standard_normal((20_000, 3))
    assert sliced_wasserstein(x, y) == pytest.approx(2, rel=0.03)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float16, 1e-3)])
def test_narrow_types(dtype: type, tolerance: float) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((80, 9)), rng.standard_normal((60, 9)) + 1
    assert sliced_wasserstein(x.astype(dtype), y.astype(dtype)) == pytest.approx(
        sliced_wasserstein(x, y), abs=tolerance
    )


@given(seed=st.integers(0, 10_000), n=st.integers(1, 30), m=st.integers(1, 30), scale=st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_properties(seed: int, n: int, m: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, 4)), rng.standard_normal((m, 4))
    value = sliced_wasserstein(x, y, directions=10)
    assert value >= 0
    assert sliced_wasserstein(y, x, directions=10) == pytest.approx(value, abs=1e-10)
    assert sliced_wasserstein(rng.permutation(x), y, directions=10) == pytest.approx(value, abs=1e-10)
    assert sliced_wasserstein(x * scale, y * scale, directions=10) == pytest.approx(value * scale, rel=1e-8)
    assert sliced_wasserstein(x, x, directions=10) == 0
    assert sliced_wasserstein(np.repeat(x, 3, axis=0), y, directions=10) == pytest.approx(value, abs=1e-10)


def test_rotation_changes_only_the_monte_carlo_error() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((200, 16)), rng.standard_normal((150, 16)) * np.linspace(0.2, 2, 16)
    turn, _ = np.linalg.qr(rng.standard_normal((16, 16)))
    plain, turned = sliced_wasserstein(x, y), sliced_wasserstein(x @ turn, y @ turn)
    assert plain != turned
    assert turned == pytest.approx(plain, rel=0.05)


@pytest.mark.parametrize("paired", [True, False])
def test_replicates_are_the_measure_without_a_group(paired: bool) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((60, 7)), rng.standard_normal((45, 7)) + 0.5
    groups = rng.integers(-1, 4, 60)
    reference_groups = rng.integers(-1, 4, 45) if paired else np.full(45, FIXED)
    found = sliced_wasserstein_replicates(x, y, groups, reference_groups, 4, directions=20)
    assert found.value == pytest.approx(sliced_wasserstein(x, y, directions=20), abs=1e-12)
    assert (found.n, found.method) == (105, "20 directions")
    for g in range(4):
        expected = sliced_wasserstein(x[groups != g], y[reference_groups != g], directions=20)
        assert found.leave_out[g] == pytest.approx(expected, abs=1e-10)


def test_a_group_of_all_rows_leaves_nothing_to_measure() -> None:
    x = np.random.default_rng(6).standard_normal((6, 3))
    found = sliced_wasserstein_replicates(x, x + 1, np.zeros(6, int), np.full(6, FIXED), 2)
    assert np.isnan(found.leave_out[0])
    assert found.leave_out[1] == found.value


def test_cap_and_seed() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((300, 4)), rng.standard_normal((200, 4)) + 1
    found = sliced_wasserstein_replicates(
        x, y, np.arange(300) % 3, np.full(200, FIXED), 3, max_rows=100, seed=5
    )
    assert found.n == 200
    assert "100 of 300 rows of items drawn with seed 5" in found.method
    assert found.value == sliced_wasserstein(x, y, max_rows=100, seed=5)
    assert found.value != sliced_wasserstein(x, y, max_rows=100, seed=6)


def test_refusals() -> None:
    x = np.random.default_rng(8).standard_normal((5, 3))
    with pytest.raises(InputError, match="direction"):
        sliced_wasserstein(x, x, directions=0)
    with pytest.raises(VectorError, match="3 and 2"):
        sliced_wasserstein(x, x[:, :2])
    with pytest.raises(VectorError, match="1 row"):
        sliced_wasserstein(x[:0], x)
    x[2, 1] = np.nan
    with pytest.raises(VectorError, match=r"reference.*row 2"):
        sliced_wasserstein(x[:2], x)
