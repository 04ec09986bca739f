"""H-JEPA's own module as a model that predicts, called as its training calls it."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import ModelError
from repscope.internals.masking.mask import Grid, Mask
from repscope.internals.masking.samplers import Hierarchical

if TYPE_CHECKING:
    from torch import Tensor, nn

EMPTIED = "the context encoder empties hidden patches and keeps their places, as in the model's own training"


def is_hierarchical(module: nn.Module) -> bool:
    """Whether this is the ``HJEPA`` of the published code."""
    return any(kind.__name__ == "HJEPA" for kind in type(module).__mro__)


def hierarchical_jepa(model: Any) -> dict[str, Any]:
    """The parts of an ``HJEPA``, which is left as it is.

    Its training empties hidden patches and keeps their places, and its encoders have a class token. All
    targets of its finest level are hidden at once and predicted together. Its coarser levels are means over
    neighbours in the row of hidden patches; here they are means over cells of the grid.

    Raises:
        ModelError: its levels go through a feature pyramid, which mixes the hidden patches.
    """
    import torch

    if model.use_fpn:
        raise ModelError(
            "levels that are projections of each patch",
            "an HJEPA with use_fpn",
            "wrap it, with level_features for what a level makes of a patch",
        )
    count = int(model.context_encoder.num_patches)
    levels = int(model.num_hierarchies)

    def context_encoder(pixels: Tensor, kept: Tensor) -> Tensor:
        hidden = torch.ones(len(kept), count, device=kept.device).scatter(1, kept, 0.0)
        features: Tensor = model.context_encoder(pixels, mask=hidden)
        return features

    def target_encoder(pixels: Tensor) -> Tensor:
        features: Tensor = model.target_encoder(pixels)
        return features[:, 1:]

    def predictor(context: Tensor, _: Tensor, hidden: Tensor) -> Tensor:
        places = model.context_encoder.vit.pos_embed[:, 1:].expand(len(context), -1, -1)
        made: Tensor = model.predictor(context_features=context[:, 1:], mask_indices=hidden, pos_embed=places)
        return made

    def level_features(features: Tensor, level: int) -> Tensor:
        projected: Tensor = model.hierarchy_projections[level](features)
        return projected

    def masks(grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        hidden = Hierarchical(levels).at(0).sample(grid, rng).masked
        return (Mask(~hidden, (hidden,)),)

    return {
        "context_encoder": context_encoder,
        "target_encoder": target_encoder,
        "predictor": predictor,
        "level_features": level_features,
        "masks": masks,
        "grid": (isqrt(count), isqrt(count)),
        "levels": levels,
        "special_tokens": 1,
        "keeps_places": True,
        "notes": (EMPTIED,),
    }
