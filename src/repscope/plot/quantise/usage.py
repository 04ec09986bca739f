"""How often each code is used, from the most used to the dead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from repscope.errors import InputError
from repscope.measure.codes.usage import Usage
from repscope.plot.base.style import (
    DOUBLE,
    GREY,
    INK,
    SINGLE,
    SMALL,
    new_figure,
    palette,
    settle,
    styled,
)
from repscope.text.numbers import number, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 4


def plot_usage(stages: Mapping[str, Usage], *, colours: str = "default") -> Figure:
    """One panel a codebook: share of the items of each code, sorted; even use is the dashed line.

    Args:
        stages: by name, at least one.
        colours: name of a palette.

    Raises:
        InputError: nothing to show.
        UnknownNameError: no such palette.
    """
    if not stages:
        raise InputError("the usage of a codebook", "none", "give at least one")
    marks = palette(colours)
    columns = min(len(stages), _COLUMNS)
    rows = -(-len(stages) // columns)
    with styled():
        width = SINGLE if columns == 1 else DOUBLE
        figure = new_figure(width, 2.2 if rows == 1 else 1.7 * rows, layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for number_, (name, one) in enumerate(stages.items()):
            ax = axes[number_ // columns, number_ % columns]
            _panel(ax, one, marks.before.colour)
            if len(stages) > 1:
                ax.set_title(name)
            if number_ % columns == 0:
                ax.set_ylabel("share of items (%)")
            ax.set_xlabel("code, the most used first")
        for left in range(len(stages), rows * columns):
            axes[left // columns, left % columns].set_axis_off()
        settle(figure)
    return figure


def _panel(ax: Axes, one: Usage, colour: str) -> None:
    from matplotlib.ticker import MaxNLocator

    shares = 100 * np.sort(one.counts)[::-1] / one.counts.sum()
    ax.stairs(shares, np.arange(one.codes + 1) + 0.5, fill=True, color=colour, gid="usage")
    ax.axhline(100 / one.codes, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)), gid="even")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlim(0.5, one.codes + 0.5)
    ax.set_ylim(0, max(1.15 * ax.get_ylim()[1], 130 / one.codes))
    text = f"{whole(one.used)} of {whole(one.codes)} in use\nperplexity {number(one.perplexity, 1)}"
    text += "\ndashed: even use"
    ax.annotate(
        text, (1, 1), xycoords="axes fraction", xytext=(-4, -4), textcoords="offset points",
        ha="right", va="top", fontsize=SMALL, color=INK,
    )  # fmt: skip
