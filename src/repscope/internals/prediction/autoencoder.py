"""Masked autoencoders of transformers as models that predict: their targets are the pixels of a patch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.internals.masking.mask import Grid, Mask

if TYPE_CHECKING:
    from torch import Tensor, nn

TRUE_MOMENTS = (
    "the model predicts normalised pixels: its pictures, and those of the trivial predictor, use the true "
    "mean and spread of each hidden patch"
)


def is_autoencoder(module: nn.Module) -> bool:
    """Whether this is transformers' ViTMAE with its decoder."""
    return any(kind.__name__ == "ViTMAEForPreTraining" for kind in type(module).__mro__)


def masked_autoencoder(model: Any) -> dict[str, Any]:
    """The parts of a ``ViTMAEForPreTraining``, which is left as it is (He et al., CVPR 2022).

    Predicted are the pixels of each patch, normalised where the training's loss normalises them. The
    pictures of the decoder then use the true mean and spread of every patch, as those of the paper do.
    """
    import torch

    config = model.config
    side = config.image_size // config.patch_size
    count = side * side

    def order(kept: Tensor) -> Tensor:
        """[B, T] all patches, those kept first."""
        noise = torch.arange(count, device=kept.device).expand(len(kept), -1) + count
        places: Tensor = noise.scatter(
            1, kept, torch.arange(kept.shape[1], device=kept.device).expand_as(kept)
        )
        return places

    def context_encoder(pixels: Tensor, kept: Tensor) -> Tensor:
        with _keeping(config, kept.shape[1], count):
            features: Tensor = model.vit(pixels, noise=order(kept)).last_hidden_state
        return features

    def target_encoder(pixels: Tensor) -> Tensor:
        patches: Tensor = model.patchify(pixels)
        if not config.norm_pix_loss:
            return patches
        mean, spread = _moments(patches)
        return (patches - mean) / spread

    def predictor(context: Tensor, kept: Tensor, hidden: Tensor) -> Tensor:
        places = order(kept).argsort(dim=1).argsort(dim=1)
        patches: Tensor = model.decoder(context, places).logits
        return patches.gather(1, hidden[:, :, None].expand(-1, -1, patches.shape[2]))

    def decoder(features: Tensor, pixels: Tensor) -> Tensor:
        if config.norm_pix_loss:
            mean, spread = _moments(model.patchify(pixels))
            features = features * spread + mean
        picture: Tensor = model.unpatchify(features)
        return picture

    def masks(grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        """As many patches as in training, drawn evenly."""
        tokens = int(np.prod(grid))
        context = np.zeros(tokens, bool)
        context[rng.permutation(tokens)[: int(tokens * (1 - config.mask_ratio))]] = True
        return (Mask(context.reshape(grid), (~context.reshape(grid),)),)

    return {
        "context_encoder": context_encoder,
        "target_encoder": target_encoder,
        "predictor": predictor,
        "decoder": decoder,
        "masks": masks,
        "grid": (side, side),
        "special_tokens": 1,
        "notes": (TRUE_MOMENTS,) if config.norm_pix_loss else (),
    }


def _moments(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and spread of the pixels of each patch, as the loss of the model computes them."""
    return patches.mean(dim=-1, keepdim=True), (patches.var(dim=-1, keepdim=True) + 1e-6) ** 0.5


@contextmanager
def _keeping(config: Any, kept: int, count: int) -> Iterator[None]:
    """Let the model keep so many patches, whatever share it was trained with; put back after."""
    before = config.mask_ratio
    config.mask_ratio = 1 - (kept + 0.5) / count
    try:
        yield
    finally:
        config.mask_ratio = before
