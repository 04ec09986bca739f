"""Curves of logs: raw values beneath, smooth ones above, seeds as bands, restarts and breaks marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.plot.base.frame import foot_note
from repscope.plot.base.style import DOUBLE, GREY, INK, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, printable, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#004F8C", "#E0621B", "#00876A", "#CC79A7", "#56B4E9", "#B3A700", "#767676", "#222222")
ACROSS = 3
MOST = 12
"""Panels of one figure."""

FEWEST = 3
"""Values that make a line; fewer are points."""

MOST_MARKS = 20
"""Restarts of a curve, and breaks of a panel, that are marked."""


@dataclass(frozen=True)
class Curve:
    """One line of a panel.

    Attributes:
        label: of the run, or of the group of seeds.
        steps: [N].
        smooth: [N] dark.
        raw: steps and values beneath, pale: of the run, or of each seed of a group.
        low, high: [N] of a group, over its seeds.
        restarts: steps that are marked.
        dashed: a line to compare with, not one that was logged.
    """

    label: str
    steps: NDArray[np.float64]
    smooth: NDArray[np.float64]
    raw: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]] = ()
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
    restarts: tuple[float, ...] = ()
    dashed: bool = False


@dataclass(frozen=True)
class Marked:
    """A break: its step, what is written there, and the curve that it is of."""

    step: float
    text: str
    label: str


@dataclass(frozen=True)
class CurvePanel:
    """The curves of one quantity.

    Attributes:
        title: its name.
        curves: one a run or group.
        marks: breaks.
        unit: what the steps count.
    """

    title: str
    curves: Sequence[Curve]
    marks: Sequence[Marked] = ()
    unit: str = "step"


@styled()
def plot_curves(panels: Sequence[CurvePanel], *, note: str = "", labels: Sequence[str] = ()) -> Figure:
    """One panel a quantity, the runs in the same colours in all.

    Args:
        panels: at most :data:`MOST`.
        note: below.
        labels: of all curves of several figures, so that a run has one colour in all.

    Raises:
        InputError: no panel, or too many.
    """
    if not 0 < len(panels) <= MOST:
        raise InputError(f"1 to {MOST} panels", f"{len(panels)}", "draw several figures")
    across = min(ACROSS, len(panels))
    down = -(-len(panels) // across)
    here = list(dict.fromkeys(curve.label for panel in panels for curve in panel.curves))
    known = list(dict.fromkeys((*labels, *here)))
    colours = {label: COLOURS[i % len(COLOURS)] for i, label in enumerate(known)}
    text = list(wrap(note, 72 * (DOUBLE - 0.12), SMALL)) if note else []
    below = (len(text) * SMALL * LINE + 4) / 72
    keys = -(-len(here) // 4) * 0.16 if len(here) > 1 or _grouped(panels) else 0.0
    wide, deep = DOUBLE / across, 1.75
    height = keys + down * deep + below + 0.06
    figure = new_figure(DOUBLE, height)
    for i, panel in enumerate(panels):
        row, column = divmod(i, across)
        box = (
            (column * wide + 0.47) / DOUBLE,
            (height - keys - (row + 1) * deep + 0.36) / height,
            (wide - 0.62) / DOUBLE,
            (deep - 0.62) / height,
        )
        _panel(figure.add_axes(box), panel, colours)
    if keys:
        _legend(figure, here, colours)
    foot_note(figure, text, 0.06, below)
    return figure


def _panel(ax: Axes, panel: CurvePanel, colours: dict[str, str]) -> None:
    ax.set_title(printable(panel.title, 36), fontsize=TEXT, fontweight="normal")
    for curve in panel.curves:
        colour = colours[curve.label]
        if curve.low is not None and curve.high is not None:
            ax.fill_between(curve.steps, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0)
        for steps, values in curve.raw:
            ax.plot(steps, values, color=colour, alpha=0.3, linewidth=0.6, zorder=1)
        if np.isfinite(curve.smooth).sum() < FEWEST:
            ax.plot(curve.steps, curve.smooth, "o", color=colour, markersize=3)
        else:
            style = (0, (3, 3)) if curve.dashed else "-"
            ax.plot(curve.steps, curve.smooth, color=colour, linewidth=1.2, linestyle=style)
        for step in curve.restarts[:MOST_MARKS]:
            ax.axvline(step, color=colour, linewidth=0.7, dashes=(1, 2))
    if panel.marks:
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + min(0.12 * len(panel.marks), 0.4) * (high - low))
    for at, mark in enumerate(panel.marks[:MOST_MARKS]):
        colour = colours.get(mark.label, INK)
        late = mark.step > sum(ax.get_xlim()) / 2
        ax.axvline(mark.step, color=colour, linewidth=0.8, dashes=(4, 2))
        ax.annotate(
            mark.text,
            (mark.step, 1.0),
            (-2 if late else 2, -2 - at * SMALL * LINE),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            fontsize=SMALL,
            va="top",
            ha="right" if late else "left",
            color=colour,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
        )
    ax.tick_params(labelsize=SMALL)
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter(_thousands())
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_xlabel(panel.unit, fontsize=SMALL, color=GREY)


def _grouped(panels: Sequence[CurvePanel]) -> bool:
    return any(curve.low is not None for panel in panels for curve in panel.curves)


def _thousands() -> Any:
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}")


def _legend(figure: Figure, labels: Sequence[str], colours: dict[str, str]) -> None:
    width, height = figure.get_size_inches()
    for i, label in enumerate(labels):
        row, column = divmod(i, 4)
        x, y = (0.08 + column * width / 4) / width, 1 - (0.1 + row * 0.16) / height
        figure.add_artist(_line(figure, x, y, colours[label], width))
        figure.text(x + 0.24 / width, y, printable(label, 30), fontsize=SMALL, va="center")


def _line(figure: Figure, x: float, y: float, colour: str, width: float) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([x, x + 0.18 / width], [y, y], color=colour, linewidth=1.4, transform=figure.transFigure)
