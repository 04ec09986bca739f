"""Attention over the image: maps by layer and head, rollout beside its control, one patch's view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.plot.base.frame import foot_note
from repscope.plot.base.style import DOUBLE, INK, NOTE, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS, MOST_COLUMNS = 12, 16
"""Layers and heads that one figure shows; of more, evenly chosen ones."""

COLOURS = "magma"


@dataclass(frozen=True)
class Panel:
    """A map over an image.

    Attributes:
        title: above it.
        values: [rows, columns] of the grid of patches; None shows the image alone.
        mark: row and column of a patch that is framed.
    """

    title: str
    values: NDArray[np.floating[Any]] | None
    mark: tuple[int, int] | None = None


def spaced(count: int, most: int) -> list[int]:
    """Indices of at most ``most`` of ``count``, evenly spaced, the first and last among them."""
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, most))})


@styled()
def plot_heads(maps: Sequence[NDArray[np.floating[Any]]], layers: Sequence[int], *, query: str) -> Figure:
    """Maps by layer (rows, the first on top) and head (columns), each scaled to its own largest weight.

    Args:
        maps: of each layer [heads, rows, columns].
        layers: their indices.
        query: whose attention it is, for the note.

    Raises:
        InputError: no layer.
    """
    if not maps:
        raise InputError("at least one layer", "none", "give the maps of one")
    rows = spaced(len(maps), MOST_ROWS)
    columns = spaced(min(len(one) for one in maps), MOST_COLUMNS)
    said = [
        f"Attention of {query} to each patch: layers down, heads across; each map to its own largest weight."
    ]
    said += [f"{len(rows)} of {len(maps)} layers."] if len(rows) < len(maps) else []
    said += [f"{len(columns)} of {len(maps[0])} heads."] if len(columns) < len(maps[0]) else []
    left, top = 0.42, 0.22
    side = min((DOUBLE - left) / len(columns), 0.9)
    ratio = maps[0].shape[1] / maps[0].shape[2]
    lines, below = _note(" ".join(said), left + side * len(columns))
    figure = new_figure(left + side * len(columns), top + below + side * ratio * len(rows))
    width, height = figure.get_size_inches()
    for i, row in enumerate(rows):
        for j, head in enumerate(columns):
            bottom = height - top - side * ratio * (i + 1)
            box = (
                (left + side * j) / width,
                bottom / height,
                0.94 * side / width,
                0.94 * side * ratio / height,
            )
            ax = figure.add_axes(box)
            ax.imshow(maps[row][head], cmap=COLOURS, vmin=0)
            ax.set_axis_off()
            if i == 0:
                ax.set_title(str(head), fontsize=SMALL, pad=2)
            if j == 0:
                ax.text(
                    -0.08,
                    0.5,
                    str(layers[row]),
                    transform=ax.transAxes,
                    ha="right",
                    va="center",
                    fontsize=SMALL,
                )
    figure.text(0.06 / width, 1 - top / height, "layer  head", fontsize=SMALL, va="bottom", color=NOTE)
    foot_note(figure, lines, 0.06, below)
    return figure


@styled()
def plot_overlays(rows: Sequence[tuple[NDArray[np.float32], Sequence[Panel]]], *, note: str) -> Figure:
    """Images, one a row, with maps laid over them in their true aspect.

    Args:
        rows: [H, W, 3] pixels as the model saw them, and the panels.
        note: below the figure.

    Raises:
        InputError: no row.
    """
    if not rows:
        raise InputError("at least one image", "none", "give one")
    columns = max(len(panels) for _, panels in rows)
    side = min(DOUBLE / columns, 1.5)
    ratio = rows[0][0].shape[0] / rows[0][0].shape[1]
    top = 0.22
    lines, below = _note(note, side * columns)
    figure = new_figure(side * columns, top + below + side * ratio * len(rows))
    width, height = figure.get_size_inches()
    for i, (picture, panels) in enumerate(rows):
        for j, panel in enumerate(panels):
            bottom = height - top - side * ratio * (i + 1)
            box = (
                (side * j + 0.02) / width,
                bottom / height,
                (side - 0.04) / width,
                0.97 * side * ratio / height,
            )
            _overlay(figure.add_axes(box), picture, panel)
            if i == 0:
                figure.text(
                    (side * (j + 0.5)) / width,
                    1 - 0.6 * top / height,
                    panel.title,
                    fontsize=SMALL,
                    ha="center",
                    va="center",
                    color=INK,
                )
    foot_note(figure, lines, 0.06, below)
    return figure


def _note(text: str, width: float) -> tuple[list[str], float]:
    """Lines of a note below a figure of this width, and the inches that they take."""
    lines = list(wrap(text, 72 * (width - 0.12), SMALL))
    return lines, (len(lines) * SMALL * LINE + 4) / 72


def _overlay(ax: Axes, picture: NDArray[np.float32], panel: Panel) -> None:
    height, width = picture.shape[:2]
    extent = (0.0, float(width), float(height), 0.0)
    if panel.values is None:
        ax.imshow(picture, extent=extent)
    else:
        grey = picture.mean(axis=2)
        ax.imshow(grey, cmap="gray", vmin=0, vmax=1, extent=extent)
        ax.imshow(panel.values, cmap=COLOURS, vmin=0, alpha=0.65, extent=extent, interpolation="nearest")
        if panel.mark is not None:
            _frame(ax, panel, height, width)
    ax.set_axis_off()


def _frame(ax: Axes, panel: Panel, height: int, width: int) -> None:
    from matplotlib.patches import Rectangle

    assert panel.values is not None and panel.mark is not None  # noqa: PT018
    tall, broad = height / panel.values.shape[0], width / panel.values.shape[1]
    row, column = panel.mark
    for colour, line in (("black", 2.0), ("white", 1.0)):
        ax.add_patch(
            Rectangle((column * broad, row * tall), broad, tall, fill=False, edgecolor=colour, linewidth=line)
        )


@styled()
def plot_tokens(layers: Sequence[tuple[str, NDArray[np.floating[Any]]]], tokens: Sequence[str]) -> Figure:
    """Token-to-token maps, queries down and keys across, with the tokens as labels.

    Args:
        layers: title and [queries, keys] of each.
        tokens: of the text.

    Raises:
        InputError: no layer.
    """
    if not layers:
        raise InputError("at least one layer", "none", "give the maps of one")
    side = DOUBLE / len(layers)
    figure = new_figure(DOUBLE, side + 0.5)
    step = max(1, len(tokens) // 24)
    for i, (title, values) in enumerate(layers):
        ax = figure.add_axes(((i + 0.2) / len(layers), 0.2, 0.78 / len(layers), 0.7))
        ax.imshow(values, cmap=COLOURS, vmin=0)
        ax.set_title(title, fontsize=TEXT)
        ticks = range(0, len(tokens), step)
        ax.set_xticks(
            [one for one in ticks if one < values.shape[1]],
            [tokens[one] for one in ticks if one < values.shape[1]],
            rotation=90,
            fontsize=SMALL,
        )
        ax.set_yticks(
            [one for one in ticks if one < values.shape[0]],
            [tokens[one] for one in ticks if one < values.shape[0]],
            fontsize=SMALL,
        )
    return figure
