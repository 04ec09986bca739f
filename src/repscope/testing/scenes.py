"""Scenes with exact masks: handwritten digits put on a grey ground, one class a digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CLASSES = ("ground", "zero", "one", "two", "three")
"""What is in a scene; the first is everything else."""

SIDE = 64


def digit_scene(seed: int, side: int = SIDE) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture [side, side, 3] and its mask [side, side], with one to three digits of known classes.

    Args:
        seed: of the scene.
        side: pixels.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    rng = np.random.default_rng(seed)
    picture = rng.normal(90, 12, (side, side, 3))
    mask = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        which = int(rng.integers(0, len(CLASSES) - 1))
        own = digits.images[rng.choice(np.flatnonzero(digits.target == which))]
        scale = int(rng.integers(2, 4))
        large = np.kron(own, np.ones((scale, scale)))
        top, left = rng.integers(0, side - len(large) + 1, 2)
        place = slice(top, top + len(large)), slice(left, left + len(large))
        ink = large > 7
        mask[place][ink] = which + 1
        picture[place][ink] = rng.normal(200, 12, (int(ink.sum()), 3)) * rng.uniform(0.7, 1.1, 3)
    return picture.clip(0, 255).astype(np.uint8), mask


def write_scenes(folder: Path, count: int, *, seed: int = 0, side: int = SIDE) -> Path:
    """``images/`` and ``masks/`` of scenes, ``classes.txt``, and ``splits.csv`` (60, 20 and 20 %).

    Args:
        folder: made if need be.
        count: scenes.
        seed: of the first; the others follow.
        side: pixels.
    """
    from PIL import Image

    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lines = ["id,split"]
    for number in range(count):
        picture, mask = digit_scene(seed + number, side)
        Image.fromarray(picture).save(folder / "images" / f"{number:04d}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number:04d}.png")
        lines.append(f"{number:04d},{('train', 'train', 'train', 'val', 'test')[number % 5]}")
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    (folder / "splits.csv").write_text("\n".join(lines) + "\n")
    return folder
