"""Pictures of what was predicted, and how far they are from the pixels that were hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import ModelError
from repscope.internals.masking.mask import Cells, Mask
from repscope.internals.prediction.parts import WRAPPER, Parts

if TYPE_CHECKING:
    from torch import Tensor


def fill_in(targets: Tensor, masks: Sequence[Mask], predicted: Sequence[Sequence[Tensor]]) -> Tensor:
    """[B, T, D] target features with those of hidden patches replaced by what was predicted of them.

    A patch in several targets gets the mean of its predictions.

    Args:
        targets: [B, T, D].
        masks: [B].
        predicted: for each image, [M, D] a target.
    """
    import torch

    features = targets.clone()
    for row, (mask, blocks) in enumerate(zip(masks, predicted, strict=True)):
        count = torch.from_numpy(mask.depth.ravel()).to(features)
        sums = torch.zeros_like(features[row])
        for cells, block in zip(mask.targets, blocks, strict=True):
            sums[torch.from_numpy(np.flatnonzero(cells)).to(sums.device)] += block
        hidden = count > 0
        features[row, hidden] = sums[hidden] / count[hidden, None]
    return features


def fill_in_mean(targets: Tensor, masks: Sequence[Mask]) -> Tensor:
    """[B, T, D] target features with those of hidden patches replaced by the mean of the visible ones."""
    import torch

    features = targets.clone()
    for row, mask in enumerate(masks):
        hidden, seen = (
            torch.from_numpy(cells.ravel()).to(targets.device) for cells in (mask.masked, mask.context)
        )
        features[row, hidden] = targets[row, seen].mean(dim=0)
    return features


def decode(parts: Parts, features: Tensor, pixels: Tensor) -> Tensor:
    """[B, 3, H, W] the decoder's pictures of features [B, T, D], in units of the model's pixels.

    Raises:
        ModelError: another shape, NaN or Inf.
    """
    import torch

    assert parts.decoder is not None
    made = parts.decoder(features, pixels)
    fine = isinstance(made, torch.Tensor) and made.shape == pixels.shape
    if not fine or not bool(torch.isfinite(made).all()):
        got = "NaN or Inf" if fine else f"shape {'×'.join(map(str, getattr(made, 'shape', ())))}"
        error = ModelError(
            f"finite pictures of shape {'×'.join(map(str, pixels.shape))} from decoder",
            got,
            "give them in units of the pixels that the model is given",
        )
        error.add_note(WRAPPER)
        raise error
    return made


def pixel_error(made: NDArray[Any], true: NDArray[Any], mask: Mask) -> float:
    """Mean squared error of a picture [3, H, W] on the pixels of hidden patches."""
    hidden = in_pixels(mask.masked, (true.shape[1], true.shape[2]))
    return float(np.square(made - true)[:, hidden].mean())


def in_pixels(cells: Cells, size: tuple[int, int]) -> Cells:
    """Cells of a grid of patches as pixels of a picture of this height and width."""
    rows, columns = (np.arange(size[axis]) * cells.shape[axis] // size[axis] for axis in range(2))
    pixels: Cells = cells[rows][:, columns]
    return pixels
