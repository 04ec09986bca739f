"""H-JEPA's module by its own calls: a small one of the same parts, with the forward pass as published."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from repscope.errors import ModelError
from repscope.internals.prediction.parts import parts_of
from repscope.internals.prediction.predict import predict_hidden, predict_targets

WIDTH = 8


class Side(nn.Module):
    """An encoder with a class token, which empties what the mask hides."""

    def __init__(self) -> None:
        super().__init__()
        self.vit = nn.Module()
        self.vit.patch_embed = nn.Conv2d(3, WIDTH, 4, stride=4)
        self.vit.cls_token = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.vit.pos_embed = nn.Parameter(torch.randn(1, 17, WIDTH))
        self.mix = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        self.num_patches = 16

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        x = self.vit.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.vit.cls_token.expand(len(x), -1, -1), x], dim=1) + self.vit.pos_embed
        if mask is not None:
            x = x * (1 - torch.cat([torch.zeros(len(mask), 1), mask], dim=1)[:, :, None])
        return self.mix(x, x, x, need_weights=False)[0]


class Predictor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token, self.mix = (
            nn.Parameter(torch.randn(1, 1, WIDTH)),
            nn.MultiheadAttention(WIDTH, 2, batch_first=True),
        )

    def forward(
        self, context_features: torch.Tensor, mask_indices: torch.Tensor, pos_embed: torch.Tensor
    ) -> torch.Tensor:
        places = pos_embed.gather(1, mask_indices[:, :, None].expand(-1, -1, WIDTH))
        x = torch.cat([context_features, self.token + places], dim=1)
        return self.mix(x, x, x, need_weights=False)[0][:, context_features.shape[1] :]


class HJEPA(nn.Module):
    def __init__(self, *, use_fpn: bool = False) -> None:
        super().__init__()
        self.use_fpn, self.num_hierarchies = use_fpn, 2
        self.context_encoder, self.target_encoder, self.predictor = Side(), Side(), Predictor()
        self.hierarchy_projections = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))

    def forward(self, images: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The finest level of one image: predictions and targets."""
        hidden = mask.bool()[0].nonzero()[:, 0][None]
        places = self.context_encoder.vit.pos_embed[:, 1:]
        context = self.context_encoder(images, mask=mask)[:, 1:]
        made = self.predictor(context_features=context, mask_indices=hidden, pos_embed=places)
        target = self.target_encoder(images)[:, 1:][:, hidden[0]]
        return self.hierarchy_projections[0](made), self.hierarchy_projections[0](target)


def test_predictions_are_those_of_its_own_forward_pass() -> None:
    torch.manual_seed(0)
    model = HJEPA().eval()
    parts = parts_of(model)
    assert (parts.grid, parts.levels) == ((4, 4), 2)
    pixels, ids = torch.rand(3, 3, 16, 16), ["a", "b", "c"]
    masks = [parts.masks((4, 4), np.random.default_rng(seed))[0] for seed in range(3)]
    with torch.no_grad():
        targets = predict_targets(parts, pixels, ids)
        predicted = predict_hidden(parts, pixels, masks, WIDTH, ids)
        for row, mask in enumerate(masks):
            cells = torch.from_numpy(mask.masked.ravel())
            own, true = model(pixels[row : row + 1], cells[None].float())
            torch.testing.assert_close(parts.level_features(predicted[row][0][None], 0), own)
            torch.testing.assert_close(parts.level_features(targets[row : row + 1, cells], 0), true)


def test_a_feature_pyramid_is_refused() -> None:
    with pytest.raises(ModelError, match="use_fpn"):
        parts_of(HJEPA(use_fpn=True))
