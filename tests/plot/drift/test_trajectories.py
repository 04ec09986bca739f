"""Measures over the stages: what is defined is drawn, and names do not touch."""

from __future__ import annotations

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from repscope.errors import InputError
from repscope.measure.core.estimate import Estimate
from repscope.measure.drift.records import ChangePoint, Series
from repscope.plot.drift.trajectories import plot_drift_trajectories


def artists(ax, gid: str) -> list:
    return [one for one in ax.get_children() if one.get_gid() == gid]


def series(name: str, values: list[float | None], **more) -> Series:
    estimates = tuple(
        Estimate(None, why="first stage") if one is None else Estimate(one, one - 0.1, one + 0.1)
        for one in values
    )
    return Series(name, estimates, **more)


def test_trajectories_draw_what_is_defined(whole):
    groups = {
        "recursive": {
            "spread.total": series(
                "spread.total",
                [1.0, 1.0, 0.2],
                gaussian=(0.9, 1.1),
                floor=0.5,
                shuffled=(0.7, 0.7, None),
                change_point=ChangePoint(2, p=0.01, step=True),
            ),
            "frechet": series("frechet", [None, 0.5, 1.0], change_point=ChangePoint(2, p=0.4, step=True)),
            "recall": series("recall", [None, None, 1.0]),
            "rank.entropy": series(
                "rank.entropy", [3, 2, 1], change_point=ChangePoint(2, p=0.01, step=False)
            ),
        }
    }
    figure = plot_drift_trajectories(groups, (0, 4, 10))
    whole(figure)
    panels = {ax.get_title(loc="left"): ax for ax in figure.axes}
    assert list(panels) == ["spread.total", "rank.entropy", "frechet"]
    ax = panels["spread.total"]
    assert list(artists(ax, "values")[0].get_xdata()) == [0, 4, 10]
    assert [one.get_xdata()[0] for one in artists(ax, "change")] == [7.0]
    assert len(artists(ax, "gaussian")) == len(artists(ax, "floor")) == len(artists(ax, "shuffled")) == 1
    assert list(artists(panels["frechet"], "values")[0].get_ydata()) == [0.5, 1.0]
    assert not artists(panels["frechet"], "change")
    assert not artists(panels["rank.entropy"], "change")
    note = next(text.get_text() for text in figure.texts if text.get_gid() == "note")
    assert "change-point" in note
    with pytest.raises(InputError, match="two defined stages"):
        plot_drift_trajectories({"a": {"recall": groups["recursive"]["recall"]}}, (0, 4, 10))


def test_change_points_of_groups_at_one_place_stay_apart_and_between_their_stages():
    step = ChangePoint(20, p=0.01, step=True)
    one = {"spread.total": series("spread.total", [2.0] * 20 + [1.0] * 20, change_point=step)}
    figure = plot_drift_trajectories({"a": one, "b": one, "c": one}, tuple(range(40)))
    places = [line.get_xdata()[0] for line in artists(figure.axes[0], "change")]
    assert len(set(places)) == 3
    assert all(19 < at < 20 for at in places)


@pytest.mark.parametrize("groups", [1, 3])
def test_eleven_stages_have_tick_names_that_do_not_touch(whole, groups):
    many = {
        f"g{number}": {"spread.total": series("spread.total", [1.5 - 0.1 * one for one in range(11)])}
        for number in range(groups)
    }
    figure = plot_drift_trajectories(many, tuple(range(11)))
    whole(figure)
    ax = figure.axes[0]
    assert list(ax.get_xticks()) == list(range(11))
    names = [one for one in ax.get_xticklabels() if one.get_text()]
    boxes = [one.get_window_extent(FigureCanvasAgg(figure).get_renderer()) for one in names]
    assert names[0].get_text() == "0"
    assert names[-1].get_text() == "10"
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))
    assert len(artists(ax, "values")) == groups
