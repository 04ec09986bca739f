"""The parts of a model: what is asked of them, and what is said where one is not as it should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from repscope.errors import ModelError
from repscope.internals.masking.mask import Mask
from repscope.internals.masking.samplers import MultiBlock
from repscope.internals.prediction.parts import parts_of
from repscope.internals.prediction.predict import predict_hidden, predict_targets
from repscope.testing.jepa import SmallJepa, take


def masks_of(count: int) -> list[Mask]:
    sampler = MultiBlock(targets=2, scale=(0.1, 0.3))
    return [sampler.sample((4, 4), np.random.default_rng(seed)) for seed in range(count)]


def test_masks_of_many_sizes_give_what_each_image_alone_gives() -> None:
    torch.manual_seed(0)
    model = SmallJepa().eval()
    parts = parts_of(model)
    pixels, masks, ids = torch.rand(8, 3, 16, 16), masks_of(8), [f"{i}" for i in range(8)]
    assert len({int(mask.context.sum()) for mask in masks}) > 2
    with torch.no_grad():
        targets = predict_targets(parts, pixels, ids)
        together = predict_hidden(parts, pixels, masks, targets.shape[2], ids)
        for row, mask in enumerate(masks):
            kept = torch.from_numpy(np.flatnonzero(mask.context))[None]
            seen = model.context_encoder(pixels[row : row + 1], kept)
            for at, cells in enumerate(mask.targets):
                hidden = torch.from_numpy(np.flatnonzero(cells))[None]
                torch.testing.assert_close(together[row][at], model.predictor(seen, kept, hidden)[0])


def test_hidden_patches_are_dropped_and_not_zeroed() -> None:
    model, seen = SmallJepa().eval(), []

    class Watched(torch.nn.Module):
        predictor, target_encoder, grid = model.predictor, model.target_encoder, model.grid

        def context_encoder(self, pixels: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
            seen.append(kept)
            return model.context_encoder(pixels, kept)

    parts, (mask,) = parts_of(Watched()), masks_of(1)
    pixels = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        before = predict_hidden(parts, pixels, [mask], 48, ["a"])
        hidden = torch.from_numpy(np.kron(mask.masked, np.ones((4, 4))).astype(bool))
        after = predict_hidden(parts, torch.where(hidden, 9.0, pixels), [mask], 48, ["a"])
    assert seen[0].shape == (1, mask.context.sum())
    assert torch.equal(before[0][0], after[0][0])


def broken(**parts: Any) -> torch.nn.Module:
    """A model with other parts."""
    model = SmallJepa().eval()
    for name, part in parts.items():
        delattr(model, name) if name in dict(model.named_children()) else None
        object.__setattr__(model, name, part)
    return model


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"predictor": lambda *_: torch.zeros(1, 2, 7)},
            r"from predictor: the \d patches asked for, 48 wide",
        ),
        ({"predictor": lambda *_: None}, "an object of type NoneType"),
        (
            {"predictor": lambda c, k, h: torch.full((1, h.shape[1], 48), torch.nan)},
            r"NaN or Inf .*\(photo\)",
        ),
        ({"context_encoder": lambda pixels, kept: torch.zeros(1, 16, 48)}, "patches that are not hidden"),
        ({"target_encoder": lambda pixels: torch.zeros(1, 48)}, "from target_encoder; got shape 1×48"),
        ({"target_encoder": lambda pixels: torch.full((1, 16, 48), torch.inf)}, "finite features"),
    ],
)
def test_a_part_that_gives_something_else(parts: dict[str, Any], message: str) -> None:
    own, pixels = parts_of(broken(**parts)), torch.zeros(1, 3, 16, 16)

    @torch.no_grad()
    def run() -> None:
        predict_targets(own, pixels, ["photo"])
        predict_hidden(own, pixels, masks_of(1), 48, ["photo"])

    with pytest.raises(ModelError, match=message):
        run()


def test_a_model_without_the_parts_is_shown_one_that_has_them() -> None:
    with pytest.raises(
        ModelError, match="Linear without context_encoder, target_encoder, predictor"
    ) as error:
        parts_of(torch.nn.Linear(2, 2))
    assert "def predictor(self, context, kept, hidden)" in "\n".join(error.value.__notes__)
    for name, wrong in (("levels", 0), ("levels", 2.5), ("grid", 4), ("grid", (4, -1))):
        model = SmallJepa()
        setattr(model, name, wrong)
        with pytest.raises(ModelError, match=name):
            parts_of(model)


def test_take() -> None:
    tokens = torch.arange(12.0).reshape(1, 4, 3)
    assert take(tokens, torch.tensor([[2, 0]])).tolist() == [[[6, 7, 8], [0, 1, 2]]]
