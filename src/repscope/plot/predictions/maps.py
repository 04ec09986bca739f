"""Where predictions are good: images, what was hidden of them, and maps of cosine and error by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.plot.base.frame import axes_at, foot_note
from repscope.plot.base.style import DOUBLE, INK, PALE, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = NDArray[np.float32]

_LARGEST = 1.5
_BAR = 0.08


@dataclass(frozen=True)
class Scale:
    """Colours of the maps of one kind, the same in the whole figure.

    Attributes:
        name: below its bar.
        colours: a colour map of matplotlib.
        low, high: ends.
    """

    name: str
    colours: str
    low: float
    high: float


@dataclass(frozen=True)
class Column:
    """One column of the figure.

    Attributes:
        title: above it.
        panels: one a row: a picture [H, W, 3], or [rows, columns] of a grid with NaN where there is nothing.
        scale: of the grids; None of pictures.
    """

    title: str
    panels: Sequence[NDArray[np.floating[Any]]]
    scale: Scale | None = None


def scale_of(
    name: str, colours: str, values: Sequence[NDArray[np.float64]], *, top: float | None = None
) -> Scale:
    """A scale that holds all values; ``top`` is its upper end, or the lower end is 0 without one."""
    known = np.concatenate([one[np.isfinite(one)] for one in values])
    if top is not None:
        return Scale(name, colours, float(min(known.min(initial=top), top - 1e-6)), top)
    return Scale(name, colours, 0.0, float(known.max(initial=0.0)) or 1.0)


@styled()
def plot_prediction_maps(columns: Sequence[Column], *, note: str) -> Figure:
    """Images down, their pictures and maps across, with a bar for each scale.

    Args:
        columns: from left to right; all of as many panels.
        note: below.

    Raises:
        InputError: no column, or no image.
    """
    if not columns or not columns[0].panels:
        raise InputError("at least one image and column", "none", "give one")
    side = min(DOUBLE / len(columns), _LARGEST)
    rows = len(columns[0].panels)
    ratio = columns[0].panels[0].shape[0] / columns[0].panels[0].shape[1]
    scales = list(dict.fromkeys(one.scale for one in columns if one.scale is not None))
    width = max(side * len(columns), 3.2)
    left = (width - side * len(columns)) / 2
    top = 0.08 + 0.13 * max(one.title.count("\n") + 1 for one in columns)
    text = list(wrap(note, 72 * (width - 0.12), SMALL)) if note else []
    words = (len(text) * SMALL * LINE + 4) / 72
    bars = 0.34 if scales else 0.0
    figure = new_figure(width, top + side * ratio * rows + bars + words)
    height = figure.get_size_inches()[1]
    for at, column in enumerate(columns):
        figure.text(
            (left + side * (at + 0.5)) / width,
            1 - 0.04 / height,
            column.title,
            fontsize=SMALL if side < 1.1 else TEXT,
            ha="center",
            va="top",
            color=INK,
        )
        for row, panel in enumerate(column.panels):
            bottom = height - top - side * ratio * (row + 1)
            ax = axes_at(figure, left + side * at + 0.02, bottom + 0.02, side - 0.04, side * ratio - 0.04)
            if column.scale is None:
                ax.imshow(panel, aspect="auto", vmin=0, vmax=1)
            else:
                ax.set_facecolor(PALE)
                ax.imshow(
                    panel, cmap=column.scale.colours, vmin=column.scale.low, vmax=column.scale.high,
                    interpolation="nearest", aspect="auto",
                )  # fmt: skip
            ax.set_xticks([])
            ax.set_yticks([])
            for spine in ax.spines.values():
                spine.set_visible(False)
    for at, scale in enumerate(scales):
        _bar(figure, scale, at, len(scales), words + bars)
    foot_note(figure, text, 0.06, words)
    return figure


def _bar(figure: Figure, scale: Scale, at: int, count: int, top: float) -> None:
    from matplotlib.ticker import MaxNLocator

    width = figure.get_size_inches()[0]
    room = width / count
    ax = axes_at(figure, room * at + 0.45 * room, top - 0.04 - _BAR, 0.48 * room, _BAR)
    ax.imshow(
        np.linspace(0, 1, 64)[None], cmap=scale.colours, aspect="auto", extent=(scale.low, scale.high, 0, 1)
    )
    ax.set_yticks([])
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.tick_params(labelsize=SMALL)
    ax.annotate(
        scale.name, (0, 0.5), xycoords="axes fraction", xytext=(-4, 0), textcoords="offset points",
        ha="right", va="center", fontsize=SMALL,
    )  # fmt: skip
