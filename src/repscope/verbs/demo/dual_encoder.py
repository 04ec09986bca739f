"""A small image-text dual encoder, as a user would write one. The demo copies this file."""

import torch
from torch import nn

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEMPLATES = (
    "a photo of the digit {}",
    "a handwritten {}",
    "somebody wrote the number {}",
    "a small grey picture of a {}",
)
WIDTH = 32


class ImageEncoder(nn.Module):
    """Images [B, 3, 16, 16] to embeddings [B, 32]."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * 4 * 4, 64),
            nn.ReLU(),
        )
        self.projection = nn.Linear(64, WIDTH)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Embed images [B, 3, 16, 16]."""
        rows: torch.Tensor = self.projection(self.trunk(images))
        return rows


class TextEncoder(nn.Module):
    """Captions to embeddings [B, 32]: mean word embedding, then a small MLP."""

    def __init__(self) -> None:
        super().__init__()
        words = sorted({word for template in TEMPLATES for word in template.split()} | set(DIGITS))
        self.vocabulary = {word: index for index, word in enumerate(words)}
        self.words = nn.Embedding(len(words), 32)
        self.projection = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, WIDTH))

    def forward(self, captions: list[str]) -> torch.Tensor:
        """Embed captions of known words."""
        means = [
            self.words(torch.tensor([self.vocabulary[word] for word in caption.split()])).mean(dim=0)
            for caption in captions
        ]
        rows: torch.Tensor = self.projection(torch.stack(means))
        return rows
