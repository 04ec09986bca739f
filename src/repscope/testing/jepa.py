"""A small JEPA that trains in seconds, and its variant that collapses: for tests and examples.

Context encoder, target encoder (an exponential moving average of it) and predictor are vision transformers
as in I-JEPA (Assran et al., CVPR 2023), a thousand times smaller. Without the average and without the
stopped gradient the same objective has a trivial answer, and training finds it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from repscope.internals.masking.mask import Mask
from repscope.internals.masking.samplers import MultiBlock

SIDE, PATCH = 16, 4

PLACES = 0.3
"""Spread of the places of patches."""

MEAN, STD = 0.305, 0.319
"""Of the pixels of :func:`digit_images`, in [0, 1]."""


class Encoder(nn.Module):
    """A vision transformer without a class token, which drops the patches that it is not to see."""

    def __init__(self, side: int = SIDE, patch: int = PATCH, width: int = 48, depth: int = 2) -> None:
        super().__init__()
        self.grid = (side // patch, side // patch)
        self.embed = nn.Conv2d(3, width, patch, stride=patch)
        # Small beside the patches: places that outweigh them are all that a JEPA learns.
        self.places = nn.Parameter(PLACES * torch.randn(1, self.grid[0] * self.grid[1], width))
        self.blocks = _blocks(width, depth)
        self.norm = nn.LayerNorm(width)

    def forward(self, pixels: Tensor, kept: Tensor | None = None) -> Tensor:
        """[B, K, D] features of the patches ``kept`` [B, K] of ``pixels`` [B, 3, H, W]; of all by default."""
        tokens = self.embed((pixels - MEAN) / STD).flatten(2).transpose(1, 2) + self.places
        seen = tokens if kept is None else take(tokens, kept)
        features: Tensor = self.norm(self.blocks(seen))
        return features


class Predictor(nn.Module):
    """From the features of the context to those of hidden patches, of which it is told the places."""

    def __init__(self, tokens: int, width: int = 48, depth: int = 1) -> None:
        super().__init__()
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.places = nn.Parameter(PLACES * torch.randn(1, tokens, width))
        self.blocks = _blocks(width, depth)
        self.out = nn.Linear(width, width)

    def forward(self, context: Tensor, kept: Tensor, hidden: Tensor) -> Tensor:
        """[B, M, D] for the patches ``hidden`` [B, M], from the ``context`` [B, K, D] of ``kept`` [B, K]."""
        places = self.places.expand(len(context), -1, -1)
        asked = self.token + take(places, hidden)
        mixed = self.blocks(torch.cat([context + take(places, kept), asked], dim=1))
        predicted: Tensor = self.out(mixed[:, kept.shape[1] :])
        return predicted


class SmallJepa(nn.Module):
    """What ``repscope predictions`` asks of a model: encoders, predictor, masks, levels.

    Args:
        side, patch: pixels of an image and of a patch.
        width: of the features.
        collapsing: train without the moving average and without the stopped gradient.
    """

    levels = 2

    def __init__(
        self, side: int = SIDE, patch: int = PATCH, width: int = 48, *, collapsing: bool = False
    ) -> None:
        super().__init__()
        self.collapsing = collapsing
        self.context_encoder = Encoder(side, patch, width)
        self.average = Encoder(side, patch, width).requires_grad_(requires_grad=False)
        self.average.load_state_dict(self.context_encoder.state_dict())
        self.grid = self.context_encoder.grid
        self.predictor = Predictor(self.grid[0] * self.grid[1], width)

    def target_encoder(self, pixels: Tensor) -> Tensor:
        """[B, T, D] features of all patches, as the loss compares them."""
        if self.collapsing:
            features: Tensor = self.context_encoder(pixels)
            return features
        # The targets of I-JEPA are normalised over their features.
        return functional.layer_norm(self.average(pixels), self.average.norm.normalized_shape)

    def masks(self, grid: tuple[int, ...], rng: np.random.Generator) -> tuple[Mask, ...]:
        """Two blocks of a quarter of the patches each; the rest is seen."""
        return MultiBlock(targets=2, scale=(0.25, 0.25), aspect=(1.0, 1.0), context=(1.0, 1.0))(grid, rng)

    def loss(self, pixels: Tensor, kept: Tensor, hidden: Tensor) -> Tensor:
        """Mean squared error of the predictions of one block [B, M], seeing ``kept`` [B, K]."""
        with torch.set_grad_enabled(self.collapsing):
            targets = take(self.target_encoder(pixels), hidden)
        return functional.mse_loss(self.predictor(self.context_encoder(pixels, kept), kept, hidden), targets)

    @torch.no_grad()
    def follow(self, momentum: float) -> None:
        """Move the average towards the context encoder."""
        for slow, fast in zip(self.average.parameters(), self.context_encoder.parameters(), strict=True):
            slow.lerp_(fast, 1 - momentum)


def train_jepa(
    images: NDArray[np.float32],
    *,
    steps: int = 300,
    batch: int = 64,
    collapsing: bool = False,
    seed: int = 0,
    after_step: Callable[[int, SmallJepa, float], None] | None = None,
) -> SmallJepa:
    """Train a :class:`SmallJepa` on the CPU.

    Args:
        images: [N, 3, H, H] in [0, 1].
        steps, batch: of the training.
        collapsing: the variant without moving average and stopped gradient.
        seed: of weights, batches and masks; the generators of torch stay as they were.
        after_step: called with the number of the step, the model and the loss.
    """
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SmallJepa(images.shape[2], collapsing=collapsing)
    learnt = [*model.context_encoder.parameters(), *model.predictor.parameters()]
    optimiser = torch.optim.AdamW(learnt, lr=1e-3)
    for step in range(steps):
        pixels = torch.from_numpy(images[rng.integers(0, len(images), batch)])
        (mask,) = model.masks(model.grid, rng)
        kept, hidden = (torch.from_numpy(np.flatnonzero(one)) for one in (mask.context, mask.targets[0]))
        loss = model.loss(pixels, kept.expand(batch, -1), hidden.expand(batch, -1))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        optimiser.step()
        model.follow(0.99)
        if after_step is not None:
            after_step(step, model, float(loss.detach()))
    return model.eval()


def digit_images(side: int = SIDE) -> NDArray[np.float32]:
    """[1797, 3, side, side] scikit-learn's handwritten digits in [0, 1], enlarged."""
    from sklearn.datasets import load_digits

    digits = torch.from_numpy(load_digits().images.astype(np.float32) / 16)[:, None]
    larger = functional.interpolate(digits, size=(side, side), mode="bilinear", align_corners=False)
    return np.ascontiguousarray(larger.expand(-1, 3, -1, -1).numpy())


def take(tokens: Tensor, places: Tensor) -> Tensor:
    """[B, K, D] the tokens [B, T, D] at ``places`` [B, K]."""
    return tokens.gather(1, places[:, :, None].expand(-1, -1, tokens.shape[2]))


def _blocks(width: int, depth: int) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(
        width, 4, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    return nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
