"""Pairings that keep clusters whole: what moves where, what is left aside, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError, VectorError
from repscope.measure.core.shuffles import FEWEST, shuffles


def test_rows_alone_are_permuted_as_they_are() -> None:
    rng = np.random.default_rng(3)
    expected = [rng.permutation(7) for _ in range(4)]
    for clusters in (None, np.array([4, 9, 0, 1, 7, 5, 2])):
        found = shuffles(7, clusters, seed=3, permutations=4, most_rows=10)
        assert found.rows.tolist() == list(range(7))
        np.testing.assert_array_equal(found.pairings, expected)
        assert found.method == ""


def test_fewer_pairings_are_the_first_of_more() -> None:
    clusters = np.repeat(np.arange(12), 2)
    few, more = (shuffles(24, clusters, seed=1, permutations=p, most_rows=99) for p in (3, 8))
    np.testing.assert_array_equal(few.pairings, more.pairings[:3])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=40), st.integers(0, 999))
def test_clusters_move_whole_and_in_order(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    clusters = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    if max(sizes) == 1:
        clusters = np.append(clusters, clusters[-1])
    found = shuffles(len(clusters), clusters, seed=seed, permutations=5, most_rows=1000)
    codes = found.codes(clusters)
    assert (np.diff(found.rows) > 0).all()
    for pairing in found.pairings:
        assert sorted(pairing) == list(range(len(codes)))
        for cluster in np.unique(codes):
            mine = np.flatnonzero(codes == cluster)
            partner = pairing[mine]
            assert (np.diff(partner) > 0).all()  # in order
            # The rows of one cluster go with all the rows of one other.
            assert np.array_equal(partner, np.flatnonzero(codes == codes[partner[0]]))


def test_every_cluster_of_a_size_can_go_to_every_other() -> None:
    clusters = np.repeat(np.arange(2 * FEWEST), [1] * FEWEST + [3] * FEWEST)
    found = shuffles(len(clusters), clusters, seed=0, permutations=400, most_rows=1000)
    reached = np.zeros((2 * FEWEST, 2 * FEWEST), int)
    for pairing in found.pairings:
        np.add.at(reached, (clusters, clusters[pairing]), 1)
    assert (reached[:FEWEST, :FEWEST] > 0).all()
    assert (reached[FEWEST:, FEWEST:] > 0).all()
    assert not reached[:FEWEST, FEWEST:].any()
    assert "2 sizes" in found.method


def test_rare_sizes_are_cut_to_the_next() -> None:
    clusters = np.repeat(np.arange(8), [9, 5, 4, 4, 4, 4, 4, 2])
    found = shuffles(len(clusters), clusters, seed=0, permutations=2, most_rows=1000)
    assert np.bincount(found.codes(clusters)).tolist() == [4] * 7  # the one of 2 rows is left aside
    assert f"28 of {len(clusters)} rows" in found.method
    few = shuffles(10, np.repeat([0, 1, 2], [5, 3, 2]), seed=0, permutations=2, most_rows=1000)
    assert len(few.rows) == 6


def test_many_rows_are_sampled_by_cluster() -> None:
    clusters = np.repeat(np.arange(400), 10)
    found = shuffles(4000, clusters, seed=0, permutations=1, most_rows=1000)
    assert np.unique(np.bincount(found.codes(clusters))[found.codes(clusters)]).tolist() == [10]
    assert len(found.rows) == 1000
    giants = shuffles(30_000, np.repeat([0, 1, 2], 10_000), seed=0, permutations=1, most_rows=900)
    assert np.bincount(giants.codes(np.repeat([0, 1, 2], 10_000))).tolist() == [300] * 3


def test_refusals() -> None:
    with pytest.raises(InputError, match="permutation"):
        shuffles(5, None, seed=0, permutations=0, most_rows=10)
    with pytest.raises(VectorError, match="at least 2 clusters"):
        shuffles(5, np.zeros(5, int), seed=0, permutations=1, most_rows=10)
    with pytest.raises(VectorError, match="one cluster for each"):
        shuffles(5, np.zeros(4, int), seed=0, permutations=1, most_rows=10)
