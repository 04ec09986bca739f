"""The cluster map of ordered stages: points from a joint map, sizes and distances from the space itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.plot.base.frame import axes_at, axes_width, boxed, columns_that_fit, figure_legend, foot_note
from repscope.plot.base.labels import Tag, add_tags, fitted, room_for
from repscope.plot.base.panels import mark_handle
from repscope.plot.base.style import INK, SMALL, TEXT, Mark, new_figure, styled
from repscope.plot.base.text import LINE, printable, wrap
from repscope.plot.drift.style import REFERENCE, stage_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

CHI_SQUARED = 5.991
"""95 % quantile with two degrees of freedom: what the ellipse of a Gaussian holds."""

COLUMNS = 3
WIDTH = 5.6
WIDTHS = (WIDTH, 7.16, 9.0)
"""Inches, by the number of panels beside each other."""

_MARGIN = 0.06
_RASTERISE = 5000
_KEPT_CLEAR = 150
_SLACK = 0.96
_ROOMY = 1.25
_LEGEND = TEXT - 0.5


@dataclass(frozen=True)
class Cloud:
    """One stage, or the reference, on a map.

    Attributes:
        name: for the label, and the legend where there is no ``stage``.
        points: [n, 2] on the map.
        radius: of the disc in units of the map; None draws none.
        note: second line of the label, such as the spread; "" for no label.
        ellipse: draw where 95 % of a Gaussian of the points' covariance on the map lies.
        stage: for the legend, what panels with other names have in common.
    """

    name: str
    points: Floats
    radius: float | None = None
    note: str = ""
    ellipse: bool = False
    stage: str = ""

    @property
    def centre(self) -> Floats:
        """[2] mean of the points."""
        found: Floats = self.points.mean(axis=0)
        return found

    @property
    def reach(self) -> Floats:
        """[2] how far the ellipse goes along the axes of the map."""
        found: Floats = np.sqrt(CHI_SQUARED * self.points.var(axis=0, ddof=min(1, len(self.points) - 1)))
        return found


@dataclass(frozen=True)
class ClusterPanel:
    """Stages of one group.

    Attributes:
        title: of the panel; "" where there are no groups.
        stages: in order.
        distances: text on the arrow from each stage to the next.
    """

    title: str
    stages: tuple[Cloud, ...]
    distances: tuple[str, ...]


def plot_drift_clusters(
    panels: Sequence[ClusterPanel],
    *,
    reference: Cloud | None = None,
    notes: Sequence[str] = (),
    colours: str = "default",
    width: float | None = None,
) -> Figure:
    """Draw stages as squares and the reference as circles, with discs, ellipses, and arrows between centres.

    Args:
        panels: one for each group; all have the same limits, since the map is one.
        reference: drawn in every panel.
        notes: paragraphs below: what the sizes are, and how far the map can be believed.
        colours: "default" or "classic".
        width: inches.

    Raises:
        InputError: nothing to draw.
        UnknownNameError: no such palette.
    """
    if not panels or not all(len(panel.stages) > 1 for panel in panels):
        raise InputError("panels of two or more stages", "none", "give the stages in order")
    across = min(len(panels), COLUMNS)
    width = width or WIDTHS[across - 1]
    with styled():
        palette = stage_colours(max(len(panel.stages) for panel in panels), colours)
        legend = _legend(panels, reference, palette, REFERENCE[colours])
        low, high = _limits(panels, reference)
        # Labels need room above and below what is drawn.
        shape = float(np.clip(1.3 * (high - low)[1] / (high - low)[0], 0.6, 0.9))
        side = 72 * (width - (across + 1) * _MARGIN) / across
        shape = max(shape, _ROOMY * max(_room(panel, reference, side) for panel in panels) / side)
        figure, axes = _frame(panels, legend, notes, width, shape)
        low, high = _fitted(low, high, axes[0])
        for ax, panel in zip(axes, panels, strict=True):
            boxed(ax)
            ax.set_xlim(low[0], high[0])
            ax.set_ylim(low[1], high[1])
            ax.set_aspect("equal", adjustable="box")
            if panel.title:
                ax.set_title(printable(panel.title))
            if reference is not None:
                _cloud(ax, reference, REFERENCE[colours], "o", 2.0)
            for number, (cloud, colour) in enumerate(zip(panel.stages, palette, strict=False)):
                _cloud(ax, cloud, colour, "s", 2.1 + 0.01 * number)
            _labels(ax, panel, reference, palette, REFERENCE[colours])
    return figure


def _frame(
    panels: Sequence[ClusterPanel],
    legend: tuple[list[Any], list[str]],
    notes: Sequence[str],
    width: float,
    shape: float,
) -> tuple[Figure, list[Axes]]:
    """A figure with legend above, panels, and notes below; sizes fit to the point."""
    across = min(len(panels), COLUMNS)
    space = 72 * (width - 2 * _MARGIN)
    lines = [line for note in notes for line in wrap(note, _SLACK * space, SMALL)]
    titles = 0.2 if any(panel.title for panel in panels) else 0.0
    below = (len(lines) * LINE * SMALL + 5) / 72 + _MARGIN
    handles, texts = legend
    columns = columns_that_fit(texts, space)
    above = (-(-len(texts) // columns) * _LEGEND * 1.5 + 3) / 72 + _MARGIN
    side = (width - (across + 1) * _MARGIN) / across
    tall = shape * side
    down = -(-len(panels) // across)
    height = above + down * (tall + titles + _MARGIN) + below
    figure = new_figure(width, height)
    axes = []
    for number in range(len(panels)):
        row, column = divmod(number, across)
        left = _MARGIN + column * (side + _MARGIN)
        bottom = height - above - (row + 1) * (titles + tall) - row * _MARGIN
        axes.append(axes_at(figure, left, bottom, side, tall))
    figure_legend(figure, handles, texts, at=(_MARGIN, 0.3 * _MARGIN), handle=1.2)
    foot_note(figure, lines, _MARGIN, below - 5 / 72)
    return figure, axes


def _legend(
    panels: Sequence[ClusterPanel], reference: Cloud | None, palette: Sequence[str], blue: str
) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    longest = max((panel.stages for panel in panels), key=len)
    marks = [(cloud, colour, "s") for cloud, colour in zip(longest, palette, strict=True)]
    if reference is not None:
        marks.append((reference, blue, "o"))
    handles = [
        mark_handle(Mark(colour, marker, colour), size=4.5, markeredgecolor=INK, markeredgewidth=0.3)
        for _, colour, marker in marks
    ]
    texts = [f"{printable(cloud.stage or cloud.name)} ({len(cloud.points):,})" for cloud, _, _ in marks]
    handles.append(Line2D([], [], color="black", linewidth=1.0, marker=">", markersize=3.5))
    return handles, [*texts, "move of the centre"]


def _limits(panels: Sequence[ClusterPanel], reference: Cloud | None) -> tuple[Floats, Floats]:
    """The box of all points and discs of all panels, with air."""
    clouds = [cloud for panel in panels for cloud in panel.stages]
    clouds += [] if reference is None else [reference]
    corners = [cloud.points for cloud in clouds]
    corners += [
        cloud.centre + side * cloud.radius for cloud in clouds if cloud.radius for side in (-1.0, 1.0)
    ]
    corners += [
        cloud.centre + side * cloud.reach for cloud in clouds if cloud.ellipse for side in (-1.0, 1.0)
    ]
    every = np.concatenate([np.atleast_2d(corner) for corner in corners])
    low, high = every.min(axis=0), every.max(axis=0)
    air = 0.05 * max(float((high - low).max()), 1e-12)
    return low - air, high + air


def _fitted(low: Floats, high: Floats, ax: Axes) -> tuple[Floats, Floats]:
    """Limits that fill the axes at equal scales."""
    box = ax.get_window_extent()
    size = np.array([box.width, box.height])
    half = (high - low) / 2
    half = size * float((half / size).max())
    middle = (low + high) / 2
    return middle - half, middle + half


def _cloud(ax: Axes, cloud: Cloud, colour: str, marker: str, layer: float) -> None:
    from matplotlib.patches import Circle, Ellipse

    n = len(cloud.points)
    ax.scatter(
        cloud.points[:, 0],
        cloud.points[:, 1],
        s=float(np.clip(250 / np.sqrt(n), 2.0, 16)),
        c=colour,
        marker=marker,
        edgecolors=INK,
        linewidths=0.2 if n <= 1000 else 0.0,
        alpha=float(np.clip(2.6 * n**-0.25, 0.2, 0.7)),
        zorder=layer,
        rasterized=n > _RASTERISE,
        gid=f"points {cloud.name}",
    )
    if cloud.radius is not None:
        centre = (float(cloud.centre[0]), float(cloud.centre[1]))
        ax.add_patch(
            Circle(
                centre, cloud.radius, facecolor=colour, alpha=0.07, edgecolor="none", zorder=1.0, gid="disc"
            )
        )
        ax.add_patch(
            Circle(centre, cloud.radius, fill=False, edgecolor=colour, linewidth=0.9, zorder=3.0, gid="rim")
        )
    if cloud.ellipse and n > 2:
        values, vectors = np.linalg.eigh(np.cov(cloud.points.T))
        size = 2 * np.sqrt(np.maximum(values, 0.0) * CHI_SQUARED)
        angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
        ax.add_patch(
            Ellipse(
                (float(cloud.centre[0]), float(cloud.centre[1])), size[1], size[0], angle=angle, fill=False,
                edgecolor=colour, linewidth=0.9, linestyle=(0, (3, 1.5)), zorder=3.0, gid="ellipse",
            )
        )  # fmt: skip


def _labels(
    ax: Axes, panel: ClusterPanel, reference: Cloud | None, palette: Sequence[str], blue: str
) -> None:
    """Arrows, and labels of stages and arrows of which none covers another."""
    width = axes_width(ax)
    centres = np.array([cloud.centre for cloud in panel.stages])
    for start, end in pairwise(centres):
        ax.annotate(
            "", tuple(end), xytext=tuple(start), zorder=5, gid="arrow",
            arrowprops={
                "arrowstyle": "-|>", "color": "black", "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0,
                "mutation_scale": 8,
            },
        )  # fmt: skip
    numbers = [
        Tag((start + end) / 2, fitted(text, width), "black")
        for (start, end), text in zip(pairwise(centres), panel.distances, strict=True)
        if text
    ]
    clouds = [*zip(panel.stages, palette, strict=False)]
    clouds += [] if reference is None else [(reference, blue)]
    names = [Tag(cloud.centre, _text(cloud, width), colour) for cloud, colour in clouds if cloud.note]
    steps = np.linspace(0, 1, 9)[:, None]
    along = [start + steps * (end - start) for start, end in pairwise(centres)]
    some = [cloud.points[:: -(-len(cloud.points) // _KEPT_CLEAR)] for cloud, _ in clouds]
    add_tags(ax, [*numbers, *names], clear=np.concatenate([centres, *along]), dots=np.concatenate(some))


def _text(cloud: Cloud, width: float) -> str:
    """What is written about a stage, no wider than the panel."""
    return fitted("\n".join(part for part in (printable(cloud.name, 28), cloud.note) if part), width)


def _room(panel: ClusterPanel, reference: Cloud | None, width: float) -> float:
    """Points of height that the labels of a panel need."""
    clouds = [*panel.stages, *([] if reference is None else [reference])]
    texts = [_text(cloud, width) for cloud in clouds if cloud.note]
    return room_for([*texts, *(fitted(text, width) for text in panel.distances if text)], width)
