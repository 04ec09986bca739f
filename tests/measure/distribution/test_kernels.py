"""MMD, KID and energy distance against double loops, torchmetrics and scipy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from repscope.errors import InputError, UnknownNameError, VectorError
from repscope.measure.distribution import kernels
from repscope.measure.distribution.kernels import (
    KERNELS,
    energy,
    kernel_replicates,
    kid,
    median_bandwidth,
    mmd,
)

FIXED = -1
Rows = NDArray[np.float64]


def pair(seed: int, n: int = 40, m: int = 30, d: int = 5) -> tuple[Rows, Rows]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), 0.7 * rng.standard_normal((m, d)) + 0.3


def naive(x: Rows, y: Rows, kernel: Callable[[Rows, Rows], float]) -> float:
    within = np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    between = np.mean([kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    return float(within + between - 2 * np.mean([kernel(a, b) for a in x for b in y]))


def gaussian(sigma: float) -> Callable[[Rows, Rows], float]:
    return lambda a, b: float(np.exp(-((a - b) ** 2).sum() / (2 * sigma**2)))


def cubic(a: Rows, b: Rows) -> float:
    return float((a @ b / len(a) + 1) ** 3)


def distance(a: Rows, b: Rows) -> float:
    return float(np.sqrt(((a - b) ** 2).sum()))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-6), (np.float16, 2e-3)]
)
def test_equal_double_loops(dtype: type, tolerance: float) -> None:
    """Of the rows before the cast; float16 keeps three digits of each."""
    x, y = pair(0)
    a, b = x.astype(dtype), y.astype(dtype)
    assert mmd(a, b, bandwidth=1.3) == pytest.approx(naive(x, y, gaussian(1.3)), abs=tolerance)
    assert kid(a, b) == pytest.approx(naive(x, y, cubic), abs=tolerance)
    assert energy(a, b) == pytest.approx(-naive(x, y, distance), abs=tolerance)


def test_several_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result does not depend on the block size, with or without a last block partly filled."""
    x, y = pair(1, 70, 45)
    groups, reference_groups = np.arange(70) % 4, np.arange(45) % 4
    whole = kernel_replicates(x, y, groups, reference_groups, 4)
    for tile in (7, 10, 45):
        monkeypatch.setattr(kernels, "_TILE", tile)
        parts = kernel_replicates(x, y, groups, reference_groups, 4)
        for name in KERNELS:
            assert parts[name].value == pytest.approx(whole[name].value, abs=1e-12)
            assert np.allclose(parts[name].leave_out, whole[name].leave_out, atol=1e-12)


def test_kid_equals_torchmetrics() -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torchmetrics.image.kid")
    x, y = pair(2, 40, 40, 16)
    expected = peer.poly_mmd(torch.from_numpy(x), torch.from_numpy(y), degree=3, coef=1.0)
    assert kid(x, y) == pytest.approx(float(expected), abs=1e-9)


def test_energy_equals_scipy_in_one_dimension() -> None:
    """scipy's is the root of the V-statistic, in which rows are also paired with themselves."""
    from scipy.stats import energy_distance

    x, y = pair(3, 25, 35, 1)
    within, between = (
        np.abs(one - one.T).sum() * (1 / (len(one) * (len(one) - 1)) - 1 / len(one) ** 2) for one in (x, y)
    )
    assert energy(x, y) + within + between == pytest.approx(energy_distance(x[:, 0], y[:, 0]) ** 2, abs=1e-12)


def test_unbiased() -> None:
    """Means over many pairs of samples of one distribution stay within three standard errors of zero."""
    rng = np.random.default_rng(4)
    values = []
    for _ in range(300):
        x, y = rng.standard_normal((12, 3)), rng.standard_normal((8, 3))
        values.append([mmd(x, y, bandwidth=2.0), kid(x, y), energy(x, y)])
    means = np.mean(values, axis=0)
    assert (np.abs(means) < 3 * np.std(values, axis=0) / np.sqrt(300)).all()


def test_far_apart() -> None:
    x, y = pair(5)
    far = y + 1e4
    within = naive(x, x, gaussian(1.0))
    assert mmd(x, far, bandwidth=1.0) > 0.05 > within
    shift = np.linalg.norm(np.full(5, 1e4))
    assert energy(x, far) == pytest.approx(2 * shift, rel=1e-3)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_properties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = pair(seed, 20, 15)
    turn, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    step = 10 * rng.standard_normal(5)
    for one in (lambda a, b: mmd(a, b, bandwidth=1.0), kid, energy):
        value = one(x, y)
        assert one(y, x) == pytest.approx(value, abs=1e-11)
        assert one(x @ turn, y @ turn) == pytest.approx(value, abs=1e-11)
        assert one(rng.permutation(x), y) == pytest.approx(value, abs=1e-11)
        assert one(x, x) <= 1e-12
        if one is not kid:
            assert one(x + step, y + step) == pytest.approx(value, abs=1e-10)
    assert -2 <= mmd(x, y) <= 2


def test_common_offset_costs_no_digits() -> None:
    x, y = pair(6)
    x, y = np.round(x * 2**20) / 2**20, np.round(y * 2**20) / 2**20
    assert energy(x + 1024, y + 1024) == pytest.approx(energy(x, y), abs=1e-10)


@pytest.mark.parametrize("paired", [True, False])
def test_replicates_are_the_measure_without_a_group(paired: bool) -> None:
    x, y = pair(7, 60, 50)
    rng = np.random.default_rng(7)
    groups = rng.integers(-1, 4, 60)
    reference_groups = rng.integers(-1, 4, 50) if paired else np.full(50, FIXED)
    sigma = median_bandwidth(x, y)
    together = kernel_replicates(x, y, groups, reference_groups, 4)
    plain = {"mmd": lambda a, b: mmd(a, b, bandwidth=sigma), "kid": kid, "energy": energy}
    for name, measure in plain.items():
        found = kernel_replicates(x, y, groups, reference_groups, 4, names=(name,))[name]
        assert np.allclose(found.leave_out, together[name].leave_out, atol=1e-14)
        assert found.value == pytest.approx(measure(x, y), abs=1e-12)
        assert found.n == 110
        for g in range(4):
            expected = measure(x[groups != g], y[reference_groups != g])
            assert found.leave_out[g] == pytest.approx(expected, abs=1e-11)
    assert together["mmd"].method == f"bandwidth {sigma:.6g}"


def test_a_group_of_nearly_all_rows_leaves_nothing_to_measure() -> None:
    x, y = pair(8, 6, 6)
    found = kernel_replicates(x, y, np.array([0] * 5 + [1]), np.full(6, FIXED), 2)
    assert all(np.isnan(one.leave_out[0]) for one in found.values())
    assert all(np.isfinite(one.leave_out[1]) for one in found.values())


def test_cap_draws_the_same_rows_for_every_stage() -> None:
    x, y = pair(9, 300, 200)
    groups = np.arange(300) % 5
    found = kernel_replicates(x, y, groups, np.full(200, FIXED), 5, max_rows=100, seed=3)
    assert found["energy"].n == 200
    assert found["energy"].method == (
        "100 of 300 rows of items drawn with seed 3; 100 of 200 rows of reference drawn with seed 4"
    )
    assert found["energy"].value == pytest.approx(energy(x, y, max_rows=100, seed=3), abs=1e-12)
    assert found["energy"].value == pytest.approx(energy(x, y, max_rows=None), abs=0.2)
    moved = energy(x + 5, y, max_rows=100, seed=3)
    chosen = np.sort(np.random.default_rng(3).choice(300, 100, replace=False))
    reference = np.sort(np.random.default_rng(4).choice(200, 100, replace=False))
    assert moved == pytest.approx(energy(x[chosen] + 5, y[reference]), abs=1e-12)


def test_median_bandwidth() -> None:
    from scipy.spatial.distance import pdist

    x, y = pair(10)
    assert median_bandwidth(x, y) == pytest.approx(np.median(pdist(np.vstack([x, y]))))
    assert median_bandwidth(x, y, max_rows=20, seed=1) == median_bandwidth(x, y, max_rows=20, seed=1)
    collapsed = np.ones((100, 2))
    collapsed[0] = [1, 4]
    assert median_bandwidth(collapsed) == pytest.approx(3)
    assert mmd(x, y) == mmd(x, y, bandwidth=median_bandwidth(x, y))


def test_bandwidth_leaves_copies_up_to_rounding_out() -> None:
    """Two points, each there 40 times with other last bits: the only distance is between them."""
    rng = np.random.default_rng(0)
    points = rng.standard_normal((2, 64))
    x = np.repeat(points, 40, axis=0) * (1 + 1e-7 * rng.standard_normal((80, 64)))
    apart = np.linalg.norm(points[0] - points[1])
    assert median_bandwidth(x.astype(np.float32)) == pytest.approx(apart, rel=1e-5)


def test_refusals() -> None:
    x, y = pair(11)
    with pytest.raises(VectorError, match="5 and 4"):
        energy(x, y[:, :4])
    with pytest.raises(VectorError, match="2 rows in reference"):
        kid(x, y[:1])
    with pytest.raises(VectorError, match="identical"):
        median_bandwidth(np.ones((5, 2)))
    with pytest.raises(VectorError, match="same width"):
        median_bandwidth(x, y[:, :4])
    with pytest.raises(InputError, match="set"):
        median_bandwidth()
    with pytest.raises(InputError, match="positive bandwidth"):
        mmd(x, y, bandwidth=0.0)
    with pytest.raises(InputError, match="max_rows"):
        energy(x, y, max_rows=1)
    with pytest.raises(UnknownNameError, match="laplace"):
        kernel_replicates(x, y, np.zeros(40, int), np.zeros(30, int), 2, names=("laplace",))
    with pytest.raises(VectorError, match="group code"):
        kernel_replicates(x, y, np.zeros(39, int), np.zeros(30, int), 2)
    x[[4, 9], 1] = np.inf
    with pytest.raises(VectorError, match=r"items.*rows 4, 9"):
        energy(x, y)
    with pytest.raises(VectorError, match="NaN or Inf"):
        median_bandwidth(x)
