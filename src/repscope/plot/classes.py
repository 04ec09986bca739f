"""The classes at both ends: the share of their items that find their truth, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from repscope.errors import InputError
from repscope.measure.comparison.classes import ClassChange, ClassValue
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.panels import name_rows, one_point, point_rows, stage_handles, zero_line
from repscope.plot.base.style import DOUBLE, INK, SINGLE, Palette, new_figure, palette, settle, styled
from repscope.plot.base.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 40


def plot_classes(
    rows: Sequence[ClassChange] | Sequence[ClassValue],
    *,
    split: int | None = None,
    names: tuple[str, str] = ("before", "after"),
    colours: str = "default",
    width: float | None = None,
) -> Figure:
    """Each class a row: a. share of its items nearest to their truth; b. the difference, for two stages.

    A filled point in b is a difference with q ≤ .05 whose interval leaves out 0.

    Args:
        rows: at most 40 classes, in the order in which they are drawn.
        split: a line above this row, between the two ends of a longer list.
        names: of the stages.
        colours: name of a palette.
        width: inches.

    Raises:
        InputError: no classes, or more than 40.
        UnknownNameError: no such palette.
    """
    marks = palette(colours)
    if not 0 < len(rows) <= MOST:
        raise InputError(f"1 to {MOST} classes", str(len(rows)), "draw those at both ends")
    changes = [row for row in rows if isinstance(row, ClassChange)]
    values = [row for row in rows if isinstance(row, ClassValue)]
    labels = [f"{printable(row.label, 28)} ({row.n:,})" for row in rows]
    with styled():
        wide = width or (DOUBLE if changes else SINGLE + 1.5)
        figure = new_figure(wide, 0.75 + 0.16 * max(len(rows), 5), layout="constrained")
        axes = figure.subplots(1, 2 if changes else 1, sharey=True, squeeze=False)[0]
        _shares(axes[0], changes, values, labels, marks)
        if changes:
            axes[0].set_title("a  Share nearest to their truth")
            axes[1].set_title("b  Difference, after − before")
            for y, row in enumerate(changes):
                one_point(axes[1], row.difference, y, INK, "o", filled=bool(row.shown))
            zero_line(axes[1])
            name_rows(axes[1], labels)
            axes[1].tick_params(axis="y", labelleft=False)
            axes[1].set_xlabel("difference, with 95 % interval; filled: q ≤ .05")
            figure_legend(figure, stage_handles((marks.before, marks.after), list(map(printable, names))))
        for ax in axes:
            ax.margins(x=0.05)
            if split:
                ax.axhline(split - 0.5, color="#999999", linewidth=0.6, linestyle=(0, (2, 2)))
        settle(figure)
    return figure


def _shares(
    ax: Axes,
    changes: Sequence[ClassChange],
    values: Sequence[ClassValue],
    labels: Sequence[str],
    marks: Palette,
) -> None:
    if changes:
        point_rows(
            ax, [(label, row.before, row.after) for label, row in zip(labels, changes, strict=True)], marks
        )
    else:
        for y, row in enumerate(values):
            one_point(ax, row.value, y, marks.before.colour, marks.before.marker)
        name_rows(ax, labels)
    ax.set_xlim(-0.03, 1.03)
    ax.set_xlabel("share nearest to their truth, with 95 % interval")
