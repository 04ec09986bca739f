"""Names beside points that do not cover each other, nor the points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.plot.base.style import GREY, INK, SMALL
from repscope.plot.base.text import LINE, printable, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

MOST = 25
"""Names that fit on a map; with more none are drawn."""

_CLEARANCE = 5.0
_PAD = 1.0
_RING = 5.0
_RINGS = 12
# Right, left, above, below, then between: the order in which places are liked.
_DIRECTIONS = np.array(
    [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1),
     (1, 0.5), (1, -0.5), (-1, 0.5), (-1, -0.5)], dtype=np.float64,
)  # fmt: skip


def place_boxes(
    anchors: NDArray[np.float64],
    sizes: NDArray[np.float64],
    bounds: tuple[float, float, float, float],
    avoid: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Centres for boxes beside their anchors that cover neither each other nor any point.

    The most crowded anchors choose first; each takes the nearest free place, going outwards in rings. Where
    none is free, the one that covers least. The result depends on nothing but the arguments.

    Args:
        anchors: [n, 2] points.
        sizes: [n, 2] width and height.
        bounds: left, bottom, right, top that boxes stay in.
        avoid: [m, 2] further points to keep clear.

    Returns:
        [n, 2] centres of the boxes.
    """
    n = len(anchors)
    points = anchors if avoid is None else np.concatenate([anchors, avoid])
    half = sizes / 2 + _PAD
    low, high = np.array(bounds[:2]), np.array(bounds[2:])
    centres = np.zeros((n, 2))
    placed: list[int] = []
    nearest = np.sort(np.abs(anchors[:, None] - points[None]).max(axis=2), axis=1)[:, 1 : 1 + 3]
    for i in np.argsort(nearest.sum(axis=1), kind="stable") if n else []:
        rings = _CLEARANCE + _RING * np.arange(_RINGS)
        steps = _DIRECTIONS[None] * (half[i] + rings[:, None, None])
        places = (anchors[i] + steps).reshape(-1, 2)
        outside = np.maximum(low - (places - half[i]), 0) + np.maximum(places + half[i] - high, 0)
        covered = _overlaps(places, half[i], points, np.full((len(points), 2), _CLEARANCE - 1))
        if placed:
            covered += _overlaps(places, half[i], centres[placed], half[placed])
        cost = covered + 100.0 * outside.sum(axis=1)
        centres[i] = places[int(np.argmin(cost))]
        placed.append(int(i))
    return centres


def _overlaps(
    places: NDArray[np.float64],
    half: NDArray[np.float64],
    others: NDArray[np.float64],
    others_half: NDArray[np.float64],
) -> NDArray[np.float64]:
    """[p] area that a box at each place shares with the others."""
    shared = half + others_half - np.abs(places[:, None] - others[None])
    area: NDArray[np.float64] = np.maximum(shared, 0.0).prod(axis=2).sum(axis=1)
    return area


def add_labels(
    ax: Axes,
    points: NDArray[np.float64],
    names: Sequence[object],
    *,
    avoid: NDArray[np.float64] | None = None,
    size: float = SMALL,
) -> list[Annotation]:
    """Name points [n, 2] (data units) on ``ax``, with a thin line where a name had to move away.

    Call it when limits and size of the axes are final. ``avoid`` [m, 2] are further points to keep clear.
    """
    from matplotlib.patheffects import withStroke

    if not len(points):
        return []
    ax.apply_aspect()
    figure = ax.get_figure(root=True)
    assert figure is not None
    scale = 72.0 / figure.dpi
    anchors = ax.transData.transform(points) * scale
    box = np.asarray(ax.get_window_extent().extents) * scale
    texts = [printable(name, 24) for name in names]
    sizes = np.array([[text_width(text, size), LINE * size] for text in texts])
    clear = None if avoid is None else ax.transData.transform(avoid) * scale
    centres = place_boxes(anchors, sizes, (box[0], box[1], box[2], box[3]), clear)
    drawn = []
    for text, anchor, point, centre, extent in zip(texts, anchors, points, centres, sizes, strict=True):
        offset = centre - anchor
        gap = np.maximum(np.abs(offset) - extent / 2, 0.0)
        moved = bool(np.hypot(*gap) > _CLEARANCE + _RING)
        drawn.append(
            ax.annotate(
                text,
                tuple(point),
                xytext=tuple(offset),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=size,
                color=INK,
                zorder=6,
                gid="label",
                annotation_clip=False,
                path_effects=[withStroke(linewidth=1.6, foreground="white")],
                arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.4, "shrinkA": 0, "shrinkB": 2}
                if moved
                else None,
            )
        )
    return drawn
