"""Classes: shares, differences and their tests against formulas, oracles and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from repscope.measure.comparison.classes import (
    FEWEST,
    Classes,
    Found,
    class_changes,
    class_values,
    group_changes,
)


def found(hits, cosines=None) -> Found:
    hits = np.asarray(hits, float)
    return Found(hits, hits / 2 if cosines is None else np.asarray(cosines, float))


def one_class(n: int) -> Classes:
    return Classes(np.zeros(n, np.int64), ["all"], np.arange(n))


def table(both: int, gained: int, lost: int, neither: int) -> tuple[Found, Found]:
    counts = [both, gained, lost, neither]
    return found(np.repeat([1, 0, 1, 0], counts)), found(np.repeat([1, 1, 0, 0], counts))


def test_a_paired_difference_is_newcombes():
    # Newcombe 1998, Statistics in Medicine 17:2635, table III: 36, 12, 2, 0 gives +.0569 to +.3404.
    (row,) = class_changes(*table(36, 12, 2, 0), one_class(50))
    change = row.difference
    assert change.value == pytest.approx(0.2)
    assert (change.low, change.high) == (pytest.approx(0.0569, abs=5e-4), pytest.approx(0.3404, abs=5e-4))
    # McNemar's mid-P of 12 and 2.
    exact = stats.binomtest(2, 14).pvalue
    assert change.p == pytest.approx(exact - stats.binom.pmf(2, 14, 0.5))


def test_nothing_changed_has_a_width_and_no_p_below_one():
    (row,) = class_changes(*table(30, 0, 0, 0), one_class(30))
    assert row.difference.value == 0
    assert row.difference.low < -0.05
    assert row.difference.high > 0.05
    assert row.difference.p == 1.0


def test_a_cosine_is_students():
    rng = np.random.default_rng(0)
    before, after = rng.normal(size=(2, 12))
    (row,) = class_changes(found(before > 0, before), found(after > 0, after), one_class(12))
    oracle = stats.ttest_rel(after, before)
    low, high = oracle.confidence_interval()
    change = row.cosine.difference
    assert (change.low, change.high, change.p) == pytest.approx((low, high, oracle.pvalue))


def test_copies_within_a_cluster_say_nothing_new():
    before, after = table(5, 4, 1, 2)
    single = class_changes(before, after, one_class(12))[0]
    thrice = [found(np.repeat(side.hits, 3), np.repeat(side.cosines, 3)) for side in (before, after)]
    copied = class_changes(*thrice, Classes(np.zeros(36, np.int64), ["all"], np.repeat(np.arange(12), 3)))[0]
    assert copied.n == 36
    assert copied.clusters == 12
    for part in ("before", "after", "difference"):
        one, other = getattr(single, part), getattr(copied, part)
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high))
    assert copied.difference.p == pytest.approx(single.difference.p)
    assert copied.cosine.difference.low == pytest.approx(single.cosine.difference.low)


def test_few_items_have_no_interval_and_no_test():
    rows = class_changes(
        found([1, 0] * 5), found([1, 1] * 5), Classes(np.repeat([0, 1], [6, 4]), ["a", "b"], np.arange(10))
    )
    assert rows[0].difference.q is not None
    few = rows[1].difference
    assert (few.low, few.p, few.q) == (None, None, None)
    assert f"fewer than {FEWEST}" in few.why


def test_q_is_over_the_classes():
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(30), 20)
    before, after = rng.integers(0, 2, (2, 600))
    rows = class_changes(found(before), found(after), Classes(codes, [*map(str, range(30))], np.arange(600)))
    p = [row.difference.p for row in rows]
    assert [row.difference.q for row in rows] == pytest.approx(stats.false_discovery_control(p))


def test_groups_are_their_items_and_their_classes():
    codes = np.repeat(np.arange(12), 3)
    after = np.tile([1, 1, 0], 12)
    groups = Classes((codes >= 6).astype(np.int64), ["first", "second"], np.arange(36))
    classes = Classes(codes, [*map(str, range(12))], np.arange(36))
    rows = group_changes(found(np.zeros(36)), found(after), groups, "half", classes)
    assert [(row.column, row.label, row.n, row.classes) for row in rows] == [
        ("half", "first", 18, 6),
        ("half", "second", 18, 6),
    ]
    assert rows[0].difference.value == rows[0].over_classes.difference.value == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("n", "size", "before", "after"),
    [(10, 1, 0.9, 0.9), (20, 1, 0.5, 0.7), (30, 3, 0.5, 0.6), (5, 1, 0.5, 0.5)],
)
def test_intervals_cover_and_tests_hold_their_level(n, size, before, after):
    """2,000 classes at once: intervals cover 92 % or more, and p ≤ .05 is rare where nothing differs."""
    rng = np.random.default_rng(0)
    k = 2000

    def draw(share: float, base: np.ndarray) -> np.ndarray:
        own = rng.normal(size=(k, n // size, size))
        return (np.sqrt(0.4) * base + np.sqrt(0.6) * own < stats.norm.ppf(share)).reshape(-1)

    shared = rng.normal(size=(k, n // size, 1))
    classes = Classes(np.repeat(np.arange(k), n), [*map(str, range(k))], np.arange(k * n) // size)
    rows = class_changes(found(draw(before, shared)), found(draw(after, shared)), classes)
    for part, truth in (("before", before), ("after", after), ("difference", after - before)):
        ends = [(getattr(row, part).low, getattr(row, part).high) for row in rows]
        assert np.mean([low <= truth <= high for low, high in ends]) >= 0.92
    if before == after:
        assert np.mean([row.difference.p <= 0.05 for row in rows]) <= 0.06


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans(), st.booleans()), min_size=1, max_size=40
    )
)
def test_rows_are_in_bounds_and_the_order_of_items_does_not_matter(items):
    codes, clusters, before, after = (np.array(column) for column in zip(*items, strict=True))
    names = ["a", "b", "c", "d"]
    rows = class_changes(found(before), found(after), Classes(codes, names, clusters))
    order = np.random.default_rng(0).permutation(len(items))
    again = class_changes(
        found(before[order]), found(after[order]), Classes(codes[order], names, clusters[order])
    )
    assert sum(row.n for row in rows) == len(items)
    for row, other in zip(rows, again, strict=True):
        assert other.difference.value == pytest.approx(row.difference.value)
        if row.difference.low is not None:
            assert -1 <= row.difference.low <= row.difference.value + 1e-9
            assert row.difference.value - 1e-9 <= row.difference.high <= 1
            assert row.difference.low < row.difference.high
    values = class_values(found(after), Classes(codes, names, clusters))
    assert [one.value for one in values] == [row.after for row in rows]
