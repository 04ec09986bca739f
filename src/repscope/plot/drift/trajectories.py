"""Every measure over the stages, one small panel each, with intervals and what chance would read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from repscope.errors import InputError
from repscope.measure.drift.records import Series
from repscope.plot.base.frame import axes_at, columns_that_fit, figure_legend, foot_note
from repscope.plot.base.panels import stage_handles
from repscope.plot.base.style import DOUBLE, GREY, PALE, SMALL, TEXT, Mark, new_figure, styled
from repscope.plot.base.text import LINE, printable, wrap
from repscope.plot.drift.style import GROUPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
ALPHA = 0.05

ORDER = ("drift", "spread", "norm", "rank", "tail", "cosine", "gap")
"""Beginnings of names in the order in which their panels are read; others follow as they come."""

_HIGH = 0.82
_TITLE = 0.19
_FOOT = 0.2
_MARGIN = 0.06
_TICKS = 0.4
_LOGARITHMIC = 8.0


def plot_drift_trajectories(
    groups: Mapping[str, Mapping[str, Series]],
    positions: Sequence[float],
    *,
    names: Sequence[str] | None = None,
    axis: str = "position of the stage",
    width: float = DOUBLE,
) -> Figure:
    """Small multiples: each measure over the positions of the stages, one line a group.

    A dashed line marks a change-point with p ≤ .05 where a step fits better than a line, a grey band what a
    Gaussian of the same size reads, a dotted line what two halves of the first stage read, crosses the stages
    in random order. Stages where a measure is undefined have no point.

    Args:
        groups: series by name, of each group by its name.
        positions: of the stages.
        names: measures in the order of drawing; those with two defined stages anywhere by default.
        axis: label of the horizontal axis.
        width: inches.

    Raises:
        InputError: no measure has two defined stages.
    """
    chosen = [name for name in (names or _names(groups)) if _drawable(groups, name)]
    if not chosen or len(groups) > len(GROUPS):
        raise InputError(
            f"measures with two defined stages, in 1 to {len(GROUPS)} groups", "none", "give others"
        )
    down = -(-len(chosen) // COLUMNS)
    with styled():
        space = 72 * (width - 2 * _MARGIN)
        lines = wrap(_note(groups, chosen, axis), 0.96 * space, SMALL)
        below = (len(lines) * LINE * SMALL + 5) / 72
        texts = [printable(name) for name in groups]
        above = 0.0
        if len(groups) > 1:
            above = -(-len(texts) // columns_that_fit(texts, space, handle=2.2)) * TEXT * 1.5 / 72
        each = _TITLE + _HIGH + _FOOT
        height = above + down * each + below + 2 * _MARGIN
        figure = new_figure(width, height)
        wide = (width - 2 * _MARGIN) / COLUMNS
        for number, name in enumerate(chosen):
            row, column = divmod(number, COLUMNS)
            bottom = height - _MARGIN - above - row * each - _TITLE - _HIGH
            left = _MARGIN + column * wide + _TICKS
            ax = axes_at(figure, left, bottom, wide - _TICKS - 0.06, _HIGH)
            _panel(ax, name, groups, positions)
        if len(groups) > 1:
            figure_legend(
                figure,
                stage_handles(GROUPS[: len(texts)], texts, size=4.0, edge=0.0),
                at=(_MARGIN, 0.3 * _MARGIN),
                handle=2.2,
            )
        foot_note(figure, lines, _MARGIN, _MARGIN + below)
    return figure


def _names(groups: Mapping[str, Mapping[str, Series]]) -> list[str]:
    names = dict.fromkeys(name for of in groups.values() for name in of)
    return sorted(
        names, key=lambda name: next((i for i, start in enumerate(ORDER) if name.startswith(start)), 99)
    )


def _drawable(groups: Mapping[str, Mapping[str, Series]], name: str) -> bool:
    series_of = [of[name] for of in groups.values() if name in of]
    return any(sum(estimate.value is not None for estimate in series.values) >= 2 for series in series_of)


def _panel(
    ax: Axes, name: str, groups: Mapping[str, Mapping[str, Series]], positions: Sequence[float]
) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set_gid(f"panel {name}")
    ax.set_title(name, fontsize=TEXT - 0.5, pad=3)
    drawn = [(of[name], mark) for of, mark in zip(groups.values(), GROUPS, strict=False) if name in of]
    span = positions[-1] - positions[0]
    ax.set_xlim(positions[0] - 0.06 * span, positions[-1] + 0.06 * span)
    logarithmic = _logarithmic([series for series, _ in drawn])
    if logarithmic:
        ax.set_yscale("log")
    for number, (series, mark) in enumerate(drawn):
        shift = (number - (len(drawn) - 1) / 2) * 0.012 * span
        _line(ax, series, [at + shift for at in positions], mark, context=len(drawn) == 1)
        _change_point(ax, series, positions, mark, shift=2 * shift)
    _ticks(ax, positions)
    ax.tick_params(labelsize=SMALL)
    if logarithmic:
        _plain_log(ax)
    else:
        ax.yaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2))
        low, high = ax.get_ylim()
        if high - low < 1e-9 * max(abs(low), abs(high), 1e-12):
            ax.set_ylim(low - 0.5, high + 0.5)


def _line(ax: Axes, series: Series, places: Sequence[float], mark: Mark, *, context: bool) -> None:
    known = [
        (at, estimate)
        for at, estimate in zip(places, series.values, strict=True)
        if estimate.value is not None
    ]
    ax.plot(
        [at for at, _ in known], [estimate.value or 0.0 for _, estimate in known], color=mark.line,
        linestyle=mark.dash, marker=mark.marker, markersize=2.8, linewidth=1.0, zorder=4, gid="values",
    )  # fmt: skip
    for at, estimate in known:
        if estimate.low is not None and estimate.high is not None:
            ax.plot(
                [at, at], [estimate.low, estimate.high], color=mark.line, linewidth=1.4, alpha=0.55, zorder=3
            )
    if not context:
        return
    if series.gaussian is not None:
        ax.axhspan(*series.gaussian, color=PALE, linewidth=0, zorder=1, gid="gaussian")
    if series.floor is not None:
        ax.axhline(series.floor, color=GREY, linewidth=0.8, linestyle=(0, (1, 1.2)), zorder=2, gid="floor")
    if series.shuffled is not None:
        chance = [(at, value) for at, value in zip(places, series.shuffled, strict=True) if value is not None]
        ax.plot(
            [at for at, _ in chance], [value for _, value in chance], "x", color=GREY, markersize=3.2,
            markeredgewidth=0.7, zorder=2, gid="shuffled",
        )  # fmt: skip


def _change_point(
    ax: Axes, series: Series, positions: Sequence[float], mark: Mark, *, shift: float = 0.0
) -> None:
    """A line between two stages, a little aside: those of several groups at one place would read as one."""
    point = series.change_point
    if point.stage is None or not _marked(series):
        return
    before, after = positions[point.stage - 1], positions[point.stage]
    most = 0.3 * (after - before)
    at = (before + after) / 2 + min(max(shift, -most), most)
    ax.axvline(at, color=mark.line, linewidth=0.7, linestyle=(0, (3, 2)), alpha=0.8, zorder=2, gid="change")


def _marked(series: Series) -> bool:
    """A change-point that is more than a trend: one step fits better than a straight line."""
    point = series.change_point
    return point.stage is not None and point.p is not None and point.p <= ALPHA and point.step is not False


def _ticks(ax: Axes, positions: Sequence[float]) -> None:
    """Every stage has a tick; names only where they do not touch."""
    room = 5
    step = -(-len(positions) // room)
    named = set(range(0, len(positions), step))
    last = len(positions) - 1
    if last not in named:
        named = {at for at in named if last - at >= step / 2 + 0.5} | {last}
    near = (positions[-1] - positions[0]) * 0.11
    shown: list[float] = []
    texts = []
    for number, at in enumerate(positions):
        free = number in named and (not shown or at - shown[-1] >= near)
        texts.append(f"{at:g}" if free else "")
        shown += [at] if free else []
    ax.set_xticks(list(positions), texts)


def _logarithmic(drawn: Sequence[Series]) -> bool:
    values = [estimate.value for series in drawn for estimate in series.values if estimate.value is not None]
    if not values or min(values) <= 0 or any(series.scale != "ratio" for series in drawn):
        return False
    return max(values) / min(values) > _LOGARITHMIC


def _plain_log(ax: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    ax.yaxis.set_major_locator(LogLocator(numticks=4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())
    low, high = ax.get_ylim()
    if math.floor(math.log10(high)) - math.ceil(math.log10(low)) < 1:
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=5))


def _note(groups: Mapping[str, Mapping[str, Series]], chosen: Sequence[str], axis: str) -> str:
    every = [of[name] for of in groups.values() for name in chosen if name in of]
    parts = [f"Horizontal: {axis}", "bars: 95 % intervals over items, computed in the original space"]
    if any(map(_marked, every)):
        parts.append("dashed upright line: change-point (p ≤ .05, and a step fits better than a line)")
    if len(groups) == 1:
        if any(series.gaussian is not None for series in every):
            parts.append("grey band: a Gaussian of the same N and D")
        if any(series.floor is not None for series in every):
            parts.append("dotted: two halves of the first stage")
        if any(series.shuffled is not None for series in every):
            parts.append("crosses: the stages of each item in random order")
    return " · ".join(parts)
