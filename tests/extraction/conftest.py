from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

MODEL = """
import time
import torch
from torch import nn


class Tiny(nn.Module):
    def __init__(self, pause=0.0):
        super().__init__()
        self.pause = pause
        self.stem = nn.Conv2d(3, 4, 4, stride=4)
        self.bn = nn.BatchNorm2d(4)
        self.adapter = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        time.sleep(self.pause)
        x = torch.relu(self.bn(self.stem(x))).mean((2, 3))
        return self.head(self.adapter(x))


def build():
    return Tiny()


def slow():
    return Tiny(0.02)
"""


class Tiny(nn.Module):
    """A stem with an in-place activation, a module called twice, tokens, a tuple, one never called."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 4, stride=4)
        self.bn = nn.BatchNorm2d(4)
        self.act = nn.ReLU(inplace=True)
        self.tokens = nn.Identity()
        self.twice = nn.Linear(4, 4)
        self.pair = Pair()
        self.head = nn.Linear(4, 2)
        self.unused = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.bn(self.stem(x)))
        tokens = self.tokens(x.flatten(2).transpose(1, 2))
        y = self.twice(self.twice(tokens.mean(1)))
        first, _ = self.pair(scale=2, hidden=y)
        out: Tensor = self.head(first)
        return out


class Pair(nn.Module):
    def forward(self, *, scale: float, hidden: Tensor) -> tuple[Tensor, Tensor]:
        return hidden * scale, hidden + 1


@pytest.fixture
def tiny() -> Tiny:
    torch.manual_seed(0)
    return Tiny().eval()


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    file = tmp_path / "model.py"
    file.write_text(MODEL)
    return file


@pytest.fixture
def make_images(tmp_path: Path) -> Callable[..., Path]:
    """A folder of small images in two sub-folders, different each and the same every time."""

    def make(n: int = 10, size: tuple[int, int] = (16, 16), name: str = "photos") -> Path:
        folder = tmp_path / name
        for index in range(n):
            sub = folder / ("cat" if index % 2 else "dog")
            sub.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(index).integers(0, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(sub / f"{index:03d}.png")
        return folder

    return make


@pytest.fixture
def images(make_images: Callable[..., Path]) -> Path:
    return make_images()
