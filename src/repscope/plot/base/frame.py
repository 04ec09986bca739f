"""What stands around a drawing: legends above, notes below, equal scales, and sizes that fit to the point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from repscope.plot.base.style import NOTE, SMALL, TEXT, new_figure, settle
from repscope.plot.base.text import LINE, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
    rows *= 1 + max((text.count("\n") for text in legend), default=0)
    above = (rows * _LEGEND * 1.5 + _GAP) / 72 + _MARGIN
    below = (lines * LINE * SMALL + _GAP) / 72 + 1.5 * _MARGIN
    box = shape * (width - 2 * _MARGIN)
    height = above + box + below
    return axes_at(new_figure(width, height), _MARGIN, below, width - 2 * _MARGIN, box)


def axes_width(ax: Axes) -> float:
    """Width of an axes in points."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(ax.get_window_extent().width) * 72 / figure.dpi


def bare(ax: Axes) -> None:
    """Equal scales and no ticks: places on a map have directions and neighbours, not coordinates."""
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.06)
    boxed(ax)


def boxed(ax: Axes) -> None:
    """A frame on all sides and no ticks."""
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


def figure_legend(
    figure: Figure,
    handles: Sequence[Any],
    texts: Sequence[str] | None = None,
    *,
    at: tuple[float, float] | None = None,
    handle: float = 2.0,
) -> None:
    """A legend above all panels, in as few rows as the figure is wide.

    Args:
        figure: of constrained layout, unless ``at`` says where.
        handles: marks and lines.
        texts: by default the handles' own labels.
        at: (left, top) of the legend, inches from the upper left corner.
        handle: length of the lines, in font sizes.
    """
    texts = [str(one.get_label()) for one in handles] if texts is None else list(texts)
    wide, high = figure.get_size_inches()
    place: dict[str, Any] = {"loc": "outside upper left"}
    space = 72 * wide - 8
    if at is not None:
        place = {"loc": "upper left", "bbox_to_anchor": (at[0] / wide, 1 - at[1] / high), "borderpad": 0.1}
        space = 72 * (wide - 2 * at[0])
    columns = columns_that_fit(texts, space, handle=handle)
    figure.legend(handles, texts, ncols=columns, handlelength=handle, **place)


def foot_note(figure: Figure, lines: Sequence[str], left: float, top: float) -> None:
    """Lines of small text at ``left`` inches from the left and ``top`` from the bottom, hanging down."""
    wide, high = figure.get_size_inches()
    figure.text(
        left / wide, top / high, "\n".join(lines), va="top", ha="left", fontsize=SMALL, linespacing=LINE,
        color=NOTE, gid="note",
    )  # fmt: skip


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """New axes at a place in inches from the lower left corner."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / high, width / wide, height / high))


@contextmanager
def own_axes(ax: Axes | None, width: float, height: float) -> Iterator[Axes]:
    """The axes that were given, or those of a new figure, whose layout is settled at the end; inches."""
    if ax is not None:
        yield ax
        return
    figure = new_figure(width, height, layout="constrained")
    yield figure.add_subplot()
    settle(figure)


def columns_that_fit(texts: Sequence[str], space: float, *, handle: float = _HANDLE) -> int:
    """Columns of the fewest rows that fit; matplotlib fills them one after the other."""
    for rows in range(1, len(texts)):
        columns = -(-len(texts) // rows)
        base, longer = divmod(len(texts), columns)
        used, at = 0.0, 0
        for column in range(columns):
            size = base + (column < longer)
            lines = [line for text in texts[at : at + size] for line in text.split("\n")]
            used += max(text_width(line, _LEGEND) for line in lines)
            at += size
        used += _LEGEND * (columns * (handle + 0.4) + (columns - 1) * _COLUMN_GAP + 1.2)
        if used <= space:
            return columns
    return 1
