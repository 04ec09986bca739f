"""Pictures with masks: truth, both runs, where they differ; and how IoU and classes compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.plot.base.frame import foot_note
from repscope.plot.base.style import DOUBLE, GREY, INK, PALETTES, SINGLE, SMALL, TEXT, new_figure, styled
from repscope.plot.base.text import LINE, printable, wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Labels = NDArray[np.int64]

GAINED, LOST, BOTH = "#3CC79A", "#E0621B", "#8A8A8A"
"""Where only the second run is right, only the first, and neither."""


@dataclass(frozen=True)
class SegmentRow:
    """One picture of a grid.

    Attributes:
        title: left of it.
        picture: [H, W, 3] in 0…255.
        truth, first, second: [H, W] classes; truth negative where ignored.
        ious: of both runs.
        codes: [h, w] first code of each place, or None.
    """

    title: str
    picture: NDArray[np.uint8]
    truth: Labels
    first: Labels
    second: Labels
    ious: tuple[float | None, float | None]
    codes: Labels | None = None


def class_colours(count: int) -> NDArray[np.float64]:
    """[K, 3] colours of classes; of more than ten, spread over the hues."""
    import matplotlib

    if count <= 10:
        return np.array(matplotlib.colormaps["tab10"].colors)[:count]  # type: ignore[attr-defined]  # listed
    return np.asarray(matplotlib.colormaps["hsv"](np.linspace(0, 0.95, count)))[:, :3]


@styled()
def plot_segment_rows(
    rows: Sequence[SegmentRow], classes: Sequence[str], names: tuple[str, str], *, note: str = ""
) -> Figure:
    """A picture a row: itself, the truth, both runs with their IoU, where they differ, and the codes.

    Args:
        rows: pictures.
        classes: names, for the key.
        names: of the two runs.
        note: below.

    Raises:
        InputError: no row.
    """
    if not rows:
        raise InputError("at least one picture", "none", "give one")
    coded = any(row.codes is not None for row in rows)
    heads = ["picture", "truth", printable(names[0], 18), printable(names[1], 18), "difference"]
    heads += ["codes"] if coded else []
    side = DOUBLE / len(heads)
    ratio = min(max(row.picture.shape[0] / row.picture.shape[1] for row in rows), 1.4)
    text = list(
        wrap(
            f"Green: only {names[1]} is right; orange: only {names[0]}; grey: neither. {note}",
            72 * (DOUBLE - 0.12),
            SMALL,
        )
    )
    below = (len(text) * SMALL * LINE + 4) / 72
    keys = -(-min(len(classes), 20) // 5) * 0.15
    top, deep = 0.2 + keys, side * ratio + 0.16
    height = top + deep * len(rows) + below
    figure = new_figure(DOUBLE, height)
    colours = class_colours(len(classes))
    for at, head in enumerate(heads):
        figure.text((at + 0.5) * side / DOUBLE, 1 - (keys + 0.1) / height, head, ha="center", fontsize=SMALL)
    for number, row in enumerate(rows):
        images: list[Any] = [
            row.picture,
            *(_coloured(one, colours) for one in (row.truth, row.first, row.second)),
        ]
        images.append(_difference(row))
        said = ["", "", *(_iou(value) for value in row.ious), "", ""]
        if coded:
            images.append(None if row.codes is None else _code_picture(row.codes))
        for at, image in enumerate(images):
            if image is None:
                continue
            bottom = height - top - deep * (number + 1) + 0.16
            box = (
                (at * side + 0.03) / DOUBLE,
                bottom / height,
                (side - 0.06) / DOUBLE,
                side * ratio / height,
            )
            ax = figure.add_axes(box)
            ax.imshow(image, interpolation="nearest")
            ax.set_axis_off()
            under = printable(row.title, 20) if at == 0 else said[at]
            ax.set_title(under, fontsize=SMALL, y=-0.02, va="top", pad=0, loc="center", fontweight="normal")
    _key(figure, classes, colours)
    foot_note(figure, text, 0.06, below)
    return figure


@styled()
def plot_iou_scatter(first: Sequence[float], second: Sequence[float], names: tuple[str, str]) -> Figure:
    """IoU of every picture in both runs; above the line the second is better."""
    figure = new_figure(SINGLE, SINGLE)
    ax = figure.add_axes((0.14, 0.13, 0.82, 0.82))
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    ax.plot(first, second, "o", color=PALETTES["default"].before.colour, markersize=3, alpha=0.7)
    ax.set_xlim(0, 1.02)
    ax.set_ylim(0, 1.02)
    ax.set_aspect("equal")
    ax.set_xlabel(f"IoU of {printable(names[0], 30)}", fontsize=TEXT)
    ax.set_ylabel(f"IoU of {printable(names[1], 30)}", fontsize=TEXT)
    return figure


@styled()
def plot_class_bars(
    classes: Sequence[str], first: Sequence[float], second: Sequence[float], names: tuple[str, str]
) -> Figure:
    """IoU of every class over all pixels, both runs side by side.

    Args:
        classes: names.
        first, second: IoU, NaN where a class is nowhere.
        names: of the two runs.
    """
    figure = new_figure(SINGLE, 0.7 + 0.24 * len(classes))
    height = figure.get_size_inches()[1]
    ax = figure.add_axes((0.3, 0.36 / height, 0.62, 1 - 0.62 / height))
    places = np.arange(len(classes))
    marks = PALETTES["default"].before.colour, PALETTES["default"].after.colour
    for offset, values, name, colour in zip((-0.2, 0.2), (first, second), names, marks, strict=True):
        ax.barh(places + offset, values, 0.36, color=colour, label=printable(name, 24))
        for place, value in zip(places, values, strict=True):
            if np.isfinite(value):
                ax.text(value + 0.01, place + offset, f"{value:.3f}", va="center", fontsize=SMALL, color=INK)
    ax.set_yticks(places, [printable(one, 18) for one in classes], fontsize=SMALL)
    ax.set_ylim(len(classes) - 0.4, -0.6)
    ax.set_xlim(0, 1.12)
    ax.set_xlabel("IoU", fontsize=TEXT)
    ax.tick_params(axis="x", labelsize=SMALL)
    figure.legend(loc="upper right", ncols=2, fontsize=SMALL, bbox_to_anchor=(0.98, 1.0))
    return figure


def _coloured(labels: Labels, colours: NDArray[np.float64]) -> NDArray[np.float64]:
    made = np.ones((*labels.shape, 3))
    known = labels >= 0
    made[known] = colours[labels[known]]
    return made


def _difference(row: SegmentRow) -> NDArray[np.float64]:
    from matplotlib.colors import to_rgb

    counted = row.truth >= 0
    one, two = row.first == row.truth, row.second == row.truth
    made = np.ones((*row.truth.shape, 3))
    for cells, colour in ((two & ~one, GAINED), (one & ~two, LOST), (~one & ~two, BOTH)):
        made[cells & counted] = to_rgb(colour)
    return made


def _code_picture(codes: Labels) -> NDArray[np.float64]:
    """A colour a code, the same in every picture; neighbours in number are far apart in colour."""
    import matplotlib

    return np.asarray(matplotlib.colormaps["hsv"]((codes * 0.61803398875) % 1.0))[:, :, :3]


def _iou(value: float | None) -> str:
    return "IoU –" if value is None else f"IoU {value:.3f}"


def _key(figure: Figure, classes: Sequence[str], colours: NDArray[np.float64]) -> None:
    from matplotlib.patches import Rectangle

    width, height = figure.get_size_inches()
    for at, name in enumerate(classes[:20]):
        row, column = divmod(at, 5)
        x, y = (0.06 + column * width / 5) / width, 1 - (0.08 + row * 0.15) / height
        box = Rectangle(
            (x, y - 0.05 / height), 0.1 / width, 0.1 / height, color=colours[at], transform=figure.transFigure
        )
        figure.add_artist(box)
        figure.text(x + 0.14 / width, y, printable(name, 20), fontsize=SMALL, va="center")
