"""Movement of the centre: closed forms, naive oracles, and what noise adds."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.measure.drift.centres import flip_p, movement, moves, split_floor, turns
from repscope.measure.drift.frame import drift_frame
from repscope.measure.drift.sums import stage_sums


def rows(n: int = 60, d: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def test_a_translation_is_its_own_length_to_the_last_digit() -> None:
    x = rows() + 100
    step = np.array([3.0, 0, 4, 0, 0])
    one = drift_frame([x, x + step])
    (move,) = moves(one, stage_sums(one))
    # Every item moved alike, so the difference of the means has no noise.
    assert move.distance.value == pytest.approx(5.0, abs=1e-9)
    assert move.plain == pytest.approx(5.0, abs=1e-9)
    assert move.noise == pytest.approx(0.0, abs=1e-6)
    assert move.distance.low == pytest.approx(5.0, abs=1e-6)
    assert move.distance.high == pytest.approx(5.0, abs=1e-6)
    assert move.p == pytest.approx(1 / 2001)
    radius = np.sqrt(np.trace(np.cov(x.T)))
    assert move.relative.value == pytest.approx(5 / radius)


def test_copies_do_not_move() -> None:
    x = rows()
    one = drift_frame([x, x.copy(), x])
    sums = stage_sums(one)
    for move in moves(one, sums):
        assert move.distance.value == 0
        assert move.distance.high == 0
        assert move.p == 1.0
    assert all(turn.cosine.value is None and "within noise" in turn.cosine.why for turn in turns(one, sums))


def test_the_squared_distance_is_the_mean_over_pairs_of_different_items() -> None:
    x, y = rows(seed=1), rows(seed=2) + 0.3
    one = drift_frame([x, y])
    steps = y - x
    products = steps @ steps.T
    naive = (products.sum() - np.trace(products)) / (len(x) * (len(x) - 1))
    found = movement(stage_sums(one), (0, 1))
    assert found.inner[0] == pytest.approx(naive, rel=1e-9)
    left = one.groups != 4
    kept = products[np.ix_(left, left)]
    n = left.sum()
    assert found.inner[5] == pytest.approx((kept.sum() - np.trace(kept)) / (n * (n - 1)), rel=1e-9)
    assert found.plain[0] == pytest.approx(np.square(steps.mean(axis=0)).sum(), rel=1e-9)


def test_the_noise_of_clusters_is_that_of_their_sums() -> None:
    x, y = rows(seed=1), rows(seed=2)
    clusters = np.random.default_rng(5).integers(0, 17, 60)
    clusters = np.unique(clusters, return_inverse=True)[1]
    c = clusters.max() + 1
    steps = y - x
    mean = steps.mean(axis=0)
    sums = np.stack([(steps[clusters == k] - mean).sum(axis=0) for k in range(c)])
    noise = np.square(sums).sum() / 60**2 * c / (c - 1)
    found = movement(stage_sums(drift_frame([x, y], clusters=clusters)), (0, 1))
    assert found.noise[0] == pytest.approx(noise, rel=1e-9)


def test_clusters_that_span_blocks_are_whole() -> None:
    x, y = rows(seed=1), rows(seed=2)
    clusters = np.arange(60) // 15
    wide, narrow = (stage_sums(drift_frame([x, y], clusters=clusters, block_rows=b)) for b in (1000, 4))
    assert narrow.clusters.tolist() == wide.clusters.tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(narrow.squares, wide.squares)
    np.testing.assert_allclose(narrow.products, wide.products, rtol=1e-9)
    np.testing.assert_allclose(narrow.weighted, wide.weighted, rtol=1e-9, atol=1e-9)


def test_unbiased_where_nothing_moves() -> None:
    """The plain distance reads the noise; the unbiased square is zero on average."""
    rng = np.random.default_rng(0)
    inner, plain = [], []
    for _ in range(200):
        one = drift_frame([rng.standard_normal((40, 8)) for _ in range(2)])
        found = movement(stage_sums(one), (0, 1))
        inner.append(found.inner[0])
        plain.append(found.plain[0])
    expected = 2 * 8 / 40
    assert np.mean(plain) == pytest.approx(expected, rel=0.1)
    assert abs(np.mean(inner)) < 0.1 * expected


@pytest.mark.parametrize(("angle", "cosine"), [(0, 1.0), (90, 0.0), (180, -1.0)])
def test_turns_of_known_angle(angle: float, cosine: float) -> None:
    x = rows(200, 3)
    rng = np.random.default_rng(3)
    out = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle)), 0])
    step = np.array([1.0, 0, 0])
    stages = [x, x + step, x + step + out]
    one = drift_frame([stage + 0.05 * rng.standard_normal(x.shape) for stage in stages])
    (turn,) = turns(one, stage_sums(one))
    assert turn.stage == 1
    assert turn.cosine.value == pytest.approx(cosine, abs=0.03)
    assert turn.cosine.low <= cosine <= turn.cosine.high or abs(turn.cosine.value - cosine) < 0.01
    assert -1 <= turn.cosine.low <= turn.cosine.high <= 1


def test_shared_noise_of_the_middle_stage_does_not_turn_the_centre_back() -> None:
    """Plain successive moves share the middle stage's noise with opposite signs; the unbiased ones do not."""
    rng = np.random.default_rng(1)
    inner = []
    for _ in range(200):
        one = drift_frame([rng.standard_normal((30, 6)) + 0.3 * g for g in range(3)])
        inner.append(movement(stage_sums(one), (0, 1), (1, 2)).inner[0])
    assert np.mean(inner) == pytest.approx(0.3**2 * 6, abs=0.05)


def test_p_is_uniform_where_nothing_moves() -> None:
    rng = np.random.default_rng(2)
    p = []
    for _ in range(200):
        one = drift_frame([rng.standard_normal((40, 4)) for _ in range(2)], resamples=199)
        p.append(flip_p(one, stage_sums(one), (0, 1)))
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.10
    assert 0.4 < np.mean(p) < 0.6


def test_the_floor_is_what_two_halves_read() -> None:
    x = rows()
    one = drift_frame([x, x])
    even = one.groups % 2 == 0
    expected = np.linalg.norm(x[even].mean(axis=0) - x[~even].mean(axis=0))
    assert split_floor(stage_sums(one)) == pytest.approx(expected)


def test_shuffled_stages_read_chance() -> None:
    x = rows(400)
    one = drift_frame([x, x + 1.0])
    chance = stage_sums(one, shuffle=True)
    (move,) = moves(one, stage_sums(one), chance)
    assert move.plain == pytest.approx(np.sqrt(5))
    assert move.shuffled < 0.3 * move.plain
