"""Times of entry: values, verdicts, and a legend of what is there."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError
from repscope.measure.core.estimate import Estimate
from repscope.plot.bridge.entry_time import EntryPoint, plot_bridge_entry_time


@pytest.mark.parametrize("times", [(1,), (10, 20, 50), (10, 100, 800, 900, 1000)])
def test_the_time_of_entry_shows_values_and_verdicts(times, result, whole):
    points = [
        EntryPoint(
            time, result("top1.true", 0.5, 0.5 - 0.05 * i), result("cosine.max", 0.3, 0.4),
            result("rank.entropy", 20.0, 20.0 - i, 0.5), Estimate(1 - 0.1 * i), "damaged",
        )
        for i, time in enumerate(times)
    ]  # fmt: skip
    figure = plot_bridge_entry_time(points, 1000)
    whole(figure)
    series = {line.get_gid(): line for line in (*figure.axes[0].lines, *figure.axes[1].lines)}
    np.testing.assert_array_equal(series["series:top1.true"].get_xdata(), times)
    share = next(line for gid, line in series.items() if gid and "rank" in gid)
    np.testing.assert_allclose(share.get_ydata(), [(20 - i) / 20 for i in range(len(times))])
    words = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "verdict"]
    assert words == ["damaged"] * len(times)
    names = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert names[-1] == f"{times[-1]:,}"
    assert len(times) < 5 or "" in names


def test_a_line_that_is_not_there_is_not_in_the_legend(result):
    rows = [result("top1.true", 0.5, 0.4), result("cosine.max", 0.3, 0.4), result("rank.entropy", 20.0, 19.0)]
    shown = {}
    for kept in (Estimate(None, why="8 rows"), Estimate(0.5, 0.4, 0.6)):
        figure = plot_bridge_entry_time([EntryPoint(t, *rows, kept, "unchanged") for t in (5, 50)], 100)
        shown[kept.value] = [text.get_text() for text in figure.legends[0].get_texts()]
    assert set(shown[0.5]) - set(shown[None]) == {"neighbours kept"}


def test_no_time_of_entry_is_an_error():
    with pytest.raises(InputError, match="--entry-times"):
        plot_bridge_entry_time([], 1000)
