"""Gradients of a training, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from repscope.errors import InputError
from repscope.learning.logs.gradients import LayerGradient
from repscope.plot.base.frame import axes_at, foot_note
from repscope.plot.base.style import DOUBLE, GREY, INK, PALETTES, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, printable, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 60
"""Layers of one figure; of more, those of which a word is said, then the first."""

_ROW = 0.15
_EDGE = 0.08


@styled()
def plot_gradients(layers: Sequence[LayerGradient], *, title: str, note: str = "") -> Figure:
    """Size of the gradient of each layer over the training, first to last; a word beside those that need one.

    Args:
        layers: in the order of the log.
        title: above.
        note: below.

    Raises:
        InputError: no layer.
    """
    if not layers:
        raise InputError("gradients of layers", "none", "give at least one")
    first = sorted(range(len(layers)), key=lambda at: (not layers[at].word, at))[:MOST]
    shown = [layers[at] for at in sorted(first)]
    if len(shown) < len(layers):
        note += f" {len(layers) - len(shown):,} more layers are not drawn."
    names = [printable(one.name, 44) for one in shown]
    text = list(wrap(note, 72 * (DOUBLE - 2 * _EDGE), SMALL)) if note else []
    below = (len(text) * SMALL * LINE + 4) / 72
    left = max(text_width(name, SMALL) for name in names) / 72 + 2 * _EDGE
    high = 0.12 + _ROW * len(shown)
    figure = new_figure(DOUBLE, below + 0.36 + high + 0.28)
    ax = axes_at(figure, left, below + 0.36, DOUBLE - left - 0.75, high)
    colour, warning = PALETTES["default"].before.colour, PALETTES["default"].after.colour
    for place, one in enumerate(shown):
        sizes = [value for value in (one.low, one.median, one.mean, one.high, one.largest) if value > 0]
        if not sizes:
            ax.annotate(
                "all 0", (0.01, place), xycoords=ax.get_yaxis_transform(), fontsize=SMALL, va="center"
            )
            continue
        floor = min(sizes)
        ax.plot([floor, max(sizes)], [place] * 2, color=GREY, linewidth=0.6, zorder=1)
        quartiles = np.maximum([one.low, one.high], floor)
        ax.plot(quartiles, [place] * 2, color=colour, linewidth=2.6, alpha=0.45, zorder=2)
        ax.plot(max(one.median, floor), place, "o", color=colour, markersize=3, zorder=3)
        ax.plot(max(one.mean, floor), place, "x", color=INK, markersize=3, zorder=3)
        ax.plot(one.largest, place, "|", color=INK, markersize=6, zorder=3)
    for place, one in enumerate(shown):
        ax.annotate(
            one.word,
            (1.01, place),
            xycoords=ax.get_yaxis_transform(),
            fontsize=SMALL,
            va="center",
            color=warning,
        )
    ax.set_xscale("log")
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_yticks(range(len(shown)), names, fontsize=SMALL)
    ax.set_title(printable(title, 80), fontsize=TEXT, fontweight="normal")
    ax.set_xlabel("size of the gradient", fontsize=SMALL, color=GREY)
    ax.tick_params(axis="x", labelsize=SMALL)
    foot_note(figure, text, _EDGE, below)
    return figure
