"""Folds: clusters whole, sets spread, and the same as scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from repscope.errors import VectorError
from repscope.measure.core.folds import cluster_folds, stratified_folds


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 999), st.integers(20, 150), st.integers(4, 60), st.integers(2, 6), st.floats(0.2, 0.9))
def test_stratified_folds_are_those_of_scikit_learn(
    seed: int, n: int, n_groups: int, folds: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    strata = rng.random(n) < share
    strata[:folds], strata[folds : 2 * folds] = True, False
    groups = np.append(rng.integers(0, n_groups, n - 6), np.arange(6))
    found = stratified_folds(strata, groups, folds, seed)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(groups, strata, groups)):
        assert np.flatnonzero(found == number).tolist() == test.tolist()


def test_clusters_stay_whole() -> None:
    clusters = np.random.default_rng(0).integers(0, 30, 200)
    found = cluster_folds(clusters, 5, seed=1)
    assert set(found) == set(range(5))
    assert all(len(np.unique(found[clusters == cluster])) == 1 for cluster in range(30))
    with pytest.raises(VectorError, match="at least 2 clusters"):
        cluster_folds(np.zeros(5, int))
