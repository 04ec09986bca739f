"""Matches of items in a reference: against a loop, in any block, under rotation, for narrow floats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measure.conftest import Array, Keys, problem, unit

from repscope.errors import InputError, LinkError, VectorError
from repscope.measure.core.matching import Match, match

FIELDS = list(Match.__dataclass_fields__)


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
    assert abs((1 / narrow.rank[narrow.has_truth]).mean() - (1 / exact.rank[exact.has_truth]).mean()) < 5e-3


def test_lengths_beyond_the_squares_that_float32_holds() -> None:
    items, reference, *keys = problem(4)
    expected = match(items, reference, *keys)
    scales = np.resize([1e-30, 1.0, 1e30], (len(items), 1))
    found = match((items * scales).astype(np.float32), reference.astype(np.float32), *keys)
    np.testing.assert_allclose(found.max, expected.max, atol=1e-6)


def test_refusals() -> None:
    items, reference, item_keys, reference_keys = problem(0)
    with pytest.raises(LinkError, match="one integer key"):
        match(items, reference, item_keys[:-1], reference_keys)
    with pytest.raises(VectorError, match="same width"):
        match(items[:, :5], reference, item_keys, reference_keys)
    with pytest.raises(InputError, match="top"):
        match(items, reference, item_keys, reference_keys, top=0)
    for value in (0.0, np.nan, np.inf):
        broken = items.copy()
        broken[23] = value
        with pytest.raises(VectorError, match=r"items.*23"):
            match(broken, reference, item_keys, reference_keys, block_rows=10)
