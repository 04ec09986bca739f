"""The neighbours that items gained, lost and kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from repscope.errors import InputError, VectorError
from repscope.measure.change.neighbours import neighbour_change, neighbour_change_of
from repscope.measure.similarity.neighbours import knn_recall, neighbour_pair


def pair(seed: int, n: int = 40, d: int = 6, step: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    before = rng.standard_normal((n, d))
    return before, before + step * rng.standard_normal((n, d))


def chance_of_at_least(kept: int, others: int, k: int) -> float:
    return sum(math.comb(k, j) * math.comb(others - k, k - j) for j in range(kept, k + 1)) / math.comb(
        others, k
    )


@pytest.mark.parametrize("k", [1, 4, 10])
def test_neighbours_against_python_sets(k: int) -> None:
    before, after = pair(2, 60)
    change = neighbour_change(before, after, k)
    p = []
    for i in range(60):
        was, is_now = ({int(j) for j in ids[i]} for ids in (change.before, change.after))
        assert {int(j) for j in change.before[i][change.is_kept[i]]} == was & is_now
        assert {int(j) for j in change.after[i][change.is_gained[i]]} == is_now - was
        assert change.kept[i] == len(was & is_now)
        p.append(chance_of_at_least(len(was & is_now), 59, k))
    np.testing.assert_allclose(change.p, p, rtol=1e-9)
    np.testing.assert_allclose(change.q, false_discovery_control(p))
    assert change.share_kept.mean() == pytest.approx(knn_recall(before, after, k))


def test_identity_keeps_every_neighbour_and_shuffling_keeps_none_beyond_chance() -> None:
    before, _ = pair(3, 200)
    same = neighbour_change(before, before)
    assert same.survived.all()
    assert (same.kept == 10).all()
    assert not same.is_gained.any()
    shuffled = neighbour_change(before, np.random.default_rng(0).permutation(before))
    assert not shuffled.survived.any()
    assert shuffled.share_kept.mean() == pytest.approx(10 / 199, abs=0.02)


def test_items_that_moved_away_are_found() -> None:
    rng = np.random.default_rng(5)
    before = rng.standard_normal((150, 8))
    after = before + 0.05 * rng.standard_normal((150, 8))
    after[:20] = rng.standard_normal((20, 8))
    change = neighbour_change(before, after)
    assert change.survived[20:].all()
    assert change.survived[:20].sum() <= 4
    assert not neighbour_change(before, after, level=0.0).survived.any()


def test_neighbour_refusals() -> None:
    before, after = pair(0, 11)
    with pytest.raises(VectorError, match="11 rows"):
        neighbour_change(before, after)  # with k = N − 1 every neighbour is kept whatever happens
    with pytest.raises(InputError):
        neighbour_change(before, after, 0)
    with pytest.raises(VectorError, match="equally many"):
        neighbour_change_of(neighbour_pair(before, after, 2)[0], neighbour_pair(before, after, 3)[0])
