"""What a bridge did to its items: cosines, lengths, predictions, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.measure.alignment.confidence import flips
from repscope.measure.comparison.compare_arrays import ArrayComparison
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.panels import corner_words, count_bars, mark_handle, stage_handles
from repscope.plot.base.style import (
    BROAD,
    DOUBLE,
    GREY,
    PALE,
    Mark,
    Palette,
    new_figure,
    palette,
    settle,
    styled,
)
from repscope.plot.base.text import printable
from repscope.text.numbers import p_equation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.floating[Any]]

_BINS = 40
_MOST_POINTS = 5000


def plot_bridge_effect(
    arrays: ArrayComparison,
    *,
    names: tuple[str, str] = ("before", "after"),
    colours: str = "default",
    width: float = DOUBLE,
) -> Figure:
    """Six panels: cosine to the nearest and to the true row, lengths, both scatters, and flips both ways.

    An item's prediction is better where the truth climbed in its ranking, worse where it fell. Without a
    link there is no truth: then only the panels of the nearest row and of the lengths are drawn, and items
    are told apart by whether their nearest row changed.

    Args:
        arrays: from :func:`repscope.measure.comparison.compare_arrays.compare_arrays`.
        names: of the stages.
        colours: name of a palette.
        width: inches.

    Raises:
        UnknownNameError: no such palette.
    """
    marks = palette(colours)
    before, after = arrays.before.matched, arrays.after.matched
    truth = before.has_truth
    linked = arrays.before.frame.linked and bool(truth.any())
    lengths = tuple(np.linalg.norm(stage.rows, axis=1) for stage in (arrays.before, arrays.after))
    with styled():
        rows, columns = (2, 3) if linked else (1, 3)
        figure = new_figure(width, 0.35 + 2.15 * rows, layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        titles = []
        _histogram(axes[0], (before.max, after.max), marks, "cosine to the nearest row, right or wrong")
        titles.append("Max-cosine")
        if linked:
            _histogram(axes[1], (before.true[truth], after.true[truth]), marks, "cosine to the true row")
            _lengths(axes[2], lengths, marks)
            moved = np.sign(before.rank[truth] - after.rank[truth])
            _scatter(axes[3], (before.max[truth], after.max[truth]), moved, marks, "max-cosine")
            _scatter(axes[4], (before.true[truth], after.true[truth]), moved, marks, "true cosine")
            _flips(axes[5], arrays, moved, marks)
            titles += ["True cosine", "Length of the vectors", "Max-cosine, item by item",
                       "True cosine, item by item", "Predictions that changed"]  # fmt: skip
        else:
            changed = np.where(before.nearest != after.nearest, -1.0, 0.0)
            _lengths(axes[1], lengths, marks)
            _scatter(axes[2], (before.max, after.max), changed, marks, "max-cosine")
            titles += ["Length of the vectors", "Max-cosine, item by item"]
        for letter, ax, title in zip("abcdef", axes, titles, strict=False):
            ax.set_title(f"{letter}  {title}")
        _legend(figure, marks, names, linked)
        settle(figure)
    return figure


def _histogram(ax: Axes, pair: tuple[Floats, Floats], marks: Palette, label: str) -> None:
    """Both stages in the same bins, as shares of the items; a line marks each mean."""
    both = np.concatenate(pair).astype(np.float64)
    low, high = float(both.min()), float(both.max())
    if high - low <= 1e-6 * max(abs(low), abs(high), 1e-6):
        # All alike: a window of rounding errors would look like a distribution.
        low, high = low - 0.5 * max(abs(low), 0.1), high + 0.5 * max(abs(high), 0.1)
    edges = np.linspace(low, high, _BINS + 1)
    for values, mark, line in zip(pair, (marks.before, marks.after), (BROAD, 1.1), strict=True):
        heights = np.histogram(values, edges)[0] / len(values)
        ax.stairs(heights, edges, fill=True, color=mark.colour, alpha=0.16, linewidth=0)
        ax.stairs(heights, edges, color=mark.line, linewidth=line, linestyle=mark.dash)
        ax.axvline(float(np.mean(values)), color=mark.line, linewidth=0.8, linestyle=(0, (2, 1.5)))
    ax.set_ylim(bottom=0)
    ax.set_ylabel("share of items")
    ax.set_xlabel(label)
    ax.margins(x=0.02)


def _lengths(ax: Axes, lengths: tuple[Floats, ...], marks: Palette) -> None:
    _histogram(ax, (lengths[0], lengths[1]), marks, "L2 norm (dashed: means)")


def _scatter(ax: Axes, pair: tuple[Floats, Floats], moved: Floats, marks: Palette, what: str) -> None:
    """Items before against after, with y = x; the seeded order keeps no group on top."""
    before, after = pair
    order = np.random.default_rng(0).permutation(len(before))[:_MOST_POINTS]
    same = order[moved[order] == 0]
    ax.scatter(before[same], after[same], s=4, c=PALE, linewidths=0, zorder=2, rasterized=True)
    size = float(np.clip(2500 / max(len(order), 1), 4, 14))
    for sign, mark in ((-1, marks.before), (1, marks.after)):
        rows = order[moved[order] == sign]
        ax.scatter(
            before[rows],
            after[rows],
            s=size,
            c=mark.colour,
            marker=mark.marker,
            linewidths=0,
            alpha=0.6,
            zorder=3,
            rasterized=True,
            gid="worse" if sign < 0 else "better",
        )
    ends = [float(min(before.min(), after.min())), float(max(before.max(), after.max()))]
    air = 0.04 * max(ends[1] - ends[0], 1e-3)
    limits = (ends[0] - air, ends[1] + air)
    ax.plot(limits, limits, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1, gid="identity")
    ax.set_xlim(*limits)
    ax.set_ylim(*limits)
    ax.set_xlabel(f"{what} before")
    ax.set_ylabel(f"{what} after")
    if len(order) < len(before):
        words = f"{len(order):,} of {len(before):,} items"
        corner_words(ax, words, (0.98, 0.03), ha="right", color=GREY)


def _flips(ax: Axes, arrays: ArrayComparison, moved: Floats, marks: Palette) -> None:
    """Counts of items, both ways: right predictions lost and won, and truths that fell and climbed."""
    truth = arrays.before.matched.has_truth
    right = [
        (stage.matched.rank[truth] == 1) & (stage.matched.ties[truth] == 0)
        for stage in (arrays.before, arrays.after)
    ]
    changed = flips(*right)
    rows = (
        (0.0, "right → wrong", changed.right_to_wrong, marks.before),
        (1.0, "wrong → right", changed.wrong_to_right, marks.after),
        (2.4, "truth fell", int((moved < 0).sum()), marks.before),
        (3.4, "truth climbed", int((moved > 0).sum()), marks.after),
    )
    count_bars(ax, rows, 5.6, height=0.62, reach=1.22)
    stayed = f"stayed right {changed.stayed_right:,}, wrong {changed.stayed_wrong:,}"
    corner_words(ax, f"{stayed}\nMcNemar, items independent: {p_equation(changed.p)}", va="bottom")


def _legend(figure: Figure, marks: Palette, names: tuple[str, str], linked: bool) -> None:
    same = Mark(PALE, "o", PALE)
    words = (
        (("prediction worse", marks.before), ("prediction better", marks.after), ("the same", same))
        if linked
        else (("nearest row changed", marks.before), ("the same", same))
    )
    handles = stage_handles((marks.before, marks.after), [printable(name) for name in names])
    figure_legend(figure, [*handles, *(mark_handle(mark, text, size=4) for text, mark in words)])
