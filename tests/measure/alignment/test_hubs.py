import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import skew

from repscope.errors import InputError, VectorError
from repscope.measure.alignment.hubs import (
    hub_share,
    hub_share_replicates,
    hub_skew,
    hub_skew_replicates,
    label_share,
)
from repscope.measure.core.matching import match


def test_share_of_the_most_visited_row() -> None:
    assert hub_share(np.array([3, 1, 3, 3, 0])) == 0.6
    assert hub_share(np.zeros(7, int)) == 1.0
    assert hub_share(np.arange(8)) == 0.125


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 9))
@settings(deadline=None, max_examples=30)
def test_share_without_each_group(seed: int, n_groups: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    nearest, groups = rng.integers(0, m, 30), rng.integers(-1, n_groups, 30)
    groups[:2] = 0, 1
    found = hub_share_replicates(nearest, groups, n_groups)
    assert found.value == hub_share(nearest)
    expected = [hub_share(nearest[groups != group]) for group in range(n_groups)]
    np.testing.assert_allclose(found.leave_out, expected, atol=1e-12)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=30)
def test_skewness_of_occurrences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    top = np.stack([rng.permutation(23)[:10] for _ in range(40)])
    counts = (top[:, :, None] == np.arange(23)).sum(axis=(0, 1))
    assert hub_skew(top, 23) == pytest.approx(skew(counts), abs=1e-9)
    groups = rng.integers(-1, 6, 40)
    found = hub_skew_replicates(top, 23, groups, 6)
    expected = [hub_skew(top[groups != group], 23) for group in range(6)]
    np.testing.assert_allclose(found.leave_out, expected, atol=1e-8)
    assert found.method == "neighbours held fixed"


def test_k_is_capped_below_the_reference() -> None:
    top = np.stack([np.random.default_rng(seed).permutation(4) for seed in range(25)])
    counts = np.bincount(top[:, :3].ravel(), minlength=4)
    assert hub_skew(top, 4) == pytest.approx(skew(counts))


def test_hubs_of_high_dimension_and_of_a_collapse() -> None:
    rng = np.random.default_rng(0)
    keys = np.arange(300)
    skews = {}
    for d in (3, 300):
        x, y = rng.standard_normal((300, d)), rng.standard_normal((300, d))
        skews[d] = hub_skew(match(x + 0.5, y + 0.5, keys, keys).top_indices, 300)
    assert skews[300] > skews[3] + 0.5
    point = match(np.ones((300, 5)), rng.standard_normal((300, 5)), keys, keys)
    assert hub_share(point.nearest) == 1.0
    assert label_share(keys) == pytest.approx(1 / 300)


def test_label_share_counts_items_with_a_key() -> None:
    assert label_share(np.array([5, -1, 5, 2, -1, 5])) == 0.75
    with pytest.raises(InputError, match="at least one item with a key"):
        label_share(np.array([-1, -1]))


def test_refusals() -> None:
    top = np.arange(12).reshape(3, 4)
    with pytest.raises(InputError, match=r"top=10"):
        hub_skew(top, 12)
    with pytest.raises(InputError, match="two reference rows"):
        hub_skew(top, 1)
    with pytest.raises(VectorError, match="found equally often"):
        hub_skew(top, 12, k=4)
    with pytest.raises(VectorError, match="nearest row"):
        hub_share(np.array([], dtype=int))
    with pytest.raises(VectorError, match="every item in group 1"):
        hub_share_replicates(np.zeros(4, int), np.ones(4, int), 2)
