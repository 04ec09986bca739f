"""Two maps side by side, of two spaces: the second turned onto the first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from repscope.plot.base.frame import axes_at, foot_note
from repscope.plot.base.style import DOUBLE, new_figure, styled
from repscope.plot.maps import plot_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from repscope.maps.fit import Projection
    from repscope.plot.base.colouring import Colouring


TURNED = "Two spaces: the right map is turned onto the left one (Procrustes of the planes)."


def turned_onto(first: Projection, second: Projection) -> Projection:
    """The second map after the rotation or reflection, and shift, that lay it best on the first.

    Sets are paired in their order, and rows by their place. Scale is left alone: distances on neither map are
    distances in space. Orthogonal Procrustes (Schönemann, Psychometrika 1966).
    """
    x, y = first.joint, second.joint
    left, _, right = np.linalg.svd((y - y.mean(axis=0)).T @ (x - x.mean(axis=0)))
    turn = left @ right
    moved = {
        name: (points - y.mean(axis=0)) @ turn + x.mean(axis=0) for name, points in second.coordinates.items()
    }
    return replace(second, coordinates=moved)


def plot_two_maps(
    first: Projection, second: Projection, *, colours: str = "default", coloured: Colouring | None = None
) -> Axes:
    """Draw both maps, items and reference each; returns the axes of the first.

    Args:
        first: of before and its reference, in that order.
        second: of after and its reference; see :func:`turned_onto`.
        colours: name of a palette.
        coloured: colours of the items, by a column.
    """
    with styled():
        width = (DOUBLE - 0.3) / 2
        figure = new_figure(DOUBLE, width + 1.1)
        panels = [axes_at(figure, at, 0.85, width - 0.1, width - 0.1) for at in (0.1, width + 0.3)]
        for ax, projection in zip(panels, (first, second), strict=True):
            items, reference = projection.coordinates
            plot_map(
                projection, before=items, reference=reference, colours=colours, ax=ax, coloured=coloured,
                as_after=projection is second,
            )  # fmt: skip
        foot_note(figure, [TURNED], 0.1, 0.2)
    return panels[0]
