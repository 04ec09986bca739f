"""Before and after at a glance: cosines, norms, retrieval with intervals, changes beside controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.results import MeasureResult
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.panels import (
    control_handles,
    control_points,
    cumulative,
    length_curves,
    name_rows,
    one_point,
    point_rows,
    row_values,
    shares_axis,
    stage_handles,
    zero_line,
)
from repscope.plot.base.style import BROAD, DOUBLE, INK, Palette, new_figure, palette, settle, styled
from repscope.plot.base.text import printable
from repscope.text.numbers import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Pair = tuple[NDArray[np.floating], NDArray[np.floating]]

LINKED = (
    "top1.true", "top5.true", "mrr.true", "recall@1", "recall@5", "recall@10", "mixed.recall@10", "hub.share",
)  # fmt: skip
"""Measures between 0 and 1 that the third panel shows, as far as there are results."""

UNLINKED = ("precision", "recall", "coverage", "hub.share")
"""The same where no row of the results has a truth."""

COSINES = ("cosine.true", "cosine.max", "margin.true")
"""Measures that the fourth panel shows besides: changes on the same scale."""


def plot_distributions(
    results: Sequence[MeasureResult],
    *,
    cosine_true: Pair | None = None,
    cosine_max: Pair | None = None,
    norm: Pair | None = None,
    norm_reference: NDArray[np.floating] | None = None,
    names: tuple[str, str, str] = ("before", "after", "reference"),
    units: int | None = None,
    colours: str = "default",
    width: float = DOUBLE,
) -> Figure:
    """Up to four panels; one without data is left out, and the others take its room.

    a. Cosine of each item to its true reference row (lines) and to the nearest of all (dotted), as
       cumulative shares. b. Norms, likewise. c. Shares such as ``top1.true`` and recall, with intervals.
    d. Their differences and those of the cosines, with intervals, beside the controls.

    Args:
        results: of a comparison; those in :data:`LINKED` (or :data:`UNLINKED`) and :data:`COSINES` are shown.
        cosine_true: [N] before and [N] after: cosine to the best linked row.
        cosine_max: [N] and [N]: cosine to the nearest row of all.
        norm: [N] and [N]: lengths.
        norm_reference: [M] lengths of the reference.
        names: of the stages and the reference.
        units: independent units (clusters) among the items, for the bands of panels a and b; None takes them
            from the results, and draws no band where there are none.
        colours: name of a palette.
        width: inches.

    Raises:
        InputError: nothing to show, or values that are not finite.
        UnknownNameError: no such palette.
    """
    marks = palette(colours)
    by_name = {result.name: result for result in results}
    linked = any(name in by_name for name in LINKED[:-1])
    shares = [by_name[name] for name in (LINKED if linked else UNLINKED) if name in by_name]
    changes = shares + [by_name[name] for name in COSINES if name in by_name]
    units = units or next((result.before.n for result in changes if result.before.n), None)
    truths, nearest = _finite(cosine_true, "cosine_true"), _finite(cosine_max, "cosine_max")
    lengths = _finite(norm, "norm")

    panels: list[tuple[str, Callable[[Axes], None]]] = []
    if truths or nearest:
        title = "Cosine to the true reference" if truths else "Cosine to the nearest reference"
        panels.append((title, lambda ax: _cosines(ax, truths, nearest, units, marks)))
    if lengths:
        given = [(lengths[0], marks.before, names[0], BROAD), (lengths[1], marks.after, names[1], 1.2)]
        given += [] if norm_reference is None else [(norm_reference, marks.reference, names[2], 1.2)]
        panels.append(("Length of the vectors", lambda ax: length_curves(ax, given, units)))
    if shares:
        title = "Finding the true reference" if linked else "Overlap with the reference"
        panels.append((title, lambda ax: _shares(ax, shares, marks)))
    drawn_controls: list[str] = []
    if changes:
        panels.append(("Change, after − before", lambda ax: drawn_controls.extend(_changes(ax, changes))))
    if not panels:
        raise InputError(
            "measures, cosines or norms to show", "none of them", "measure the stages against a reference"
        )
    with styled():
        rows = -(-len(panels) // 2)
        height = 0.35 + rows * (1.75 + 0.06 * len(changes))
        figure = new_figure(width if len(panels) > 1 else width / 2, height, layout="constrained")
        grid = figure.add_gridspec(rows, 2 if len(panels) > 1 else 1)
        for i, (title, draw) in enumerate(panels):
            last_alone = i == len(panels) - 1 and len(panels) % 2 == 1 and len(panels) > 1
            ax = figure.add_subplot(grid[i // 2, :] if last_alone else grid[i // 2, i % 2])
            ax.set_title(f"{'abcd'[i]}  {title}")
            draw(ax)
        _legends(figure, marks, names, norm_reference is not None and bool(lengths), drawn_controls)
        settle(figure)
    return figure


def _finite(pair: Pair | None, what: str) -> Pair | None:
    if pair is None:
        return None
    for values in pair:
        if not len(values) or not np.isfinite(values).all():
            raise InputError(
                f"finite values in {what}", f"{len(values)} values, some not finite", "leave them out"
            )
    return pair


def _cosines(ax: Axes, true: Pair | None, nearest: Pair | None, units: int | None, marks: Palette) -> None:
    for i, mark in enumerate((marks.before, marks.after)):
        line = 1.2 if i else BROAD
        if true is not None:
            cumulative(ax, true[i], mark, units=units, linewidth=line)
        if nearest is not None and true is not None:
            cumulative(ax, nearest[i], mark, maximum=True)
        elif nearest is not None:
            cumulative(ax, nearest[i], mark, units=units, linewidth=line)
    shares_axis(ax, "cosine to true (lines), to nearest (dotted)" if true and nearest else "cosine")


def _shares(ax: Axes, shares: Sequence[MeasureResult], marks: Palette) -> None:
    point_rows(ax, [(result.name, result.before, result.after) for result in shares], marks)
    row_values(ax, [f"{significant(one.before.value)} → {significant(one.after.value)}" for one in shares])
    ax.margins(x=0.06)
    low, high = ax.get_xlim()
    ax.set_xlim(max(low, -0.02), min(high, 1.02))
    ax.set_xlabel("value, with 95 % interval")


def _changes(ax: Axes, changes: Sequence[MeasureResult]) -> list[str]:
    drawn: list[str] = []
    for i, result in enumerate(changes):
        one_point(ax, result.difference, i, INK, "o")
        drawn += control_points(ax, result.controls, i)
    zero_line(ax)
    name_rows(ax, [result.name for result in changes])
    row_values(ax, [significant(result.difference.value, signed=True) for result in changes])
    ax.margins(x=0.06)
    ax.set_xlabel("difference, with 95 % interval")
    return drawn


def _legends(
    figure: Figure, marks: Palette, names: tuple[str, str, str], reference: bool, controls: Sequence[str]
) -> None:
    shown = [printable(name) for name in (names if reference else names[:2])]
    handles = stage_handles((marks.before, marks.after, marks.reference), shown) + control_handles(controls)
    figure_legend(
        figure, handles, shown + [f"control: {handle.get_label()}" for handle in handles[len(shown) :]]
    )
