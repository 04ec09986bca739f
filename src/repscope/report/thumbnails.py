"""Small pictures of items, inside the page. A picture that cannot be read is left out."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 96
"""Longest side in pixels."""

_LARGEST = 1 << 26
_MOST_PIXELS = 100_000_000
# Not every format that Pillow knows: some of them start other programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")


def source_folders(provenance: Mapping[str, Mapping[str, Any]]) -> tuple[Path, ...]:
    """Folders that relative image paths may start from: where the sets say their items came from."""
    found: dict[Path, None] = {}
    for record in provenance.values():
        source = record.get("source") if isinstance(record, Mapping) else None
        if isinstance(source, Mapping):
            source = source.get("path")
        if isinstance(source, str) and source and "\0" not in source:
            path = Path(source)
            try:
                found[path if path.is_dir() else path.parent] = None
            except OSError:
                continue
    return tuple(found)


def thumbnail(value: Any, folders: Sequence[Path] = ()) -> str | None:
    """A JPEG of at most 96 pixels as a data URI, or None when there is nothing to show.

    Args:
        value: path (absolute, or relative to one of ``folders`` and inside it), the bytes of a file,
            or a mapping with ``bytes`` or ``path``.
        folders: where relative paths start.
    """
    small = picture(value, folders)
    if small is None:
        return None
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def picture(value: Any, folders: Sequence[Path] = (), side: int = SIDE) -> Image | None:
    """A picture in RGB of at most ``side`` pixels, or None when there is nothing to show.

    Args:
        value, folders: see :func:`thumbnail`.
        side: longest side.
    """
    if isinstance(value, Mapping):
        value = value.get("bytes") or value.get("path")
    try:
        content = value if isinstance(value, bytes) else _read(value, folders)
        if content is None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _shrink(content, side)
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, _bomb()):
        # What Pillow raises on truncated, absurd and hostile files. A report does not fail on one picture.
        return None


def _read(value: Any, folders: Sequence[Path]) -> bytes | None:
    if not isinstance(value, str) or not value or "\0" in value:
        return None
    path = Path(value)
    if path.is_absolute():
        candidates = [path]
    else:
        joined = [(folder / path, folder) for folder in folders]
        candidates = [one for one, folder in joined if one.resolve().is_relative_to(folder.resolve())]
    for one in candidates:
        if one.is_file() and one.stat().st_size <= _LARGEST:
            return one.read_bytes()
    return None


def _shrink(content: bytes, side: int) -> Image | None:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
        if image.width * image.height > _MOST_PIXELS:
            return None
        image.draft("RGB", (2 * side, 2 * side))
        turned = ImageOps.exif_transpose(image)
        if "A" in turned.getbands() or "transparency" in turned.info:
            turned = turned.convert("RGBA")
            paper = Image.new("RGB", turned.size, "white")
            paper.paste(turned, mask=turned.getchannel("A"))
            turned = paper
        small = turned.convert("RGB")
        small.thumbnail((side, side))
    return small


def _bomb() -> type[Exception]:
    from PIL import Image

    return Image.DecompressionBombError
