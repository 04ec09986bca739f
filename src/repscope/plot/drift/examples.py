"""A strip of pictures: the items that changed most, one a row, over the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repscope.errors import InputError
from repscope.plot.base.frame import axes_at, foot_note
from repscope.plot.base.style import DOUBLE, INK, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, wrap
from repscope.plot.neighbour_grid import Tile, draw_tile, fit_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GAP = 0.05
_MARGIN = 0.05
_CAPTION = 1.35
_LARGEST = 0.9


@dataclass(frozen=True)
class ExampleRow:
    """One item over the stages.

    Attributes:
        caption: its text, or its id.
        note: how far it moved.
        tiles: its picture in each stage that is drawn.
    """

    caption: str
    note: str
    tiles: tuple[Tile, ...]


def plot_drift_examples(
    rows: Sequence[ExampleRow], stages: Sequence[str], *, note: str = "", width: float = DOUBLE
) -> Figure:
    """Draw items as rows and stages as columns.

    Args:
        rows: the items, as many tiles in each as there are stages.
        stages: names of the columns.
        note: below: how the items were chosen.
        width: inches at most; few stages make a narrower figure.

    Raises:
        InputError: no rows, no picture at all, or rows with another number of tiles.
    """
    if not rows or any(len(row.tiles) != len(stages) for row in rows):
        raise InputError("rows with a tile for each stage", f"{len(rows)} rows", "give one for each")
    if not any(tile.picture is not None for row in rows for tile in row.tiles):
        raise InputError("items with pictures", "none", "give the stages a column path")
    count = len(stages)
    side = min((width - 2 * _MARGIN - _CAPTION - count * _GAP) / count, _LARGEST)
    width = 2 * _MARGIN + _CAPTION + count * (side + _GAP)
    with styled():
        lines = wrap(note, 72 * (width - 2 * _MARGIN), SMALL) if note else []
        below = len(lines) * SMALL * LINE / 72 + _MARGIN
        above = TEXT * LINE / 72 + 0.06
        height = above + len(rows) * (side + _GAP) + below
        figure = new_figure(width, height)
        for number, row in enumerate(rows):
            bottom = height - above - (number + 1) * (side + _GAP) + _GAP
            for column, tile in enumerate(row.tiles):
                left = _MARGIN + _CAPTION + _GAP + column * (side + _GAP)
                ax = axes_at(figure, left, bottom, side, side)
                draw_tile(ax, Tile("", tile.picture, tile.text), side, gid=f"tile-{number}-{column}")
                if not number:
                    title = fit_lines(stages[column], 72 * side, 1, middle=True)[0]
                    ax.set_title(title, loc="left", fontsize=TEXT, fontweight="bold", pad=3)
            room = max(2, int(72 * side / (SMALL * LINE)) - 1)
            text = [*fit_lines(row.caption, 72 * _CAPTION, room), row.note]
            figure.text(
                _MARGIN / width, (bottom + side) / height, "\n".join(text), va="top", ha="left",
                fontsize=SMALL, linespacing=LINE, color=INK, gid="caption",
            )  # fmt: skip
        if lines:
            foot_note(figure, lines, _MARGIN, below - 0.02)
    return figure
