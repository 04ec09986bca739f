"""Smooth curves that move nothing, restarts, and breaks with their error rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sequential import RateTest
from repscope.errors import InputError
from repscope.learning.logs.changes import _breaks, find_change
from repscope.learning.logs.gradients import gradients_of, layer_of
from repscope.learning.logs.momentum import momentum_of
from repscope.learning.logs.roles import collapse_kind, level_of
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


def test_the_mean_of_a_line_lags_as_it_must_and_of_a_step_too():
    """A line is followed weight / (1 - weight) values late; behind a step the rest shrinks by the weight."""
    weight = 0.8
    line = series(3 + 2 * np.arange(200.0))
    assert line.values[-1] - line.smoothed(weight)[-1] == pytest.approx(2 * weight / (1 - weight))
    step = series(np.repeat([0.0, 1.0], 100)).smoothed(weight)
    np.testing.assert_array_equal(step[:100], 0)
    past = np.arange(1, 101)
    rest = weight**past * (1 - weight**100) / (1 - weight ** (100 + past))
    np.testing.assert_allclose(1 - step[100:], rest, atol=1e-12)


def test_a_centred_mean_leaves_a_line_where_it_is_and_turns_in_the_middle_of_a_step():
    line = series(3 + 2 * np.arange(50.0))
    np.testing.assert_allclose(line.smoothed(0.9, centred=True), line.values, atol=1e-12)
    step = series(np.repeat([0.0, 1.0], 50)).smoothed(0.9, centred=True)
    np.testing.assert_allclose(step + step[::-1], 1)
    assert (np.diff(step) >= -1e-12).all()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.floats(0, 0.99))
def test_the_centred_mean_is_the_naive_one(values, weight):
    made = series(values).smoothed(weight, centred=True)
    for at in range(len(values)):
        reach = min(at, len(values) - 1 - at)
        own = weight ** np.abs(np.arange(-reach, reach + 1.0))
        assert made[at] == pytest.approx(
            (own * values[at - reach : at + reach + 1]).sum() / own.sum(), abs=1e-6
        )


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


def test_restarts_of_sparse_series_are_those_of_dense_ones():
    dense = series(range(9), steps=[0, 1, 2, 3, 1, 2, 3, 2, 3])
    sparse = series(range(5), steps=[0, 2, 2, 4, 2], name="val", starts=(2,))
    found = restarts_of([sparse, dense])
    assert [(one.series, one.step, one.resumed_at) for one in found] == [
        (("loss", "val"), 3, 1),
        (("loss", "val"), 4, 2),
    ]
    # Two restarts of one series are never one, though they overlap.
    assert len(restarts_of([dense])) == 2


def test_a_log_of_many_processes_is_read_in_a_moment():
    rng = np.random.default_rng(0)
    steps = rng.permutation(50_000).astype(float)
    torn = series(steps, steps=steps)
    assert np.isfinite(torn.smoothed(0.9)).all()
    kept = torn.steps[torn.kept]
    assert (np.diff(kept) > 0).all()


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


def test_a_gradual_change_is_dated_from_where_it_began():
    """Over 80 steps from 120 on; the clearest break of two lines lies in the middle of that."""
    rng = np.random.default_rng(0)
    course = 40 - 37 * np.clip((np.arange(200) - 120) / 80, 0, 1)
    found = [find_change(series(course + rng.normal(0, 1, 200)), draws=99) for _ in range(10)]
    assert all(110 <= one.step <= 126 for one in found)
    assert all(one.last < 10 for one in found)


def test_the_break_is_that_of_least_squares():
    rng = np.random.default_rng(1)
    values = 1e4 + rng.normal(size=40) - 0.1 * np.arange(40)

    def squares(start, end):
        x = np.arange(start, end)
        return ((np.polyval(np.polyfit(x, values[start:end], 1), x) - values[start:end]) ** 2).sum()

    totals = {at: squares(0, at) + squares(at, 40) for at in range(4, 37)}
    at, ratio = _breaks(values[None])
    best = min(totals, key=totals.get)
    assert at[0] == best
    assert ratio[0] == pytest.approx((squares(0, 40) - totals[best]) / totals[best])


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
    # A log that ends before the schedule does still tells how long that is.
    begun = momentum_of(series(cosine[:61], name="ema"))
    assert (begun.schedule, begun.final) == ("cosine", 1)
    assert begun.total == pytest.approx(100)
    assert begun.deviation < 1e-12
    late = cosine.copy()
    late[40] -= 0.001
    off = momentum_of(series(late, name="ema"))
    assert (off.schedule, off.nearest, off.at) == ("neither", "cosine", 40)
    assert off.deviation == pytest.approx(0.001)
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


def test_gradients_that_shrink_from_layer_to_layer_vanish_at_the_far_end():
    logged = [series([10.0**-k] * 3, name=f"grad/layer.{k}") for k in range(8)]
    assert [one.word for one in gradients_of(logged)] == [""] * 4 + ["vanishing"] * 4


def test_means_and_maxima_of_a_layer_are_of_one_layer():
    logged = [
        series([1.0, 2.0, 3.0], name="grad/a.weight/mean"),
        series([4.0, 9.0, 5.0], name="grad/a.weight/max"),
        series([1.0, 1.0, 1.0], name="grad/b"),
        series([7.0, 7.0, 7.0], name="train/grad_norm"),
    ]
    first, second = gradients_of(logged)
    assert (first.name, first.mean, first.low, first.median, first.high, first.largest) == (
        "grad/a.weight", 2, 1.5, 2, 2.5, 9,
    )  # fmt: skip
    assert second.name == "grad/b"
    whole = ("grad_2.0_norm_total", "total_grad_norm", "loss", "grad")
    assert [layer_of(name) for name in whole] == [None] * 4
    assert layer_of("grad_max/encoder.0") == ("grad/encoder.0", "max")


def test_names_say_what_they_are():
    kinds = {
        "rank": ("train/effective_rank", "RankMe", "rank", "image/rank.entropy", "rank_level_0"),
        "spread": ("emb_std", "std.min", "vq/codebook_perplexity"),
        "uniformity": ("val/uniformity",),
        "cosine": ("mean_cosine", "cosine.mean", "feature_similarity"),
        # Healthy trainings move these as a collapse would.
        None: ("perplexity", "pos_similarity", "val/mean_rank", "local_rank", "rank_0/memory", "cosine.true"),
    }
    for kind, names in kinds.items():
        assert {collapse_kind(name) for name in names} == {kind}, kind
    assert {collapse_kind(name) for name in ("loss", "grad_std", "uniformity_loss", "acc_std")} == {None}
    names = ("loss_level_0", "level1/loss", "loss/hierarchy-2", "loss", "level_0_acc")
    assert [level_of(name) for name in names] == [0, 1, 2, None, None]
