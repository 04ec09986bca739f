"""A small image-text dual encoder, as you would write one."""

import torch
from torch import nn

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WIDTH = 32


class ImageEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * 4 * 4, 64),
            nn.ReLU(),
        )
        self.projection = nn.Linear(64, WIDTH)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.projection(self.trunk(pixels))


class TextEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(len(DIGITS), 32)
        self.projection = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, WIDTH))

    def forward(self, digits: torch.Tensor) -> torch.Tensor:
        return self.projection(self.words(digits))
