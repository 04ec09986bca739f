"""Masks as a moving picture: GIF through Pillow, MP4 through ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repscope.errors import DependencyError, InputError, StorageError
from repscope.internals.masking.mask import Mask
from repscope.plot.masks.grids import hide, paint

SIDE = 224
"""Pixels of the shorter side."""


def mask_frames(masks: Sequence[Mask], picture: NDArray[np.float32] | None = None) -> list[NDArray[np.uint8]]:
    """[H, W, 3] a frame a mask, or each frame of masks that have them; beside it what a picture shows."""
    frames = []
    for mask in masks:
        for frame in range(mask.context.shape[0] if mask.context.ndim == 3 else 1):
            colours = paint(mask, frame)
            scale = -(-SIDE // min(colours.shape[:2]))
            drawn = np.kron(colours, np.ones((scale, scale, 1), np.float32))
            if picture is not None:
                seen = _fit(hide(picture, mask.context), drawn.shape[:2])
                drawn = np.concatenate([drawn, seen], axis=1)
            frames.append((255 * drawn).round().astype(np.uint8))
    return frames


def save_animation(frames: Sequence[NDArray[np.uint8]], path: Path, *, fps: int = 4) -> Path:
    """Write frames as ``.gif`` or ``.mp4``.

    Args:
        frames: [H, W, 3] of one size.
        path: whose ending says which.
        fps: frames a second.

    Raises:
        InputError: no frame, or another ending.
        DependencyError: MP4 without ffmpeg.
        StorageError: the disk refuses.
    """
    from PIL import Image

    if not frames or path.suffix not in (".gif", ".mp4"):
        raise InputError("frames for a .gif or .mp4", f"{len(frames)} for {path.name}", "change one")
    if path.suffix == ".mp4":
        return _mp4(frames, path, fps)
    first, *rest = (Image.fromarray(frame) for frame in frames)
    try:
        first.save(path, save_all=True, append_images=rest, duration=round(1000 / fps), loop=0)
    except OSError as error:
        raise StorageError(f"to write {path}", error.strerror or str(error), "free space") from error
    return path


def ffmpeg() -> str:
    """The program, from the path or from imageio-ffmpeg.

    Raises:
        DependencyError: there is none.
    """
    if found := shutil.which("ffmpeg"):
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise DependencyError(
            "ffmpeg, to write MP4",
            "neither the program nor its package",
            "pip install 'repscope[video]', or write --animate gif",
        ) from error


def _mp4(frames: Sequence[NDArray[np.uint8]], path: Path, fps: int) -> Path:
    height, width = (size - size % 2 for size in frames[0].shape[:2])
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    command = [ffmpeg(), "-y", "-loglevel", "error", *raw, "-pix_fmt", "yuv420p", str(path)]
    data = b"".join(frame[:height, :width].tobytes() for frame in frames)
    ran = subprocess.run(command, input=data, capture_output=True, check=False)
    if ran.returncode:
        raise StorageError(
            f"to write {path} with ffmpeg", ran.stderr.decode(errors="replace").strip()[:200], "write a gif"
        )
    return path


def _fit(picture: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    from PIL import Image

    image = Image.fromarray((255 * picture).round().astype(np.uint8))
    resized = np.asarray(image.resize((size[1], size[0]), Image.Resampling.BILINEAR), np.float32)
    return resized / np.float32(255)
