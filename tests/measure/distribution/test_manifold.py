"""Precision, recall, density, coverage against loops over the published definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from repscope.errors import InputError, VectorError
from repscope.measure.distribution import manifold as room
from repscope.measure.distribution.manifold import (
    MANIFOLD,
    coverage,
    density,
    manifold,
    manifold_replicates,
    precision,
    recall,
)

FIXED = -1


def naive(x: NDArray[np.floating], y: NDArray[np.floating], k: int) -> tuple[float, float, float, float]:
    """Loops over Kynkäänniemi et al. (eq. 1-3) and Naeem et al. (eq. 5-6), with ≤ at the radius."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    reach = 1e-9
    item_radii = [sorted(np.delete(row, i))[k - 1] for i, row in enumerate(cdist(x, x))]
    radii = [sorted(np.delete(row, j))[k - 1] for j, row in enumerate(cdist(y, y))]
    between = cdist(x, y)
    n, m = between.shape
    inside = [[between[i, j] <= radii[j] + reach for j in range(m)] for i in range(n)]
    reached = [any(between[i, j] <= item_radii[i] + reach for i in range(n)) for j in range(m)]
    return (
        sum(any(row) for row in inside) / n,
        sum(reached) / m,
        sum(sum(row) for row in inside) / (k * n),
        sum(any(inside[i][j] for i in range(n)) for j in range(m)) / m,
    )


def pair(seed: int, n: int = 60, m: int = 50, d: int = 4) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), 0.8 * rng.standard_normal((m, d)) + 0.4


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_equal_loops(dtype: type, k: int) -> None:
    x, y = (one.astype(dtype) for one in pair(0))
    found = manifold(x, y, k=k)
    expected = naive(x, y, k)
    assert [getattr(found, name) for name in MANIFOLD] == pytest.approx(expected, abs=1e-12)
    assert [one(x, y, k=k) for one in (precision, recall, density, coverage)] == pytest.approx(expected)


def test_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = pair(1)
    whole = manifold(x, y)
    for rows in (1, 7, 60):
        monkeypatch.setattr(room, "_BLOCK", rows)
        assert manifold(x, y) == whole


def test_a_set_against_itself() -> None:
    """Each row lies in its own ball, and its k neighbours' distances are radii: equality counts as inside."""
    x, _ = pair(2)
    found = manifold(x, x, k=4)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == pytest.approx(5 / 4)


def test_collapse_keeps_precision_and_loses_the_rest() -> None:
    _, y = pair(3)
    centre = np.tile(y[np.argmin(((y - y.mean(axis=0)) ** 2).sum(axis=1))], (60, 1))
    found = manifold(centre, y)
    assert found.precision == 1
    assert found.recall == 1 / len(y)
    assert found.density > 1
    assert found.coverage < 0.6


def test_far_apart_is_zero() -> None:
    x, y = pair(4)
    assert manifold(x + 100, y) == room.Manifold(0, 0, 0, 0)


def test_expected_coverage_of_equal_distributions() -> None:
    """Naeem et al., eq. 9: about 1 − 2⁻ᵏ."""
    rng = np.random.default_rng(5)
    found = manifold(rng.standard_normal((1500, 2)), rng.standard_normal((1500, 2)), k=3)
    assert found.coverage == pytest.approx(1 - 2**-3, abs=0.03)
    assert found.density == pytest.approx(1, abs=0.06)


@given(seed=st.integers(0, 10_000), k=st.integers(1, 6), scale=st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_properties(seed: int, k: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = pair(seed, 25, 20)
    found = manifold(x, y, k=k)
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    assert 0 <= found.precision <= 1
    assert 0 <= found.recall <= 1
    assert 0 <= found.coverage <= 1
    assert 0 <= found.density <= 20 / k
    assert manifold(scale * (x @ turn) + 3, scale * (y @ turn) + 3, k=k) == found
    assert manifold(rng.permutation(x), rng.permutation(y), k=k) == found
    assert manifold(y, x, k=k).precision == found.recall


@given(seed=st.integers(0, 10_000), k=st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_equal_distances_and_copies(seed: int, k: int) -> None:
    """Points of a small grid: most distances are equal to some radius."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 3, (20, 2)).astype(float), rng.integers(0, 3, (15, 2)).astype(float)
    found = manifold(x, y, k=k)
    assert [getattr(found, name) for name in MANIFOLD] == pytest.approx(naive(x, y, k))


@pytest.mark.parametrize("reference", ["grouped", "mixed", "fixed"])
def test_replicates_are_the_measure_without_a_group(reference: str) -> None:
    """Groups of neighbours leave together, so that the longer lists run short too."""
    x, y = pair(6, 150, 130)
    rng = np.random.default_rng(6)
    groups = np.digitize(x[:, 0], [-0.5, 0.5]) if reference != "mixed" else rng.integers(-1, 3, 150)
    reference_groups = {
        "grouped": np.digitize(y[:, 0], [-0.5, 0.5]),
        "mixed": rng.integers(-1, 3, 130),
        "fixed": np.full(130, FIXED),
    }[reference]
    found = manifold_replicates(x, y, groups, reference_groups, 3, k=5)
    whole = manifold(x, y, k=5)
    for name in MANIFOLD:
        assert found[name].value == pytest.approx(getattr(whole, name), abs=1e-12)
        note = "k = 5; the reference held fixed" if reference == "fixed" else "k = 5"
        assert (found[name].n, found[name].method) == (280, note)
        assert found[name].share_of == {"precision": 150, "density": 0}.get(name, 130)
        for g in range(3):
            expected = manifold(x[groups != g], y[reference_groups != g], k=5)
            assert found[name].leave_out[g] == pytest.approx(getattr(expected, name), abs=1e-12)


def test_too_few_rows_without_a_group() -> None:
    x, y = pair(7, 12, 12)
    groups = np.array([0] * 7 + [1] * 5)
    found = manifold_replicates(x, y, groups, np.full(12, FIXED), 2, k=5)
    assert np.isnan(found["density"].leave_out[0])
    assert np.isfinite(found["density"].leave_out[1])


def test_cap() -> None:
    x, y = pair(8, 400, 300)
    found = manifold_replicates(x, y, np.arange(400) % 4, np.full(300, FIXED), 4, max_rows=100, seed=2)
    assert found["coverage"].n == 200
    assert "100 of 400 rows of items drawn with seed 2" in found["coverage"].method
    assert found["coverage"].value == coverage(x, y, max_rows=100, seed=2)


def test_refusals() -> None:
    x, y = pair(9)
    with pytest.raises(VectorError, match="at least 6 rows in items"):
        manifold(x[:5], y)
    with pytest.raises(InputError, match="k of at least 1"):
        manifold(x, y, k=0)
    with pytest.raises(InputError, match="max_rows"):
        manifold(x, y, max_rows=5)
    with pytest.raises(VectorError, match="4 and 3"):
        manifold(x, y[:, :3])
    y[7] = np.nan
    with pytest.raises(VectorError, match=r"reference.*row 7"):
        manifold(x, y)
