"""How far the centre moved and how the spread changed, between stages, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repscope.errors import InputError
from repscope.measure.core.estimate import Difference, Estimate
from repscope.plot.base.frame import axes_at, figure_legend, foot_note
from repscope.plot.base.panels import mark_handle, one_point
from repscope.plot.base.style import DOUBLE, GREY, INK, PALE, SMALL, new_figure, styled
from repscope.plot.base.text import LINE, printable, text_width, wrap
from repscope.plot.drift.style import GROUPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARGIN = 0.06
_ROW = 0.24
_EACH = 0.13
_LONGEST = 34
_RATIOS = (0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 2, 3, 5)


@dataclass(frozen=True)
class PairRow:
    """One pair of stages in one group.

    Attributes:
        name: of the pair, such as "gen_0 → gen_4".
        distance: move of the centre, in the units of the rows.
        noise: what two means of the same centre would read apart, or None.
        ratio: total spread of the second stage over the first.
    """

    name: str
    distance: Estimate
    noise: float | None
    ratio: Difference


def plot_drift_metrics(
    groups: Mapping[str, Sequence[PairRow]], *, last: int = 0, width: float = DOUBLE
) -> Figure:
    """Two panels with a row for each pair of stages: distance of the centres, and ratio of the spreads.

    Args:
        groups: rows of each group, by its name; the same pairs in each. One group needs no name.
        last: how many rows at the end stand apart (first to last, below the consecutive pairs).
        width: inches.

    Raises:
        InputError: no pairs, or other pairs in some group.
    """
    rows = list(groups.values())
    if not rows or not rows[0] or len({len(of) for of in rows}) > 1 or len(groups) > len(GROUPS):
        raise InputError(f"the same pairs of stages in 1 to {len(GROUPS)} groups", "others", "give them all")
    names = [printable(row.name, _LONGEST) for row in rows[0]]
    count = len(names)
    places = [number + (0.6 if number >= count - last and last < count else 0.0) for number in range(count)]
    each = max(_ROW, _EACH * len(groups) + 0.08)
    note = (
        "Left: distance of the centres in the original space, without what noise adds; tick: what noise "
        "alone would read. Right: total spread, second over first; 1: no change. "
        "Bars: 95 % intervals over items."
    )
    with styled():
        lines = wrap(note, 0.96 * 72 * (width - 2 * _MARGIN), SMALL)
        below = (len(lines) * LINE * SMALL + 6) / 72 + 0.36
        above = 0.24 + (0.18 if len(groups) > 1 else 0.0)
        height = above + each * (places[-1] + 1.0) + below
        figure = new_figure(width, height)
        left = max(text_width(name, 6.5) for name in names) / 72 + 2 * _MARGIN + 0.04
        gap = 0.16
        wide = (width - left - gap - 2 * _MARGIN) / 2
        axes = [
            axes_at(figure, left + number * (wide + gap), below, wide, height - above - below)
            for number in range(2)
        ]
        _panel_axes(axes, names, places)
        for number, (of, mark) in enumerate(zip(rows, GROUPS, strict=False)):
            shift = (number - (len(rows) - 1) / 2) * _EACH / each
            for place, row in zip(places, of, strict=True):
                one_point(axes[0], row.distance, place + shift, mark.colour, mark.marker)
                if row.noise is not None:
                    axes[0].plot([row.noise], [place + shift], "|", color=GREY, markersize=5, zorder=2)
                one_point(axes[1], row.ratio, place + shift, mark.colour, mark.marker)
        _scales(axes, rows)
        if len(groups) > 1:
            handles = [
                mark_handle(mark, printable(name), size=4.5, linestyle="-", linewidth=1.2)
                for name, mark in zip(groups, GROUPS, strict=False)
            ]
            figure_legend(figure, handles, at=(left, 0.005 * height), handle=2.0)
        foot_note(figure, lines, _MARGIN, below - 0.36)
    return figure


def _panel_axes(axes: Sequence[Axes], names: Sequence[str], places: Sequence[float]) -> None:
    for ax, title in zip(axes, ("movement of the centre", "change of the spread"), strict=True):
        ax.set_title(title)
        ax.set_ylim(places[-1] + 0.5, -0.5)
        ax.set_yticks(places, names if ax is axes[0] else [""] * len(names))
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="y", color="#EFEFEF", linewidth=0.6, zorder=0)
        ax.set_axisbelow(True)
    if len(places) > 1 and places[-1] - places[-2] > 1:
        for ax in axes:
            ax.axhline(places[-1] - 0.8, color=PALE, linewidth=0.6, zorder=1)


def _scales(axes: Sequence[Axes], rows: Sequence[Sequence[PairRow]]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    axes[0].margins(x=0.06)
    # Marks at zero are drawn whole.
    axes[0].set_xlim(left=-0.018 * axes[0].get_xlim()[1])
    axes[0].set_xlabel("distance, units of the rows")
    axes[0].xaxis.set_major_locator(MaxNLocator(6))
    axes[1].set_xlabel("ratio (logarithmic)")
    values = [row.ratio.value for of in rows for row in of]
    known = [ratio for ratio in values if ratio is not None and ratio > 0]
    if known and len(known) == sum(ratio is not None for ratio in values):
        axes[1].set_xscale("log")
        low, high = min(1.0, *known), max(1.0, *known)
        plain = FuncFormatter(lambda value, _: f"{value:g}")
        if high / low > 8:
            subs = (1.0, 2.0, 5.0) if high / low < 100 else (1.0,)
            axes[1].xaxis.set_major_locator(LogLocator(subs=subs, numticks=9))
            axes[1].xaxis.set_minor_formatter(NullFormatter())
        else:
            low, high = axes[1].get_xlim()
            low, high = min(low, 0.9), max(high, 1.1)
            axes[1].set_xlim(low, high)
            axes[1].set_xticks([tick for tick in _RATIOS if low <= tick <= high])
            axes[1].set_xticks([], minor=True)
        axes[1].xaxis.set_major_formatter(plain)
    else:
        axes[1].set_xlabel("ratio")
    axes[1].axvline(1.0, color=INK, linewidth=0.7, zorder=2)
