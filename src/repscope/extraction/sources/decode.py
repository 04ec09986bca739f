"""Decoding one image file to RGB, the same way every time, or saying why it cannot be."""

from __future__ import annotations

import io
import stat
import struct
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000")
"""Formats that are decoded, whatever the suffix says: none of them runs another program, as EPS would."""

_OPTIONAL = {
    b"ftypavif": "AVIF",
    b"ftypavis": "AVIF",
    b"jP  \r\n\x87\n": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
}
"""Formats that not every Pillow reads, by what is within their first bytes."""

LARGEST = "repscope_largest"
"""In ``Image.info``: the largest value of an image of 16 bits, before it became 8 bits."""

STACK = "repscope_stack"
"""In ``Image.info`` of an image with several frames, of which the first was taken."""

MAX_PIXELS = 89_478_485
"""Pillow's own limit: a quarter of a gigabyte at 3 bytes a pixel. More is taken for a decompression bomb."""

ORIENTATION = 0x0112
TURNED = (5, 6, 7, 8)
"""EXIF's tag, and its values that swap width and height."""

DECODING = {
    "orientation": "EXIF orientation applied",
    "alpha": "dropped",
    "16-bit": "scaled to 8 bits",
    "animation": "first frame",
    "cmyk": "to RGB without colour profile",
    "max_pixels": MAX_PIXELS,
}
"""The choices that decide pixels; recorded in the provenance."""


_CORRUPT = (
    *(SyntaxError, ValueError, TypeError, IndexError),
    *(KeyError, EOFError, OverflowError, struct.error),
)
"""What Pillow's decoders raise on corrupt headers."""


class UnreadableError(Exception):
    """An image that cannot be decoded; its text is the reason, for the manifest.

    Not an error of the user: the item is recorded as skipped, unless ``strict``.
    """


def open_image(source: Path | bytes) -> Image.Image:
    """Decode an image file, or the bytes of one, to 8-bit RGB, upright.

    CMYK, palette, greyscale, transparent, 16-bit and animated images are converted as
    :data:`DECODING` says.

    Raises:
        UnreadableError: truncated, not an image, too many pixels, or pixels without a fixed range.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        if isinstance(source, Path):
            _refuse_irregular(source)
        with Image.open(file, formats=_known_formats()) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise UnreadableError(f"{width}×{height} pixels, above the limit of {MAX_PIXELS:,}")
            # Pillow brings colours of 16 bits to 8 itself, by their upper halves.
            # Cameras put a preview into a JPEG as a second frame (MPO); that is no stack.
            stack = image.format != "MPO" and getattr(image, "is_animated", False)
            wide = image.mode in ("RGB", "RGBA") and any(";16" in str(tile) for tile in image.tile)
            image.load()
            # In place: an image that is upright already would be copied.
            ImageOps.exif_transpose(image, in_place=True)
            made = to_rgb(image)
            if wide:
                made.info[LARGEST] = 257 * int(np.asarray(made).max())
            if stack:
                made.info[STACK] = True
            return made
    except UnreadableError:
        raise
    except UnidentifiedImageError:
        raise UnreadableError(_unknown(source)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableError(f"more pixels than the limit of {MAX_PIXELS:,}") from error
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    except _CORRUPT as error:
        raise UnreadableError(f"corrupt: {error}") from error


def _refuse_irregular(path: Path) -> None:
    """Raise for a pipe, a socket or a device, which could be waited for without end."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
        raise UnreadableError(
            f"{next((kind for test, kind in kinds if test(mode)), 'a device')}, no regular file"
        )


def _unknown(source: Path | bytes) -> str:
    """Why Pillow does not know an image."""
    if isinstance(source, bytes):
        head = source[:16]
    else:
        with source.open("rb") as file:
            head = file.read(16)
    if not head:
        return "an empty file"
    known = next((name for mark, name in _OPTIONAL.items() if mark in head), "")
    if known and known not in _known_formats():
        return f"{known}, which this Pillow cannot read: install one that can, or convert the image"
    return "not an image in a known format"


def image_size(path: Path) -> tuple[int, int] | None:
    """Width and height of the upright image by its header; None where it cannot be told.

    Only for planning: :func:`open_image` says what is wrong with the file.
    """
    from PIL import Image

    try:
        _refuse_irregular(path)
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=_known_formats()) as image:
            turned = image.getexif().get(ORIENTATION, 1) in TURNED
            return (image.height, image.width) if turned else image.size
    except (OSError, UnreadableError, Image.DecompressionBombError, *_CORRUPT):
        return None


@cache
def _known_formats() -> list[str]:
    """Those of :data:`FORMATS` that this Pillow was built with."""
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to 8-bit RGB.

    Raises:
        UnreadableError: floating-point pixels, or integers beyond 16 bits, whose white is not known.
    """
    if image.mode == "RGB":
        return image
    if image.mode == "F":
        raise UnreadableError("floating-point pixels, whose range is not known")
    if image.mode.startswith("I"):
        return _from_16_bit(image)
    if image.mode == "P":
        # Straight to RGB, Pillow would warn about transparency given as bytes.
        image = image.convert("RGBA")
    return image.convert("RGB")


def _from_16_bit(image: Image.Image) -> Image.Image:
    from PIL import Image

    values: Any = np.asarray(image)
    if values.size and (values.min() < 0 or values.max() > 65535):
        raise UnreadableError("integer pixels beyond 16 bits, whose range is not known")
    # Pillow's own conversion clips everything above 255 to white.
    made = Image.fromarray((values.astype(np.uint32) // 257).astype(np.uint8)).convert("RGB")
    made.info[LARGEST] = int(values.max(initial=0))
    return made
