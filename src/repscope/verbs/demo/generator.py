"""A small variational autoencoder (Kingma & Welling 2014), and a classifier whose features judge it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

BATCH = 128
WIDTH = 128


@contextmanager
def _one_thread() -> Iterator[None]:
    """Networks this small lose time by a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Generator(nn.Module):
    """Images from a few numbers, and back."""

    def __init__(self, pixels: int, latent: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, WIDTH), nn.ReLU(), nn.Linear(WIDTH, pixels))

    @torch.no_grad()
    def draw(self, latents: Tensor) -> Tensor:
        """[n, pixels] images of 256 grey levels in [0, 1], the mean that the decoder gives, as is usual."""
        drawn: Tensor = (torch.sigmoid(self.decoder(latents)) * 255).round() / 255
        return drawn


class Features(nn.Module):
    """A classifier; ``features`` is what its last layer sees. Takes [B, 3, H, W], grey three times."""

    def __init__(self, pixels: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(pixels, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Linear(32, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, classes]."""
        out: Tensor = self.head(self.features(images[:, 0].flatten(1)))
        return out


def noise(rows: int, latent: int, seed: int) -> Tensor:
    """[rows, latent] standard normal numbers."""
    return torch.randn(rows, latent, generator=torch.Generator().manual_seed(seed))


@_one_thread()
def train_generator(images: Tensor, *, latent: int, beta: float, steps: int, seed: int) -> Generator:
    """A generator that has learnt images [n, pixels] in [0, 1], from its own random start.

    Args:
        images: to learn from, drawn with replacement.
        latent: numbers behind an image.
        beta: weight of the prior; less of it gives sharper images (Higgins et al. 2017).
        steps: of Adam, with batches of 128.
        seed: of the start and of every draw.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        model = Generator(images.shape[1], latent)
    optimiser = torch.optim.Adam(model.parameters(), 3e-3, fused=True)
    for _ in range(steps):
        batch = images[torch.randint(len(images), (BATCH,), generator=generator)]
        mean, log_variance = model.encoder(batch).chunk(2, dim=1)
        spread = torch.exp(log_variance / 2)
        latents = mean + spread * torch.randn(mean.shape, generator=generator)
        missed = nn.functional.binary_cross_entropy_with_logits(
            model.decoder(latents), batch, reduction="sum"
        )
        prior = (mean**2 + spread**2 - 1 - log_variance).sum() / 2
        optimiser.zero_grad()
        ((missed + beta * prior) / BATCH).backward()
        optimiser.step()
    return model.eval()


@_one_thread()
def train_features(
    images: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], *, steps: int = 800, seed: int = 0
) -> Features:
    """A classifier of real images.

    Args:
        images: [n, H, W] in [0, 1].
        labels: [n] classes from 0.
        steps: of Adam, with batches of 64.
        seed: of the start and of every draw.
    """
    generator = torch.Generator().manual_seed(seed)
    pixels, truth = torch.from_numpy(images).float(), torch.from_numpy(labels).long()
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        net = Features(pixels[0].numel(), int(truth.max()) + 1)
    optimiser = torch.optim.Adam(net.parameters(), 3e-3, fused=True)
    for _ in range(steps):
        batch = torch.randint(len(pixels), (64,), generator=generator)
        loss = nn.functional.cross_entropy(net(pixels[batch][:, None]), truth[batch])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return net.eval()
