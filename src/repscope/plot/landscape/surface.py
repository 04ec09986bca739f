"""Contours and the surface of a loss around trained weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.plot.base.frame import foot_note
from repscope.plot.base.style import INK, PALETTES, SINGLE, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

COLOURS = "viridis"
STEEP = 30.0
"""Where the loss spans more than this factor above its least, contours are spaced by its logarithm."""


@styled()
def plot_contours(
    xs: Floats,
    ys: Floats,
    losses: Floats,
    *,
    path: Floats | None = None,
    explained: tuple[float, float] | None = None,
) -> Figure:
    """Contours; a cross at the trained weights, the path of the training where there is one.

    Args:
        xs, ys: coordinates.
        losses: [len(ys), len(xs)]; cells that are no number are left grey.
        path: [K, 2] checkpoints on the plane.
        explained: share of the path in each direction, for the labels.

    Raises:
        InputError: no cell is a number.
    """
    from matplotlib.colors import LogNorm

    shown = np.ma.masked_invalid(losses)
    if shown.count() == 0:
        raise InputError("losses that are numbers", "none", "look at the loss")
    least, most = float(shown.min()), float(shown.max())
    levels, logarithmic = _levels(least, most)
    said = "Cross: the trained weights."
    said += " Line: the path of the training." if path is not None else ""
    said += " Contours are spaced evenly in the logarithm of the loss." if logarithmic else ""
    said += " Grey: no number." if np.ma.is_masked(shown) else ""
    lines = list(wrap(said, 72 * (SINGLE - 0.12), SMALL))
    below = (len(lines) * SMALL * LINE + 4) / 72
    height = 3.1 + below
    figure = new_figure(SINGLE, height)
    ax = figure.add_axes((0.14, (below + 0.38) / height, 0.66, 2.5 / height))
    ax.set_facecolor("#DDDDDD")
    if most > least:
        norm = LogNorm(least, most) if logarithmic else None
        drawn = ax.contourf(xs, ys, shown, levels=levels, cmap=COLOURS, norm=norm)
        ax.contour(xs, ys, shown, levels=levels, colors="white", linewidths=0.3)
        bar = figure.add_axes((0.825, (below + 0.38) / height, 0.03, 2.5 / height))
        figure.colorbar(drawn, cax=bar, format="%.3g")
        bar.tick_params(labelsize=SMALL)
        bar.set_title("loss", fontsize=SMALL, fontweight="normal")
    if path is not None:
        colour = PALETTES["default"].after.colour
        ax.plot(*np.vstack([path, [[0, 0]]]).T, "-o", color=colour, markersize=2.5, linewidth=1.0)
        ax.annotate("first", (path[0, 0], path[0, 1]), (3, 3), textcoords="offset points", fontsize=SMALL)
    ax.plot(0, 0, "+", color="white", markersize=11, markeredgewidth=2.6)
    ax.plot(0, 0, "+", color=INK, markersize=9, markeredgewidth=1.2)
    _labels(ax, explained)
    foot_note(figure, lines, 0.06, below)
    return figure


@styled()
def plot_surface(xs: Floats, ys: Floats, losses: Floats) -> Figure:
    """The same in three dimensions; on a logarithmic scale where the loss is steep.

    Args:
        xs, ys: coordinates.
        losses: [len(ys), len(xs)].
    """
    finite = losses[np.isfinite(losses)]
    least = float(finite.min())
    _, logarithmic = _levels(least, float(finite.max()))
    heights = np.log10(np.maximum(losses, np.finfo(float).tiny)) if logarithmic else losses
    figure = new_figure(SINGLE, 3.1)
    ax: Any = figure.add_axes((-0.02, 0.02, 0.92, 1.0), projection="3d")
    ax.plot_surface(
        *np.meshgrid(xs, ys),
        np.ma.masked_invalid(heights),
        cmap=COLOURS,
        linewidth=0.1,
        edgecolor="white",
        rstride=1,
        cstride=1,
    )
    ax.view_init(elev=32, azim=-56)
    ax.tick_params(labelsize=SMALL, pad=-2)
    ax.locator_params(nbins=5)
    ax.set_xlabel("first direction", fontsize=SMALL, labelpad=-6)
    ax.set_ylabel("second direction", fontsize=SMALL, labelpad=-6)
    ax.set_zlabel("log₁₀ of the loss" if logarithmic else "loss", fontsize=SMALL, labelpad=-4)
    return figure


def _levels(least: float, most: float) -> tuple[Floats, bool]:
    if least > 0 and most / least > STEEP:
        levels, logarithmic = np.geomspace(least, most, 22), True
    else:
        levels, logarithmic = np.linspace(least, most, 22), False
    # Rounding must not leave the ends out.
    levels[0], levels[-1] = least, most
    return levels, logarithmic


def _labels(ax: Axes, explained: tuple[float, float] | None) -> None:
    shares = [f" ({one:.0%} of the path)" for one in explained] if explained else ["", ""]
    ax.set_xlabel(f"first direction{shares[0]}", fontsize=TEXT)
    ax.set_ylabel(f"second direction{shares[1]}", fontsize=TEXT)
    ax.tick_params(labelsize=SMALL)
    ax.locator_params(nbins=5)
