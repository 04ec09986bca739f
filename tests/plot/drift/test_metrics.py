"""Rows of distances and ratios: the values given, and what is undefined."""

from __future__ import annotations

import pytest

from repscope.errors import InputError
from repscope.measure.core.estimate import Difference, Estimate
from repscope.plot.drift.metrics import PairRow, plot_drift_metrics


def rows(count: int, shift: float = 0.0) -> list[PairRow]:
    return [
        PairRow(
            f"gen_{number} → gen_{number + 1}",
            Estimate(1.0 + shift, 0.9, 1.1),
            0.1,
            Difference(0.5 + shift, 0.4, 0.7),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, 3, 11])
def test_metrics_have_a_row_for_each_pair_and_the_values_given(whole, count):
    figure = plot_drift_metrics({"a": rows(count), "b": rows(count, 0.2)}, last=int(count > 1))
    whole(figure)
    left, right = figure.axes
    drawn = [line.get_xdata()[0] for line in left.lines if line.get_marker() in ("o", "^")]
    assert sorted(drawn) == [1.0] * count + [1.2] * count
    assert [one.get_text() for one in left.get_yticklabels()] == [one.name for one in rows(count)]
    assert right.get_xscale() == "log"
    legend = [one.get_text() for one in figure.legends[0].get_texts()]
    assert legend == ["a", "b"]


def test_metrics_without_a_ratio_say_so(whole):
    missing = PairRow("a → b", Estimate(0.0, 0.0, 0.2), None, Difference(None, why="one point"))
    figure = plot_drift_metrics({"": [missing]})
    whole(figure)
    assert any(text.get_text() == "undefined" for text in figure.axes[1].texts)
    with pytest.raises(InputError, match="the same pairs"):
        plot_drift_metrics({"a": rows(2), "b": rows(3)})
