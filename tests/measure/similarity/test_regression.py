"""Held-out R²: scikit-learn's ridge on the same folds, known answers, clusters, null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from repscope.errors import VectorError
from repscope.measure.core.folds import cluster_folds
from repscope.measure.core.ridge import PENALTIES
from repscope.measure.similarity.regression import (
    linear_errors,
    linear_r2,
    linear_r2_null,
    linear_r2_replicates,
)


def pair(seed: int, n: int = 60, d1: int = 5, d2: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d1)) * np.geomspace(3, 0.3, d1) + 1
    return x, x @ rng.standard_normal((d1, d2)) + rng.standard_normal((n, d2)) - 2


def by_sklearn(x: np.ndarray, y: np.ndarray, fold_of_row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ridge at the penalty with the least generalised cross-validation error, from hat matrices."""
    errors, baseline = np.empty(len(x)), np.empty(len(x))
    for fold in np.unique(fold_of_row):
        train, test = fold_of_row != fold, fold_of_row == fold
        centred = x[train] - x[train].mean(axis=0)
        eigenvalues = np.linalg.eigvalsh(centred.T @ centred)
        mean = eigenvalues[eigenvalues > 1e-10 * eigenvalues[-1]].mean()
        scores = []
        for penalty in PENALTIES * mean:
            model = Ridge(alpha=penalty).fit(x[train], y[train])
            hat = centred @ np.linalg.solve(centred.T @ centred + penalty * np.eye(x.shape[1]), centred.T)
            freedom = 1 + np.trace(hat)
            if freedom >= 0.95 * train.sum():
                scores.append(np.inf)
                continue
            residual = np.square(y[train] - model.predict(x[train]).reshape(y[train].shape)).sum()
            scores.append(residual / (1 - freedom / train.sum()) ** 2)
        model = Ridge(alpha=PENALTIES[np.argmin(scores)] * mean).fit(x[train], y[train])
        errors[test] = np.square(y[test] - model.predict(x[test]).reshape(y[test].shape)).sum(axis=1)
        baseline[test] = np.square(y[test] - y[train].mean(axis=0)).sum(axis=1)
    return errors, baseline


@pytest.mark.parametrize("shape", [(60, 5, 3), (60, 5, 1), (30, 50, 4), (40, 38, 2)])
def test_against_sklearn(shape: tuple[int, int, int]) -> None:
    x, y = pair(0, *shape)
    folds = cluster_folds(np.arange(shape[0]), 5, 0)
    errors, baseline = by_sklearn(x, y, folds)
    found = linear_errors(x, y, folds)
    np.testing.assert_allclose(found[0], errors, rtol=1e-6)
    np.testing.assert_allclose(found[1], baseline, rtol=1e-9)
    assert linear_r2(x, y) == pytest.approx(1 - errors.sum() / baseline.sum(), abs=1e-6)
    assert linear_r2(x.astype(np.float32), y.astype(np.float32)) == pytest.approx(linear_r2(x, y), abs=1e-4)


def test_known_answers() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 6))
    assert linear_r2(x, x @ rng.standard_normal((6, 4)) + 3) == pytest.approx(1, abs=1e-6)
    # y = signal + noise of the same variance: half of it can be told.
    assert linear_r2(x, x[:, :3] + rng.standard_normal((200, 3))) == pytest.approx(0.5, abs=0.1)
    assert linear_r2(x, rng.standard_normal((200, 3))) == pytest.approx(0, abs=0.1)
    # More columns than rows and nothing to tell: the penalty rises until nothing is claimed.
    assert linear_r2(rng.standard_normal((40, 100)), rng.standard_normal((40, 5))) == pytest.approx(
        0, abs=0.15
    )
    assert linear_r2(np.ones((20, 2)), rng.standard_normal((20, 2))) == pytest.approx(0, abs=1e-9)


def test_clusters_stay_together() -> None:
    """Copies in other folds would give the answer away."""
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((20, 30)), rng.standard_normal((20, 2))
    x, y = np.repeat(x, 6, axis=0), np.repeat(y, 6, axis=0)
    assert linear_r2(x, y) > 0.9
    assert linear_r2(x, y, np.repeat(np.arange(20), 6)) < 0.3


def test_folds() -> None:
    clusters = np.repeat(np.arange(13) * 5 - 1, 3)
    folds = cluster_folds(clusters, 5, seed=2)
    for cluster in np.unique(clusters):
        assert len(set(folds[clusters == cluster].tolist())) == 1
    assert sorted(np.bincount(folds).tolist()) == [6, 6, 9, 9, 9]
    assert cluster_folds(np.array([0, 0, 1]), 5).max() == 1
    with pytest.raises(VectorError, match="at least 2 clusters"):
        cluster_folds(np.zeros(9, int))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**16))
def test_invariances(seed: int) -> None:
    x, y = pair(seed, 30)
    turns = [np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0] for d in (5, 3)]
    value = linear_r2(x, y)
    assert value <= 1
    assert linear_r2(4 * x @ turns[0] + 1, 3 * y @ turns[1] - 7) == pytest.approx(value, abs=1e-7)


def test_left_out_groups_leave_the_score_and_not_the_fit() -> None:
    x, y = pair(2)
    codes = np.arange(60) % 7 - 1
    replicates = linear_r2_replicates(x, y, codes, 6)
    errors, baseline = linear_errors(x, y, cluster_folds(codes, 5, 0))
    for group in range(6):
        kept = codes != group
        assert replicates.leave_out[group] == pytest.approx(1 - errors[kept].sum() / baseline[kept].sum())
    assert replicates.value == pytest.approx(linear_r2(x, y, codes))
    assert "held fixed" in replicates.method


def test_null_is_the_measure_of_permuted_rows() -> None:
    x, y = pair(3)
    null = linear_r2_null(x, y, seed=5, permutations=6)
    rng = np.random.default_rng(5)
    folds = cluster_folds(np.arange(60), 5, 5)
    drawn = []
    for _ in range(6):
        errors, baseline = linear_errors(x, y[rng.permutation(60)], folds)
        drawn.append(1 - errors.sum() / baseline.sum())
    assert null.observed == pytest.approx(linear_r2(x, y, seed=5))
    assert null.mean == pytest.approx(np.mean(drawn), abs=1e-9)
    assert null.p == pytest.approx(1 / 7)


def test_null_of_wide_sets_is_of_a_sketch() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((120, 80))
    y = x + 0.5 * rng.standard_normal((120, 80))
    null = linear_r2_null(x, y, permutations=19, most_rows=100)
    assert "64 projections of y" in null.method
    assert "100 of 120 rows" in null.method
    rows = np.sort(np.random.default_rng(0).choice(120, 100, replace=False))
    assert null.observed == pytest.approx(linear_r2(x[rows], y[rows]), abs=0.05)
    assert null.p == 0.05


def test_refusals() -> None:
    x, y = pair(0)
    for function in (linear_r2, linear_r2_null):
        with pytest.raises(VectorError, match="rows differ"):
            function(x, np.full((60, 2), 0.3))
        with pytest.raises(VectorError, match="paired"):
            function(x, y[1:])
        with pytest.raises(VectorError, match="clusters"):
            function(x, y, np.zeros(60, int))
        bad = y.copy()
        bad[8] = np.inf
        with pytest.raises(VectorError, match="row"):
            function(x, bad)
