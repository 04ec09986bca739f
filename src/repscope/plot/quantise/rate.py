"""Distortion against bits, beside the bound of a Gaussian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repscope.errors import InputError
from repscope.measure.core.estimate import Estimate
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.style import GREY, PALE, SINGLE, new_figure, palette, settle, styled
from repscope.text.numbers import significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RatePoint:
    """A quantiser on the plane: bits of an item, distortion over variance, and the bound there."""

    bits: float
    distortion: Estimate
    bound: float


def plot_rate(lines: Mapping[str, Sequence[RatePoint]], *, colours: str = "default") -> Figure:
    """One line a bottleneck with 95 % intervals; below, what no quantiser of a Gaussian can pass.

    Args:
        lines: by name, each with at least one point.
        colours: name of a palette.

    Raises:
        InputError: nothing to show.
        UnknownNameError: no such palette.
    """
    if not lines or not all(lines.values()):
        raise InputError("points of a rate–distortion curve", "none", "fit at least one quantiser")
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

    marks = palette(colours)
    styles = (marks.before, marks.after, *marks.others)
    handles = []
    with styled():
        figure = new_figure(SINGLE, 2.6, layout="constrained")
        ax = figure.subplots()
        for number, (name, points) in enumerate(lines.items()):
            mark = styles[number % len(styles)]
            known = sorted(points, key=lambda one: one.bits)
            bits = [one.bits for one in known]
            values = [one.distortion.value or 0.0 for one in known]
            for one in known:
                if one.distortion.low is not None and one.distortion.high is not None:
                    ends = [one.distortion.low, one.distortion.high]
                    ax.plot([one.bits] * 2, ends, color=mark.line, linewidth=0.8, alpha=0.7)
            handles += ax.plot(
                bits, values, color=mark.line, marker=mark.marker, markerfacecolor=mark.colour,
                markeredgecolor=mark.edge, markersize=4, linestyle=mark.dash, label=name,
                gid=f"line-{number}",
            )  # fmt: skip
        every = sorted((one.bits, one.bound) for points in lines.values() for one in points)
        handles += ax.plot(
            *zip(*every, strict=True), color=GREY, linewidth=0.9, linestyle=(0, (4, 2)),
            label="bound of a Gaussian", gid="bound",
        )  # fmt: skip
        ax.set_yscale("log")
        for which in (ax.yaxis.set_major_formatter, ax.yaxis.set_minor_formatter):
            which(FuncFormatter(lambda value, _: significant(value, 2)))
        ax.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 4, 5, 6, 8)))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("bits of an item's codes")
        ax.set_ylabel("distortion / variance")
        ax.grid(color=PALE, linewidth=0.4, alpha=0.6, which="both")
        figure_legend(figure, handles)
        settle(figure)
    return figure
