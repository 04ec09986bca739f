"""The distribution of features: lengths, spectrum, and ranks beside a Gaussian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.comparison.describe_arrays import StageResult
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.panels import length_curves, mark_handle, name_rows, one_point
from repscope.plot.base.style import DOUBLE, GREY, Mark, new_figure, palette, settle, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RANKS = ("rank.entropy", "rank.participation", "rank.stable", "rank.rankme")


@dataclass(frozen=True)
class Distribution:
    """What is drawn of one kind of feature.

    Attributes:
        name: of it.
        lengths: [N] of its rows.
        shares: [K] of the variance in each direction, the largest first.
        gaussian: [K] the same of a Gaussian of the same N and D.
        measures: its ranks among them.
    """

    name: str
    lengths: NDArray[np.float64]
    shares: NDArray[np.float64]
    gaussian: NDArray[np.float64]
    measures: Sequence[StageResult]


@styled()
def plot_distributions(kinds: Sequence[Distribution], *, colours: str = "default") -> Figure:
    """Three panels: lengths, the spectrum beside that of a Gaussian, and four effective ranks.

    Args:
        kinds: one or two.
        colours: name of a palette.

    Raises:
        InputError: none, or more than two.
        UnknownNameError: no such palette.
    """
    if not 1 <= len(kinds) <= 2:
        raise InputError("one or two kinds of features", str(len(kinds)), "draw the others apart")
    stages = palette(colours)
    marks = (stages.before, stages.after)[: len(kinds)]
    figure = new_figure(DOUBLE, 2.4, layout="constrained")
    axes = [figure.add_subplot(1, 3, at) for at in (1, 2, 3)]
    axes[0].set_title("a  Length of the features")
    length_curves(
        axes[0], [(one.lengths, mark, one.name, 1.2) for one, mark in zip(kinds, marks, strict=True)], None
    )
    axes[1].set_title("b  Spectrum")
    _spectrum(axes[1], kinds, marks)
    axes[2].set_title("c  Effective ranks")
    _ranks(axes[2], kinds, marks)
    figure_legend(
        figure,
        [*(mark_handle(mark) for mark in marks), mark_handle(Mark(GREY, "|", GREY))],
        [*(one.name for one in kinds), "a Gaussian of the same N and D"],
        handle=1.2,
    )
    settle(figure)
    return figure


def _spectrum(ax: Axes, kinds: Sequence[Distribution], marks: Sequence[Mark]) -> None:
    lowest = 1.0
    for one, mark in zip(kinds, marks, strict=True):
        for shares, colour, dash in ((one.gaussian, GREY, (0, (4, 2))), (one.shares, mark.line, mark.dash)):
            shown = shares[shares > 0]
            ax.plot(np.arange(1, len(shown) + 1), shown, color=colour, linestyle=dash)
        lowest = min(lowest, float(one.shares[one.shares > 1e-8].min(initial=1.0)))
    ax.set_yscale("log")
    ax.set_xscale("log")
    ax.set_ylim(lowest / 2, 1.5)
    ax.set_xlabel("direction, the largest first")
    ax.set_ylabel("share of the variance")


def _ranks(ax: Axes, kinds: Sequence[Distribution], marks: Sequence[Mark]) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    names = [name for name in RANKS if any(one.name == name for kind in kinds for one in kind.measures)]
    for at, (kind, mark) in enumerate(zip(kinds, marks, strict=True)):
        shift = 0.24 * (at - (len(kinds) - 1) / 2)
        table = {one.name: one for one in kind.measures}
        for row, name in enumerate(names):
            if name not in table:
                continue
            one_point(ax, table[name].value, row + shift, mark.colour, mark.marker)
            if (expected := table[name].expected) is not None:
                ax.plot([float(np.mean(expected))], [row + shift], "|", color=GREY, markersize=7, zorder=2)
    name_rows(ax, names)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("directions, with 95 % interval")
