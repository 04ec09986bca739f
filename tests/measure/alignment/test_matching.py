from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchmetrics.retrieval import RetrievalMRR

from repscope.errors import InputError, LinkError, VectorError
from repscope.measure.alignment.matching import (
    Match,
    cosine_max_items,
    cosine_true_items,
    margin_items,
    match,
    recall_items,
    reciprocal_rank_items,
    top_k_items,
)
from repscope.measure.core.cosines import top_columns

Array = NDArray[np.floating]
Keys = NDArray[np.int64]
FIELDS = list(Match.__dataclass_fields__)


def unit(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def problem(
    seed: int, n: int = 40, m: int = 17, d: int = 8, keys: int = 9
) -> tuple[Array, Array, Keys, Keys]:
    """Items and reference with several linked rows, missing keys on both sides, and unlinked rows."""
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((n, d)) * rng.uniform(0.1, 9, (n, 1)),
        rng.standard_normal((m, d)),
        rng.integers(-1, keys, n),
        rng.integers(-1, keys + 2, m),
    )


def naive_ranks(cosines: Array, item_keys: Keys, reference_keys: Keys) -> list[tuple[float, float, int]]:
    """Truth, mid-rank and ties of each item that has a truth, one at a time."""
    found = []
    for row, key in zip(cosines, item_keys, strict=True):
        linked = (reference_keys == key) & (key >= 0)
        if not linked.any():
            continue
        true = row[linked].max()
        others = row[~linked]
        ties = int((others == true).sum())
        found.append((true, 1 + (others > true).sum() + ties / 2, ties))
    return found


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=30)
def test_every_field_is_what_a_loop_finds(seed: int) -> None:
    items, reference, item_keys, reference_keys = problem(seed)
    found = match(items, reference, item_keys, reference_keys, top=4)
    cosines = unit(items) @ unit(reference).T
    expected = naive_ranks(cosines, item_keys, reference_keys)
    linked = (item_keys[:, None] == reference_keys) & (item_keys[:, None] >= 0)
    np.testing.assert_array_equal(found.has_truth, linked.any(axis=1))
    np.testing.assert_allclose(found.true[found.has_truth], [one[0] for one in expected], atol=1e-12)
    np.testing.assert_array_equal(found.rank[found.has_truth], [one[1] for one in expected])
    np.testing.assert_allclose(found.max, cosines.max(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.other, np.where(linked, -9, cosines).max(axis=1), atol=1e-12)
    np.testing.assert_array_equal(found.nearest, cosines.argmax(axis=1))
    np.testing.assert_array_equal(found.top_indices, np.argsort(-cosines, axis=1)[:, :4])
    reverse = naive_ranks(cosines.T, reference_keys, item_keys)
    np.testing.assert_array_equal(found.reverse_has_truth, linked.any(axis=0))
    np.testing.assert_array_equal(found.reverse_rank[found.reverse_has_truth], [one[1] for one in reverse])
    assert not found.rank[~found.has_truth].any()
    assert not found.true[~found.has_truth].any()


@given(st.integers(0, 10_000), st.integers(1, 50))
@settings(deadline=None, max_examples=20)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_block_size_changes_nothing(dtype: type, seed: int, block_rows: int) -> None:
    items, reference, *keys = problem(seed)
    whole = match(items.astype(dtype), reference.astype(dtype), *keys)
    blocked = match(items.astype(dtype), reference.astype(dtype), *keys, block_rows=block_rows)
    for name in FIELDS:
        np.testing.assert_allclose(getattr(whole, name), getattr(blocked, name), atol=1e-6)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=20)
def test_rotation_and_lengths_change_nothing_and_order_only_order(seed: int) -> None:
    items, reference, item_keys, reference_keys = problem(seed)
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    rows, columns = rng.permutation(len(items)), rng.permutation(len(reference))
    before = match(items, reference, item_keys, reference_keys)
    after = match(
        3 * items[rows] @ rotation,
        reference[columns] @ rotation,
        item_keys[rows],
        reference_keys[columns],
    )
    for name in ("true", "max", "other", "rank", "ties", "has_truth"):
        np.testing.assert_allclose(getattr(before, name)[rows], getattr(after, name), atol=1e-12)
    np.testing.assert_array_equal(before.nearest[rows], columns[after.nearest])
    np.testing.assert_array_equal(before.reverse_rank[columns], after.reverse_rank)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-4), (np.float16, 2e-3)])
def test_narrow_floats(dtype: type, atol: float) -> None:
    items, reference, *keys = problem(3, n=300, d=64)
    exact, narrow = (
        match(unit(items).astype(kind), unit(reference).astype(kind), *keys) for kind in (np.float64, dtype)
    )
    np.testing.assert_allclose(narrow.true, exact.true, atol=atol)
    np.testing.assert_allclose(narrow.max, exact.max, atol=atol)
    assert abs(reciprocal_rank_items(narrow).mean() - reciprocal_rank_items(exact).mean()) < 5e-3


def test_lengths_beyond_the_squares_that_float32_holds() -> None:
    items, reference, *keys = problem(4)
    expected = match(items, reference, *keys)
    scales = np.resize([1e-30, 1.0, 1e30], (len(items), 1))
    found = match((items * scales).astype(np.float32), reference.astype(np.float32), *keys)
    np.testing.assert_allclose(found.max, expected.max, atol=1e-6)


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


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(12, 900))
@settings(deadline=None, max_examples=30)
def test_top_columns_are_those_of_a_stable_sort(seed: int, k: int, width: int) -> None:
    cosines = np.random.default_rng(seed).integers(0, 60, (9, width)) / 60
    expected = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(top_columns(cosines, k), expected)


def test_refusals() -> None:
    items, reference, item_keys, reference_keys = problem(0)
    nothing = match(items, reference, np.full(40, -1), reference_keys)
    assert not nothing.has_truth.any()
    for measure in (cosine_true_items, margin_items, reciprocal_rank_items):
        with pytest.raises(LinkError, match="at least one item with a true match"):
            measure(nothing)
    with pytest.raises(LinkError):
        recall_items(nothing, 1, reverse=True)
    with pytest.raises(LinkError, match="one integer key"):
        match(items, reference, item_keys[:-1], reference_keys)
    with pytest.raises(InputError, match="k of at least 1"):
        top_k_items(match(items, reference, item_keys, reference_keys), 0)
    with pytest.raises(InputError, match="unlinked rows for every item"):
        margin_items(match(items, reference, np.zeros(40, int), np.zeros(17, int)))
    with pytest.raises(VectorError, match="same width"):
        match(items[:, :5], reference, item_keys, reference_keys)
    with pytest.raises(InputError, match="top"):
        match(items, reference, item_keys, reference_keys, top=0)
    for value in (0.0, np.nan, np.inf):
        broken = items.copy()
        broken[23] = value
        with pytest.raises(VectorError, match=r"items.*23"):
            match(broken, reference, item_keys, reference_keys, block_rows=10)


def test_clip_on_real_pairs(shared_data: Path) -> None:
    images, texts = np.load(shared_data / "embeddings" / "modality_gap" / "features_clip.npy")
    keys = np.arange(len(images))
    found = match(images, texts, keys, keys)
    assert recall_items(found, 1).mean() == 0.552
    assert recall_items(found, 1, reverse=True).mean() == 0.506
