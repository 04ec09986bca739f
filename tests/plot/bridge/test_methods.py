"""Gains against what is lost: every bridge stands where its numbers are."""

from __future__ import annotations

import pytest

from repscope.errors import InputError
from repscope.measure.core.estimate import Difference, Estimate
from repscope.plot.bridge.methods import MethodPoint, plot_bridge_methods


def _point(label: str, learns: str = "paired", gain: float | None = 0.1, **more) -> MethodPoint:
    kept = more.pop("kept", 0.8)
    change = Difference(gain, None if gain is None else gain - 0.02, None if gain is None else gain + 0.02)
    return MethodPoint(
        label, learns, change, more.pop("rank", 0.9), Estimate(kept, kept - 0.05, kept + 0.05), **more
    )


def test_every_method_stands_where_its_numbers_are(whole):
    points = [_point("ridge", gain=0.2, rank=0.5, kept=0.4, trusted=False), _point("shift", "unpaired", 0.0)]
    figure = plot_bridge_methods([("seen", points), ("unseen", [_point("ridge", gain=-0.1)])])
    whole(figure)
    assert len(figure.axes) == 4
    places = {
        line.get_gid(): (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in figure.axes[0].lines
        if str(line.get_gid()).startswith("method:")
    }
    assert places == {"method:ridge": (0.5, 0.2), "method:shift": (0.9, 0.0)}
    ridge = next(line for line in figure.axes[1].lines if line.get_gid() == "method:ridge")
    assert (ridge.get_xdata()[0], ridge.get_markerfacecolor()) == (0.4, "white")
    assert "unseen" in figure.axes[2].get_title("left")


def test_an_undefined_rank_is_said_and_not_drawn(whole):
    figure = plot_bridge_methods([("held-out", [_point("ridge"), _point("flat", rank=None)])])
    whole(figure)
    assert any("undefined: flat" in text.get_text() for text in figure.axes[0].texts)
    assert not any(line.get_gid() == "method:flat" for line in figure.axes[0].lines)


def test_no_gain_at_all_is_an_error():
    with pytest.raises(InputError, match="--on"):
        plot_bridge_methods([("held-out", [_point("ridge", gain=None)])])
