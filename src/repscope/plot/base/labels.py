"""Labels beside points: measured boxes of which none covers another, near where they belong.

Each label takes the cheapest free place, close around its point or on a grid over the whole panel: near the
point, off the others, its line not across other labels. Where one finds none, all are laid out in rows, for
which :func:`room_for` gives the height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from repscope.plot.base.style import GREY, INK, SMALL
from repscope.plot.base.text import LINE, printable, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

MOST = 25
"""Names that fit on a map; with more none are drawn."""

_PAD = 0.25
"""Of the box around a tag, in font sizes."""

_EDGE = 0.6
_BETWEEN = 2.0
"""Points that stay free between two boxes, and between a box and the frame."""

_STEP = 4.0
_MOST_STEPS = 24
_CLEARANCE = 4.0
_BESIDE = 1.5 * _CLEARANCE
"""Points from its point at which a label stands where nothing is in the way; nearer is no better."""

_AWAY = 10.0
"""Points from its point beyond which a name has a line to it."""

_POINT, _LINE, _UNDER, _CROSSED = 1.0, 8.0, 120.0, 60.0
"""Cost, in points of distance: of each square point covered of a dot; the same of what is to be kept clear;
of a line under another label, or of a label over a line; of two lines that cross."""

_COVERED = 1e6
"""Cost of a square point of another label, where one must be covered."""

_WEIGHED = 200
"""Places whose lines are weighed: the cheapest of those that are free."""

_AGAIN = 1
_MEASURED_AT = (72, 100, 300)
# Right, left, above, below, and the corners: the order in which places are liked.
_WAYS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)], np.float64)


@dataclass(frozen=True)
class Tag:
    """A framed label.

    Attributes:
        at: [2] the place that it is about, in data units.
        text: of one or more lines.
        ink: colour of the frame and of the line to the place.
    """

    at: Floats
    text: str
    ink: str


def fitted(text: str, width: float) -> str:
    """The text with lines broken where its frame would be wider than ``width`` points."""
    inside = width - 2 * (_PAD * SMALL + _EDGE + _BETWEEN)
    return "\n".join(part for line in text.split("\n") for part in wrap(line, inside, SMALL))


def room_for(texts: Sequence[str], width: float) -> float:
    """Points of height in which frames of these texts fit into rows of ``width`` points."""
    return _BETWEEN + _height(_tag_sizes(texts), width)


def add_tags(ax: Axes, tags: Sequence[Tag], *, clear: Floats, dots: Floats) -> None:
    """Write framed labels with a line to their places.

    Args:
        ax: final in limits and size, as high as :func:`room_for` says or higher.
        tags: labels, first those that must stay nearest to their places.
        clear: [m, 2] points along the arrows, and centres; data units. Labels keep off them where they can.
        dots: [p, 2] dots, the same with less weight.
    """
    sizes = _tag_sizes([tag.text for tag in tags])
    offsets = _offsets(ax, np.array([tag.at for tag in tags]), sizes, clear, dots, edge=_BETWEEN / 2)
    for tag, offset in zip(tags, offsets, strict=True):
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


def add_labels(
    ax: Axes, points: Floats, names: Sequence[object], *, avoid: Floats | None = None
) -> list[Annotation]:
    """Name points [n, 2] (data units) on ``ax``, with a thin line where a name had to move away.

    Call it when limits and size of the axes are final. ``avoid`` [m, 2] are further points to keep clear.
    """
    from matplotlib.patheffects import withStroke

    texts = [printable(name, 24) for name in names]
    sizes = np.array([[text_width(text, SMALL), LINE * SMALL] for text in texts]).reshape(-1, 2) + _BETWEEN
    clear = points if avoid is None else np.concatenate([points, avoid])
    # The most crowded choose first.
    near = np.sort(np.abs(points[:, None] - clear[None]).max(axis=2), axis=1)[:, 1:4].sum(axis=1)
    order = np.argsort(near, kind="stable")
    offsets = np.empty((len(points), 2))
    offsets[order] = _offsets(ax, points[order], sizes[order], clear, np.empty((0, 2)), edge=0.0)
    drawn = []
    for text, point, offset, size in zip(texts, points, offsets, sizes, strict=True):
        away = np.linalg.norm(np.maximum(np.abs(offset) - size / 2, 0.0)) > _AWAY
        line = {"arrowstyle": "-", "color": GREY, "linewidth": 0.4, "shrinkA": 0, "shrinkB": 2}
        drawn.append(
            ax.annotate(
                text, tuple(point), xytext=tuple(offset), textcoords="offset points", ha="center",
                va="center", fontsize=SMALL, color=INK, zorder=6, gid="label", annotation_clip=False,
                path_effects=[withStroke(linewidth=1.6, foreground="white")],
                arrowprops=line if away else None,
            )
        )  # fmt: skip
    return drawn


def _offsets(ax: Axes, at: Floats, sizes: Floats, clear: Floats, dots: Floats, *, edge: float) -> Floats:
    """[n, 2] where labels stand, in points from their places in data units."""
    if not len(at):
        return np.empty((0, 2))
    ax.apply_aspect()
    figure = ax.get_figure(root=True)
    assert figure is not None
    scale = 72.0 / figure.dpi
    anchors, clear, dots = (
        ax.transData.transform(points.reshape(-1, 2)) * scale for points in (at, clear, dots)
    )
    left, bottom, right, top = np.asarray(ax.get_window_extent().extents) * scale
    bounds = (left + edge, bottom + edge, right - edge, top - edge)
    offsets: Floats = place_labels(anchors, sizes, bounds, clear=clear, dots=dots) - anchors
    return offsets


def place_labels(anchors: Floats, sizes: Floats, bounds: Bounds, *, clear: Floats, dots: Floats) -> Floats:
    """Centres of boxes inside the bounds of which no two overlap, where they fit in rows.

    Where they do not fit, those that find no free place cover the least of others. The result depends on
    nothing but the arguments.

    Args:
        anchors: [n, 2] what each box belongs to.
        sizes: [n, 2] width and height, with the room that is to stay free around it.
        bounds: left, bottom, right, top.
        clear: [m, 2] points to keep clear.
        dots: [p, 2] points to keep clear if it costs little.

    Returns:
        [n, 2] centres.
    """
    places = [_candidates(*one, bounds) for one in zip(anchors, sizes / 2, strict=True)]
    alone = [
        _cost_alone(anchor, of, size / 2, clear, dots)
        for anchor, of, size in zip(anchors, places, sizes, strict=True)
    ]
    largest = np.argsort(-sizes.prod(axis=1), kind="stable")
    given = np.arange(len(anchors))
    for order in (given, largest):
        centres = _greedy(order, anchors, sizes, places, alone)
        if centres is not None:
            return centres
    if _height(sizes, bounds[2] - bounds[0] + _BETWEEN) <= bounds[3] - bounds[1] + 1e-9:
        return _in_rows(anchors, sizes, bounds)
    return cast(Floats, _greedy(given, anchors, sizes, places, alone, covering=True))


def _greedy(
    order: NDArray[np.intp],
    anchors: Floats,
    sizes: Floats,
    places: list[Floats],
    alone: list[Floats],
    *,
    covering: bool = False,
) -> Floats | None:
    """One box after the other to its cheapest place, then each once more.

    None where one finds no free place, unless boxes may cover others.
    """
    centres = np.zeros_like(anchors)
    placed: list[int] = []
    for i in [*order, *(_AGAIN * [*order])]:
        others = [j for j in placed if j != i]
        half = sizes[i] / 2
        cost = alone[i].copy()
        for j in others:
            cost += _COVERED * _shared(places[i], half, centres[j], sizes[j] / 2)
        best = np.argsort(cost, kind="stable")[:_WEIGHED]
        if cost[best[0]] >= _COVERED and not covering:
            return None
        cost = cost[best]
        for j in others:
            cost += _cost_of_lines(anchors[i], places[i][best], half, (anchors[j], centres[j], sizes[j] / 2))
        centres[i] = places[i][best[int(np.argmin(cost))]]
        placed = [*others, int(i)]
    return centres


def _candidates(anchor: Floats, half: Floats, bounds: Bounds) -> Floats:
    """Places of a box: close around its anchor, and on a grid over all that is inside the bounds."""
    low, high = np.array(bounds[:2]) + half, np.array(bounds[2:]) - half
    low, high = np.minimum(low, (low + high) / 2), np.maximum(high, (low + high) / 2)
    counts = np.clip((high - low) / _STEP, 1, _MOST_STEPS).astype(int) + 1
    axes = [np.linspace(*one) for one in zip(low, high, counts, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    near = anchor + _WAYS * (half + _BESIDE)
    near = near[((near >= low) & (near <= high)).all(axis=1)]
    return np.concatenate([near, grid])


def _cost_alone(anchor: Floats, places: Floats, half: Floats, clear: Floats, dots: Floats) -> Floats:
    """[p] distance from the anchor, and what is covered."""
    gap = np.linalg.norm(np.maximum(np.abs(places - anchor) - half, 0), axis=1)
    cost: Floats = np.maximum(gap - np.sqrt(2) * _BESIDE, 0)
    for weight, points in ((_LINE, clear), (_POINT, dots)):
        reach = half + _CLEARANCE
        wide, high = (
            np.maximum(reach[axis] - np.abs(places[:, axis, None] - points[:, axis]), 0) for axis in (0, 1)
        )
        # A point counts as a square of twice the clearance, of which at most all is covered.
        cost += weight * np.minimum(wide * high, 4 * _CLEARANCE**2).sum(axis=1)
    return cost


def _cost_of_lines(
    anchor: Floats, places: Floats, half: Floats, other: tuple[Floats, Floats, Floats]
) -> Floats:
    """[p] cost of a label beside another: where its line meets the other's box or line, or the reverse."""
    other_anchor, centre, other_half = other
    steps = np.linspace(0, 1, 10)
    own = anchor + steps[:, None, None] * (places - anchor)
    its = other_anchor + steps[:, None] * (centre - other_anchor)
    under = (np.abs(own - centre) < other_half).all(axis=2).any(axis=0)
    over = (np.abs(its[:, None] - places) < half).all(axis=2).any(axis=0)
    cost: Floats = _UNDER * (1.0 * under + over) + _CROSSED * _cross(anchor, places, other_anchor, centre)
    return cost


def _shared(places: Floats, half: Floats, other: Floats, other_half: Floats) -> Floats:
    """[p] area that a box at each place shares with another one."""
    area: Floats = np.maximum(half + other_half - np.abs(places - other), 0.0).prod(axis=1)
    return area


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


def _height(sizes: Floats, width: float) -> float:
    """Of all boxes in rows."""
    return sum(float(sizes[row, 1].max()) for row in _rows(sizes, width))


def _in_rows(anchors: Floats, sizes: Floats, bounds: Bounds) -> Floats:
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


def _tag_sizes(texts: Sequence[str]) -> Floats:
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
