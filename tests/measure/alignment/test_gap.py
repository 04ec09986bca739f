from collections.abc import Iterable
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
from repscope.measure.core.resample import difference_replicates, estimate_replicates, jackknife_groups

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


def naive_noise(
    items: Array, reference: Array, groups: Keys, reference_groups: Keys, counted: Iterable[int]
) -> float:
    """Variance of the difference of the means, from what each group adds to it."""
    units = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (items, reference)]
    centred = [x - x.mean(axis=0) for x in units]
    parts = [
        centred[0][groups == group].sum(axis=0) / len(items)
        - centred[1][reference_groups == group].sum(axis=0) / len(reference)
        for group in counted
    ]
    return float(len(parts) * np.var(parts, axis=0, ddof=1).sum())


def naive_square(
    items: Array, reference: Array, groups: Keys, reference_groups: Keys, counted: Iterable[int]
) -> float:
    return gap_l2(items, reference) ** 2 - naive_noise(items, reference, groups, reference_groups, counted)


def test_a_gap_of_zero_is_covered_and_its_square_unbiased() -> None:
    """The plain distance of two samples of one distribution is a whole standard deviation too large."""
    squares, plain, covered = [], [], []
    for seed in range(120):
        items = np.random.default_rng(seed).standard_normal((60, 24))
        # A fixed reference whose mean is exactly 0.
        reference = np.concatenate((items[:20], -items[:20]))
        groups, n = jackknife_groups(np.arange(60), seed=seed)
        found = gap_l2_replicates(items, reference, groups, np.full(40, -1), n)
        assert found.squares is not None
        squares.append(found.squares[0])
        plain.append(gap_l2(items, reference) ** 2)
        covered.append(estimate_replicates(found, 60).low == 0.0)
    error = np.std(squares) / np.sqrt(120)
    assert abs(np.mean(squares)) < 4 * error < np.mean(plain)
    # Exactly 110 of 120 are what a coverage of 0.95 falls below in 4 % of repeats; this one is seeded.
    assert sum(covered) >= 110


def test_a_difference_of_gaps_is_found_as_often_as_it_says() -> None:
    outcomes = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        shared, reference = rng.standard_normal((60, 24)), rng.standard_normal((30, 24))
        shared[:, 0] += 1.0
        groups, n = jackknife_groups(np.arange(60), seed=seed)
        stages = [shared + 0.5 * rng.standard_normal((60, 24)) for _ in range(2)]
        sides = [gap_l2_replicates(stage, reference, groups, np.full(30, -1), n) for stage in stages]
        found = difference_replicates(*sides, 60)
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high
        outcomes.append(found.low <= 0 <= found.high and found.p > 0.05)
    assert sum(outcomes) >= 108


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
    assert l2.squares is not None
    assert l2.squares[0] == pytest.approx(
        naive_square(items, reference, groups, reference_groups, range(7)), abs=1e-12
    )
    assert l2.value == pytest.approx(np.sqrt(max(l2.squares[0], 0.0)), abs=1e-12)
    assert rmg.value == pytest.approx(gap_rmg(items, reference, item_keys, reference_keys), abs=1e-12)
    for group in range(7):
        kept, reference_kept = groups != group, reference_groups != group
        left, reference_left = items[kept], reference[reference_kept]
        others = [one for one in range(7) if one != group]
        scale = (7 / 6) ** 2
        noise = naive_noise(items, reference, groups, reference_groups, others) * scale
        assert l2.squares[1 + group] == pytest.approx(gap_l2(left, reference_left) ** 2 - noise, abs=1e-10)
        expected = gap_rmg(left, reference_left, item_keys[kept], reference_keys[reference_kept])
        assert rmg.leave_out[group] == pytest.approx(expected, abs=1e-10)


def test_a_fixed_reference_is_never_left_out() -> None:
    items, reference, *_ = problem(2)
    groups = np.arange(40) % 10
    found = gap_l2_replicates(items, reference, groups, np.full(25, -1), 10)
    fixed = np.full(25, -1)
    assert found.squares is not None
    for group in range(10):
        others = [one for one in range(10) if one != group]
        noise = naive_noise(items, reference, groups, fixed, others) * (10 / 9) ** 2
        expected = gap_l2(items[groups != group], reference) ** 2 - noise
        assert found.squares[1 + group] == pytest.approx(expected, abs=1e-12)


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
