"""Quantisers between projections, heads that are alike, losses against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from repscope.errors import InputError
from repscope.segmentation.networks import LOSSES, Segmenter, segmentation_loss


def features(seed=0, count=6):
    torch.manual_seed(seed)
    return torch.randn(count, 8, 5, 5) * torch.arange(1, 9)[None, :, None, None] + 3


@pytest.mark.parametrize("kind", ["vq", "fsq", "lfq", "rvq"])
def test_a_quantiser_keeps_the_shape_and_its_codes_are_in_range(kind):
    network = Segmenter(kind, "linear", 8, 3, codebook=16, bottleneck=4, quantizers=2)
    network.begin(features())
    logits, codes, loss = network.train()(features())
    assert logits.shape == (6, 3, 5, 5)
    assert codes.shape == (6, 5, 5, 2 if kind == "rvq" else 1)
    assert int(codes.min()) >= 0
    assert int(codes.max()) < network.quantised.codebook
    assert loss.ndim == 0
    logits.sum().backward()
    assert network.quantised.project_in.weight.grad.abs().sum() > 0


def test_the_head_is_the_same_whatever_the_quantiser():
    heads = [Segmenter(kind, "conv", 8, 3, seed=4).head.state_dict() for kind in ("none", "identity", "vq")]
    for one in heads[1:]:
        assert all(torch.equal(one[name], heads[0][name]) for name in one)
    other = Segmenter("none", "conv", 8, 3, seed=5).head.state_dict()
    assert not torch.equal(other["layers.0.weight"], heads[0]["layers.0.weight"])


def test_a_codebook_from_data_is_kept_and_has_fewer_dead_codes():
    given = features(count=40)
    network = Segmenter("vq", "linear", 8, 3, codebook=32, bottleneck=4)
    network.begin(given)
    book = network.quantised.quantizer._codebook
    before = book.embed.clone()
    network.train()(given)
    # One step of the running means over the same data leaves it where it is.
    assert float((book.embed - before).norm() / before.norm()) < 0.01
    used = len(torch.unique(network.eval()(given)[1]))
    drawn = Segmenter("vq", "linear", 8, 3, codebook=32, bottleneck=4)
    drawn.mean.copy_(network.mean), drawn.spread.copy_(network.spread)
    drawn.quantised.load_state_dict(network.quantised.state_dict())
    torch.manual_seed(0)
    drawn.quantised.quantizer._codebook.embed.copy_(5 * torch.randn(1, 32, 4))
    assert used > len(torch.unique(drawn.eval()(given)[1]))


def test_losses_are_their_definitions():
    torch.manual_seed(0)
    logits, truth = torch.randn(2, 3, 4, 4), torch.randint(-1, 3, (2, 4, 4))
    ce = functional.cross_entropy(logits, truth, ignore_index=-1)
    assert float(segmentation_loss("ce", logits, truth)) == pytest.approx(float(ce))
    chances = logits.softmax(1).numpy()
    total, dice = 0.0, []
    for k in range(3):
        p = np.where(truth.numpy() >= 0, chances[:, k], 0)
        t = (truth.numpy() == k).astype(float)
        dice.append(2 * (p * t).sum() / (p.sum() + t.sum()))
    assert float(segmentation_loss("dice", logits, truth)) == pytest.approx(1 - np.mean(dice), abs=1e-6)
    for k in range(3):
        p = chances[:, k][truth.numpy() == k]
        total += (-((1 - p) ** 2) * np.log(p)).sum()
    count = int((truth >= 0).sum())
    assert float(segmentation_loss("focal", logits, truth)) == pytest.approx(total / count, abs=1e-6)
    both = sum(float(segmentation_loss(one, logits, truth)) for one in ("ce", "dice"))
    assert float(segmentation_loss("combined", logits, truth)) == pytest.approx(both)


@pytest.mark.parametrize("kind", LOSSES)
def test_ignored_pixels_do_not_count_and_a_perfect_answer_costs_nothing(kind):
    truth = torch.tensor([[[0, 1, -1]]])
    right = 30 * functional.one_hot(truth.clamp(min=0), 2).movedim(-1, 1).float()
    assert float(segmentation_loss(kind, right, truth)) == pytest.approx(0, abs=1e-6)
    other = right.clone()
    other[..., 2] = torch.tensor([-40.0, 40.0])[None, :, None]
    assert float(segmentation_loss(kind, other, truth)) == float(segmentation_loss(kind, right, truth))


def test_unknown_words():
    with pytest.raises(InputError, match="--quantizer"):
        Segmenter("vqq", "linear", 8, 3)
