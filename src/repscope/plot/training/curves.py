"""Curves of logs: raw values beneath, smooth ones above, seeds as bands, restarts and breaks marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.plot.base.frame import foot_note
from repscope.plot.base.style import DOUBLE, GREY, INK, PALETTES, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, printable, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#004F8C", "#E0621B", "#00876A", "#CC79A7", "#56B4E9", "#B3A700", "#767676", "#222222")
ACROSS = 3
MOST = 12
"""Panels of one figure."""


@dataclass(frozen=True)
class Curve:
    """One line of a panel.

    Attributes:
        label: of the run, or of the group of seeds.
        steps: [N].
        values: [N] raw, drawn pale; None of a group.
        smooth: [N] drawn over them.
        low, high: [N] of a group, over its seeds.
        restarts: steps that are marked.
        dashed: whether the line is, to lie over another.
    """

    label: str
    steps: NDArray[np.float64]
    values: NDArray[np.float64] | None
    smooth: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
    restarts: tuple[float, ...] = ()
    dashed: bool = False


@dataclass(frozen=True)
class CurvePanel:
    """The curves of one quantity.

    Attributes:
        title: its name.
        curves: one a run or group.
        marks: steps of breaks, with what is written there.
        logarithmic: whether the scale of the values is.
    """

    title: str
    curves: Sequence[Curve]
    marks: Sequence[tuple[float, str]] = ()
    logarithmic: bool = False


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
    deep = 1.75
    height = keys + down * deep + below + 0.06
    figure = new_figure(DOUBLE, height)
    for i, panel in enumerate(panels):
        row, column = divmod(i, across)
        box = (
            (column + 0.15) / across,
            (height - keys - (row + 1) * deep + 0.36) / height,
            0.8 / across,
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
        if curve.values is not None:
            few = np.isfinite(curve.values).sum() < 3
            ax.plot(
                curve.steps,
                curve.values,
                color=colour,
                alpha=0.3,
                linewidth=0.7,
                marker="o" if few else None,
                markersize=3,
            )
        dash = (0, (3, 3)) if curve.dashed else "-"
        ax.plot(curve.steps, curve.smooth, color=colour, linewidth=1.2, linestyle=dash)
        for step in curve.restarts:
            ax.axvline(step, color=colour, linewidth=0.7, dashes=(1, 2))
    if panel.logarithmic:
        ax.set_yscale("log")
    for step, said in panel.marks:
        ax.axvline(step, color=INK, linewidth=0.8, dashes=(4, 2))
        ax.annotate(
            said,
            (step, 1.0),
            (2, -2),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            fontsize=SMALL,
            va="top",
            color=INK,
        )
    ax.tick_params(labelsize=SMALL)
    ax.locator_params(axis="x", nbins=4)
    if not panel.logarithmic:
        ax.ticklabel_format(axis="y", scilimits=(-2, 4), useOffset=False)
        ax.yaxis.get_offset_text().set_fontsize(SMALL)
    ax.xaxis.set_major_formatter(_thousands())
    ax.set_xlabel("step", fontsize=SMALL, color=GREY)


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


@styled()
def plot_gradients(
    layers: Sequence[str],
    medians: Sequence[float],
    largest: Sequence[float],
    words: Sequence[str],
    *,
    title: str,
) -> Figure:
    """Median and largest gradient of each layer, first to last; vanishing and exploding ones marked.

    Args:
        layers: names, in the order of the log.
        medians, largest: of each over the training.
        words: what is said of each.
        title: above.
    """
    figure = new_figure(DOUBLE, 0.55 + 0.16 * len(layers))
    height = figure.get_size_inches()[1]
    ax = figure.add_axes((0.36, 0.36 / height, 0.5, 1 - 0.6 / height))
    places = np.arange(len(layers))
    tiny = np.finfo(np.float64).tiny
    low, high = np.maximum(medians, tiny), np.maximum(largest, tiny)
    ax.hlines(places, low, high, color=GREY, linewidth=0.8)
    ax.plot(low, places, "o", color=PALETTES["default"].before.colour, markersize=3, label="median")
    ax.plot(high, places, "|", color=INK, markersize=5, label="largest")
    ax.set_xscale("log")
    ax.set_ylim(len(layers) - 0.4, -0.6)
    ax.set_yticks(places, [printable(name, 44) for name in layers], fontsize=SMALL)
    for place, word in zip(places, words, strict=True):
        if word:
            ax.annotate(
                word,
                (1.01, place),
                xycoords=ax.get_yaxis_transform(),
                fontsize=SMALL,
                va="center",
                color=PALETTES["default"].after.colour,
            )
    ax.set_title(title, fontsize=TEXT, fontweight="normal")
    ax.tick_params(axis="x", labelsize=SMALL)
    figure.legend(loc="lower left", ncols=2, fontsize=SMALL, bbox_to_anchor=(0.01, 0.0))
    return figure
