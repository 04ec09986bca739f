"""What bridges gain in finding the truth, against what they lose of the rows' own shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from repscope.errors import InputError
from repscope.measure.core.estimate import Difference, Estimate
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.labels import add_labels
from repscope.plot.base.panels import corner_words, mark_handle
from repscope.plot.base.style import (
    DOUBLE,
    GREY,
    INK,
    PALE,
    Mark,
    Palette,
    new_figure,
    palette,
    settle,
    styled,
)
from repscope.plot.base.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEARNS = ("nothing", "source", "target", "unpaired", "paired")


@dataclass(frozen=True)
class MethodPoint:
    """One bridge of the figure.

    Attributes:
        label: its name.
        learns_from: "paired", "unpaired", "target", "source" or "nothing".
        gain: of ``top1.true``.
        rank: effective rank after, as a share of before; None where it is undefined.
        kept: share of the neighbours kept.
        trusted: False where the method itself warns.
    """

    label: str
    learns_from: str
    gain: Difference
    rank: float | None
    kept: Estimate
    trusted: bool = True


def plot_bridge_methods(
    parts: Sequence[tuple[str, Sequence[MethodPoint]]], *, colours: str = "default", width: float = DOUBLE
) -> Figure:
    """One row of panels a part: gain in ``top1.true`` against the rank kept, and against the neighbours kept.

    Up is better, right is less lost. A hollow mark is a method that warns that it cannot be trusted at this
    number of rows.

    Args:
        parts: name and bridges of each part ("held-out", or "seen" and "unseen").
        colours: name of a palette.
        width: inches.

    Raises:
        InputError: no bridge with a gain.
        UnknownNameError: no such palette.
    """
    marks = _marks(palette(colours))
    if not any(point.gain.value is not None for _, points in parts for point in points):
        raise InputError("bridges whose gain in top1.true is defined", "none", "link the sets with --on")
    with styled():
        figure = new_figure(width, 0.4 + 3.0 * len(parts), layout="constrained")
        axes = figure.subplots(len(parts), 2, squeeze=False)
        letters = iter("abcdefgh")
        for row, (name, points) in zip(axes, parts, strict=True):
            title = "" if len(parts) == 1 else f", {name} classes"
            _panel(row[0], points, marks, "rank")
            row[0].set_title(f"{next(letters)}  Gain against rank{title}")
            row[0].set_xlabel("effective rank after, share of before")
            _panel(row[1], points, marks, "kept")
            row[1].set_title(f"{next(letters)}  Gain against neighbours{title}")
            row[1].set_xlabel("share of the nearest neighbours kept, 95 % interval")
        used = {point.learns_from for _, points in parts for point in points}
        hollow = any(not point.trusted for _, points in parts for point in points)
        _legend(figure, marks, used, hollow)
        settle(figure)
        # Names are placed when the axes have their final size.
        for row, (_, points) in zip(axes, parts, strict=True):
            for ax, axis in zip(row, ("rank", "kept"), strict=True):
                _names(ax, points, axis)
    return figure


def _marks(colours: Palette) -> dict[str, Mark]:
    return {
        "nothing": Mark(GREY, "X", GREY),
        "source": colours.others[0],
        "target": colours.others[1],
        "unpaired": colours.before,
        "paired": colours.after,
    }


def _place(point: MethodPoint, axis: str) -> tuple[float, float] | None:
    across = point.rank if axis == "rank" else point.kept.value
    if across is None or point.gain.value is None:
        return None
    return across, point.gain.value


def _panel(ax: Axes, points: Sequence[MethodPoint], marks: dict[str, Mark], axis: str) -> None:
    for point in points:
        at = _place(point, axis)
        if at is None:
            continue
        mark = marks[point.learns_from]
        if point.gain.low is not None and point.gain.high is not None:
            ax.vlines(at[0], point.gain.low, point.gain.high, color=mark.line, linewidth=1.0, zorder=3)
        if axis == "kept" and point.kept.low is not None and point.kept.high is not None:
            ax.hlines(at[1], point.kept.low, point.kept.high, color=mark.line, linewidth=1.0, zorder=3)
        ax.plot(
            [at[0]],
            [at[1]],
            marker=mark.marker,
            markersize=5,
            markerfacecolor=mark.colour if point.trusted else "white",
            markeredgecolor=mark.colour,
            markeredgewidth=0.9,
            linestyle="",
            zorder=4,
            gid=f"method:{point.label}",
        )
    ax.axhline(0, color=INK, linewidth=0.7, zorder=2)
    ax.axvline(1, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    ax.grid(color=PALE, linewidth=0.4, alpha=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.set_ylabel("gain in top1.true, 95 % interval")
    ax.margins(0.12)
    if axis == "kept":
        ax.set_xlim(-0.05, 1.12)
    elif ax.get_xlim()[0] > 0:
        ax.set_xlim(left=0)


def _names(ax: Axes, points: Sequence[MethodPoint], axis: str) -> None:
    placed = [(at, point.label) for point in points if (at := _place(point, axis)) is not None]
    if placed:
        add_labels(ax, np.array([at for at, _ in placed]), [label for _, label in placed])
    missing = [point.label for point in points if _place(point, axis) is None]
    if missing:
        corner_words(ax, "undefined: " + printable(", ".join(missing), 60), (0.02, 0.02), color=GREY)


def _legend(figure: Figure, marks: dict[str, Mark], used: set[str], hollow: bool) -> None:
    words = {"nothing": "learns nothing", **{name: f"learns from {name} rows" for name in LEARNS[1:]}}
    handles = [mark_handle(marks[name], words[name]) for name in LEARNS if name in used]
    if hollow:
        text = "hollow: warns that it cannot be trusted at this n"
        handles.append(mark_handle(Mark("white", "o", INK), text, markeredgecolor=INK))
    figure_legend(figure, handles)
