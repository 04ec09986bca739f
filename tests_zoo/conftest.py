"""The second environment: timm, open_clip and sentence-transformers beside a CPU torch.

torchvision's wheel on PyPI is a CUDA build. Beside a CPU torch its import ends in ``operator torchvision::nms
does not exist``, and with it that of every package here. Nothing that these tests use needs the operator, so
its schema is enough; it is defined on exactly this error, and nowhere outside the tests.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

MISSING = "operator torchvision::nms does not exist"
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def _with_torchvision() -> Any:
    """The library that holds the two schemas; it has to be kept as long as they are needed."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if str(error) != MISSING:
            raise
    else:
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(name + SCHEMA)
    # What the failed import left behind would be found half made.
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    importlib.import_module("torchvision")
    return library


_KEPT = _with_torchvision()


@pytest.fixture
def make_images(tmp_path: Path) -> Callable[[int], Path]:
    """A folder of smooth pictures of different sizes, the same every time."""

    def make(n: int) -> Path:
        folder = tmp_path / "photos"
        folder.mkdir()
        for index in range(n):
            rng = np.random.default_rng(index)
            coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 3), dtype=np.uint8))
            coarse.resize((200 + 16 * index, 150 + 9 * index)).save(folder / f"{index:03d}.png")
        return folder

    return make
