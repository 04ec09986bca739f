"""Modes that lose their items, and the paths of items."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from repscope.measure.drift import drift_arrays
from repscope.measure.drift.modes import LostAt, _losses, _lost, mode_count, spatial_median
from repscope.testing.drifts import measure_drift, simulate_drift


def blobs(n: int = 480, modes: int = 6, seed: int = 0):
    rng = np.random.default_rng(seed)
    centres = 10 * np.eye(modes)
    labels = np.arange(n) % modes
    return rng, centres, labels


def test_an_emptied_mode_is_found_with_its_items() -> None:
    rng, centres, labels = blobs()
    first = centres[labels] + rng.standard_normal((480, 6))
    moved = np.where(labels == 2, 3, labels)
    later = [centres[labels] + rng.standard_normal((480, 6)), centres[moved] + rng.standard_normal((480, 6))]
    found = drift_arrays([first, *later], measures=("modes",), controls=False).modes
    lost = [mode for mode in found.modes if mode.lost is not None]
    assert lost
    assert all(mode.lost == 2 for mode in lost)
    assert all(mode.shape_lost == 2 for mode in lost)
    assert all(labels[row] == 2 for mode in lost for row in (*mode.examples, *mode.leavers))
    assert sum(mode.shares[0] for mode in lost) == pytest.approx(1 / 6, abs=0.05)
    assert found.lost_share() == pytest.approx(sum(mode.shares[0] for mode in lost))
    assert all(mode.shares[2] < 0.02 for mode in lost)
    for s in range(3):
        assert sum(mode.shares[s] for mode in found.modes) == pytest.approx(1.0)
    assert "k-means of 240 rows" in found.method
    assert "into 12 modes" in found.method


def test_the_spatial_median_is_the_point_of_least_distance() -> None:
    from scipy.optimize import minimize

    x = np.random.default_rng(0).standard_normal((50, 3)) ** 3
    oracle = minimize(lambda point: np.linalg.norm(x - point, axis=1).sum(), x.mean(axis=0)).x
    np.testing.assert_allclose(spatial_median(x), oracle, atol=1e-4)
    np.testing.assert_allclose(spatial_median(np.full((5, 2), 3.0)), [3.0, 3.0])
    spoilt = np.concatenate([np.zeros((60, 2)), np.full((40, 2), 100.0)])
    np.testing.assert_allclose(spatial_median(spoilt), 0, atol=1e-3)


@pytest.mark.parametrize("change", ["fresh", "translation", "scale", "far smaller"])
def test_noise_translation_and_scale_lose_no_mode(change: str) -> None:
    rng, centres, labels = blobs()
    first = centres[labels] + rng.standard_normal((480, 6))
    later = centres[labels] + rng.standard_normal((480, 6))
    if change == "translation":
        later = later + 30
    if change == "scale":
        later = 0.05 * later
    if change == "far smaller":
        # What is known of the middle to a hundredth is two lengths off once the scale is undone.
        later = (0.005 * first + 0.3).astype(np.float32)
    found = drift_arrays([first, later], measures=("modes",), controls=False).modes
    assert found.lost_share(shape=True) == 0
    if change in ("fresh", "translation"):
        assert found.lost_share() == 0


def test_the_loss_of_a_mode_is_a_sign_test_over_clusters() -> None:
    from scipy.stats import binomtest

    labels = np.zeros((2, 30), np.int64)
    labels[0, :12] = 1
    labels[1, 9:16] = 1
    p, q = _losses(labels, np.arange(30), 2)
    left, came = 9, 4
    assert p[0, 1] == pytest.approx(binomtest(came, left + came, 0.5, alternative="less").pvalue)
    assert p[0, 0] == pytest.approx(binomtest(left, left + came, 0.5, alternative="less").pvalue)
    assert (q >= p).all()
    # Rows of one cluster count once: ten rows of one item cannot empty a mode.
    clustered = np.repeat([0, 1, 2], 10)
    whole = np.zeros((2, 30), np.int64)
    whole[0, :10] = 1
    assert _losses(whole, clustered, 2)[0][0, 1] == pytest.approx(0.5)


def test_a_mode_is_lost_from_when_it_stays_lost() -> None:
    rule = LostAt(0.25, 0.05)
    q = np.array([0.01, 0.01, 0.01])
    assert _lost(np.array([0.4, 0.05, 0.04, 0.0]), q, rule) == 1
    assert _lost(np.array([0.4, 0.05, 0.3, 0.0]), q, rule) == 3
    assert _lost(np.array([0.4, 0.05, 0.04, 0.3]), q, rule) is None
    assert _lost(np.array([0.4, 0.05, 0.04, 0.0]), np.array([0.01, 0.01, 0.2]), rule) is None


def test_few_items_have_modes_that_are_fine_enough() -> None:
    counts = {80: 4, 150: 7, 160: 8, 320: 8, 400: 10, 500: 12, 1280: 32, 10**6: 32}
    assert {clusters: mode_count(clusters) for clusters in counts} == counts


@pytest.mark.parametrize("seed", [3, 7])
def test_a_loss_of_most_modes_is_seen_with_few_clusters(seed: int) -> None:
    # Three modes, one for forty clusters, each held some of what is left in these studies.
    study = simulate_drift("collapse-modes", items=150, rows_per_item=4, seed=5000 + seed)
    found = measure_drift(study, seed=5000 + seed)
    assert found.modes.lost_share(shape=True) > 0.4
    assert found.verdict.word == "collapsing"
    # A quarter of the items are where they were, two modes of eight.
    alive = [mode.shape_shares[-1] for mode in found.modes.modes if mode.shape_lost is None]
    assert sum(alive) > 0.9


def test_too_few_items_have_no_modes() -> None:
    x = np.random.default_rng(0).standard_normal((60, 4))
    found = drift_arrays([x, x], measures=("modes",)).modes
    assert found.modes == ()
    assert "modes need 80" in found.why


def test_paths_are_lengths_of_the_steps() -> None:
    rng = np.random.default_rng(1)
    stages = [rng.standard_normal((50, 3)) for _ in range(4)]
    found = drift_arrays(stages, measures=("paths",), controls=False).paths
    steps = [np.linalg.norm(b - a, axis=1) for a, b in pairwise(stages)]
    np.testing.assert_allclose(found.length, np.sum(steps, axis=0))
    np.testing.assert_allclose(found.net, np.linalg.norm(stages[3] - stages[0], axis=1))
    assert list(found.moved_most) == np.argsort(-found.net)[:20].tolist()
    last = np.linalg.norm(stages[3][:, None] - stages[3], axis=2)
    np.fill_diagonal(last, np.inf)
    np.testing.assert_allclose(found.nearest_last, last.min(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(found.partner, last.argmin(axis=1))


def test_converged_items_are_named_and_a_common_scale_is_no_convergence() -> None:
    x = np.random.default_rng(2).standard_normal((60, 4))
    later = x + 0.0
    later[7] = later[31] + 0.001
    found = drift_arrays([x, later], measures=("paths",), controls=False).paths
    assert found.converged[0] == (7, 31)
    assert found.converged_ratio[0] < 0.01
    assert found.moved_most[0] == 7
    shrunk = drift_arrays([x, 0.1 * x], measures=("paths",), controls=False).paths
    assert all(ratio > 0.999 for ratio in shrunk.converged_ratio)
