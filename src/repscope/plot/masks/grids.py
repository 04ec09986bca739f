"""Masks as grids of tokens: what is seen, what is predicted, where targets overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.internals.masking.mask import Cells, Mask
from repscope.plot.base.frame import foot_note
from repscope.plot.base.style import DOUBLE, INK, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEN, UNUSED, TARGET, SEVERAL = "#8FB8DE", "#EDEDED", "#E0621B", "#8F2D00"
"""Colours of the context, of tokens in neither, in one target, and in several."""

KEY = (("context", SEEN), ("target", TARGET), ("several targets", SEVERAL), ("neither", UNUSED))


@dataclass(frozen=True)
class MaskPanel:
    """One grid, or one picture.

    Attributes:
        title: above it.
        mask: drawn as a grid of tokens; of frames the first.
        picture: [H, W, 3] in [0, 1], drawn instead.
        ratio: height over width as drawn; the grid's or the picture's own by default.
    """

    title: str
    mask: Mask | None = None
    picture: NDArray[np.float32] | None = None
    ratio: float | None = None


def paint(mask: Mask, frame: int = 0) -> NDArray[np.float32]:
    """[rows, columns, 3] colours of a mask in [0, 1]; of several frames, of one."""
    from matplotlib.colors import to_rgb

    context, depth = plane(mask.context, frame), plane(mask.depth, frame)
    colours = np.empty((*context.shape, 3), np.float32)
    colours[:] = to_rgb(UNUSED)
    for cells, colour in ((context, SEEN), (depth > 0, TARGET), (depth > 1, SEVERAL)):
        colours[cells] = to_rgb(colour)
    return colours


def plane(cells: NDArray[Any], frame: int = 0) -> NDArray[Any]:
    """The rows and columns of one frame."""
    return cells[frame] if cells.ndim == 3 else cells


def hide(picture: NDArray[np.float32], cells: Cells, shade: float = 0.5) -> NDArray[np.float32]:
    """A picture [H, W, 3] in [0, 1] in which only some tokens are left; the rest is grey."""
    seen = plane(cells)
    rows = np.arange(picture.shape[0]) * seen.shape[0] // picture.shape[0]
    columns = np.arange(picture.shape[1]) * seen.shape[1] // picture.shape[1]
    return np.where(seen[rows][:, columns][:, :, None], picture, np.float32(shade))


@styled()
def plot_masks(panels: Sequence[MaskPanel], *, columns: int = 4, note: str = "") -> Figure:
    """Masks side by side, with a key of the colours.

    Args:
        panels: in reading order.
        columns: side by side.
        note: below.

    Raises:
        InputError: no panel.
    """
    if not panels:
        raise InputError("at least one mask", "none", "give one")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    side = min(DOUBLE / columns, 1.8)
    width = max(side * columns, 3.2)
    left = (width - side * columns) / 2
    tall = max(_aspect(one) for one in panels) * side
    deep = 0.1 + 0.13 * max(one.title.count("\n") + 1 for one in panels)
    text = list(wrap(note, 72 * (width - 0.12), SMALL)) if note else []
    below = (len(text) * SMALL * LINE + 4) / 72
    keys = any(one.mask is not None for one in panels)
    top = 0.22 if keys else 0.04
    height = top + rows * (tall + deep) + below
    figure = new_figure(width, height)
    for i, panel in enumerate(panels):
        row, column = divmod(i, columns)
        own = _aspect(panel) * side
        bottom = height - top - row * (tall + deep) - deep - own
        box = (
            (left + column * side + 0.04) / width,
            bottom / height,
            (side - 0.08) / width,
            0.96 * own / height,
        )
        ax = figure.add_axes(box)
        ax.set_axis_off()
        ax.set_title(panel.title, fontsize=SMALL, pad=2.5, fontweight="normal")
        if panel.picture is not None:
            ax.imshow(panel.picture, aspect="auto")
            continue
        assert panel.mask is not None
        colours = paint(panel.mask)
        ax.imshow(colours, aspect="auto", interpolation="nearest")
        for place in range(1, colours.shape[0]):
            ax.axhline(place - 0.5, color="white", linewidth=0.4)
        for place in range(1, colours.shape[1]):
            ax.axvline(place - 0.5, color="white", linewidth=0.4)
    if keys:
        _key(figure, [one.mask for one in panels if one.mask is not None])
    foot_note(figure, text, 0.06, below)
    return figure


def _aspect(panel: MaskPanel) -> float:
    if panel.ratio is not None:
        return panel.ratio
    if panel.picture is not None:
        return float(panel.picture.shape[0] / panel.picture.shape[1])
    assert panel.mask is not None
    shape = panel.mask.context.shape[-2:]
    return float(shape[0] / shape[1])


def _key(figure: Figure, masks: Sequence[Mask]) -> None:
    """The colours that occur."""
    from matplotlib.patches import Rectangle

    occurs = {
        "context": any(mask.context.any() for mask in masks),
        "target": any(mask.targets for mask in masks),
        "several targets": any((mask.depth > 1).any() for mask in masks if mask.targets),
        "neither": any((~mask.context & (mask.depth == 0)).any() for mask in masks if mask.targets),
    }
    width, height = figure.get_size_inches()
    x = 0.06
    for name, colour in KEY:
        if not occurs[name]:
            continue
        box = Rectangle(
            (x / width, 1 - 0.17 / height),
            0.1 / width,
            0.1 / height,
            color=colour,
            transform=figure.transFigure,
        )
        figure.add_artist(box)
        figure.text((x + 0.14) / width, 1 - 0.12 / height, name, fontsize=SMALL, va="center", color=INK)
        x += 0.24 + 0.058 * len(name)


@styled()
def plot_mask_statistics(
    probability: Sequence[tuple[str, NDArray[np.float64]]],
    ratios: NDArray[np.float64],
    sizes: NDArray[np.int64],
    *,
    note: str,
) -> Figure:
    """Where the masks lie, how much they hide, and how large their targets are.

    Args:
        probability: title and [rows, columns] share of samples, of each panel.
        ratios: [samples] share of tokens that are masked.
        sizes: tokens of every target.
        note: below.
    """
    text = list(wrap(note, 72 * (DOUBLE - 0.12), SMALL))
    below = (len(text) * SMALL * LINE + 4) / 72
    height = 1.85 + below
    figure = new_figure(DOUBLE, height)
    side = 1.3
    for i, (title, values) in enumerate(probability):
        left = 0.1 + i * (side + 0.62)
        shape = values.shape[0] / values.shape[1]
        broad, tall = (side, side * shape) if shape <= 1 else (side / shape, side)
        ax = figure.add_axes((left / DOUBLE, (below + 0.2) / height, broad / DOUBLE, tall / height))
        drawn = ax.imshow(values, cmap="viridis", vmin=0, vmax=max(float(values.max()), 1e-9), aspect="auto")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_title(title, fontsize=TEXT)
        bar = figure.add_axes(
            ((left + broad + 0.05) / DOUBLE, (below + 0.2) / height, 0.06 / DOUBLE, tall / height)
        )
        figure.colorbar(drawn, cax=bar)
        bar.tick_params(labelsize=SMALL)
    start = 0.1 + len(probability) * (side + 0.62) + 0.1
    room = (DOUBLE - start - 0.1) / 2
    spread: list[tuple[str, NDArray[Any]]] = [("share masked", ratios), ("tokens in a target", sizes)]
    for i, (title, counted) in enumerate(spread):
        ax = figure.add_axes(
            (
                (start + i * room) / DOUBLE,
                (below + 0.33) / height,
                0.8 * room / DOUBLE,
                (side - 0.13) / height,
            )
        )
        ax.hist(counted, bins=_bins(counted), color=SEEN, edgecolor="white", linewidth=0.3)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_title(title, fontsize=TEXT)
        ax.tick_params(labelsize=SMALL)
        ax.locator_params(axis="x", nbins=4)
        mean = float(np.mean(counted))
        ax.axvline(mean, color=INK, linewidth=0.8)
    foot_note(figure, text, 0.06, below)
    return figure


def _bins(values: NDArray[Any]) -> list[float]:
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        half = 0.5 * max(abs(low), 1e-3)
        return [float(edge) for edge in np.linspace(low - half, low + half, 4)]
    return [float(edge) for edge in np.linspace(low, high, min(24, max(len(np.unique(values)), 4)))]
