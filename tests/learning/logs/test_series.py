"""Smooth curves that move nothing, restarts, and breaks with their error rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sequential import RateTest
from repscope.errors import InputError
from repscope.learning.logs.changes import find_change
from repscope.learning.logs.roles import gradients_of, is_collapse, level_of, momentum_of
from repscope.learning.logs.series import Series, restarts_of


def series(values, steps=None, name="loss", starts=()):
    steps = np.arange(float(len(values))) if steps is None else np.asarray(steps, float)
    return Series("run", name, steps, np.asarray(values, float), starts)


def test_the_mean_is_the_textbook_one_without_bias():
    values, weight = np.array([1.0, 4.0, 2.0, 8.0]), 0.6
    made = series(values).smoothed(weight)
    for at in range(4):
        weights = weight ** np.arange(at, -1, -1)
        assert made[at] == pytest.approx((weights * values[: at + 1]).sum() / weights.sum())


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0, 0.99), st.integers(0, 29))
def test_nothing_moves_to_earlier_steps(values, weight, at):
    """A value changes no mean before it, a constant stays, and means stay within what was seen."""
    one = series(values).smoothed(weight)
    at = min(at, len(values) - 1)
    other = series([*values[:at], values[at] + 100.0, *values[at + 1 :]]).smoothed(weight)
    np.testing.assert_array_equal(one[:at], other[:at])
    np.testing.assert_allclose(series([3.0] * len(values)).smoothed(weight), 3.0)
    assert one.min() >= min(values) - 1e-6
    assert one.max() <= max(values) + 1e-6


def test_no_weight_leaves_the_values_and_gaps_stay_gaps():
    values = [1.0, np.nan, 3.0, np.inf]
    np.testing.assert_array_equal(series(values).smoothed(0), [1.0, np.nan, 3.0, np.nan])
    assert series(values).smoothed(0.5)[2] == pytest.approx((0.5 * 1 + 3) / 1.5)
    assert series(values).to_json(0.5)["values"] == [1, None, 3, None]
    with pytest.raises(InputError, match="weight"):
        series(values).smoothed(1.0)


def test_a_restart_continues_the_curve_where_it_resumed():
    # Steps 3 and 4 were written again after a restart from 2.
    again = series([0, 1, 2, 9, 9, 3, 4, 5], steps=[0, 1, 2, 3, 4, 3, 4, 5])
    straight = series([0, 1, 2, 3, 4, 5])
    assert again.kept.tolist() == [True] * 3 + [False] * 2 + [True] * 3
    np.testing.assert_array_equal(again.curve[1], straight.values)
    np.testing.assert_allclose(again.smoothed(0.7)[[0, 1, 2, 5, 6, 7]], straight.smoothed(0.7))
    (back,) = restarts_of([again, series([0.0] * 8, again.steps, "val")])
    assert back.to_json() == {"run": "run", "series": ["loss", "val"], "step": 4, "resumed_at": 3}


def test_a_step_that_is_written_twice_is_no_restart():
    assert series([1, 1, 2], steps=[0, 0, 1]).starts == ()


def test_a_break_is_found_where_it_is():
    rng = np.random.default_rng(0)
    rank = np.concatenate([np.full(60, 40.0), np.full(40, 3.0)]) + rng.normal(0, 1, 100)
    found = find_change(series(rank, steps=np.arange(100) * 50, name="rank"))
    assert found.step == 59 * 50
    assert found.p <= 0.01
    assert found.before == pytest.approx(40, abs=1)
    assert found.after == pytest.approx(3, abs=1)
    bend = np.where(np.arange(80) < 40, 0.0, np.arange(80) - 40.0) + rng.normal(0, 0.5, 80)
    assert abs(find_change(series(bend)).step - 40) <= 4


@pytest.mark.parametrize(("count", "rho"), [(60, 0.0), (60, 0.8)])
def test_a_line_with_correlated_noise_breaks_no_more_often_than_its_test(count, rho):
    def breaks(seed):
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal(count)
        for at in range(1, count):
            noise[at] = rho * noise[at - 1] + np.sqrt(1 - rho**2) * noise[at]
        return find_change(series(5 - 0.05 * np.arange(count) + noise), seed=seed, draws=199).p <= 0.05

    assert not RateTest(low=0.05, high=0.15).says_high(breaks(seed) for seed in range(400))


def test_short_and_constant_series_say_nothing():
    assert find_change(series([1.0] * 50)) is None
    assert find_change(series(range(5))) is None
    # Rounding is no noise.
    assert find_change(series(np.linspace(0, 1, 40))).p > 0.05


def test_momentum_is_told_from_its_schedule():
    share = np.linspace(0, 1, 101)
    cosine = 1 - 0.004 * (1 + np.cos(np.pi * share)) / 2
    assert momentum_of(series(cosine, name="ema_momentum")).schedule == "cosine"
    assert momentum_of(series(0.996 + 0.004 * share, name="momentum")).schedule == "linear"
    assert momentum_of(series([0.99] * 10, name="ema")).schedule == "constant"
    assert momentum_of(series(np.where(share < 0.5, 0.99, 1.0), name="ema")).schedule == "neither"
    assert momentum_of(series([10.0, 12.0], name="ema")) is None
    assert momentum_of(series(cosine, name="accuracy")) is None


def test_gradients_are_judged_beside_the_other_layers_whatever_their_scale():
    for scale in (1.0, 1e-9):
        logs = {
            "grad/0": [1e-5, 2e-5, 1e-5],
            "grad/1": [1.0, 1.1, 0.9],
            "grad/2": [0.5, 0.4, 5000.0],
            "grad/3": [1.0, np.nan, 1.0],
        }
        logged = [series(np.multiply(values, scale), name=name) for name, values in logs.items()]
        assert [one.word for one in gradients_of(logged)] == ["vanishing", "", "exploding", "not finite"]
    assert gradients_of([series([1.0], name="grad_norm")]) == []
    # The mean of a wide layer is far below its largest entry, and vanishes for that no more.
    kinds = {
        "grad.mean/0": 1e-6,
        "grad.mean/1": 1e-6,
        "grad.max/0": 1.0,
        "grad.max/1": 1.0,
        "grad.max/2": 1.0,
    }
    found = gradients_of([series([value] * 3, name=name) for name, value in kinds.items()])
    assert [one.word for one in found] == [""] * 5


def test_names_say_what_they_are():
    told = [
        name
        for name in ("train/effective_rank", "emb_std", "mean_cosine", "loss", "grad_std")
        if is_collapse(name)
    ]
    assert told == ["train/effective_rank", "emb_std", "mean_cosine"]
    names = ("loss_level_0", "level1/loss", "loss/hierarchy-2", "loss", "level_0_acc")
    assert [level_of(name) for name in names] == [0, 1, 2, None, None]
