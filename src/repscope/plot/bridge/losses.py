"""The loss of a training, step by step, and on the rows held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from repscope.errors import InputError
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.style import GREY, PALE, SINGLE, new_figure, palette, settle, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOWS = 60
"""Windows of steps that the training loss is averaged over; single steps would hide the course."""


def plot_losses(
    losses: Sequence[float], validation: Mapping[int, float], best_step: int, *, colours: str = "default"
) -> Figure:
    """Training loss (mean of each of at most 60 windows of steps) and validation loss over the step.

    Args:
        losses: of each step, at least one.
        validation: by step.
        best_step: whose weights were kept: the vertical line.
        colours: name of a palette.

    Raises:
        InputError: no losses.
        UnknownNameError: no such palette.
    """
    if not losses:
        raise InputError("the losses of a training", "none", "fit a method that is trained")
    marks = palette(colours)
    parts = np.array_split(np.arange(1, len(losses) + 1), min(WINDOWS, len(losses)))
    with styled():
        figure = new_figure(SINGLE, 2.5, layout="constrained")
        ax = figure.subplots()
        values = np.asarray(losses, np.float64)
        centres, means = [part.mean() for part in parts], [values[part - 1].mean() for part in parts]
        handles = ax.plot(centres, means, color=marks.before.line, label="training", gid="training")
        if validation:
            handles += ax.plot(
                list(validation), list(validation.values()), color=marks.after.line, marker=".",
                label="held out", gid="held-out",
            )  # fmt: skip
        line = ax.axvline(
            best_step, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)), label=f"kept: step {best_step:,}"
        )
        shown = [*means, *validation.values()]
        if min(shown) > 0 and max(shown) > 10 * min(shown):
            ax.set_yscale("log")
        ax.set_xlabel("step")
        ax.set_ylabel("loss")
        ax.grid(color=PALE, linewidth=0.4, alpha=0.6)
        figure_legend(figure, [*handles, line])
        settle(figure)
    return figure
