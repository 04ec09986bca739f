"""What is read off a match: ranks, recalls, margins; and what a collapse or a shift makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.measure.conftest import problem, unit
from torchmetrics.retrieval import RetrievalMRR

from repscope.errors import InputError, LinkError
from repscope.measure.alignment.true_match import (
    cosine_max_items,
    cosine_true_items,
    margin_items,
    recall_items,
    reciprocal_rank_items,
    top_k_items,
)
from repscope.measure.core.matching import match


def test_reciprocal_rank_agrees_with_torchmetrics() -> None:
    rng = np.random.default_rng(0)
    items, reference = rng.standard_normal((50, 16)), rng.standard_normal((50, 16))
    keys = np.arange(50)
    cosines = unit(items) @ unit(reference).T
    oracle = RetrievalMRR()(
        torch.tensor(1 + cosines.ravel()),  # torchmetrics takes scores up to 0 for not retrieved
        torch.tensor(np.eye(50, dtype=bool).ravel()),
        torch.tensor(np.repeat(keys, 50)),
    )
    found = reciprocal_rank_items(match(items, reference, keys, keys)).mean()
    assert found == pytest.approx(float(oracle), abs=1e-6)


def test_reverse_is_the_match_of_the_reference_in_the_items() -> None:
    items, reference, item_keys, reference_keys = problem(5, n=200)
    forward = match(items, reference, item_keys, reference_keys)
    backward = match(reference, items, reference_keys, item_keys)
    for k in (1, 5, 10):
        np.testing.assert_array_equal(recall_items(forward, k, reverse=True), recall_items(backward, k))
        np.testing.assert_array_equal(recall_items(forward, k), top_k_items(forward, k))


def test_collapse_onto_one_text_raises_the_largest_cosine_and_leaves_chance() -> None:
    rng = np.random.default_rng(0)
    texts = rng.standard_normal((20, 32)).astype(np.float32)
    labels = np.repeat(np.arange(20), 15)
    items = texts[labels] + 4 * rng.standard_normal((300, 32)).astype(np.float32)
    before = match(items, texts, labels, np.arange(20))
    after = match(np.broadcast_to(texts[7], items.shape), texts, labels, np.arange(20))
    assert cosine_max_items(before).mean() < 0.5
    np.testing.assert_allclose(cosine_max_items(after), 1.0, atol=1e-6)
    assert top_k_items(before, 1).mean() > 0.1
    assert top_k_items(after, 1).mean() == pytest.approx(1 / 20)
    # The texts search 300 items that are all the same: the best of 15 linked ones ties with 285.
    np.testing.assert_allclose(after.reverse_rank, 1 + 285 / 2)
    np.testing.assert_allclose(recall_items(after, 1, reverse=True), 1 / 286)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("block_rows", [None, 1, 7])
def test_total_collapse_is_not_flattered(dtype: type, block_rows: int | None) -> None:
    point = np.random.default_rng(0).standard_normal(96).astype(dtype)
    items, reference = np.tile(point, (30, 1)), np.tile(point * dtype(1.5), (25, 1))
    found = match(items, reference, np.arange(30) % 25, np.arange(25), block_rows=block_rows)
    np.testing.assert_array_equal(found.rank, 13.0)
    np.testing.assert_allclose(top_k_items(found, 5), 0.2)
    np.testing.assert_allclose(top_k_items(found, 1), 0.04)
    np.testing.assert_array_equal(found.nearest, 0)
    np.testing.assert_array_equal(found.top_indices, np.tile(np.arange(10), (30, 1)))


def test_a_mean_shift_lifts_true_and_largest_cosine() -> None:
    rng = np.random.default_rng(2)
    reference = rng.standard_normal((40, 32))
    items = unit(reference + rng.standard_normal((40, 32))) + 2 * unit(rng.standard_normal((1, 32)))
    shifted = items - items.mean(axis=0) + unit(reference).mean(axis=0)
    keys = np.arange(40)
    before, after = match(items, reference, keys, keys), match(shifted, reference, keys, keys)
    assert cosine_true_items(after).mean() > cosine_true_items(before).mean() + 0.2
    assert cosine_max_items(after).mean() > cosine_max_items(before).mean()


def test_margin_is_true_minus_best_other() -> None:
    items, reference = np.eye(3), np.array([[1.0, 1, 0], [0, 1, 0], [0, 0, 2]])
    found = margin_items(match(items, reference, np.arange(3), np.arange(3)))
    np.testing.assert_allclose(found, [np.sqrt(0.5), 1 - np.sqrt(0.5), 1.0])


def test_top_k_past_the_reference_is_certain() -> None:
    items, reference, *keys = problem(1)
    np.testing.assert_array_equal(top_k_items(match(items, reference, *keys), 17), 1.0)


def test_refusals() -> None:
    items, reference, item_keys, reference_keys = problem(0)
    nothing = match(items, reference, np.full(40, -1), reference_keys)
    assert not nothing.has_truth.any()
    for measure in (cosine_true_items, margin_items, reciprocal_rank_items):
        with pytest.raises(LinkError, match="at least one item with a true match"):
            measure(nothing)
    with pytest.raises(LinkError):
        recall_items(nothing, 1, reverse=True)
    with pytest.raises(InputError, match="k of at least 1"):
        top_k_items(match(items, reference, item_keys, reference_keys), 0)
    with pytest.raises(InputError, match="unlinked rows for every item"):
        margin_items(match(items, reference, np.zeros(40, int), np.zeros(17, int)))


def test_clip_on_real_pairs(shared_data: Path) -> None:
    images, texts = np.load(shared_data / "embeddings" / "modality_gap" / "features_clip.npy")
    keys = np.arange(len(images))
    found = match(images, texts, keys, keys)
    assert recall_items(found, 1).mean() == 0.552
    assert recall_items(found, 1, reverse=True).mean() == 0.506
