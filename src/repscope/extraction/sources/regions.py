"""Parts of images: the boxes of annotations as whole pixels that can be cut out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.extraction.sources.base import Cell
from repscope.extraction.sources.decode import image_size

BEYOND = 1e15
"""Pixels; a coordinate further out is none."""

BOX_COLUMNS = ("left", "top", "right", "bottom", "clipped")
"""What an item that is cut out says of its box."""


@dataclass(frozen=True)
class Region:
    """A part of an image, or why there is none.

    Attributes:
        box: left, top, right, bottom in whole pixels inside the image; right and bottom are not part of it.
        clipped: the box went beyond the image.
        problem: why nothing can be cut out; empty where it can.
    """

    box: tuple[int, int, int, int]
    clipped: bool
    problem: str = ""

    def columns(self) -> dict[str, Cell]:
        """The :data:`BOX_COLUMNS` of its item."""
        return dict(zip(BOX_COLUMNS, (*self.box, self.clipped), strict=True))


def numbers(box: Any) -> tuple[float, ...]:
    """The numbers of a box in an annotation; none of anything else."""
    if not isinstance(box, list | tuple) or not all(type(number) in (int, float) for number in box):
        return ()
    # Whole numbers of JSON have no limit, and those beyond a float have no place in an image.
    return tuple(math.inf if abs(number) > BEYOND else float(number) for number in box)


def corners(box: Any) -> tuple[float, ...]:
    """COCO's left, top, width, height as left, top, right, bottom; none of what is no box."""
    sides = numbers(box)
    if len(sides) != 4:
        return ()
    left, top, width, height = sides
    return left, top, left + width, top + height


def region_of(box: Sequence[float], size: tuple[int, int] | None, what: str) -> Region:
    """Whole pixels that a box touches, inside an image of ``size`` (width, height).

    Args:
        box: left, top, right, bottom, in pixels from the image's corner.
        size: None where the image could not be looked at; the box is then kept as it is.
        what: names the box in its problem.
    """
    if len(box) != 4 or not all(math.isfinite(value) for value in box):
        return Region((0, 0, 0, 0), False, f"{what} is no box of 4 finite numbers")
    left, top, right, bottom = math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3])
    shown = ", ".join(f"{value:g}" for value in box)
    if box[2] <= box[0] or box[3] <= box[1]:
        return Region((left, top, right, bottom), False, f"{what} is empty: {shown}")
    if size is None:
        return Region((left, top, right, bottom), False)
    inside = (max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1]))
    # Half a pixel beyond the edge is rounding, not a wrong box.
    clipped = box[0] < -0.5 or box[1] < -0.5 or box[2] > size[0] + 0.5 or box[3] > size[1] + 0.5
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        return Region(inside, True, f"{what} is outside the image: {shown}")
    return Region(inside, clipped)


def listed_size(record: Mapping[str, Any], file: Path) -> tuple[int, int] | None:
    """Width and height that an annotation states, or else the file's own; None where neither is known."""
    width, height = record.get("width"), record.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    return image_size(file)
