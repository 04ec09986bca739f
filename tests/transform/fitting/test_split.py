"""Rows held out: whole clusters, a share of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import VectorError
from repscope.transform.fitting import hold_out


@settings(max_examples=30, deadline=None)
@given(
    codes=st.lists(st.integers(0, 9), min_size=2, max_size=60).filter(lambda c: len(set(c)) > 1),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 99),
)
def test_no_cluster_is_parted(codes: list[int], share: float, seed: int) -> None:
    groups = np.asarray(codes)
    train, held = hold_out(groups, share, seed)
    assert sorted([*train, *held]) == list(range(len(codes)))
    assert not set(groups[train]) & set(groups[held])
    n = len(set(codes))
    assert len(set(groups[held])) == min(n - 1, max(1, round(share * n)))


def test_a_seed_chooses() -> None:
    groups = np.arange(40)
    first = hold_out(groups, 0.25, 1)[1]
    assert first.tolist() == hold_out(groups, 0.25, 1)[1].tolist()
    assert first.tolist() != hold_out(groups, 0.25, 2)[1].tolist()


def test_nothing_held_out() -> None:
    train, held = hold_out([0, 0, 1], 0.0)
    assert train.tolist() == [0, 1, 2]
    assert held.tolist() == []


def test_one_cluster_cannot_be_split() -> None:
    with pytest.raises(VectorError, match="at least 2 class codes to hold some out; got 1"):
        hold_out([3, 3], 0.5, what="class")
