"""Nearest neighbours of handwritten digits by a small network: the picture of the documentation.

    python examples/digit_neighbours/make.py OUT

The digits are those that scikit-learn brings. The network learns from half of them, for some seconds;
the other half, which it has never seen, is extracted, and each digit's nearest are drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import Tensor, nn

import repscope as rs
from repscope.extraction import Preprocessing
from repscope.verbs.neighbors.grid import neighbour_grid


class Net(nn.Module):
    """Two convolutions, 32 features, ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        )  # fmt: skip
        self.features = nn.Linear(128, 32)
        self.head = nn.Linear(32, 10)

    def forward(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.head(torch.relu(self.features(self.maps(pixels))))
        return out


def trained(pixels: np.ndarray, labels: np.ndarray, steps: int = 300) -> Net:
    """A network that has learnt from these images [N, 8, 8] in [0, 1]."""
    torch.manual_seed(0)
    net = Net()
    x = torch.from_numpy(pixels).float()[:, None].expand(-1, 3, -1, -1)
    y = torch.from_numpy(labels)
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(steps):
        batch = torch.randint(len(x), (64,))
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
        optimiser.step()
    return net.eval()


def main(out: Path, k: int = 8) -> float:
    """Train, extract, draw; the share of neighbours with the digit's own label."""
    digits = load_digits()
    net = trained(digits.images[::2] / 16, digits.target[::2])
    for number in range(1, len(digits.images), 2):
        place = out / "digits" / str(digits.target[number]) / f"{number:04d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((digits.images[number] * 255 / 16).round().astype(np.uint8)).save(place)
    steps = Preprocessing()
    rs.extract(out / "digits", net, capture={"features": "features"}, preprocess=steps, study=out / "study")
    found = rs.neighbors(out / "study", "features", k=k)
    neighbour_grid(found, rows=6, seed=1).savefig(out / "digit-neighbours.png", dpi=110)
    same = found.same_label()
    assert same is not None
    return float(same.mean())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(f"{main(Path(sys.argv[1])):.1%} of neighbours are the same digit")
