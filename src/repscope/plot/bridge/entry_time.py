"""A diffusion bridge at several times of entry: what it gains, and what it forgets of the item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import InputError
from repscope.measure.core.estimate import Estimate
from repscope.measure.core.results import MeasureResult
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.style import (
    BROAD,
    DOUBLE,
    GREY,
    PALE,
    SMALL,
    Mark,
    new_figure,
    palette,
    settle,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

WIDE = 40
"""A schedule is drawn on a logarithmic axis where its last time of entry is this many times its first."""

ROOM = 0.09
"""Share of an axis that the name of a time takes."""


@dataclass(frozen=True)
class EntryPoint:
    """One time of entry.

    Attributes:
        time: t*.
        top1, maximum, rank: ``top1.true``, ``cosine.max`` and ``rank.entropy`` at it.
        kept: share of the neighbours kept.
        word: the verdict.
    """

    time: int
    top1: MeasureResult
    maximum: MeasureResult
    rank: MeasureResult
    kept: Estimate
    word: str


def plot_bridge_entry_time(
    points: Sequence[EntryPoint], steps: int, *, colours: str = "default", width: float = DOUBLE
) -> Figure:
    """Two panels over t*: truths found beside max-cosine, and what is left of rank and neighbours.

    The horizontal lines are the rows before, which is what t* = 0 would leave.

    Args:
        points: in order of time, at least one.
        steps: of the schedule.
        colours: name of a palette.
        width: inches.

    Raises:
        InputError: no points.
        UnknownNameError: no such palette.
    """
    if not points:
        raise InputError("at least one time of entry", "none", "name some with --entry-times 50,200,600")
    marks = palette(colours)
    with styled():
        figure = new_figure(width, 2.7, layout="constrained")
        left, right = figure.subplots(1, 2)
        handles = [
            _series(left, points, [point.top1.after for point in points], marks.after, "top1.true"),
            _series(
                left,
                points,
                [point.maximum.after for point in points],
                marks.others[0],
                "max-cosine, right or wrong",
            ),
        ]
        for row, mark in ((points[0].top1, marks.after), (points[0].maximum, marks.others[0])):
            if row.before.value is not None:
                left.axhline(
                    row.before.value, color=mark.line, linewidth=0.8, linestyle=(0, (4, 2)), zorder=2
                )
        handles += [
            _series(
                right,
                points,
                [_share(point.rank) for point in points],
                marks.before,
                "effective rank, share of before",
            ),
        ]
        # Few rows have no neighbours to keep: then there is no line for the legend to name.
        if any(point.kept.value is not None for point in points):
            kept = [point.kept for point in points]
            handles.append(_series(right, points, kept, marks.reference, "neighbours kept"))
        right.axhline(1, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=2)
        for ax, title in ((left, "a  Truths found"), (right, "b  What is kept")):
            ax.set_title(title)
            _time_axis(ax, points, steps)
        left.set_ylabel("value after; dashed: before")
        right.set_ylabel("share kept; dashed: all")
        _words(left, points)
        figure_legend(figure, handles)
        settle(figure)
    return figure


def _share(row: MeasureResult) -> Estimate:
    """The value after as a share of the value before, with its interval on the same scale."""
    base, after = row.before.value, row.after
    if not base or after.value is None:
        return Estimate(None, why=after.why or "no value before")
    ends = [None if end is None else end / base for end in (after.low, after.high)]
    return Estimate(after.value / base, ends[0], ends[1], after.level, after.n)


def _series(
    ax: Axes, points: Sequence[EntryPoint], values: Sequence[Estimate], mark: Mark, label: str
) -> Line2D:
    from matplotlib.lines import Line2D

    edge = mark.edge if mark.edge != "none" else mark.colour
    style: dict[str, Any] = {
        "color": mark.line,
        "linestyle": mark.dash,
        "linewidth": BROAD * 0.7,
        "marker": mark.marker,
        "markersize": 4.0,
        "markerfacecolor": mark.colour,
        "markeredgecolor": edge,
        "markeredgewidth": 0.5,
    }
    defined = [
        (point.time, value.value, value.low, value.high)
        for point, value in zip(points, values, strict=True)
        if value.value is not None
    ]
    times = [time for time, *_ in defined]
    centres = np.array([centre for _, centre, _, _ in defined])
    ax.plot(times, centres, zorder=4, gid=f"series:{label}", **style)
    banded = [(time, low, high) for time, _, low, high in defined if low is not None and high is not None]
    if banded:
        at, lows, highs = (np.array(column) for column in zip(*banded, strict=True))
        ax.fill_between(at, lows, highs, color=mark.colour, alpha=0.15, linewidth=0, zorder=1)
    return Line2D([], [], label=label, **style)


def _time_axis(ax: Axes, points: Sequence[EntryPoint], steps: int) -> None:
    from matplotlib.ticker import NullLocator

    times = [point.time for point in points]
    logarithmic = times[-1] >= WIDE * times[0]
    if logarithmic:
        ax.set_xscale("log")
    ax.set_xticks(times, _spaced(times, logarithmic=logarithmic))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel(f"time of entry t* (of {steps:,})")
    ax.grid(color=PALE, linewidth=0.4, alpha=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.set_ylim(0, 1.05 * max(1.0 if ax.dataLim.y1 > 0.7 else 0.0, ax.dataLim.y1))


def _spaced(times: Sequence[int], *, logarithmic: bool) -> list[str]:
    """Names of the times, "" for one that would run into the next to its right."""
    places = np.log(times) if logarithmic else np.asarray(times, np.float64)
    room = ROOM * float(places[-1] - places[0])
    named = [f"{time:,}" for time in times]
    last = len(times) - 1
    for at in range(len(times) - 2, -1, -1):
        if places[last] - places[at] < room:
            named[at] = ""
        else:
            last = at
    return named


def _words(ax: Axes, points: Sequence[EntryPoint]) -> None:
    """The verdict at each time, upright above the curves, so that no line hides one."""
    ax.set_ylim(0, ax.get_ylim()[1] / 0.7)
    for point in points:
        ax.annotate(
            point.word, (point.time, 0.99), xycoords=("data", "axes fraction"), rotation=90, ha="center",
            va="top", fontsize=SMALL, color=GREY, gid="verdict",
        )  # fmt: skip
