"""The frame of a map: legend above, notes below, equal scales, and sizes that fit to the point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from repscope.plot.base.style import SMALL, TEXT, new_figure
from repscope.plot.base.text import LINE, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARGIN = 0.05
_GAP = 4.0
_LEGEND = TEXT - 0.5
_HANDLE = 1.2
_COLUMN_GAP = 1.2


def map_axes(width: float, legend: Sequence[str], notes: Sequence[str], *, shape: float = 0.86) -> Axes:
    """A new figure whose axes leaves exactly the room that legend and notes need.

    Args:
        width: inches of the figure.
        legend: texts of the legend.
        notes: paragraphs below.
        shape: height of the axes over its width.
    """
    space = 72 * (width - 2 * _MARGIN)
    lines = sum(len(wrap(note, space, SMALL)) for note in notes)
    rows = -(-len(legend) // columns_that_fit(legend, space))
    above = (rows * _LEGEND * 1.5 + _GAP) / 72 + _MARGIN
    below = (lines * LINE * SMALL + _GAP) / 72 + 1.5 * _MARGIN
    box = shape * (width - 2 * _MARGIN)
    height = above + box + below
    figure = new_figure(width, height)
    return figure.add_axes((_MARGIN / width, below / height, 1 - 2 * _MARGIN / width, box / height))


def axes_width(ax: Axes) -> float:
    """Width of an axes in points."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(ax.get_window_extent().width) * 72 / figure.dpi


def bare(ax: Axes) -> None:
    """Equal scales and no ticks: places on a map have directions and neighbours, not coordinates."""
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.06)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(True)


def legend_above(ax: Axes, handles: Sequence[Any], texts: Sequence[str], space: float) -> None:
    """A legend over the axes, in as few rows as ``space`` points allow."""
    ax.legend(
        handles,
        texts,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderpad=0.2,
        ncols=columns_that_fit(texts, space),
        handlelength=_HANDLE,
    )


def columns_that_fit(texts: Sequence[str], space: float, *, handle: float = _HANDLE) -> int:
    """Columns of the fewest rows that fit; matplotlib fills them one after the other."""
    for rows in range(1, len(texts)):
        columns = -(-len(texts) // rows)
        base, longer = divmod(len(texts), columns)
        used, at = 0.0, 0
        for column in range(columns):
            size = base + (column < longer)
            used += max(text_width(text, _LEGEND) for text in texts[at : at + size])
            at += size
        used += _LEGEND * (columns * (handle + 0.4) + (columns - 1) * _COLUMN_GAP + 0.4)
        if used <= space:
            return columns
    return 1
