"""transformers' ViTMAE, taken apart: the same numbers as its own forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers

from repscope.internals.masking.mask import Mask
from repscope.internals.prediction.decoding import decode, fill_in, fill_in_mean, pixel_error
from repscope.internals.prediction.parts import parts_of
from repscope.internals.prediction.predict import predict_hidden, predict_targets

IDS = ["a", "b", "c"]


def autoencoder(**more: Any) -> torch.nn.Module:
    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    decoder = {f"decoder_{name}": value for name, value in small.items()}
    config = transformers.ViTMAEConfig(image_size=16, patch_size=4, **small, **decoder, **more)
    return transformers.ViTMAEForPreTraining(config).eval()


@pytest.mark.parametrize("normalised", [False, True])
def test_predictions_are_those_of_the_model(normalised: bool) -> None:
    model = autoencoder(norm_pix_loss=normalised, mask_ratio=0.6)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    pixels = torch.rand(3, 3, 16, 16)
    noise = torch.rand(3, 16)
    with torch.no_grad():
        own = model(pixels, noise=noise)
        masks = [Mask(~hidden, (hidden,)) for hidden in own.mask.bool().numpy().reshape(3, 4, 4)]
        parts = parts_of(model)
        targets = predict_targets(parts, pixels, IDS)
        predicted = predict_hidden(parts, pixels, masks, targets.shape[2], IDS)
    loss = torch.stack(
        [
            (blocks[0] - targets[row, masks[row].masked.ravel()]).square().mean(dim=1).mean()
            for row, blocks in enumerate(predicted)
        ]
    ).mean()
    torch.testing.assert_close(loss, own.loss)
    for row, blocks in enumerate(predicted):
        torch.testing.assert_close(
            blocks[0], own.logits[row, masks[row].masked.ravel()], atol=1e-5, rtol=1e-4
        )
    assert model.config.mask_ratio == 0.6
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("normalised", [False, True])
def test_true_features_give_the_true_picture(normalised: bool) -> None:
    parts = parts_of(autoencoder(norm_pix_loss=normalised))
    pixels = torch.rand(2, 3, 16, 16)
    targets = predict_targets(parts, pixels, IDS)
    hidden = np.zeros((4, 4), bool)
    hidden[1:3, 1:] = True
    mask = Mask(~hidden, (hidden,))
    true = [[targets[row, hidden.ravel()]] for row in range(2)]
    made = decode(parts, fill_in(targets, [mask, mask], true), pixels)
    torch.testing.assert_close(made, pixels, atol=1e-5, rtol=1e-4)
    assert pixel_error(made[0].numpy(), pixels[0].numpy(), mask) < 1e-9
    # Without normalisation the picture of the trivial predictor repeats the mean visible patch.
    if not normalised:
        trivial = decode(parts, fill_in_mean(targets, [mask, mask]), pixels)[0].numpy()
        blocks = pixels[0].numpy().reshape(3, 4, 4, 4, 4).transpose(1, 3, 0, 2, 4)
        mean = blocks[~hidden].mean(axis=0)
        np.testing.assert_allclose(trivial[:, 4:8, 8:12], mean, rtol=1e-5)
        expected = ((blocks[hidden] - mean) ** 2).mean()
        assert pixel_error(trivial, pixels[0].numpy(), mask) == pytest.approx(expected, rel=1e-5)


def test_its_own_masks_hide_what_its_training_hides() -> None:
    model = autoencoder(mask_ratio=0.7)
    parts = parts_of(model)
    (mask,) = parts.masks((4, 4), np.random.default_rng(0))
    own = model(torch.rand(1, 3, 16, 16))
    assert mask.masked.sum() == int(own.mask.sum())
    assert not (mask.masked & mask.context).any()
