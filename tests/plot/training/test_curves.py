"""Curves and gradients: nothing is cut off, hidden, or drawn in two colours."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError
from repscope.learning.logs.gradients import LayerGradient
from repscope.plot.training.curves import MOST, Curve, CurvePanel, Marked, plot_curves
from repscope.plot.training.gradients import MOST as MOST_LAYERS
from repscope.plot.training.gradients import plot_gradients
from repscope.verbs.training.figures import draw
from repscope.verbs.training.training import training

STEPS = np.arange(30.0)


def curve(label, values=STEPS, **more):
    return Curve(label, STEPS, np.asarray(values), **more)


def test_no_text_is_cut_off_whatever_the_numbers(whole):
    panels = [
        CurvePanel("momentum", [curve("a", 0.9961 + STEPS * 1e-5)]),
        CurvePanel("tiny", [curve("a", STEPS * 1e-12)]),
        CurvePanel("large " * 20, [curve("a", -STEPS * 1e9)]),
        CurvePanel("marked", [curve("a")], [Marked(25.0, "p = .001", "a")] * 3),
    ]
    whole(plot_curves(panels, note="words " * 100, labels=["a", "b" * 60]))


def test_a_run_has_one_colour_in_all_figures():
    labels = ["a", "b", "c"]
    first = plot_curves([CurvePanel("x", [curve("a"), curve("c")])], labels=labels)
    second = plot_curves([CurvePanel("x", [curve("c")])], labels=labels)
    assert first.axes[0].lines[1].get_color() == second.axes[0].lines[0].get_color()
    assert first.axes[0].lines[0].get_color() != second.axes[0].lines[0].get_color()


def test_few_values_are_points_and_panels_are_counted():
    two = np.where(STEPS < 2, STEPS, np.nan)
    (line,) = plot_curves([CurvePanel("x", [curve("a", two)])]).axes[0].lines
    assert (line.get_marker(), line.get_linestyle()) == ("o", "None")
    for count in (0, MOST + 1):
        with pytest.raises(InputError, match="panels"):
            plot_curves([CurvePanel("x", [curve("a")])] * count)


def layer(name, size=1.0, word=""):
    return LayerGradient("run", name, size, size / 2, size, 2 * size, 9 * size, word)


def test_gradients_of_many_layers_keep_those_that_need_a_word(whole):
    layers = [layer(f"layer.{k}") for k in range(MOST_LAYERS + 5)] + [layer("last", 1e-9, "vanishing")]
    figure = plot_gradients([*layers, layer("none", 0.0)], title="run", note="what it is")
    names = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    assert len(names) == MOST_LAYERS
    assert names[-1] == "last"
    assert "7 more layers are not drawn" in figure.texts[0].get_text()
    whole(figure)
    assert "all 0" in [one.get_text() for one in plot_gradients([layer("a", 0.0)], title="").axes[0].texts]


def panels_of(logs, **options):
    figures = {name: figure for name, figure, _ in draw(training(logs, **options))}
    return {ax.get_title(loc="left"): ax for ax in figures["curves"].axes}


def test_a_seed_that_ended_early_is_a_line_of_its_own():
    whole = {"step": STEPS, "loss": 30 - STEPS}
    early = {"step": STEPS[:10], "loss": 31 - STEPS[:10]}
    band = panels_of({"a_seed0": whole, "a_seed1": whole | {"loss": 31 - STEPS}}, smooth=0.5)["loss"]
    assert len(band.collections) == 1
    found = training({"loss": 30.5 - STEPS}, smooth=0.5)
    np.testing.assert_allclose(band.lines[-1].get_ydata(), found.smoothed(found.series[0]))
    apart = panels_of({"a_seed0": whole, "a_seed1": early}, smooth=0.5)["loss"]
    assert len(apart.collections) == 0
    assert [len(one.get_xdata()) for one in apart.lines if one.get_alpha() is None] == [30, 10]


def test_a_spike_among_many_values_is_drawn():
    values = np.zeros(50_000)
    values[12_345] = 7.0
    ax = panels_of({"loss": values})["loss"]
    assert max(line.get_ydata().max() for line in ax.lines) == 7


def test_settings_are_drawn_as_they_are():
    values = np.repeat([0.1, 0.01], 100)
    ax = panels_of({"lr": values, "loss": values})["lr"]
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_ydata(), values)
