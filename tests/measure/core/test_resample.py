"""Intervals and tests against closed forms, scipy, and their own coverage."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.resample import (
    ClusterSums,
    benjamini_hochberg,
    bootstrap_means,
    cluster_sums,
    detectable,
    difference_replicates,
    estimate_means,
    estimate_replicates,
    jackknife_groups,
    needed,
    percentile_interval,
    q_values,
    reference_groups,
    sign_flip_p,
    standard_error,
)


def test_cluster_sums_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    values, clusters = rng.normal(size=(50, 3)), rng.integers(0, 7, 50)
    valid = rng.random((50, 3)) < 0.8
    sums = cluster_sums(values, clusters, valid)
    for c, k in itertools.product(range(7), range(3)):
        rows = (clusters == c) & valid[:, k]
        assert sums.sums[c, k] == pytest.approx(values[rows, k].sum(), abs=1e-12)
        assert sums.counts[c, k] == rows.sum()
    assert sums.means() == pytest.approx([values[valid[:, k], k].mean() for k in range(3)], abs=1e-12)


def test_bootstrap_of_single_rows_has_the_standard_error_of_a_mean():
    rng = np.random.default_rng(1)
    values = rng.normal(size=400)
    draws = bootstrap_means(cluster_sums(values, np.arange(400)), resamples=4000, seed=2)
    assert draws.std() == pytest.approx(values.std() / np.sqrt(400), rel=0.05)
    assert draws.mean() == pytest.approx(values.mean(), abs=0.005)


def test_bootstrap_draws_do_not_depend_on_the_chunk(monkeypatch):
    sums = cluster_sums(np.random.default_rng(0).normal(size=(90, 2)), np.arange(90) // 3)
    whole = bootstrap_means(sums, resamples=100, seed=5)
    monkeypatch.setattr("repscope.measure.core.resample._CHUNK_BYTES", 8 * 30 * 7)
    # The same draws; a product of another shape may round otherwise.
    np.testing.assert_allclose(bootstrap_means(sums, resamples=100, seed=5), whole, rtol=1e-13, atol=1e-15)


def test_a_cluster_counts_once_however_many_rows_it_has():
    rng = np.random.default_rng(3)
    values = rng.normal(size=200)
    once = estimate_means(*[cluster_sums(values + shift, np.arange(200)) for shift in (0, 0.1)], seed=1)[0]
    repeated = np.repeat(values, 5)
    five = estimate_means(
        *[cluster_sums(repeated + shift, np.repeat(np.arange(200), 5)) for shift in (0, 0.1)], seed=1
    )[0]
    assert five[0].low == pytest.approx(once[0].low)
    assert five[0].high == pytest.approx(once[0].high)
    assert five[0].n == 200


@pytest.mark.parametrize("clusters", [30, 100])
def test_intervals_cover_the_truth_as_often_as_they_say(clusters):
    rng = np.random.default_rng(4)
    hits, studies = 0, 400
    for study in range(studies):
        cluster_effect = rng.normal(size=clusters)
        codes = np.repeat(np.arange(clusters), 3)
        values = cluster_effect[codes] + rng.normal(size=len(codes))
        draws = bootstrap_means(cluster_sums(values, codes), resamples=500, seed=study)
        low, high = percentile_interval(draws[:, 0], clusters)
        hits += low <= 0 <= high
    # 95 % ± 3.3 standard errors of 400 studies.
    assert 0.914 <= hits / studies <= 0.986


def test_sign_flips_agree_with_all_of_them():
    differences = np.array([0.9, -0.2, 0.4, 1.1, 0.3, -0.1, 0.8, 0.5])
    flipped = [abs(np.dot(signs, differences)) for signs in itertools.product((-1, 1), repeat=8)]
    exact = np.mean(np.array(flipped) >= abs(differences.sum()) - 1e-12)
    found = sign_flip_p(differences[:, None], resamples=40_000, seed=0)[0]
    assert found == pytest.approx(exact, abs=0.003)


def test_no_difference_has_p_1():
    assert sign_flip_p(np.zeros((40, 2)), resamples=200).tolist() == [1.0, 1.0]


def test_sign_flips_reject_at_their_level_when_nothing_changed():
    rng = np.random.default_rng(6)
    p = sign_flip_p(rng.normal(size=(40, 600)), resamples=999, seed=7)
    assert 0.03 <= (p <= 0.05).mean() <= 0.075


def test_benjamini_hochberg_is_scipys():
    p = np.random.default_rng(8).random(40) ** 2
    assert benjamini_hochberg(p) == pytest.approx(scipy.stats.false_discovery_control(p), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_q_values_are_bounded_and_ordered_as_p(p):
    q = benjamini_hochberg(np.array(p))
    assert ((q >= np.array(p) - 1e-12) & (q <= 1)).all()
    assert (np.diff(q[np.argsort(p)]) >= -1e-12).all()


def test_q_values_count_the_tests_that_there_are():
    q = q_values([0.01, None, 0.04, 0.03, None])
    assert q[1] is None
    assert q[4] is None
    assert [q[0], q[2], q[3]] == benjamini_hochberg(np.array([0.01, 0.04, 0.03])).tolist()
    assert q_values([None]) == [None]
    assert q_values([]) == []


def test_jackknife_of_a_mean_gives_its_standard_error():
    rng = np.random.default_rng(9)
    x = rng.normal(size=200)
    leave_out = np.array([np.delete(x, i).mean() for i in range(200)])
    estimate = estimate_replicates(Replicates(float(x.mean()), leave_out, 200), 200)
    half = scipy.stats.t.ppf(0.975, 199) * x.std(ddof=1) / np.sqrt(200)
    assert estimate.high - estimate.value == pytest.approx(half, rel=1e-9)


def test_paired_jackknife_of_a_constant_shift_has_no_width():
    x = np.random.default_rng(10).normal(size=60)
    groups, count = jackknife_groups(np.arange(60), groups=10)
    leave = np.array([x[groups != g].mean() for g in range(count)])
    change = difference_replicates(
        Replicates(x.mean(), leave, 60), Replicates(x.mean() + 1, leave + 1, 60), 60
    )
    assert (change.value, change.low, change.high) == pytest.approx((1, 1, 1))
    assert change.p == pytest.approx(0, abs=2e-6)


def test_paired_jackknife_p_is_that_of_a_t_test():
    rng = np.random.default_rng(11)
    before, after = rng.normal(size=20), rng.normal(0.4, 1, size=20)
    sides = [
        Replicates(x.mean(), np.array([np.delete(x, i).mean() for i in range(20)]), 20)
        for x in (before, after)
    ]
    assert difference_replicates(*sides, 20).p == pytest.approx(scipy.stats.ttest_rel(before, after).pvalue)


def test_groups_keep_clusters_whole_and_balanced():
    clusters = np.random.default_rng(12).integers(0, 97, 1000)
    groups, count = jackknife_groups(clusters, groups=20, seed=3)
    assert count == 20
    per_cluster = {c: set(groups[clusters == c]) for c in np.unique(clusters)}
    assert all(len(one) == 1 for one in per_cluster.values())
    sizes = np.bincount([next(iter(one)) for one in per_cluster.values()])
    assert sizes.max() - sizes.min() <= 1


def test_captions_leave_with_their_image_and_class_texts_stay():
    groups = np.array([0, 0, 1, 2])
    own = reference_groups(groups, np.array([0, 1, 2, 3]), np.array([3, 2, 1, 0]))
    assert own.tolist() == [2, 1, 0, 0]
    shared = reference_groups(groups, np.array([0, 1, 1, 0]), np.array([0, 1, 2]))
    assert shared.tolist() == [FIXED] * 3
    extra = reference_groups(groups, np.array([0, 1, 2, -1]), np.array([0, 1, 2, 5]))
    assert extra.tolist() == [0, 0, 1, FIXED]


def test_a_difference_of_the_detectable_size_is_found_four_times_in_five():
    rng = np.random.default_rng(13)
    n, found, studies = 50, 0, 500
    effect = detectable(1 / np.sqrt(n), n)
    for _ in range(studies):
        found += scipy.stats.ttest_1samp(rng.normal(effect, 1, n), 0).pvalue < 0.05
    assert 0.74 <= found / studies <= 0.86


@pytest.mark.parametrize("n", [12, 20])
def test_few_clusters_find_what_is_said_to_be_detectable(n):
    """Each study says it of its own error, which is itself uncertain: 64 to 71 % of 20 clusters found it."""
    rng = np.random.default_rng(n)
    found, studies = 0, 2000
    for _ in range(studies):
        effect = detectable(rng.normal(size=n).std(ddof=1) / np.sqrt(n), n)
        found += scipy.stats.ttest_1samp(rng.normal(effect, 1, n), 0).pvalue < 0.05
    assert 0.77 <= found / studies <= 0.83


def test_needed_grows_with_the_square_of_the_effect():
    assert needed(0.1, 100, 0.05) == pytest.approx(4 * needed(0.1, 100, 0.1), abs=4)
    assert standard_error(-1.96, 1.96, 100_000) == pytest.approx(1.0, abs=1e-3)


def test_one_cluster_has_no_interval_and_says_why():
    sums = ClusterSums(np.array([[3.0]]), np.array([[4.0]]))
    before, _, change = estimate_means(sums, sums)[0]
    assert before.value == 0.75
    assert before.low is None
    assert "one cluster" in before.why
    assert change.p is None


def test_replicates_of_other_groups_are_refused():
    with pytest.raises(VectorError, match="same groups"):
        difference_replicates(Replicates(0, np.zeros(3), 9), Replicates(0, np.zeros(4), 9), 9)
