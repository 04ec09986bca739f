"""Rates of contraction and change-points of series."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.measure.core.estimate import Replicates
from repscope.measure.drift.changepoint import change_point
from repscope.measure.drift.rate import rate


def noisy(series, noise: float = 0.01, groups: int = 20, seed: int = 0) -> list[Replicates]:
    rng = np.random.default_rng(seed)
    return [Replicates(v, v + noise / np.sqrt(groups) * rng.standard_normal(groups), 100) for v in series]


def test_a_step_is_found_where_it_is() -> None:
    found = change_point(noisy([1, 1, 1, 5, 5]), range(5))
    assert found.stage == 3
    assert found.before == pytest.approx(1)
    assert found.after == pytest.approx(5)
    assert found.explained == pytest.approx(1.0)
    assert found.p == pytest.approx(1 / 2001)
    assert found.step is True


def test_a_line_is_a_change_but_no_step() -> None:
    found = change_point(noisy(np.arange(8.0)), range(8))
    assert found.p < 0.01
    assert found.step is False


def test_the_split_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = rng.standard_normal(7)
        rest = [np.var(values[:k]) * k + np.var(values[k:]) * (7 - k) for k in range(1, 7)]
        found = change_point(noisy(values), range(7))
        assert found.stage == int(np.argmin(rest)) + 1
        assert found.explained == pytest.approx(1 - min(rest) / (np.var(values) * 7))


def test_p_is_uniform_when_only_noise_moves_the_series() -> None:
    rng = np.random.default_rng(1)
    small = 0
    for trial in range(300):
        # Rows of 40 items in 6 stages that share most of their noise; the leave-outs know it.
        items = rng.standard_normal((200, 6)) + rng.standard_normal((200, 1))
        groups = np.arange(200) % 20
        samples = [
            Replicates(items[:, s].mean(), np.array([items[groups != g, s].mean() for g in range(20)]), 200)
            for s in range(6)
        ]
        small += change_point(samples, range(6), resamples=199, seed=trial).p <= 0.05
    assert 0.02 <= small / 300 <= 0.09


def test_few_or_constant_stages_have_none() -> None:
    few = change_point(noisy([1, 2, 3]), range(3))
    assert few.stage is None
    assert "needs 4" in few.why
    same = change_point([Replicates(2.0, np.full(20, 2.0), 100)] * 5, range(5))
    assert same.stage is None
    assert same.why == "the series is constant"
    gap = change_point([None, *noisy([1, 1, 4, 4])], range(5))
    assert gap.stage == 3
    zero = change_point(noisy([1, 1, 1, 0], noise=0.0), range(4), logarithm=True)
    assert "no logarithm" in zero.why


def test_logarithms_are_split_on_their_own_scale() -> None:
    found = change_point(noisy([1, 1, 0.01, 0.0001], noise=0.0), range(4), logarithm=True)
    assert found.stage == 2
    assert found.before == pytest.approx(1.0)
    assert found.after == pytest.approx(0.001)


def spreads(series, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(series, float) * np.exp(noise * rng.standard_normal((21, len(series))))


def test_an_exponential_is_recovered_at_uneven_positions() -> None:
    positions = (0.0, 4.0, 10.0)
    found = rate(spreads(3 * np.exp(-0.2 * np.array(positions))), positions, 100, 100)
    assert found.slope.value == pytest.approx(-0.2)
    assert found.factor.value == pytest.approx(np.exp(-0.2))
    assert found.half_life.value == pytest.approx(np.log(2) / 0.2)
    assert found.residual == pytest.approx(0, abs=1e-9)
    assert [position for position, _ in found.ahead] == [15.0, 20.0]
    assert found.ahead[1][1].value == pytest.approx(np.exp(-0.2 * 20))


def test_the_half_life_needs_a_sure_contraction() -> None:
    found = rate(spreads([1, 0.99, 1.01], noise=0.02), (0, 1, 2), 100, 100)
    assert found.half_life.value is None
    assert "not sure" in found.half_life.why
    sure = rate(spreads([1, 0.5, 0.25], noise=0.001), (0, 1, 2), 100, 100)
    assert sure.half_life.low < 1 < sure.half_life.high


def test_what_the_line_does_not_fit_widens_what_lies_ahead() -> None:
    straight = rate(spreads([1, 0.5, 0.25, 0.125], noise=0.001), (0, 1, 2, 3), 100, 100)
    bent = rate(spreads([1, 0.4, 0.35, 0.125], noise=0.001), (0, 1, 2, 3), 100, 100)
    widths = [np.log(one.ahead[1][1].high / one.ahead[1][1].low) for one in (straight, bent)]
    assert widths[1] > 5 * widths[0]
    near = [np.log(one.high / one.low) for _, one in bent.ahead]
    assert near[1] > near[0]


def test_two_stages_are_not_extrapolated_and_a_point_has_no_rate() -> None:
    two = rate(spreads([1, 0.5]), (0, 1), 100, 100)
    assert two.slope.value == pytest.approx(np.log(0.5))
    assert all(one.value is None and "two stages" in one.why for _, one in two.ahead)
    none = rate(spreads([1, 0]), (0, 1), 100, 100)
    assert none.slope.value is None
    assert "no logarithm" in none.why
