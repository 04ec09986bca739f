"""Names beside points that do not cover each other, nor the points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.plot.style import GREY, INK, SMALL
from repscope.plot.text import LINE, printable, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

MOST = 25
"""Names that fit on a map; with more none are drawn."""

_PAD = 1.0
_ROUNDS = 400


def spread_boxes(
    anchors: NDArray[np.float64],
    sizes: NDArray[np.float64],
    bounds: tuple[float, float, float, float],
    *,
    clearance: float = 4.0,
) -> NDArray[np.float64]:
    """Centres for boxes near their anchors, pushed apart until they are clear of each other.

    Boxes start to the right of their anchor (to the left near the right edge) and repel boxes and anchors
    by the shortest way out, a little at a time. The result depends on nothing but the arguments.

    Args:
        anchors: [n, 2] points.
        sizes: [n, 2] width and height.
        bounds: left, bottom, right, top that boxes must stay in.
        clearance: half-width of an anchor's own square.

    Returns:
        [n, 2] centres of the boxes.
    """
    n = len(anchors)
    half = sizes / 2 + _PAD
    low = np.array(bounds[:2]) + half
    high = np.maximum(np.array(bounds[2:]) - half, low)
    side = np.where(anchors[:, 0] + clearance + 2 * half[:, 0] > bounds[2], -1.0, 1.0)
    home = anchors + np.column_stack([side * (half[:, 0] + clearance), np.zeros(n)])
    centres = np.clip(home, low, high)
    # Equal anchors would push each other along no direction: each has a direction of its own.
    angles = 2.399963 * np.arange(n)
    nudge = 1e-3 * np.column_stack([np.cos(angles), np.sin(angles)])
    centres = centres + nudge
    for round_ in range(_ROUNDS):
        push = _overlap(centres, half, centres, half, same=True) / 2
        push += _overlap(centres, half, anchors, np.full((n, 2), clearance), same=False)
        moved = np.abs(push).max(initial=0.0)
        # Drawn home while there is room, then only apart.
        pull = 0.02 * (home - centres) if round_ < _ROUNDS // 2 else 0.0
        centres = np.clip(centres + 0.5 * push + pull, low, high)
        if moved < 0.05 and round_ >= _ROUNDS // 2:
            break
    return centres


def _overlap(
    centres: NDArray[np.float64],
    half: NDArray[np.float64],
    others: NDArray[np.float64],
    others_half: NDArray[np.float64],
    *,
    same: bool,
) -> NDArray[np.float64]:
    """[n, 2] how far to move each box to leave all boxes of ``others``, each along its shorter way out."""
    apart = centres[:, None] - others[None]
    inside = half[:, None] + others_half[None] - np.abs(apart)
    overlaps = (inside > 0).all(axis=2) & ~(same & np.eye(len(centres), len(others), dtype=bool))
    shorter = inside.argmin(axis=2)
    depth = np.where(overlaps, inside.min(axis=2), 0.0)
    push = np.zeros_like(centres)
    for axis in (0, 1):
        sign = np.where(apart[:, :, axis] >= 0, 1.0, -1.0)
        push[:, axis] = (np.where(shorter == axis, depth, 0.0) * sign).sum(axis=1)
    return push


def add_labels(
    ax: Axes, points: NDArray[np.float64], names: Sequence[object], *, size: float = SMALL
) -> list[Annotation]:
    """Name points [n, 2] (data units) on ``ax``, with a thin line where a name had to move away.

    Call it when limits and size of the axes are final.
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
    centres = spread_boxes(anchors, sizes, (box[0], box[1], box[2], box[3]))
    drawn = []
    for text, anchor, point, centre, extent in zip(texts, anchors, points, centres, sizes, strict=True):
        offset = centre - anchor
        gap = np.maximum(np.abs(offset) - extent / 2, 0.0)
        moved = bool(np.hypot(*gap) > 5.0)
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
