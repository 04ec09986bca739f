"""What a bridge is fitted on: rows in blocks, and which of them belong together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import repscope as rs
from repscope.errors import LinkError, VectorError
from repscope.transform.inputs import Rows, gather, join_codes

X = np.arange(12.0).reshape(6, 2)


def test_float64_stays_and_the_rest_is_float32() -> None:
    assert Rows(X, "x").dtype == np.float64
    assert next(Rows(X, "x").blocks()).dtype == np.float64
    for given_ in (
        X.astype(np.float16),
        X.tolist(),
        torch.tensor(X, dtype=torch.bfloat16),
        rs.EmbeddingSet("s", X),
    ):
        rows = Rows(given_, "x")
        assert (rows.dtype, next(rows.blocks()).dtype, rows.take(np.array([1])).dtype) == (np.float32,) * 3
        np.testing.assert_array_equal(np.concatenate(list(rows.blocks(4))), X)
    assert Rows(torch.tensor(X), "x").dtype == np.float64


def test_nothing_is_copied_that_follows_in_order() -> None:
    assert np.shares_memory(Rows(X, "x").take(np.array([2, 3, 4])), X)
    assert all(np.shares_memory(block, X) for block in Rows(X, "x").blocks(4))


@pytest.mark.parametrize("as_set", [False, True])
def test_subsets_and_repeats(as_set: bool) -> None:
    rows = Rows(rs.EmbeddingSet("s", X) if as_set else X, "x", np.array([5, 1, 3]))
    assert (rows.n, rows.d) == (3, 2)
    np.testing.assert_array_equal(rows.take(np.array([2, 0, 2])), X[[3, 5, 3]])
    np.testing.assert_array_equal(np.concatenate(list(rows.blocks(2))), X[[5, 1, 3]])


def test_pairs() -> None:
    data = gather(X, X[:3] * 2, pairs=([0, 4, 4], [1, 0, 2]))
    blocks = list(data.pair_blocks(2))
    assert [len(left) for left, _ in blocks] == [2, 1]
    np.testing.assert_array_equal(np.concatenate([left for left, _ in blocks]), X[[0, 4, 4]])
    np.testing.assert_array_equal(np.concatenate([right for _, right in blocks]), 2 * X[[1, 0, 2]])
    chosen = next(data.pair_blocks(chosen=np.array([2])))
    np.testing.assert_array_equal(chosen[1], 2 * X[[2]])
    assert data.clusters.tolist() == [0, 1, 2, 3, 4, 5]


def test_clusters_are_codes() -> None:
    assert gather(X, None, clusters=list("bbaacc")).clusters.tolist() == [1, 1, 0, 0, 2, 2]


@given(st.lists(st.integers(-1, 4), max_size=12), st.lists(st.integers(-1, 4), max_size=12))
def test_joined_codes_are_all_equal_pairs(left: list[int], right: list[int]) -> None:
    found = join_codes(np.array(left, np.int64), np.array(right, np.int64))
    expected = [(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if a == b >= 0]
    assert sorted(zip(*(side.tolist() for side in found), strict=True)) == expected


def test_bad_links() -> None:
    for pairs, message in (
        (([0, 1], [0]), "of one length"),
        (([0.5], [0]), "whole row numbers"),
        (([[0]], [[0]]), "of one length"),
        (([0], [1], [2]), "two lists of row numbers"),
        (([0, 6], [0, 0]), "from 0 to 5"),
        (([0, -1], [0, 0]), "from 0 to 5"),
        ((np.zeros(0, int), np.zeros(0, int)), "rows that belong together"),
    ):
        with pytest.raises(LinkError, match=message):
            gather(X, X, pairs=pairs)  # type: ignore[arg-type]
    with pytest.raises(LinkError, match='on="row" or pairs'):
        gather(X, X, on="label")
    with pytest.raises(LinkError, match="belong together, for this method"):
        next(gather(X, X).pair_blocks())
    with pytest.raises(VectorError, match="6 clusters, one for each source row"):
        gather(X, None, clusters=[1, 2])


def test_bad_rows() -> None:
    for bad in (np.zeros((0, 2)), np.zeros((2, 0)), np.zeros(3), np.zeros((2, 2, 2))):
        with pytest.raises(VectorError, match="an N×D array"):
            Rows(bad, "x")
    with pytest.raises(VectorError, match="a masked array"):
        Rows(np.ma.masked_array(X), "x")
    with pytest.raises(VectorError, match="NaN or Inf in row 5"):
        Rows(np.vstack([X[:5], [[1, np.inf]]]), "x")
