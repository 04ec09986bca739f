"""Panels that several figures share: cumulative shares, and rows of points with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.estimate import Difference, Estimate
from repscope.plot.base.style import GREY, INK, SMALL, Mark, Palette
from repscope.plot.base.text import printable
from repscope.text.numbers import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.lines import Line2D

CONTROLS: Mapping[str, str] = {"identity": "|", "noise": "x", "collapse": "v", "snap": "D", "floor": "s"}
"""Marker of each control; all are open or thin, so that none looks like a result."""

CONTROL_COLOUR = "#555555"

_VERTICES = 1000
_ONE_LENGTH = 1e-5
"""Largest spread of lengths, as a share of them, that is rounding."""
_FEW_ROWS = 5


def cumulative(
    ax: Axes,
    values: NDArray[np.floating],
    mark: Mark,
    *,
    maximum: bool = False,
    units: int | None = None,
    linewidth: float = 1.2,
) -> None:
    """The share of values at most x, with the band that holds the whole curve in 95 % of samples.

    The band is that of Dvoretzky, Kiefer & Wolfowitz with Massart's constant (1990), ±√(ln(2/.05)/2n).

    Args:
        ax: where.
        values: [n] finite.
        mark: of the stage.
        maximum: dotted and thin: a second quantity of the same stage.
        units: independent units among the values, for the band; None draws no band.
        linewidth: points.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    share = np.arange(1, len(ordered) + 1) / len(ordered)
    if len(ordered) > _VERTICES:
        keep = np.unique(np.linspace(0, len(ordered) - 1, _VERTICES).round().astype(int))
        ordered, share = ordered[keep], share[keep]
    x, y = np.append(ordered[:1], ordered), np.append(0.0, share)
    if maximum:
        ax.step(x, y, where="post", color=mark.line, linewidth=1.0, linestyle=(0, (1, 1.2)), zorder=3)
        return
    ax.step(x, y, where="post", color=mark.line, linestyle=mark.dash, linewidth=linewidth, zorder=4)
    if units:
        reach = np.sqrt(np.log(2 / 0.05) / (2 * units))
        ax.fill_between(
            x,
            np.clip(y - reach, 0, 1),
            np.clip(y + reach, 0, 1),
            step="post",
            color=mark.colour,
            alpha=0.15,
            linewidth=0,
            zorder=1,
        )


def shares_axis(ax: Axes, label: str) -> None:
    """Axes of :func:`cumulative`."""
    ax.set_ylim(0, 1.02)
    ax.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    ax.set_ylabel("share of items at most x")
    ax.set_xlabel(label)
    ax.margins(x=0.04)


def length_curves(
    ax: Axes, given: Sequence[tuple[NDArray[np.floating], Mark, str, float]], units: int | None
) -> None:
    """Lengths of sets as cumulative shares.

    Of sets whose rows are all of one and the same length one line is drawn, and words name them all.

    Args:
        ax: where.
        given: values, mark, name and line width of each set.
        units: independent units of the sets but the last, for their bands.
    """
    sizes = [np.abs(values).max() for values, *_ in given]
    still = [np.ptp(given[at][0]) <= _ONE_LENGTH * size for at, size in enumerate(sizes)]
    alike: dict[int, list[str]] = {}
    for at, (values, mark, name, linewidth) in enumerate(given):
        twins = [
            other
            for other, size in enumerate(sizes)
            if still[at] and still[other] and abs(size - sizes[at]) <= _ONE_LENGTH * size
        ]
        if len(twins) > 1:
            alike.setdefault(twins[0], []).append(printable(name, 24))
        if at == (twins or [at])[0]:
            cumulative(ax, values, mark, units=units if mark.marker != "*" else None, linewidth=linewidth)
    for place, (at, names) in enumerate(alike.items()):
        words = f"{', '.join(names)}: every row {significant(float(sizes[at]))}"
        corner_words(ax, words, (0.04, 0.88 - 0.12 * place), zorder=6)
    shares_axis(ax, "L2 norm")
    every = np.concatenate([values for values, *_ in given]).astype(np.float64)
    if np.ptp(every) <= _ONE_LENGTH * np.abs(every).max():
        # All of one length: a window of rounding errors would look like a distribution.
        centre = float(every.mean())
        ax.set_xlim(centre - 0.5 * abs(centre) - 1e-9, centre + 0.5 * abs(centre) + 1e-9)
    elif every.min() > 0 and every.max() > 30 * every.min():
        ax.set_xscale("log")


def row_values(ax: Axes, texts: Sequence[str]) -> None:
    """The numbers of each row, to its right."""
    for y, text in enumerate(texts):
        ax.annotate(
            text, (1.0, y), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=SMALL, annotation_clip=False, gid="value",
        )  # fmt: skip


def point_rows(
    ax: Axes,
    rows: Sequence[tuple[str, Estimate, Estimate]],
    marks: Palette,
) -> None:
    """Rows of before and after, each a point with its interval; undefined values say so."""
    for i, (_, before, after) in enumerate(rows):
        for estimate, mark, shift in ((before, marks.before, -0.14), (after, marks.after, 0.14)):
            one_point(ax, estimate, i + shift, mark.colour, mark.marker)
    name_rows(ax, [name for name, _, _ in rows])


def one_point(
    ax: Axes, estimate: Estimate | Difference, y: float, colour: str, marker: str, *, filled: bool = True
) -> None:
    """A value with its interval, or the word "undefined"."""
    if estimate.value is None:
        ax.annotate(
            "undefined",
            (0.02, y),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=SMALL,
            color=GREY,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )
        return
    if estimate.low is not None and estimate.high is not None:
        ax.plot([estimate.low, estimate.high], [y, y], color=colour, linewidth=1.2, zorder=3)
    ax.plot(
        [estimate.value],
        [y],
        marker=marker,
        markersize=4.5,
        color=colour,
        markerfacecolor=colour if filled else "white",
        markeredgecolor=colour,
        markeredgewidth=0.8,
        linestyle="",
        zorder=4,
    )


def name_rows(ax: Axes, names: Sequence[str]) -> None:
    """Row 0 on top; names instead of ticks; few rows keep together."""
    from matplotlib.ticker import MaxNLocator

    air = 0.5 * max(0, _FEW_ROWS - len(names))
    ax.set_yticks(range(len(names)), list(names))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(names) - 0.45 + air, -0.55 - air)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color="#E8E8E8", linewidth=0.5, zorder=0)
    ax.set_axisbelow(True)


def control_points(ax: Axes, controls: Mapping[str, float | None], y: float) -> list[str]:
    """Controls of one row as open marks; the names of those that were drawn."""
    shown = shown_controls(controls)
    for name, value in shown.items():
        ax.plot([value], [y], **control_style(name), zorder=2.5)
    return [*shown]


def shown_controls(controls: Mapping[str, float | None]) -> dict[str, float]:
    """Those that have a mark: the zero line is the identity, and would only hide it there."""
    return {
        name: value
        for name, value in controls.items()
        if value is not None and not (name == "identity" and value == 0)
    }


def control_style(name: str) -> dict[str, Any]:
    """How a control is drawn."""
    return {
        "marker": CONTROLS.get(name, "P"),
        "markersize": 4.2,
        "markerfacecolor": "none",
        "markeredgecolor": CONTROL_COLOUR,
        "markeredgewidth": 0.8,
        "linestyle": "",
    }


def control_handles(names: Sequence[str]) -> list[Line2D]:
    """Legend entries of controls, in the order of :data:`CONTROLS`."""
    from matplotlib.lines import Line2D

    order = [name for name in CONTROLS if name in names] + sorted(set(names) - set(CONTROLS))
    return [Line2D([], [], **control_style(name), label=name) for name in order]


def stage_handles(
    marks: Sequence[Mark], names: Sequence[str], *, size: float = 4.5, edge: float = 0.5
) -> list[Line2D]:
    """Legend entries of stages or groups that are drawn as lines with points, as many as have names."""
    return [
        mark_handle(
            mark, name, size=size, color=mark.line, linestyle=mark.dash, markerfacecolor=mark.colour,
            markeredgecolor=mark.edge if mark.edge != "none" else mark.colour, markeredgewidth=edge,
        )
        for mark, name in zip(marks, names, strict=False)
    ]  # fmt: skip


def zero_line(ax: Axes) -> None:
    """No change."""
    ax.axvline(0, color=INK, linewidth=0.7, zorder=2)


def mark_handle(mark: Mark, label: str = "", *, size: float = 5.0, **style: Any) -> Line2D:
    """Legend entry of points, in the mark's colours unless ``style`` says otherwise."""
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], **{"linestyle": "", "marker": mark.marker, "color": mark.colour, "markersize": size, **style},
        label=label,
    )  # fmt: skip


def count_bars(
    ax: Axes, rows: Sequence[tuple[float, str, int, Mark]], bottom: float, *, height: float, reach: float
) -> None:
    """Counts of items as bars with their number.

    Args:
        ax: where.
        rows: place, name, count and mark of each.
        bottom: lower end of the vertical axis, which leaves room for words.
        height: of a bar.
        reach: end of the horizontal axis over the largest count.
    """
    from matplotlib.ticker import MaxNLocator

    for y, _, count, mark in rows:
        ax.barh(y, count, height=height, color=mark.colour, linewidth=0)
        ax.annotate(
            f"{count:,}", (count, y), xytext=(3, 0), textcoords="offset points", va="center", color=INK
        )
    ax.set_xlim(0, reach * max(1, *(count for _, _, count, _ in rows)))
    ax.set_ylim(bottom, -0.6)
    ax.set_yticks([y for y, *_ in rows], [name for _, name, *_ in rows])
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_xlabel("items")


def corner_words(ax: Axes, text: str, at: tuple[float, float] = (0.02, 0.03), **style: Any) -> None:
    """Small words inside an axes, at a place given as shares of it."""
    ax.annotate(text, at, xycoords="axes fraction", **{"fontsize": SMALL, "linespacing": 1.4, **style})


def probability_ticks(axis: Axis) -> None:
    """From 0 to 1 in quarters."""
    axis.set_ticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
