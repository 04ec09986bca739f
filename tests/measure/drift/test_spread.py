"""Spread, along and across the drift, along axes, tails, ranks: closed forms and naive oracles."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.measure.drift import drift_arrays
from repscope.measure.drift.frame import drift_frame
from repscope.measure.drift.readings import readings
from repscope.measure.drift.sums import stage_sums


def rows(n: int = 200, d: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)) * np.linspace(2, 0.5, d)


def drift(stages, **options):
    return drift_arrays(stages, measures=options.pop("measures", ()), **options)


def test_totals_are_the_traces_of_covariances() -> None:
    x = rows() + 50
    stages = [x, rows(seed=1) - 3]
    one = drift_frame(stages)
    sums = stage_sums(one)
    total = sums.total_spread()
    for s, stage in enumerate(stages):
        assert total[0, s] == pytest.approx(np.trace(np.cov(stage.T)), rel=1e-9)
        kept = stage[one.groups != 7]
        assert total[8, s] == pytest.approx(np.trace(np.cov(kept.T)), rel=1e-9)
        unit = stage / np.linalg.norm(stage, axis=1, keepdims=True)
        cosines = unit @ unit.T
        n = len(unit)
        naive = 1 - (cosines.sum() - n) / (n * (n - 1))
        assert sums.cosine_spread()[0, s] == pytest.approx(naive, rel=1e-9)
        assert sums.mean_norms()[0, s] == pytest.approx(np.linalg.norm(stage, axis=1).mean())
        np.testing.assert_allclose(sums.means()[0, s], stage.mean(axis=0), rtol=1e-9)


def test_a_scaling_changes_variance_by_its_square_and_nothing_else() -> None:
    x = rows()
    found = drift([x, 0.5 * x, 0.25 * x], measures=("rank",))
    spread = found.series["spread.total"]
    assert [pair.change.value for pair in spread.pairs] == pytest.approx([0.25, 0.25, 0.0625])
    for pair in spread.pairs:
        assert pair.change.low == pytest.approx(pair.change.value)
        assert pair.change.high == pytest.approx(pair.change.value)
    assert found.series["spread.cosine"].pair(0, 2).change.value == pytest.approx(1.0)
    assert found.series["norm.mean"].pair(0, 2).change.value == pytest.approx(0.25)
    assert found.series["rank.entropy"].pair(0, 2).change.value == pytest.approx(1.0)
    assert found.series["spread.axes"].values[2].value == pytest.approx(0.0625)
    for axis in found.axes:
        assert [one.value for one in axis.ratios] == pytest.approx([1, 0.25, 0.0625])
    assert sum(axis.share for axis in found.axes) == pytest.approx(1.0, abs=0.1)
    assert found.series["tail.ratio"].pair(0, 2).change.value == pytest.approx(1.0)
    assert found.rate.slope.value == pytest.approx(-2 * np.log(2))
    assert found.rate.half_life.value == pytest.approx(0.5)


def test_spread_along_and_across_the_drift() -> None:
    """Stretched by 3 along the drift, shrunk by a half across it."""
    x = rows()
    x -= x.mean(axis=0)
    factors = np.array([3, 0.5, 0.5, 0.5, 0.5, 0.5])
    moved = x * factors + 100 * np.eye(6)[0]
    found = drift([x, moved])
    variances = x.var(axis=0, ddof=1)
    assert found.series["spread.along"].values[0].value == pytest.approx(variances[0])
    assert found.series["spread.along"].pair(0, 1).change.value == pytest.approx(9.0)
    assert found.series["spread.across"].pair(0, 1).change.value == pytest.approx(0.25)


def test_no_direction_no_spread_along_it() -> None:
    x = rows()
    found = drift([x, x])
    assert "spread.along" not in found.series
    assert "no direction" in found.undefined["spread.along"]


def test_the_direction_is_found_anew_without_each_group() -> None:
    x, y = rows(), rows(seed=3) + np.array([2.0, 1, 0, 0, 0, 0])
    one = drift_frame([x, y])
    sums = stage_sums(one)
    found = readings(one, sums, moved=True)
    for row, kept in ((0, np.ones(200, bool)), (3, one.groups != 2)):
        net = y[kept].mean(axis=0) - x[kept].mean(axis=0)
        net /= np.linalg.norm(net)
        for s, stage in enumerate((x, y)):
            assert found.along[row, s] == pytest.approx((stage[kept] @ net).var(ddof=1), rel=1e-9)
    np.testing.assert_allclose(found.radii[1], np.linalg.norm(y - y.mean(axis=0), axis=1), rtol=1e-9)


def test_axes_of_fresh_rows_read_one() -> None:
    """Axes read on their own rows would say that the largest variances fall."""
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(30):
        found = drift([rng.standard_normal((80, 20)) for _ in range(2)])
        ratios.append(found.axes[0].ratios[1].value)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.12)


def test_one_lost_direction_is_seen_on_its_axis() -> None:
    x = rows(400) * np.array([3, 1, 1, 1, 1, 1])
    flat = x * np.array([0.1, 1, 1, 1, 1, 1])
    found = drift([x, flat])
    assert found.axes[0].ratios[1].value == pytest.approx(0.01, rel=0.1)
    assert found.axes[1].ratios[1].value == pytest.approx(1.0, abs=0.02)


def test_fewer_rows_than_dimensions_say_so() -> None:
    x = np.random.default_rng(0).standard_normal((40, 64))
    found = drift([x, 0.5 * x], measures=("rank",))
    assert found.axes
    assert all(one.ratios[1].value == pytest.approx(0.25) for one in found.axes)
    rank = found.series["rank.entropy"]
    assert "at most N − 1 = 39" in rank.values[0].method
    low, high = rank.gaussian
    assert low * 0.97 <= rank.values[0].value <= high * 1.03


def test_clipped_tails_thin_out_first() -> None:
    x = rows(600)
    x -= x.mean(axis=0)
    radius = np.linalg.norm(x, axis=1, keepdims=True)
    drawn_in = x * np.minimum(1, np.quantile(radius, 0.8) / radius)
    found = drift([x, drawn_in])
    assert found.series["tail.share"].values[0].value == pytest.approx(0.1)
    assert found.series["tail.share"].values[1].value == 0.0
    expected = np.quantile(radius, 0.8) / np.median(radius)
    assert found.series["tail.ratio"].values[1].value == pytest.approx(expected, rel=0.02)
    assert found.series["tail.ratio"].pair(0, 1).change.high < 1


def test_a_point_has_no_spread_rather_than_rounding() -> None:
    x = rows()
    point = np.full_like(x, 0.1)
    found = drift([x, point], measures=("rank",))
    assert found.series["spread.total"].values[1].value == 0.0
    assert found.series["spread.total"].pair(0, 1).change.value == 0.0
    assert found.series["spread.total"].pair(0, 1).change.low is None
    assert found.series["rank.entropy"].values[1].value is None
    assert "equal rows" in found.series["rank.entropy"].values[1].why
    assert found.series["tail.ratio"].values[1].value is None
    assert found.rate.slope.value is None
    assert found.verdict.word == "collapsing"


def test_zero_rows_leave_cosines_undefined() -> None:
    x = rows()
    y = x.copy()
    y[11] = 0
    found = drift([x, y])
    assert "spread.cosine" not in found.series
    assert "zero vector" in found.undefined["spread.cosine"]
    assert "row 11" in found.undefined["spread.cosine"]
    assert found.series["spread.total"].values[1].value is not None
