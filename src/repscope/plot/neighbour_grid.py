"""Nearest neighbours as a grid of pictures: the query on the left, its neighbours to the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.plot.base.frame import axes_at, foot_note
from repscope.plot.base.style import DOUBLE, INK, PALE, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, printable, text_width, wrap
from repscope.text.numbers import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT = "#00876A"
"""Frame of a neighbour with the query's label: solid, and a tick."""

WRONG = "#B3400A"
"""Frame of a neighbour with another label: dashed, and a cross."""

_GAP = 0.06
_MARGIN = 0.05
_NAME_ROWS = 2
_LONGEST = 120


@dataclass(frozen=True)
class Tile:
    """One item of the grid.

    Attributes:
        name: its id or label, written below.
        picture: [H, W, 3] of 8 bits, or None.
        text: what is written where there is no picture.
        score: similarity or distance to the query; None for the query itself.
        right: it has the query's label; None where that is not known.
    """

    name: str
    picture: NDArray[np.uint8] | None = None
    text: str = ""
    score: float | None = None
    right: bool | None = None


def plot_neighbours(
    rows: Sequence[tuple[Tile, Sequence[Tile]]],
    *,
    score: str = "cosine",
    query: str = "query",
    width: float = DOUBLE,
) -> Figure:
    """Queries, one a row, and their neighbours from near to far.

    A neighbour with the query's label has a solid frame and a tick, one with another label a dashed frame
    and a cross: the difference is not in colour alone. Items without a picture show their text.

    Args:
        rows: query and neighbours.
        score: what the numbers are, for the note below.
        query: what the first column is.
        width: inches.

    Raises:
        InputError: nothing to draw.
        VectorError: a picture that is not [H, W, 3] of 8 bits.
    """
    if not rows or not all(near for _, near in rows):
        raise InputError("queries with neighbours", "none", "give at least one of each")
    for asked, near in rows:
        for tile in (asked, *near):
            _check(tile)
    columns = 1 + max(len(near) for _, near in rows)
    side = (width - 2 * _MARGIN - columns * _GAP) / columns
    names = SMALL * LINE * _NAME_ROWS / 72 + 0.03
    row_height = side + names + _GAP
    notes = wrap(_note(rows, score, query), 72 * (width - 2 * _MARGIN), SMALL)
    below = len(notes) * SMALL * LINE / 72 + _MARGIN
    above = TEXT * LINE / 72 + _MARGIN + 0.04
    height = above + len(rows) * row_height + below
    figure = new_figure(width, height)
    with styled():
        for row, (asked, near) in enumerate(rows):
            bottom = height - above - row * row_height - side
            for column, tile in enumerate((asked, *near)):
                # The query stands apart by twice the gap.
                left = _MARGIN + column * (side + _GAP) + (_GAP if column else 0)
                ax = axes_at(figure, left, bottom, side, side)
                draw_tile(ax, tile, side, gid=f"tile-{row}-{column}")
                if not row and column < 2:
                    _head(ax, query if not column else "nearest first", above - _MARGIN)
        foot_note(figure, notes, _MARGIN, below - 0.02)
    return figure


def _check(tile: Tile) -> None:
    picture = tile.picture
    if picture is not None and (picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8):
        raise VectorError(
            f"a picture [H, W, 3] of 8 bits for {tile.name!r}",
            f"shape {picture.shape}, {picture.dtype}",
            "convert it to RGB",
        )


def _head(ax: Axes, text: str, above: float) -> None:
    ax.annotate(
        text, (0, 1), xycoords="axes fraction", xytext=(0, 72 * above - TEXT * LINE),
        textcoords="offset points", va="bottom", ha="left", fontsize=TEXT, fontweight="bold",
        annotation_clip=False,
    )  # fmt: skip


def draw_tile(ax: Axes, tile: Tile, side: float, *, gid: str) -> None:
    """Draw a tile on an axes of ``side`` × ``side`` inches: its picture or text, frame, badge and name."""
    ax.set_gid(gid)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    _frame(ax, tile.right)
    inside = 72 * side - 4
    if tile.picture is None:
        lines = fit_lines(tile.text or "no picture", inside, int((72 * side - 8) / (SMALL * LINE)))
        ax.set_facecolor("#F7F7F7")
        ax.text(
            0.5, 0.5, "\n".join(lines), va="center", ha="center", fontsize=SMALL, linespacing=LINE,
            color=INK if tile.text else "#767676",
        )  # fmt: skip
    else:
        high, wide = tile.picture.shape[:2]
        x, y = 0.5 * wide / max(high, wide), 0.5 * high / max(high, wide)
        ax.imshow(
            tile.picture,
            extent=(0.5 - x, 0.5 + x, 0.5 - y, 0.5 + y),
            interpolation="antialiased",
            aspect="auto",
        )
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
    if tile.right is not None:
        _badge(ax, right=tile.right)
    room = _NAME_ROWS if tile.score is None else 1
    under = fit_lines(tile.name, 72 * side, room, middle=True)
    if tile.score is not None:
        under = [significant(tile.score), *under]
    ax.annotate(
        "\n".join(under), (0, 0), xycoords="axes fraction", xytext=(0, -2.5), textcoords="offset points",
        va="top", ha="left", fontsize=SMALL, linespacing=LINE, color=INK, annotation_clip=False,
    )  # fmt: skip


def _frame(ax: Axes, right: bool | None) -> None:
    style: dict[bool | None, tuple[str, float, Any]] = {
        None: (PALE, 0.6, "-"),
        True: (RIGHT, 1.4, "-"),
        False: (WRONG, 1.4, (0, (2.2, 1.4))),
    }
    colour, width, dash = style[right]
    for spine in ax.spines.values():
        spine.set(visible=True, color=colour, linewidth=width, linestyle=dash)


def _badge(ax: Axes, *, right: bool) -> None:
    ax.annotate(
        "✓" if right else "✗", (1, 1), xycoords="axes fraction", xytext=(-1.5, -1.5),
        textcoords="offset points", va="top", ha="right", fontsize=SMALL, color="white", fontweight="bold",
        bbox={"boxstyle": "square,pad=0.15", "facecolor": RIGHT if right else WRONG, "edgecolor": "none"},
    )  # fmt: skip


def fit_lines(text: str, width: float, rows: int, *, middle: bool = False) -> list[str]:
    """At most ``rows`` lines no wider than ``width`` points; what is cut leaves an ellipsis."""
    lines: list[str] = []
    # Markup is escaped once the lines are cut: a break must not fall inside an escape.
    for line in wrap(printable(text, _LONGEST).replace(r"\$", "$"), width, SMALL):
        rest = line
        while text_width(rest, SMALL) > width and len(rest) > 1:
            cut = next(
                at for at in range(len(rest) - 1, 0, -1) if at == 1 or text_width(rest[:at], SMALL) <= width
            )
            lines.append(rest[:cut])
            rest = rest[cut:]
        lines.append(rest)
    rows = max(rows, 1)
    if len(lines) > rows:
        lines = [*lines[: rows - 1], _shortened(lines[rows - 1 :], width, middle)]
    return [line.replace("$", r"\$") for line in lines]


def _shortened(lines: list[str], width: float, middle: bool) -> str:
    """One line of several: without its end, or without its middle, since names differ in their ends."""
    text = "".join(lines) if middle else lines[0]
    for kept in range(len(text), 0, -1):
        tail = kept // 2 if middle else 0
        shorter = f"{text[: kept - tail]}…{text[len(text) - tail :]}"
        if text_width(shorter, SMALL) <= width:
            return shorter
    return "…"


def _note(rows: Sequence[tuple[Tile, Sequence[Tile]]], score: str, query: str) -> str:
    known = {tile.right for _, near in rows for tile in near}
    parts = [f"number: {score} to the {query}"]
    if True in known:
        parts.append("✓ solid frame: the query's label")
    if False in known:
        parts.append("✗ dashed frame: another label")
    return " · ".join(parts)
