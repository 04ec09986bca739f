"""One stage at a glance: cosines, lengths, and how often the truth is found, beside known non-answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.comparison.describe_arrays import StageResult
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.panels import (
    control_handles,
    control_points,
    cumulative,
    length_curves,
    name_rows,
    one_point,
    row_values,
    shares_axis,
    stage_handles,
)
from repscope.plot.base.style import DOUBLE, Palette, new_figure, palette, settle, styled
from repscope.plot.base.text import printable
from repscope.text.numbers import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.floating]

LINKED = ("top1.true", "top5.true", "mrr.true", "recall@10", "mixed.recall@10", "hub.share")
UNLINKED = ("precision", "recall", "coverage", "hub.share")
"""Shares that the last panel shows, with a link and without."""


def plot_stage(
    results: Sequence[StageResult],
    *,
    cosine_true: Floats | None = None,
    cosine_max: Floats | None = None,
    norm: Floats | None = None,
    norm_reference: Floats | None = None,
    names: tuple[str, str] = ("items", "reference"),
    units: int | None = None,
    colours: str = "default",
    width: float = DOUBLE,
) -> Figure:
    """Up to three panels: cosines and lengths as cumulative shares, and shares with intervals.

    A panel without data is left out. Lengths that are all the same are said in words, since their lines would
    lie on one another.

    Args:
        results: of a description.
        cosine_true: [T] to the truth.
        cosine_max: [N] to the nearest reference row.
        norm: [N] lengths of the items.
        norm_reference: [M] lengths of the reference.
        names: of the items and the reference.
        units: independent units, for the bands.
        colours: name of a palette.
        width: inches.

    Raises:
        InputError: nothing to show.
        UnknownNameError: no such palette.
    """
    marks = palette(colours)
    table = {one.name: one for one in results}
    shares = [table[name] for name in (LINKED if "top1.true" in table else UNLINKED) if name in table]
    drawn: list[str] = []
    panels: list[tuple[str, Callable[[Axes], None]]] = []
    if cosine_max is not None:
        panels.append(("Cosines", lambda ax: _cosines(ax, cosine_true, cosine_max, units, marks)))
    if norm is not None:
        given = [(norm, marks.before, names[0], 1.2)]
        given += [] if norm_reference is None else [(norm_reference, marks.reference, names[1], 1.2)]
        panels.append(("Length of the vectors", lambda ax: length_curves(ax, given, units)))
    if shares:
        title = "Finding the truth" if "top1.true" in table else "Overlap with the reference"
        panels.append((title, lambda ax: drawn.extend(_shares(ax, shares, marks))))
    if not panels:
        raise InputError("cosines, lengths or shares to show", "none of them", "measure the set first")
    with styled():
        figure = new_figure(width * (0.4 + 0.2 * len(panels)), 2.35, layout="constrained")
        for number, (title, draw) in enumerate(panels):
            ax = figure.add_subplot(1, len(panels), number + 1)
            ax.set_title(f"{'abc'[number]}  {title}")
            draw(ax)
        shown = [printable(name) for name in (names if norm_reference is not None else names[:1])]
        handles = stage_handles((marks.before, marks.reference), shown) + control_handles(drawn)
        words = [*shown, *(f"control: {one.get_label()}" for one in handles[len(shown) :])]
        figure_legend(figure, handles, words)
        settle(figure)
    return figure


def _cosines(ax: Axes, true: Floats | None, nearest: Floats, units: int | None, marks: Palette) -> None:
    if true is None:
        cumulative(ax, nearest, marks.before, units=units)
        shares_axis(ax, "cosine to the nearest")
        return
    cumulative(ax, true, marks.before, units=units)
    cumulative(ax, nearest, marks.before, maximum=True)
    shares_axis(ax, "cosine to true (line), to nearest (dotted)")


def _shares(ax: Axes, shares: Sequence[StageResult], marks: Palette) -> list[str]:
    drawn: list[str] = []
    for y, one in enumerate(shares):
        one_point(ax, one.value, y, marks.before.colour, marks.before.marker)
        drawn += control_points(ax, one.controls, y)
    name_rows(ax, [one.name for one in shares])
    row_values(ax, [significant(one.value.value) for one in shares])
    ax.set_xlim(-0.06, 1.06)
    ax.set_xlabel("value, with 95 % interval")
    return drawn
