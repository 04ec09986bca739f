"""A contact sheet: the pixels that the model gets, as a person can look at them."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.study.storage import make_folder, storage_errors

if TYPE_CHECKING:
    from PIL.Image import Image

TILE = 128
"""Pixels of a tile's longer side."""
MOST_TILES = 64
CAPTION = 14
GAP = 4
LONGEST = 20
"""Characters of an id under its tile; longer ones keep their end, which differs."""

FILE_NAME = "contact_sheet.png"


def contact_sheet(
    arrays: Sequence[NDArray[np.floating[Any]]], names: Sequence[str], transform: Mapping[str, Any]
) -> Image:
    """Preprocessed images in rows, each with the end of its id below.

    The normalisation is undone, so that a wrong crop, a wrong order of colours or a picture lying on its
    side can be seen. Where a transform does not say its mean and deviation, each image is stretched from
    its lowest to its highest value.

    Args:
        arrays: [3, H, W] each, as the model gets them; at most :data:`MOST_TILES` are shown.
        names: of each.
        transform: what ``Transform.to_json`` gives.
    """
    from PIL import Image, ImageDraw

    shown = list(zip(arrays, names, strict=True))[:MOST_TILES]
    across = max(1, math.ceil(math.sqrt(len(shown))))
    down = max(1, math.ceil(len(shown) / across))
    step = (TILE + GAP, TILE + CAPTION + GAP)
    sheet = Image.new("RGB", (across * step[0] + GAP, down * step[1] + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (array, name) in enumerate(shown):
        left, top = GAP + number % across * step[0], GAP + number // across * step[1]
        tile = Image.fromarray(_to_bytes(array, transform))
        scale = TILE / max(tile.size)
        size = (max(1, round(tile.width * scale)), max(1, round(tile.height * scale)))
        # Enlarged pixels stay pixels: what the model gets is not smoothed.
        tile = tile.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BICUBIC)
        sheet.paste(tile, (left + (TILE - size[0]) // 2, top + (TILE - size[1]) // 2))
        text = name if len(name) <= LONGEST else f"..{name[-LONGEST + 2 :]}"
        draw.text((left, top + TILE), text.encode("ascii", "replace").decode(), fill="black")
    return sheet


def save_sheet(sheet: Image, place: Path) -> Path:
    """Write a sheet as PNG to a file, or as ``contact_sheet.png`` into a folder.

    Raises:
        StorageError: the disk refuses.
    """
    file = place if place.suffix.lower() == ".png" and not place.is_dir() else place / FILE_NAME
    packed = io.BytesIO()
    sheet.save(packed, "PNG")
    make_folder(file.parent)
    with storage_errors(file):
        file.write_bytes(packed.getvalue())
    return file


def _to_bytes(array: NDArray[Any], transform: Mapping[str, Any]) -> NDArray[np.uint8]:
    """[H, W, 3] of 0…255."""
    pixels = np.asarray(array, dtype=np.float32)
    given = transform.get("kind") == "given"
    if given or transform.get("do_normalize") is True:
        mean, std = (transform.get(key if given else f"image_{key}") for key in ("mean", "std"))
        known = given or (mean is not None and std is not None)
    else:
        mean = std = None
        known = transform.get("do_rescale") is True
    if known:
        if std is not None:
            pixels = pixels * np.asarray(std, np.float32)[:, None, None]
        if mean is not None:
            pixels = pixels + np.asarray(mean, np.float32)[:, None, None]
    else:
        low, high = float(pixels.min()), float(pixels.max())
        pixels = (pixels - low) / (high - low) if high > low else np.zeros_like(pixels)
    scaled = np.nan_to_num(np.round(pixels * 255), nan=0.0).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(scaled.transpose(1, 2, 0))
