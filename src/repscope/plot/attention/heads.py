"""Entropy, distance and special share of every head, layer by layer, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from repscope.errors import InputError
from repscope.measure.core.estimate import Estimate
from repscope.plot.base.style import DOUBLE, GREY, NOTE, PALETTES, SMALL, TEXT, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled()
def plot_head_measures(
    layers: Sequence[int],
    measures: Mapping[str, Sequence[Sequence[Estimate]]],
    uniform: Mapping[str, Sequence[float]],
) -> Figure:
    """One panel a measure: a point a head with its 95 % interval over items, and the mean of each layer.

    Args:
        layers: indices.
        measures: by label of the axis, for each layer the estimates of its heads.
        uniform: by label, for each layer what equal weights on all keys read; drawn as a dashed line.

    Raises:
        InputError: nothing to draw.
    """
    drawn = {name: rows for name, rows in measures.items() if any(rows)}
    if not drawn:
        raise InputError("measures of heads", "none", "give at least one")
    figure = new_figure(DOUBLE, 2.3)
    colour = PALETTES["default"].before.colour
    for i, (label, rows) in enumerate(drawn.items()):
        ax = figure.add_axes(((i + 0.17) / len(drawn), 0.19, 0.8 / len(drawn), 0.74))
        means: list[float] = []
        for place, heads in enumerate(rows):
            known = [(one, one.value) for one in heads if one.value is not None]
            offsets = np.linspace(-0.3, 0.3, len(known)) if len(known) > 1 else np.zeros(len(known))
            for offset, (one, value) in zip(offsets, known, strict=True):
                if one.low is not None and one.high is not None:
                    ax.plot([place + offset] * 2, [one.low, one.high], color=GREY, linewidth=0.7, zorder=1)
                ax.plot(place + offset, value, "o", color=colour, markersize=2.2, zorder=2)
            means.append(float(np.mean([value for _, value in known])) if known else np.nan)
        ax.plot(range(len(rows)), means, color=colour, linewidth=1.0, zorder=0, alpha=0.6)
        ax.set_xticks(range(len(rows)), list(map(str, layers)), fontsize=SMALL)
        ax.set_xlabel("layer", fontsize=TEXT)
        ax.set_ylabel(label, fontsize=TEXT)
        if label in uniform:
            ax.plot(range(len(rows)), uniform[label], color=GREY, linewidth=0.8, dashes=(4, 2), zorder=0)
            ax.annotate(
                "all keys alike",
                (len(rows) - 1, uniform[label][-1]),
                (0, 2),
                textcoords="offset points",
                ha="right",
                fontsize=SMALL,
                color=NOTE,
            )
        ax.set_ylim(0, 1.12 * ax.get_ylim()[1])
    return figure
