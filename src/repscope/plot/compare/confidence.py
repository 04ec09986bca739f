"""Predictions before and after: how sure, how right, and which ones flipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.measure.alignment.confidence import Confidence, Flips, flips
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.panels import corner_words, count_bars, probability_ticks, stage_handles
from repscope.plot.base.style import (
    DOUBLE,
    GREY,
    INK,
    Mark,
    Palette,
    new_figure,
    palette,
    settle,
    styled,
)
from repscope.plot.base.text import printable
from repscope.text.numbers import p_equation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BINS = 20


def plot_confidence(
    before: Confidence,
    after: Confidence | None = None,
    *,
    names: tuple[str, str] = ("before", "after"),
    colours: str = "default",
    width: float = DOUBLE,
) -> Figure:
    """Three panels: reliability, probabilities of right and wrong predictions, and flips both ways.

    The reliability diagram shows the accuracy of each bin with Wilson's 95 % interval against its mean
    probability; on the diagonal, a prediction is as often right as it claims. Intervals and McNemar's test
    take the items as independent.

    Args:
        before, after: from :func:`repscope.measure.alignment.confidence.confidence` on the same items;
            without ``after`` there are no flips and no third panel.
        names: of the stages.
        colours: name of a palette.
        width: inches.

    Raises:
        InputError: the stages do not predict the same number of items.
        UnknownNameError: no such palette.
    """
    marks = palette(colours)
    stages = [(before, marks.before)] + ([] if after is None else [(after, marks.after)])
    changed = None if after is None else flips(before.correct, after.correct)
    with styled():
        figure = new_figure(width if after is not None else 0.68 * width, 2.55, layout="constrained")
        axes = figure.subplots(1, 3 if changed else 2, squeeze=False)[0]
        for stage, mark in stages:
            _reliability(axes[0], stage, mark)
        _diagonal(axes[0])
        _probabilities(axes[1], stages)
        if changed is not None:
            _flips(axes[2], changed, marks)
        for letter, ax, title in zip("abc", axes, ("Reliability", "How sure", "Flips"), strict=False):
            ax.set_title(f"{letter}  {title}")
        texts = [
            f"{printable(name)}: {_scores(stage)}" for name, (stage, _) in zip(names, stages, strict=False)
        ]
        figure_legend(figure, stage_handles((marks.before, marks.after), texts))
        settle(figure)
    return figure


def wilson(right: NDArray[np.float64], count: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
    """Wilson's 95 % interval of shares (Wilson 1927): never outside [0, 1], honest for few items.

    Args:
        right: [B] shares.
        count: [B] of how many, at least 1.

    Returns:
        Lower and upper ends, [B] each.
    """
    z = 1.959963984540054
    centre = (right + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z / (1 + z**2 / count) * np.sqrt(right * (1 - right) / count + z**2 / (4 * count**2))
    return np.clip(centre - reach, 0.0, 1.0), np.clip(centre + reach, 0.0, 1.0)


def _scores(stage: Confidence) -> str:
    return f"ECE {max(stage.ece, 0):.3f}, Brier {max(stage.brier, 0):.3f}, NLL {max(stage.nll, 0):.2f}"


def _reliability(ax: Axes, stage: Confidence, mark: Mark) -> None:
    bins = stage.bins
    low, high = wilson(bins.accuracy, bins.count)
    ax.vlines(bins.confidence, low, high, color=mark.line, linewidth=0.8, alpha=0.55, zorder=3)
    ax.plot(bins.confidence, bins.accuracy, color=mark.line, linewidth=0.8, alpha=0.6, zorder=3)
    share = bins.count / bins.count.sum()
    ax.scatter(
        bins.confidence,
        bins.accuracy,
        s=6 + 60 * share,
        c=mark.colour,
        marker=mark.marker,
        linewidths=0,
        zorder=4,
        clip_on=False,
        gid="bins",
    )


def _diagonal(ax: Axes) -> None:
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    probability_ticks(ax.xaxis)
    probability_ticks(ax.yaxis)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("probability (size: share of items)")
    ax.set_ylabel("share that is right")


def _probabilities(ax: Axes, stages: list[tuple[Confidence, Mark]]) -> None:
    """Right predictions upwards, wrong ones downwards."""
    from matplotlib.ticker import MaxNLocator

    edges = np.linspace(0, 1, _BINS + 1)
    for stage, mark in stages:
        for right, sign in ((True, 1), (False, -1)):
            counts, _ = np.histogram(stage.top_probability[stage.correct == right], edges)
            heights = sign * counts / len(stage.correct)
            ax.stairs(heights, edges, fill=True, color=mark.colour, alpha=0.18, linewidth=0)
            ax.stairs(heights, edges, color=mark.line, linewidth=1.1, linestyle=mark.dash)
    ax.axhline(0, color=INK, linewidth=0.7)
    reach = max(abs(limit) for limit in ax.dataLim.intervaly) or 1.0
    ax.set_ylim(-1.15 * reach, 1.15 * reach)
    ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}".replace("0.", ".", 1))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    probability_ticks(ax.xaxis)
    ax.set_xlim(-0.02, 1.02)
    ax.set_xlabel("probability of the prediction")
    ax.set_ylabel("share of items")
    for y, va, text in ((0.98, "top", "right ↑"), (0.02, "bottom", "wrong ↓")):
        corner_words(ax, text, (0.03, y), va=va, color=INK)


def _flips(ax: Axes, changed: Flips, marks: Palette) -> None:
    rows = (
        (0.0, "right → wrong", changed.right_to_wrong, marks.before),
        (1.0, "wrong → right", changed.wrong_to_right, marks.after),
    )
    count_bars(ax, rows, 2.3, height=0.5, reach=1.25)
    stayed = f"stayed right {changed.stayed_right:,}, wrong {changed.stayed_wrong:,}"
    corner_words(ax, f"McNemar {p_equation(changed.p)}\n{stayed}", (0.02, 0.04), va="bottom")
