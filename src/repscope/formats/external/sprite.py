"""One picture of all items' thumbnails, in rows, as the projector and FiftyOne's kin want it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path

LARGEST_SIDE = 8192
"""Pixels of a side that every WebGL browser can load."""

THUMBNAILS = (64, 48, 32, 24, 16)
MOST_PIXELS = 64_000_000
"""A picture with more is not opened for a thumbnail."""


def thumbnail_size(n: int) -> int:
    """The largest side of a thumbnail with which ``n`` fit; 0 when none does."""
    columns = math.ceil(math.sqrt(n))
    return next((size for size in THUMBNAILS if columns * size <= LARGEST_SIDE), 0)


def draw_sprite(paths: Sequence[str | None], target: Path) -> tuple[int, str]:
    """Draw the thumbnails of ``paths`` row by row into a square PNG.

    A picture that cannot be read is grey, so that the others stay in their places.

    Returns:
        The side of one thumbnail, or 0 when nothing was drawn; and a line that says what happened.
    """
    from PIL import Image, ImageOps

    n = len(paths)
    size = thumbnail_size(n)
    if not size:
        return 0, f"no sprite: {n:,} thumbnails do not fit {LARGEST_SIDE} × {LARGEST_SIDE} pixels"
    readable = [path is not None and Path(path).is_file() for path in paths]
    if not any(readable):
        return 0, "no sprite: none of the paths is a file here"
    columns = math.ceil(math.sqrt(n))
    whole = Image.new("RGB", (columns * size, math.ceil(n / columns) * size), "#808080")
    drawn = 0
    for index, path in enumerate(paths):
        if path is None or not readable[index]:
            continue
        try:
            # A decompression bomb is a warning below, and an error above, Pillow's own bound.
            with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    continue
                picture.draft("RGB", (size, size))
                small = ImageOps.fit(picture.convert("RGB"), (size, size))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
        whole.paste(small, (index % columns * size, index // columns * size))
        drawn += 1
    if not drawn:
        return 0, "no sprite: none of the files is a picture that can be read"
    whole.save(target, "PNG")
    missing = f"; {n - drawn:,} that cannot be read are grey" if drawn < n else ""
    return size, f"sprite of {drawn:,} thumbnails of {size} pixels{missing}"
