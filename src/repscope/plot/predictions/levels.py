"""How near predictions are, level by level, beside the trivial predictor and a shuffled context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from repscope.errors import InputError
from repscope.measure.core.estimate import Difference, Estimate
from repscope.plot.base.frame import figure_legend
from repscope.plot.base.panels import mark_handle, name_rows, one_point, row_values, zero_line
from repscope.plot.base.style import DOUBLE, GREY, Mark, new_figure, palette, settle, styled
from repscope.text.numbers import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Level = tuple[str, Mapping[str, Estimate | Difference]]


@styled()
def plot_levels(levels: Sequence[Level], *, colours: str = "default") -> Figure:
    """Two panels: the cosine to the target, and the share of the error of each control that is taken away.

    Args:
        levels: name and measures of each, the finest first.
        colours: name of a palette.

    Raises:
        InputError: no level.
        UnknownNameError: no such palette.
    """
    if not levels:
        raise InputError("at least one level", "none", "give the measures of one")
    marks = palette(colours)
    trivial, shuffled = Mark(GREY, "v", GREY), Mark(marks.after.colour, "s", marks.after.line)
    figure = new_figure(DOUBLE, 1.1 + 0.42 * max(len(levels), 2), layout="constrained")
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    left.set_title("a  Cosine to the target features")
    _points(
        left,
        levels,
        (("cosine", marks.before), ("cosine.trivial", trivial), ("cosine.shuffled", shuffled)),
        labels="cosine",
    )
    left.set_xlabel("cosine, with 95 % interval over images")
    right.set_title("b  Error that the prediction saves each control")
    _points(right, levels, (("skill", trivial), ("skill.shuffled", shuffled)), labels="skill")
    zero_line(right)
    right.set_xlabel("1 − error / error of the control, with 95 % interval")
    figure_legend(
        figure,
        [mark_handle(marks.before), mark_handle(trivial), mark_handle(shuffled)],
        [
            "prediction",
            "control: the mean of the visible patches",
            "control: another image's context",
        ],
        handle=1.2,
    )
    settle(figure)
    return figure


def _points(ax: Axes, levels: Sequence[Level], kinds: Sequence[tuple[str, Mark]], *, labels: str) -> None:
    for row, (_, measures) in enumerate(levels):
        for at, (name, mark) in enumerate(kinds):
            shift = 0.2 * (at - (len(kinds) - 1) / 2)
            if measures[name].value is not None:
                one_point(ax, measures[name], row + shift, mark.colour, mark.marker)
    name_rows(ax, [name for name, _ in levels])
    row_values(ax, [significant(measures[labels].value) for _, measures in levels])
