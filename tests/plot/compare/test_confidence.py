"""Predictions before and after: bins, probabilities, flips."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import binomtest

from repscope.errors import InputError
from repscope.measure.alignment.confidence import Confidence, confidence, flips
from repscope.plot import plot_confidence
from repscope.plot.compare.confidence import wilson

Whole = Callable[[Figure], None]


def made(n: int, noise: float, seed: int = 0) -> Confidence:
    rng = np.random.default_rng(seed)
    texts = np.random.default_rng(1).standard_normal((10, 16))
    keys = np.arange(n) % 10
    items = texts[keys] + noise * rng.standard_normal((n, 16))
    return confidence(items, texts, keys, np.arange(10), temperature=0.1)


def test_intervals_are_wilsons() -> None:
    right, count = np.array([0, 1, 7, 10, 10]), np.array([1, 1, 10, 10, 1000])
    low, high = wilson(right / count, count)
    for i in range(5):
        expected = binomtest(int(right[i]), int(count[i])).proportion_ci(0.95, method="wilson")
        assert (low[i], high[i]) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_three_panels(whole: Whole) -> None:
    before, after = made(300, 3.0), made(300, 1.5)
    figure = plot_confidence(before, after)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["a  Reliability", "b  How sure", "c  Flips"]
    bins = [one for one in figure.axes[0].collections if one.get_gid() == "bins"]
    for drawn, stage in zip(bins, (before, after), strict=True):
        expected = np.column_stack([stage.bins.confidence, stage.bins.accuracy])
        assert np.array_equal(drawn.get_offsets(), expected)
    changed = flips(before.correct, after.correct)
    assert [bar.get_width() for bar in figure.axes[2].patches] == [
        changed.right_to_wrong,
        changed.wrong_to_right,
    ]
    said = " ".join(text.get_text() for text in figure.axes[2].texts)
    assert f"{changed.wrong_to_right:,}" in said
    assert "McNemar p" in said
    (legend,) = figure.legends
    assert f"ECE {before.ece:.3f}" in legend.get_texts()[0].get_text()
    whole(figure)


def test_probabilities_go_up_when_right_and_down_when_wrong() -> None:
    stage = made(300, 3.0)
    figure = plot_confidence(stage)
    heights = [patch.get_data().values for patch in figure.axes[1].patches]
    right, wrong = heights[0], heights[2]
    assert right.min() >= 0
    assert wrong.max() <= 0
    assert right.sum() == pytest.approx(stage.correct.mean())
    assert -wrong.sum() == pytest.approx(1 - stage.correct.mean())


def test_one_stage_has_no_flips(whole: Whole) -> None:
    figure = plot_confidence(made(50, 2.0))
    assert len(figure.axes) == 2
    whole(figure)


@pytest.mark.parametrize(("n", "noise"), [(1, 0.1), (15, 2.0), (20_000, 2.0)])
def test_sizes(n: int, noise: float, whole: Whole) -> None:
    whole(plot_confidence(made(n, noise), made(n, noise, seed=2)))


def test_perfect_predictions(whole: Whole) -> None:
    perfect = made(40, 0.0)
    figure = plot_confidence(perfect, perfect, names=("視覚", "a very long name of a stage " * 3))
    assert [bar.get_width() for bar in figure.axes[2].patches] == [0, 0]
    whole(figure)


def test_stages_of_other_items_are_refused() -> None:
    with pytest.raises(InputError, match="the same items"):
        plot_confidence(made(20, 1.0), made(30, 1.0))
