"""Moments: numpy's covariance, exact merging, groups left out, streaming, stability, bad rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.measure.core.estimate import FIXED
from repscope.measure.core.moments import (
    Moments,
    RunningMoments,
    group_moments,
    iterate_joint_leave_out,
    iterate_leave_out,
    joint_group_moments,
    leave_out,
    merge,
    merge_all,
    moments,
    unit_group_moments,
)

SEEDS = st.integers(0, 2**16)


def rows(seed: int, n: int = 40, d: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 3 * rng.standard_normal(d)


def agree(a: Moments, b: Moments, rtol: float = 1e-10) -> None:
    assert a.n == b.n
    np.testing.assert_allclose(a.mean, b.mean, rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(a.scatter, b.scatter, rtol=rtol, atol=1e-9)


def test_by_hand() -> None:
    one = moments(np.array([[0.0, 0.0], [2.0, 4.0]]))
    assert one.n == 2
    assert one.mean.tolist() == [1.0, 2.0]
    assert one.scatter.tolist() == [[2.0, 4.0], [4.0, 8.0]]
    assert one.covariance().tolist() == [[2.0, 4.0], [4.0, 8.0]]
    assert one.covariance(ddof=0).tolist() == [[1.0, 2.0], [2.0, 4.0]]


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-12), (np.float16, 1e-12)])
def test_covariance_is_numpys_in_float64(dtype: type, rtol: float) -> None:
    x = rows(1).astype(dtype)
    # The rounding of the input is the input's; accumulation adds none of its own.
    np.testing.assert_allclose(moments(x).covariance(), np.cov(x.astype(np.float64).T), rtol=rtol, atol=1e-12)


def test_integers_are_numbers() -> None:
    x = np.arange(12).reshape(6, 2)
    np.testing.assert_allclose(moments(x).covariance(), np.cov(x.T))


def test_digits_survive_a_large_mean() -> None:
    x = np.random.default_rng(0).standard_normal((500, 3))
    far = moments(x + 1e8, block_rows=7)
    np.testing.assert_allclose(far.scatter, moments(x).scatter, rtol=1e-6)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(1, 60))
def test_block_size_does_not_matter(seed: int, block_rows: int) -> None:
    x = rows(seed)
    agree(moments(x, block_rows), moments(x))


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(0, 40), st.integers(0, 40))
def test_merging_is_associative_and_commutative(seed: int, first: int, second: int) -> None:
    x = rows(seed)
    low, high = sorted((first, second))
    a, b, c = (moments(part) for part in (x[:low], x[low:high], x[high:]))
    agree(merge(merge(a, b), c), merge(a, merge(b, c)))
    agree(merge(a, b), merge(b, a))
    agree(merge_all([a, b, c]), moments(x))


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(1, 6))
def test_leaving_a_group_out_is_reading_the_others(seed: int, n_groups: int) -> None:
    x = rows(seed)
    codes = np.random.default_rng(seed).integers(FIXED, n_groups, len(x))
    parts, fixed = group_moments(x, codes, n_groups, block_rows=7)
    assert fixed.n == np.count_nonzero(codes == FIXED)
    for group, (part, rest) in enumerate(zip(parts, leave_out(parts, fixed), strict=True)):
        agree(part, moments(x[codes == group]))
        agree(rest, moments(x[codes != group]))
    agree(merge_all([fixed, *parts]), moments(x))


def test_leaving_out_loses_no_digits_where_one_group_dwarfs_the_rest() -> None:
    x = np.random.default_rng(0).standard_normal((60, 2))
    x[:20] = x[:20] * 1e7 + 1e9
    codes = np.arange(60) // 20
    without_the_giant = leave_out(*group_moments(x, codes, 3))[0]
    # Subtracting the group from the total would leave no digit at all here.
    np.testing.assert_allclose(without_the_giant.scatter, moments(x[20:]).scatter, rtol=1e-12)


def test_empty_groups() -> None:
    x = rows(0)
    parts, fixed = group_moments(x, np.full(len(x), 2), 4)
    assert [part.n for part in parts] == [0, 0, 40, 0]
    assert fixed.n == 0
    rest = list(iterate_leave_out(parts, fixed))
    assert [one.n for one in rest] == [40, 40, 0, 40]
    assert leave_out([], fixed) == []


@pytest.mark.parametrize("n", [15, 60])  # few rows are read again, many are merged
def test_joint_moments(n: int) -> None:
    x, y = rows(1, n), rows(2, n, 3).astype(np.float32)
    codes = np.arange(n) % 4 - 1
    together = np.hstack([x, y])
    parts, fixed = joint_group_moments(x, y, codes, 3)
    agree(parts[1], moments(together[codes == 1]))
    agree(fixed, moments(together[codes == FIXED]))
    whole, *rest = iterate_joint_leave_out(x, y, codes, 3)
    agree(whole, moments(together))
    for group, one in enumerate(rest):
        agree(one, moments(together[codes != group]))
    with pytest.raises(VectorError, match="paired rows"):
        joint_group_moments(x, y[1:], codes, 3)
    with pytest.raises(VectorError, match="paired rows"):
        next(iterate_joint_leave_out(x, y[1:], codes, 3))


def test_unit_moments() -> None:
    x = rows(1)
    codes = np.arange(40) % 2
    parts, _ = unit_group_moments(x, codes, 2)
    agree(parts[1], moments((x / np.linalg.norm(x, axis=1, keepdims=True))[codes == 1]))
    x[7] = 0
    with pytest.raises(VectorError, match="row 7"):
        unit_group_moments(x, codes, 2)


def test_unit_moments_of_extreme_lengths() -> None:
    x = np.array([[3e-200, 4e-200], [3e200, 4e200]])
    np.testing.assert_allclose(unit_group_moments(x, np.zeros(2, int), 1)[0][0].mean, [0.6, 0.8], rtol=1e-15)


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.lists(st.integers(0, 40), max_size=4))
def test_streaming(seed: int, cuts: list[int]) -> None:
    x = rows(seed)
    one, other = RunningMoments(), RunningMoments()
    for index, batch in enumerate(np.split(x, sorted(cuts))):
        (one if index % 2 else other).update(batch)
    one.merge_state(other)
    agree(one.compute(), moments(x))


def test_streaming_state() -> None:
    running = RunningMoments()
    running.merge_state(RunningMoments())
    with pytest.raises(VectorError, match="call update first"):
        running.compute()
    running.update(rows(0))
    other = RunningMoments()
    other.merge_state(running)
    running.reset()
    assert other.compute().n == 40
    with pytest.raises(VectorError):
        running.compute()
    with pytest.raises(VectorError, match="same width"):
        other.update(np.ones((2, 3)))


def test_refusals() -> None:
    x = rows(0).astype(np.float32)
    x[3, 1], x[17, 0] = np.nan, np.inf
    with pytest.raises(VectorError, match="rows 3, 17"):
        moments(x)
    with pytest.raises(VectorError, match="row 17"):
        moments(np.vstack([rows(0)[:4], x[4:]]), block_rows=4)
    with pytest.raises(VectorError, match="rows 3, 17"):
        group_moments(x, np.zeros(40, int), 1)
    with pytest.raises(VectorError, match="shape"):
        moments(np.ones(3))
    with pytest.raises(VectorError, match="real numbers"):
        moments(np.array([["a"]]))
    with pytest.raises(VectorError, match="group code"):
        group_moments(rows(0), np.zeros(39, int), 1)
    with pytest.raises(VectorError, match="group codes"):
        group_moments(rows(0), np.full(40, 3), 3)
    with pytest.raises(VectorError, match="at least 2 rows"):
        moments(np.ones((1, 2))).covariance()
