"""Cumulative shares and rows of points: values against naive counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from repscope.measure.core.estimate import Estimate
from repscope.plot.base.panels import CONTROLS, control_handles, control_points, cumulative, one_point
from repscope.plot.base.style import palette

MARK = palette("default").before


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40))
def test_the_curve_counts_values(values: list[float]) -> None:
    ax = Figure().add_subplot()
    cumulative(ax, np.array(values), MARK)
    x, y = ax.lines[0].get_xdata(), ax.lines[0].get_ydata()
    assert ax.lines[0].get_drawstyle() == "steps-post"
    assert (y[0], y[-1]) == (0, 1)
    for value in values:
        assert np.max(y[x == value]) == pytest.approx(np.mean(np.array(values) <= value))


def test_the_band_is_that_of_the_inequality() -> None:
    ax = Figure().add_subplot()
    values = np.random.default_rng(0).standard_normal(500)
    cumulative(ax, values, MARK, units=100)
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    middle = float(np.median(values))
    near = corners[np.abs(corners[:, 0] - middle) < 0.05]
    reach = np.sqrt(np.log(40) / 200)
    assert near[:, 1].max() == pytest.approx(0.5 + reach, abs=0.03)
    assert near[:, 1].min() == pytest.approx(0.5 - reach, abs=0.03)
    assert corners[:, 1].min() == 0
    assert corners[:, 1].max() == 1


def test_large_curves_are_thinned_and_keep_their_ends() -> None:
    ax = Figure().add_subplot()
    values = np.random.default_rng(0).standard_normal(20_000)
    cumulative(ax, values, MARK)
    x, y = ax.lines[0].get_xdata(), ax.lines[0].get_ydata()
    assert len(x) <= 1001
    assert (x.min(), x.max()) == (values.min(), values.max())
    for at in (-1.0, 0.0, 1.0):
        assert y[np.searchsorted(x, at)] == pytest.approx(np.mean(values <= at), abs=0.002)


def test_undefined_values_say_so() -> None:
    ax = Figure().add_subplot()
    one_point(ax, Estimate(None, why="no truth"), 0, "black", "o")
    assert [text.get_text() for text in ax.texts] == ["undefined"]
    assert not ax.lines
    one_point(ax, Estimate(0.5), 1, "black", "o")
    assert len(ax.lines) == 1
    one_point(ax, Estimate(0.5, 0.4, 0.6), 2, "black", "o")
    assert ax.lines[1].get_xdata().tolist() == [0.4, 0.6]


def test_controls_are_open_and_the_identity_is_the_zero_line() -> None:
    ax = Figure().add_subplot()
    controls = {"identity": 0.0, "noise": 0.1, "snap": None, "floor": -0.2, "mine": 0.3}
    assert control_points(ax, controls, 0) == ["noise", "floor", "mine"]
    assert all(line.get_markerfacecolor() == "none" for line in ax.lines)
    assert control_points(ax, {"identity": 0.1}, 0) == ["identity"]
    labels = [handle.get_label() for handle in control_handles(["mine", "floor", "noise"])]
    assert labels == ["noise", "floor", "mine"]
    assert len(set(CONTROLS.values())) == len(CONTROLS) == 5
