"""The report's main figure: every difference with its interval, beside what known non-answers give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repscope.errors import InputError
from repscope.measure.core.info import Direction
from repscope.measure.core.results import MeasureResult
from repscope.plot.base.panels import control_handles, control_style, shown_controls
from repscope.plot.base.style import DOUBLE, GREY, INK, NOTE, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, printable, text_width, wrap
from repscope.text.numbers import p_equation, significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALPHA = 0.05

_ROW = 12.5
_EDGE = 1.04
_REACH = 1.16
_BETTER = "#E3F1EA"
_CARETS = {-1: 8, 1: 9}  # matplotlib: CARETLEFTBASE and CARETRIGHTBASE
_NOTE = (
    "Every row has a scale of its own; the numbers are on the right. Shaded: the better side. Controls are "
    "known non-answers on the same items; one beyond the scale of its row stands at the edge, with a small "
    "arrow."
)


@dataclass(frozen=True)
class _Line:
    """One line of the table: a measure, or the heading of a group."""

    text: str
    result: MeasureResult | None = None
    direction: Direction = "none"


def plot_controls(
    results: Sequence[MeasureResult],
    *,
    alpha: float = ALPHA,
    width: float = DOUBLE,
    ax: Axes | None = None,
) -> Axes:
    """A forest plot of all differences, after − before, grouped as in the table of measures.

    Measures have different units, so every row is scaled by itself: to its interval, and to its controls as
    far as three times that. A filled point is a difference with q (or, where there is none, p) below
    ``alpha``; where neither is known, one whose interval leaves out 0.

    Args:
        results: rows, in any order; groups appear in the order of their first row.
        alpha: level of the filled points.
        width: inches, of a new figure; at least 5 leave room for the numbers.
        ax: where to draw; names and numbers stand to its left and right. None makes a figure as tall as
            the rows need.

    Returns:
        The axes.

    Raises:
        InputError: no results.
        UnknownNameError: a result that is not a measure.
    """
    if not results:
        raise InputError("results to draw", "none", "measure something first")
    lines = _lines(results)
    with styled():
        names, columns = _left(lines), _right(lines)
        ax = ax or _new_axes(width, lines, names, columns)
        drawn: set[str] = set()
        for y, line in enumerate(lines):
            if line.result is not None:
                drawn |= _row(ax, y, line, alpha)
        _frame(ax, lines)
        _words(ax, lines, names, columns)
        _legend(ax, sorted(drawn), alpha)
    return ax


def half_range(result: MeasureResult) -> float:
    """What ±1 of a row stands for: its interval, or its controls up to three times that."""
    difference = result.difference
    own = max(
        (abs(value) for value in (difference.value, difference.low, difference.high) if value is not None),
        default=0.0,
    )
    controls = max((abs(value) for value in result.controls.values() if value is not None), default=0.0)
    return 1.1 * (max(own, min(controls, 3 * own)) if own > 0 else controls) or 1.0


def is_decided(result: MeasureResult, alpha: float = ALPHA) -> bool:
    """Whether a difference differs from 0: by q, else by p, else by its interval."""
    difference = result.difference
    for p in (difference.q, difference.p):
        if p is not None:
            return p < alpha
    if difference.low is None or difference.high is None:
        return False
    return difference.low > 0 or difference.high < 0


def _lines(results: Sequence[MeasureResult]) -> list[_Line]:
    groups: dict[str, list[_Line]] = {}
    for result in results:
        info = result.info
        groups.setdefault(info.group, []).append(_Line(info.name, result, info.direction))
    return [line for group, rows in groups.items() for line in (_Line(group.capitalize()), *rows)]


def _row(ax: Axes, y: int, line: _Line, alpha: float) -> set[str]:
    assert line.result is not None
    difference, scale = line.result.difference, half_range(line.result)
    if line.direction != "none" and difference.value is not None:
        better = (0, _REACH) if line.direction == "higher" else (-_REACH, 0)
        ax.fill_between(better, y - 0.5, y + 0.5, color=_BETTER, linewidth=0, zorder=0)
    if difference.value is None:
        ax.annotate(
            printable(f"undefined: {difference.why}" if difference.why else "undefined", 60),
            (-_REACH + 0.03, y),
            va="center",
            fontsize=SMALL,
            color=GREY,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )
    drawn = set()
    for name, value in shown_controls(line.result.controls).items():
        at = value / scale
        beyond = abs(at) > 1
        side = 1 if at > 0 else -1
        ax.plot([_EDGE * side if beyond else at], [y], **control_style(name), zorder=3)
        if beyond:
            ax.plot([_REACH * side * 0.975], [y], marker=_CARETS[side], markersize=2, color=INK, zorder=3)
        drawn.add(name)
    if difference.value is not None:
        if difference.low is not None and difference.high is not None:
            ends = [difference.low / scale, difference.high / scale]
            ax.plot(ends, [y, y], color=INK, linewidth=1.4, solid_capstyle="butt", zorder=4, gid="interval")
        ax.plot(
            [difference.value / scale],
            [y],
            marker="o",
            markersize=4.6,
            markerfacecolor=INK if is_decided(line.result, alpha) else "white",
            markeredgecolor=INK,
            markeredgewidth=0.9,
            zorder=5,
            gid="difference",
        )
    return drawn


def _frame(ax: Axes, lines: Sequence[_Line]) -> None:
    ax.axvline(0, color=INK, linewidth=0.7, zorder=2)
    ax.set_xlim(-_REACH, _REACH)
    ax.set_ylim(len(lines) - 0.5, -0.5)
    ax.set_xticks([0], ["no change (control: identity)"])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(axis="x", length=0)


_ARROWS = {"higher": "→", "lower": "←", "none": "·"}


def _left(lines: Sequence[_Line]) -> float:
    """Points that the names need."""
    widest = max(text_width(line.text, TEXT) + (6 if line.result else 0) for line in lines)
    return widest + 10 + text_width("better", SMALL)


def _right(lines: Sequence[_Line]) -> list[tuple[str, float, list[str]]]:
    """Columns of numbers: heading, width in points, text of each line."""
    made: list[tuple[str, list[str]]] = [
        ("before → after", [_stages(line.result) for line in lines]),
        ("change [95 % interval]", [_change(line.result) for line in lines]),
        ("q", [_q(line.result) for line in lines]),
    ]
    if all(line.result is None or line.result.difference.q is None for line in lines):
        made.pop()
    return [
        (head, max(text_width(head, SMALL), *(text_width(text, SMALL) for text in texts)), texts)
        for head, texts in made
    ]


def _stages(result: MeasureResult | None) -> str:
    if result is None:
        return ""
    return f"{significant(result.before.value)} → {significant(result.after.value)}"


def _change(result: MeasureResult | None) -> str:
    if result is None or result.difference.value is None:
        return ""
    difference = result.difference
    if difference.low is None or difference.high is None:
        return significant(difference.value, signed=True)
    ends = (difference.value, difference.low, difference.high)
    value, low, high = (significant(end, signed=True) for end in ends)
    return f"{value} [{low}, {high}]"


def _q(result: MeasureResult | None) -> str:
    if result is None or result.difference.q is None:
        return ""
    return p_equation(result.difference.q).removeprefix("p ").removeprefix("= ")


def _words(
    ax: Axes, lines: Sequence[_Line], left: float, columns: Sequence[tuple[str, float, list[str]]]
) -> None:
    def put(text: str, y: float, x: float, *, right: bool = False, **style: object) -> None:
        # From the left edge of the axes leftwards (x < 0), or from its right edge rightwards.
        ax.annotate(
            text,
            (0.0 if x < 0 else 1.0, y),
            xycoords=("axes fraction", "data"),
            xytext=(x, 0),
            textcoords="offset points",
            ha="right" if right else "left",
            va="center",
            annotation_clip=False,
            **style,  # type: ignore[arg-type]
        )

    head = -1.0
    put("better", head, -4, right=True, fontsize=SMALL, color=GREY)
    for y, line in enumerate(lines):
        if line.result is None:
            put(line.text, y, -left, fontsize=TEXT, fontweight="bold")
        else:
            put(line.text, y, -left + 6, fontsize=TEXT)
            put(_ARROWS[line.direction], y, -10, right=True, fontsize=TEXT, color=GREY)
    at = 8.0
    for title, wide, texts in columns:
        put(title, head, at, fontsize=SMALL, color=GREY)
        for y, text in enumerate(texts):
            if text:
                put(text, y, at, fontsize=SMALL)
        at += wide + 10


def _new_axes(
    width: float, lines: Sequence[_Line], left: float, columns: Sequence[tuple[str, float, list[str]]]
) -> Axes:
    """Room for names, numbers, legend and note, to the point."""
    right = 8 + sum(wide + 10 for _, wide, _ in columns)
    note = len(wrap(_NOTE, 72 * width - 12, SMALL)) * LINE * SMALL
    above, below = 2.1 * _ROW + 14, 16 + note + 8
    box = _ROW * len(lines)
    height = (above + box + below) / 72
    figure = new_figure(width, height)
    total = 72 * width
    return figure.add_axes(
        (
            (left + 6) / total,
            below / 72 / height,
            max(total - left - right - 12, 60) / total,
            box / 72 / height,
        )
    )


def _legend(ax: Axes, controls: Sequence[str], alpha: float) -> None:
    from matplotlib.lines import Line2D

    figure = ax.get_figure(root=True)
    assert figure is not None
    handles = [
        Line2D([], [], color=INK, marker="o", markersize=4.6, markerfacecolor=face, linewidth=1.4)
        for face in (INK, "white")
    ] + control_handles(controls)
    level = f"{alpha:g}".replace("0.", ".", 1)
    texts = [f"after − before, q < {level}", "not decided"]
    texts += [f"{handle.get_label()}" for handle in handles[2:]]
    shift = ax.get_window_extent().x0 * 72 / figure.dpi - 6
    wide = ax.get_window_extent().width * 72 / figure.dpi
    tall = ax.get_window_extent().height * 72 / figure.dpi
    ax.legend(
        handles,
        texts,
        loc="lower left",
        bbox_to_anchor=(-shift / wide, 1 + 1.9 * _ROW / tall),
        ncols=len(handles),
        borderpad=0.0,
        handlelength=1.6,
    )
    ax.annotate(
        "\n".join(wrap(_NOTE, 72 * figure.get_figwidth() - 12, SMALL)),
        (0, 0),
        xycoords="axes fraction",
        xytext=(-shift, -16),
        textcoords="offset points",
        va="top",
        fontsize=SMALL,
        linespacing=LINE,
        color=NOTE,
        annotation_clip=False,
        gid="note",
    )
