"""Figures of bridges: the numbers that are drawn are those of the records, and nothing is cut off."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError, UnknownNameError
from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.measure.core.estimate import Difference, Estimate
from repscope.plot.bridge.effect import plot_bridge_effect
from repscope.plot.bridge.entry_time import EntryPoint, plot_bridge_entry_time
from repscope.plot.bridge.methods import MethodPoint, plot_bridge_methods

MEASURES = ("top1.true", "mrr.true", "cosine.max")


@pytest.fixture(scope="module")
def arrays():
    """Sixty items of six classes: after the step ten truths are lost, and some are won."""
    rng = np.random.default_rng(0)
    texts = np.eye(8, dtype=np.float32)[:6]
    keys = np.repeat(np.arange(6), 10)
    before = texts[keys] + rng.normal(0, 0.45, (60, 8)).astype(np.float32)
    after = texts[keys] + rng.normal(0, 0.3, (60, 8)).astype(np.float32)
    after[:10] = texts[3]
    return {
        linked: compare_arrays(
            before,
            after,
            texts,
            item_keys=keys if linked else None,
            measures=MEASURES,
            controls=False,
            resamples=100,
        )
        for linked in (True, False)
    }


def test_the_effect_counts_flips_both_ways(arrays, whole):
    figure = plot_bridge_effect(arrays[True], names=("image", "image, moved"))
    whole(figure)
    one = arrays[True]
    right = [(s.matched.rank == 1) & (s.matched.ties == 0) for s in (one.before, one.after)]
    counts = [
        int((right[0] & ~right[1]).sum()),
        int((~right[0] & right[1]).sum()),
        int((one.after.matched.rank > one.before.matched.rank).sum()),
        int((one.after.matched.rank < one.before.matched.rank).sum()),
    ]
    assert counts[0] > 0
    bars = [round(bar.get_width()) for bar in figure.axes[5].patches]
    assert bars == counts
    said = " ".join(text.get_text() for text in figure.axes[5].texts)
    assert f"stayed right {int((right[0] & right[1]).sum())}" in said


def test_the_scatters_hold_every_item_once_on_y_equals_x(arrays):
    figure = plot_bridge_effect(arrays[True])
    for ax, name in ((figure.axes[3], "max"), (figure.axes[4], "true")):
        drawn = np.concatenate([points.get_offsets() for points in ax.collections])
        expected = np.stack(
            [getattr(arrays[True].before.matched, name), getattr(arrays[True].after.matched, name)], 1
        )
        np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(expected, axis=0), atol=1e-12)
        assert ax.get_xlim() == ax.get_ylim()
        worse = next(points for points in ax.collections if points.get_gid() == "worse")
        fell = arrays[True].after.matched.rank > arrays[True].before.matched.rank
        assert len(worse.get_offsets()) == int(fell.sum())


def test_without_a_link_there_is_no_truth_to_draw(arrays, whole):
    figure = plot_bridge_effect(arrays[False], colours="classic")
    whole(figure)
    assert len(figure.axes) == 3
    titles = " ".join(ax.get_title("left") for ax in figure.axes)
    assert "Max-cosine" in titles
    assert "True" not in titles


def test_an_unknown_palette(arrays):
    with pytest.raises(UnknownNameError, match="classic"):
        plot_bridge_effect(arrays[True], colours="neon")


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
