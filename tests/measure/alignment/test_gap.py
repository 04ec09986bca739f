from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist
from scipy.stats import special_ortho_group

from repscope.errors import LinkError, VectorError
from repscope.measure.alignment.gap import gap_l2, gap_l2_replicates, gap_rmg, gap_rmg_replicates
from repscope.measure.core import grouping

Array = NDArray[np.floating]
Keys = NDArray[np.int64]


def unit(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def published_rmg(x: Array, y: Array) -> float:
    """The formula of the paper for one-to-one pairs, over all N² distances."""
    n = len(x)
    across = np.diagonal(cdist(x, y, "cosine")).mean()
    within = (cdist(x, x, "cosine").sum() + cdist(y, y, "cosine").sum()) / (2 * n * (n - 1))
    return float(across / (across + within))


def naive_rmg(x: Array, y: Array, x_keys: Keys, y_keys: Keys) -> float:
    distances = cdist(x, y, "cosine")
    linked = [
        row[y_keys == key].mean()
        for row, key in zip(distances, x_keys, strict=True)
        if key in y_keys[y_keys >= 0]
    ]
    across = np.mean(linked)
    within = (pdist(x, "cosine").mean() + pdist(y, "cosine").mean()) / 2
    return float(across / (across + within))


def problem(seed: int) -> tuple[Array, Array, Keys, Keys, Keys, Keys]:
    """Several rows a key on both sides, keys of one side only, groups that cut across keys."""
    rng = np.random.default_rng(seed)
    n, m = 40, 25
    return (
        rng.standard_normal((n, 6)) + 0.5,
        rng.standard_normal((m, 6)) * rng.uniform(0.2, 5, (m, 1)),
        rng.integers(-1, 8, n),
        rng.integers(-1, 9, m),
        rng.integers(-1, 7, n),
        rng.integers(-1, 7, m),
    )


def test_gap_of_two_opposite_points() -> None:
    assert gap_l2(np.array([[1.0, 0], [3, 0]]), np.array([[-2.0, 0]])) == pytest.approx(2.0)


def test_gap_is_not_moved_by_lengths_and_vanishes_on_itself() -> None:
    items, reference, *_ = problem(0)
    lengths = np.random.default_rng(0).uniform(0.1, 9, (40, 1))
    assert gap_l2(items * lengths, reference) == pytest.approx(gap_l2(items, reference), abs=1e-12)
    assert gap_l2(items, items[::-1]) == pytest.approx(0, abs=1e-15)


def test_relative_gap_is_the_published_formula_for_pairs() -> None:
    items, reference, *_ = problem(1)
    keys = np.arange(25)
    expected = published_rmg(items[:25], reference)
    assert gap_rmg(items[:25], reference, keys, keys) == pytest.approx(expected, abs=1e-10)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=25)
def test_relative_gap_with_several_rows_a_key(seed: int) -> None:
    items, reference, item_keys, reference_keys, *_ = problem(seed)
    expected = naive_rmg(items, reference, item_keys, reference_keys)
    assert gap_rmg(items, reference, item_keys, reference_keys) == pytest.approx(expected, abs=1e-10)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=15)
def test_rotation_and_order_change_nothing(seed: int) -> None:
    items, reference, item_keys, reference_keys, *_ = problem(seed)
    rotation = special_ortho_group.rvs(6, random_state=seed)
    rows = np.random.default_rng(seed).permutation(40)
    turned, turned_reference = items[rows] @ rotation, reference @ rotation
    assert gap_l2(turned, turned_reference) == pytest.approx(gap_l2(items, reference), abs=1e-12)
    assert gap_rmg(turned, turned_reference, item_keys[rows], reference_keys) == pytest.approx(
        gap_rmg(items, reference, item_keys, reference_keys), abs=1e-12
    )


@given(st.integers(0, 10_000), st.sampled_from([3, 16, 2048]))
@settings(deadline=None, max_examples=25)
def test_leaving_out_is_measuring_the_other_rows(seed: int, chunk: int) -> None:
    items, reference, item_keys, reference_keys, groups, reference_groups = problem(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "CHUNK", chunk)
        patch.setattr("repscope.measure.alignment.gap.CHUNK", chunk)
        l2 = gap_l2_replicates(items, reference, groups, reference_groups, 7)
        rmg = gap_rmg_replicates(
            items,
            reference,
            item_keys,
            reference_keys,
            groups=groups,
            reference_groups=reference_groups,
            n_groups=7,
        )
    assert l2.value == pytest.approx(gap_l2(items, reference), abs=1e-12)
    assert rmg.value == pytest.approx(gap_rmg(items, reference, item_keys, reference_keys), abs=1e-12)
    for group in range(7):
        kept, reference_kept = groups != group, reference_groups != group
        left, reference_left = items[kept], reference[reference_kept]
        assert l2.leave_out[group] == pytest.approx(gap_l2(left, reference_left), abs=1e-10)
        expected = gap_rmg(left, reference_left, item_keys[kept], reference_keys[reference_kept])
        assert rmg.leave_out[group] == pytest.approx(expected, abs=1e-10)


def test_a_fixed_reference_is_never_left_out() -> None:
    items, reference, *_ = problem(2)
    groups = np.arange(40) % 10
    found = gap_l2_replicates(items, reference, groups, np.full(25, -1), 10)
    expected = [gap_l2(items[groups != group], reference) for group in range(10)]
    np.testing.assert_allclose(found.leave_out, expected, atol=1e-12)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-4), (np.float16, 1e-3)])
def test_narrow_floats(dtype: type, atol: float) -> None:
    items, reference, item_keys, reference_keys, *_ = problem(3)
    narrow, narrow_reference = items.astype(dtype), reference.astype(dtype)
    assert gap_l2(narrow, narrow_reference) == pytest.approx(gap_l2(items, reference), abs=atol)
    assert gap_rmg(narrow, narrow_reference, item_keys, reference_keys) == pytest.approx(
        gap_rmg(items, reference, item_keys, reference_keys), abs=atol
    )


def test_refusals() -> None:
    items, reference, item_keys, reference_keys, *_ = problem(0)
    same, two = np.ones((4, 3)), np.arange(4) % 2
    with pytest.raises(LinkError, match="linked to a reference row"):
        gap_rmg(items, reference, item_keys, reference_keys + 100)
    with pytest.raises(VectorError, match="all identical"):
        gap_rmg(same, same, np.arange(4), np.arange(4))
    with pytest.raises(VectorError, match="at least two rows in reference"):
        gap_rmg(same, same[:1], np.zeros(4, int), np.zeros(1, int))
    with pytest.raises(VectorError, match="without any one group"):
        gap_l2_replicates(same, same, two, np.zeros(4, int), 2)
    with pytest.raises(VectorError, match="at least two groups"):
        gap_l2_replicates(same, same, np.zeros(4, int), np.zeros(4, int), 1)
    with pytest.raises(LinkError, match="without any one group"):
        gap_rmg_replicates(
            items[:4],
            reference[:4],
            np.array([0, 0, 1, 1]),
            np.array([0, 0, 5, 6]),
            groups=two,
            reference_groups=np.array([1, 1, 0, 0]),
            n_groups=2,
        )


def test_clip_on_real_pairs(shared_data: Path) -> None:
    images, texts = np.load(shared_data / "embeddings" / "modality_gap" / "features_clip.npy")
    keys = np.arange(len(images))
    assert gap_l2(images, texts) == pytest.approx(0.851, abs=5e-4)
    assert gap_rmg(images, texts, keys, keys) == pytest.approx(published_rmg(images, texts), abs=1e-6)
