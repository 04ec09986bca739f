"""Intervals of shares where few clusters differ: against mid-P by its definition, and their own coverage."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom

from helpers.sequential import RateTest
from repscope.measure.core.rare import FEW, at_least_exact, rare_interval, unseen_share
from repscope.measure.core.resample import cluster_sums, estimate_means


def mid_p(found: int, n: int) -> tuple[float, float]:
    """Shares at which what was found, counted half, is as rare as 2.5 %."""

    def below(share: float) -> float:
        return float(binom.cdf(found - 1, n, share) + 0.5 * binom.pmf(found, n, share))

    low = brentq(lambda share: below(share) - 0.975, 0, 1) if found else 0.0
    high = brentq(lambda share: below(share) - 0.025, 0, 1) if found < n else 1.0
    return float(low), float(high)


@pytest.mark.parametrize("n", [30, 200])
@pytest.mark.parametrize("failed", [0, 1, 4])
def test_of_0_and_1_it_is_the_mid_p_interval(n: int, failed: int) -> None:
    values = np.ones(n)
    values[:failed] = 0
    found = rare_interval(values, np.ones(n), 1.0, (0.0, 1.0), level=0.95, resamples=40_000, seed=0)
    low, high = mid_p(n - failed, n)
    assert found == pytest.approx((low, high), abs=0.03 * (high - low))


def test_none_seen_is_the_exact_share() -> None:
    assert unseen_share(30, 0.95) == pytest.approx(mid_p(0, 30)[1], abs=1e-9)
    assert unseen_share(200, 0.95) == pytest.approx(3 / 200, rel=0.02)


def test_large_clusters_count_for_fewer() -> None:
    sizes = np.r_[np.full(20, 10.0), np.full(100, 1.0)]
    low, high = rare_interval(sizes, sizes, 1.0, (0.0, 1.0), level=0.95, resamples=20_000, seed=0) or (0, 0)
    effective = sizes.sum() ** 2 / np.square(sizes).sum()
    assert high == pytest.approx(1.0)
    assert 1 - low == pytest.approx(unseen_share(effective, 0.95), rel=0.1)
    assert 1 - low > 2 * unseen_share(len(sizes) * 2, 0.95)


def test_many_that_differ_are_left_to_resampling() -> None:
    values = np.ones(100)
    values[:FEW] = 0
    assert rare_interval(values, np.ones(100), 1.0, (0, 1), level=0.95, resamples=10, seed=0) is None
    usual = at_least_exact(
        (0.8, 0.95), values, np.ones(100), (0.0, 1.0), (0.0, 1.0), level=0.95, resamples=10, seed=0
    )
    assert usual == (0.8, 0.95)


def losses(share: float, n: int, size: int) -> Iterator[tuple[float, float]]:
    """Intervals of the difference where before is perfect and a share of clusters is lost."""
    rng = np.random.default_rng(n)
    codes = np.repeat(np.arange(n), size)
    before = cluster_sums(np.ones(n * size), codes)
    for seed in range(3000):
        lost = (rng.random(n) < share)[codes]
        after = cluster_sums(1.0 - lost, codes)
        found = estimate_means(before, after, resamples=200, seed=seed, bounds=[(0.0, 1.0)])[0][2]
        assert found.low is not None
        assert found.high is not None
        yield found.low, found.high


@pytest.mark.parametrize(("n", "size"), [(30, 1), (60, 1), (60, 3), (150, 1)])
def test_a_loss_beyond_the_margin_is_not_called_equivalent(n: int, size: int) -> None:
    """A true loss of .025 with a margin of .02; before, 35 % of studies of 30 items said that it was none."""
    equivalent = (low >= -0.02 and high <= 0.02 for low, high in losses(0.025, n, size))
    assert not RateTest(low=0.025, high=0.08).says_high(equivalent)


@pytest.mark.parametrize("n", [40, 150])
def test_the_truth_is_covered(n: int) -> None:
    missed = (not low <= -0.025 <= high for low, high in losses(0.025, n, 1))
    assert not RateTest(low=0.05, high=0.12).says_high(missed)


def test_a_difference_of_one_stage_with_itself_is_exactly_0() -> None:
    sums = cluster_sums(np.ones(50), np.arange(50))
    before, _, difference = estimate_means(sums, sums, resamples=50, bounds=[(0.0, 1.0)], exact=[0])[0]
    assert (difference.low, difference.high) == (0.0, 0.0)
    assert before.low == pytest.approx(1 - unseen_share(50, 0.95), abs=0.03)
    assert before.low is not None
    assert before.low < 1
