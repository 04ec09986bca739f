"""Labels of stages and of arrows on a cluster map: measured boxes of which none covers another.

Centres of stages often coincide, and then their labels want the same place. Each label takes the cheapest
free place of a grid over the whole panel: near its anchor, off the points, its line not across other
labels. Where one finds none, all are laid out in rows, for which :func:`room_for` gives the height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.plot.base.style import INK, SMALL
from repscope.plot.base.text import LINE, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

_PAD = 0.25
"""Of the box around a text, in font sizes."""

_EDGE = 0.6
_BETWEEN = 2.0
"""Points that stay free between two boxes, and between a box and the frame."""

_STEP = 4.0
_MOST_STEPS = 24
_CLEARANCE = 4.0
_POINT, _LINE, _UNDER, _CROSSED = 1.0, 8.0, 120.0, 60.0
"""Cost, in points of distance: of each square point covered of a dot; the same of an arrow or a centre; of a
line under another label, or of a label over a line; of two lines that cross."""

_AGAIN = 1
_MEASURED_AT = (72, 100, 300)


@dataclass(frozen=True)
class Tag:
    """What is written, and where it points to.

    Attributes:
        at: [2] place in data units.
        text: of one or more lines.
        ink: colour of the frame and of the line to the place.
    """

    at: Floats
    text: str
    ink: str


def fitted(text: str, width: float) -> str:
    """The text with lines broken where its box would be wider than ``width`` points."""
    inside = width - 2 * (_PAD * SMALL + _EDGE + _BETWEEN)
    return "\n".join(part for line in text.split("\n") for part in wrap(line, inside, SMALL))


def room_for(texts: Sequence[str], width: float) -> float:
    """Points of height in which boxes of these texts fit into rows of ``width`` points."""
    sizes = _sizes(texts)
    return _BETWEEN + sum(float(sizes[row, 1].max()) for row in _rows(sizes, width))


def draw_tags(ax: Axes, tags: Sequence[Tag], *, arrows: Floats, points: Floats) -> None:
    """Write labels with a line to their places.

    Args:
        ax: final in limits and size, as high as :func:`room_for` says or higher.
        tags: labels, first those that must stay nearest to their places.
        arrows: [m, 2] points along the arrows, and centres; data units. Labels keep off them where they can.
        points: [p, 2] dots, the same with less weight.
    """
    if not tags:
        return
    ax.apply_aspect()
    figure = ax.get_figure(root=True)
    assert figure is not None
    scale = 72.0 / figure.dpi
    anchors, lines, dots = (
        ax.transData.transform(one.reshape(-1, 2)) * scale
        for one in (np.array([tag.at for tag in tags]), arrows, points)
    )
    sizes = _sizes([tag.text for tag in tags])
    left, bottom, right, top = np.asarray(ax.get_window_extent().extents) * scale
    edge = _BETWEEN / 2
    bounds = (left + edge, bottom + edge, right - edge, top - edge)
    places = place_tags(anchors, sizes, bounds, lines=lines, dots=dots)
    for tag, offset in zip(tags, places - anchors, strict=True):
        # All lines lie under all boxes.
        common: dict[str, Any] = {"textcoords": "offset points", "annotation_clip": False}
        at, to = (float(tag.at[0]), float(tag.at[1])), (float(offset[0]), float(offset[1]))
        ax.annotate(
            "", at, xytext=to, zorder=6, gid="leader", **common,
            arrowprops={"arrowstyle": "-", "color": tag.ink, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        ax.annotate(
            tag.text, at, xytext=to, ha="center", va="center", fontsize=SMALL, linespacing=LINE, color=INK,
            zorder=7, gid="label", **common,
            bbox={
                "boxstyle": f"round,pad={_PAD}", "facecolor": "white", "alpha": 0.94, "edgecolor": tag.ink,
                "linewidth": _EDGE,
            },
        )  # fmt: skip


def place_tags(
    anchors: Floats,
    sizes: Floats,
    bounds: tuple[float, float, float, float],
    *,
    lines: Floats,
    dots: Floats,
) -> Floats:
    """Centres of boxes inside the bounds of which no two overlap, where they fit in rows.

    The result depends on nothing but the arguments.

    Args:
        anchors: [n, 2] what each box belongs to.
        sizes: [n, 2] width and height, with the room that is to stay free around it.
        bounds: left, bottom, right, top.
        lines: [m, 2] points to keep clear.
        dots: [p, 2] points to keep clear if it costs little.

    Returns:
        [n, 2] centres.
    """
    n = len(anchors)
    given = np.arange(n)
    largest = np.argsort(-sizes.prod(axis=1), kind="stable")
    for order in (given, largest):
        found = _greedy(order, anchors, sizes, bounds, lines=lines, dots=dots)
        if found is not None:
            return found
    return _in_rows(anchors, sizes, bounds)


def _greedy(
    order: NDArray[np.intp],
    anchors: Floats,
    sizes: Floats,
    bounds: tuple[float, float, float, float],
    *,
    lines: Floats,
    dots: Floats,
) -> Floats | None:
    """One box after the other to its cheapest free place, then each once more; None where one has none."""
    every, fixed = [], []
    for anchor, size in zip(anchors, sizes, strict=True):
        places = _candidates(anchor, size / 2, bounds)
        every.append(places)
        fixed.append(_cost_alone(anchor, places, size / 2, lines, dots))
    centres = np.zeros_like(anchors)
    placed: list[int] = []
    for i in [*order, *(_AGAIN * [*order])]:
        others = [j for j in placed if j != i]
        places, cost = every[i], fixed[i].copy()
        for j in others:
            cost += _cost_beside(anchors[i], places, sizes[i] / 2, (anchors[j], centres[j], sizes[j] / 2))
        if not np.isfinite(cost).any():
            return None
        centres[i] = places[int(np.argmin(cost))]
        placed = [*others, int(i)]
    return centres


def _cost_alone(anchor: Floats, places: Floats, half: Floats, lines: Floats, dots: Floats) -> Floats:
    """[p] distance from the anchor, and what is covered."""
    cost: Floats = np.linalg.norm(np.maximum(np.abs(places - anchor) - half, 0), axis=1)
    for weight, kept_clear in ((_LINE, lines), (_POINT, dots)):
        reach = half + _CLEARANCE
        wide, high = (
            np.maximum(reach[axis] - np.abs(places[:, axis, None] - kept_clear[:, axis]), 0)
            for axis in (0, 1)
        )
        # A dot counts as a square of twice the clearance, of which at most all is covered.
        cost += weight * np.minimum(wide * high, 4 * _CLEARANCE**2).sum(axis=1)
    return cost


def _cost_beside(
    anchor: Floats, places: Floats, half: Floats, other: tuple[Floats, Floats, Floats]
) -> Floats:
    """[p] cost of another label: infinite where the boxes overlap, some where a line meets box or line."""
    other_anchor, centre, other_half = other
    steps = np.linspace(0, 1, 10)
    own = anchor + steps[:, None, None] * (places - anchor)
    its = other_anchor + steps[:, None] * (centre - other_anchor)
    under = (np.abs(own - centre) < other_half).all(axis=2).any(axis=0)
    over = (np.abs(its[:, None] - places) < half).all(axis=2).any(axis=0)
    cost = _UNDER * (1.0 * under + over) + _CROSSED * _cross(anchor, places, other_anchor, centre)
    found: Floats = np.where(_shared(places, half, centre, other_half) > 0, np.inf, cost)
    return found


def _candidates(anchor: Floats, half: Floats, bounds: tuple[float, float, float, float]) -> Floats:
    """Places of a box: close around its anchor, and on a grid over all that is inside the bounds."""
    low, high = np.array(bounds[:2]) + half, np.array(bounds[2:]) - half
    if (low > high).any():
        return np.empty((0, 2))
    counts = np.clip((high - low) / _STEP, 1, _MOST_STEPS).astype(int) + 1
    axes = [np.linspace(*one) for one in zip(low, high, counts, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    # Right, left, above, below, and the corners.
    ways = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)], np.float64)
    near = anchor + ways * (half + 1.5 * _CLEARANCE)
    near = near[((near >= low) & (near <= high)).all(axis=1)]
    return np.concatenate([near, grid])


def _shared(places: Floats, half: Floats, other: Floats, other_half: Floats) -> Floats:
    """[p] area that a box at each place shares with another one."""
    area: Floats = np.maximum(half + other_half - np.abs(places - other), 0.0).prod(axis=1)
    # Neighbours that touch share rounding errors.
    return np.where(area < 1e-9, 0.0, area)


def _cross(start: Floats, ends: Floats, other_start: Floats, other_end: Floats) -> NDArray[np.bool_]:
    """[p] whether the line to each end crosses another line, other than where both start."""

    def side(a: Floats, b: Floats, c: Floats) -> Floats:
        found: Floats = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (
            c[..., 0] - a[..., 0]
        )
        return found

    apart = side(start, ends, other_start) * side(start, ends, other_end) < 0
    split: NDArray[np.bool_] = apart & (
        side(other_start, other_end, start) * side(other_start, other_end, ends) < 0
    )
    return split


def _rows(sizes: Floats, width: float) -> Iterator[list[int]]:
    """Boxes in rows, tall ones first."""
    row: list[int] = []
    used = _BETWEEN
    for i in np.argsort(-sizes[:, 1], kind="stable"):
        if row and used + sizes[i, 0] > width:
            yield row
            row, used = [], _BETWEEN
        row.append(int(i))
        used += float(sizes[i, 0])
    if row:
        yield row


def _in_rows(anchors: Floats, sizes: Floats, bounds: tuple[float, float, float, float]) -> Floats:
    """All boxes in rows, in the order of their anchors from left to right; the last resort."""
    left, bottom, right, top = bounds
    rows = list(_rows(sizes, right - left + _BETWEEN))
    spare = top - bottom - sum(float(sizes[row, 1].max()) for row in rows)
    gap = max(0.0, spare) / max(1, len(rows) - 1)
    centres = np.zeros_like(anchors)
    upper = top
    for row in rows:
        tall = float(sizes[row, 1].max())
        ordered = sorted(row, key=lambda i: (float(anchors[i, 0]), i))
        free = max(0.0, right - left - float(sizes[row, 0].sum())) / (len(row) + 1)
        at = left + free
        for i in ordered:
            centres[i] = at + sizes[i, 0] / 2, upper - tall / 2
            at += float(sizes[i, 0]) + free
        upper -= tall + gap
    return centres


def _sizes(texts: Sequence[str]) -> Floats:
    """[n, 2] points that the framed texts take, with the room that stays free around them."""
    around = 2 * _PAD * SMALL + _EDGE + _BETWEEN
    return np.array([_measured(text) for text in texts], np.float64).reshape(-1, 2) + around


@cache
def _measured(text: str) -> tuple[float, float]:
    """Points of width and height of a drawn text: the most of several resolutions, as glyphs are hinted."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = []
    for dpi in _MEASURED_AT:
        figure = Figure(figsize=(1, 1), dpi=dpi)
        artist = figure.text(0, 0, text, fontsize=SMALL, linespacing=LINE)
        FigureCanvasAgg(figure)  # the figure takes its renderer from the canvas
        box = artist.get_window_extent()
        found.append((box.width * 72 / dpi, box.height * 72 / dpi))
    widths, heights = zip(*found, strict=True)
    return max(widths), max(heights)
