"""procrustes, ridge and cca against scipy, scikit-learn and the map that is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes as scipy_procrustes
from sklearn.cross_decomposition import CCA as ReferenceCCA  # noqa: N811
from sklearn.linear_model import Ridge as ReferenceRidge
from sklearn.linear_model import RidgeCV

from repscope.errors import InputError, LinkError, VectorError
from repscope.measure.core.folds import cluster_folds
from repscope.measure.core.ridge import PENALTIES
from repscope.testing import paired_modalities
from repscope.transform.linear.cca import CCA
from repscope.transform.linear.procrustes import Procrustes
from repscope.transform.linear.ridge import Ridge


def pairs(n: int = 200, d: int = 7, e: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) * np.linspace(0.5, 3, d) + 1
    return x, x @ rng.standard_normal((d, e)) + 0.5 * rng.standard_normal((n, e)) - 2


def test_procrustes_is_that_of_scipy() -> None:
    x, y = pairs(e=7)
    turn, _ = orthogonal_procrustes(x - x.mean(0), y - y.mean(0))
    found = Procrustes().fit(x, y, on="row")
    np.testing.assert_allclose(found.matrix_, turn, atol=1e-9)
    np.testing.assert_allclose(
        Procrustes(centring=False).fit(x, y, on="row").matrix_, orthogonal_procrustes(x, y)[0]
    )
    np.testing.assert_allclose(found.matrix_ @ found.matrix_.T, np.eye(7), atol=1e-12)
    assert found.rank_ == 7
    assert found.warnings_ == ()


def test_procrustes_with_scaling_has_the_disparity_of_scipy() -> None:
    x, y = pairs(e=7)
    moved = Procrustes(scaling=True).fit(x, y, on="row").transform(x)
    disparity = np.square(moved - y).sum() / np.square(y - y.mean(0)).sum()
    assert disparity == pytest.approx(scipy_procrustes(y, x)[2], abs=1e-10)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_procrustes_recovers_a_turn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((30, 4))
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    bridge = Procrustes(scaling=True).fit(x, 2.5 * x @ turn + 1, on="row")
    np.testing.assert_allclose(bridge.matrix_, 2.5 * turn, atol=1e-9)
    np.testing.assert_allclose(bridge.inverse_transform(bridge.transform(x)), x, atol=1e-9)


def test_procrustes_with_few_pairs_says_so() -> None:
    x, y = pairs(n=4, e=7)
    bridge = Procrustes().fit(x, y, on="row")
    assert bridge.rank_ == 3
    assert bridge.warnings_ == ("4 pairs fix 3 of 7 directions: the others turn as little as they can",)
    np.testing.assert_allclose(bridge.matrix_ @ bridge.matrix_.T, np.eye(7), atol=1e-12)
    left, _, right = np.linalg.svd((x - x.mean(0)).T @ (y - y.mean(0)))
    free_source, free_target = left[:, 3:], right[3:].T
    # The best that is left: the sum of the cosines of the principal angles.
    least = np.linalg.svd(free_source.T @ free_target)[1].sum()
    turned = np.trace(free_target.T @ bridge.matrix_.T @ free_source @ (free_source.T @ free_target))
    assert turned == pytest.approx(least)
    with pytest.raises(VectorError, match="pairs that vary together"):
        Procrustes().fit(x, np.ones_like(y), on="row")


@pytest.mark.parametrize("alpha", [0.0, 0.3, 100.0])
def test_ridge_is_that_of_sklearn(alpha: float) -> None:
    x, y = pairs()
    reference = ReferenceRidge(alpha=alpha).fit(x, y)
    bridge = Ridge(penalty=alpha).fit(x, y, on="row")
    np.testing.assert_allclose(bridge.matrix_, reference.coef_.T, atol=1e-9)
    np.testing.assert_allclose(bridge.transform(x), reference.predict(x), atol=1e-9)
    assert bridge.alpha_ == alpha
    assert (bridge.n_features_in_, bridge.n_features_out_) == (7, 5)


def test_generalised_cross_validation_is_that_of_sklearn() -> None:
    x, y = pairs(n=40)
    bridge = Ridge("gcv").fit(x, y, on="row")
    axes = np.linalg.eigvalsh((x - x.mean(0)).T @ (x - x.mean(0)))
    reference = RidgeCV(alphas=PENALTIES * axes.mean()).fit(x, y)
    assert bridge.alpha_ == pytest.approx(reference.alpha_)


def test_cross_validation_equals_fits_on_folds() -> None:
    x, y = pairs(n=40, d=6, e=3)
    clusters = np.arange(40) // 2
    bridge = Ridge("cv", folds=4, random_state=3).fit(x, y, on="row", clusters=clusters)
    fold = cluster_folds(clusters, 4, 3)
    scale = np.linalg.eigvalsh((x - x.mean(0)).T @ (x - x.mean(0))).mean()
    errors = []
    for penalty in PENALTIES * scale:
        error = 0.0
        for one in range(4):
            rest = fold != one
            model = ReferenceRidge(alpha=penalty * rest.mean()).fit(x[rest], y[rest])
            error += np.square(model.predict(x[~rest]) - y[~rest]).sum()
        errors.append(error)
    assert bridge.alpha_ == pytest.approx(PENALTIES[np.argmin(errors)] * scale)


def test_the_penalty_follows_the_noise() -> None:
    x, y = pairs(n=60)
    noisy = y + 20 * np.random.default_rng(1).standard_normal(y.shape)
    for how in ("cv", "gcv"):
        clean = Ridge(how).fit(x, y, on="row").alpha_  # type: ignore[arg-type]
        assert Ridge(how).fit(x, noisy, on="row").alpha_ > 10 * clean  # type: ignore[arg-type]


def test_ridge_recovers_the_map_that_is_known() -> None:
    world = paired_modalities(20_000, 16, shared=4)
    bridge = Ridge().fit(world.images, world.texts, on="row")
    best = np.square(world.predicted(world.images) - world.texts).mean()
    found = np.square(bridge.transform(world.images) - world.texts).mean()
    assert found == pytest.approx(best, rel=2e-3)
    exact = paired_modalities(200, 16, shared=4, noise=0.0)
    moved = Ridge(0.0).fit(exact.images, exact.texts, on="row").transform(exact.images)
    np.testing.assert_allclose(moved, exact.texts, atol=1e-8)


def test_class_rows_do_not_collapse() -> None:
    world = paired_modalities(1000, 16, shared=6)
    rows = np.arange(1000)
    for bridge in (Ridge(), CCA(), Procrustes()):
        moved = bridge.fit(world.images, world.class_texts, pairs=(rows, world.labels)).transform(
            world.images
        )
        unit = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in (moved, world.class_texts)]
        nearest = (unit[0] @ unit[1].T).argmax(axis=1)
        assert len(np.unique(nearest)) > 15
        if not isinstance(bridge, Procrustes):
            assert (nearest == world.labels).mean() > 0.9 * (
                world.bayes_labels(world.images) == world.labels
            ).mean()


def test_repeated_pairs_are_repeated_rows() -> None:
    x, y = pairs(n=30)
    left, right = np.array([0, 0, 3, 5, 7, 9, 11, 2]), np.array([1, 2, 3, 5, 7, 9, 11, 2])
    by_pairs = Ridge(0.5).fit(x, y, pairs=(left, right))
    np.testing.assert_allclose(
        by_pairs.matrix_, Ridge(0.5).fit(x[left], y[right], on="row").matrix_, atol=1e-12
    )


def test_canonical_correlations_are_those_of_sklearn() -> None:
    x, y = pairs(e=4)
    reference = ReferenceCCA(n_components=4, scale=False, max_iter=5000, tol=1e-12).fit(x, y)
    first, second = reference.transform(x, y)
    expected = [np.corrcoef(first[:, k], second[:, k])[0, 1] for k in range(4)]
    bridge = CCA(shrinkage=0.0).fit(x, y, on="row")
    np.testing.assert_allclose(bridge.correlations_, expected, atol=1e-6)
    ours = bridge.variates(x), bridge.variates(y, "target")
    np.testing.assert_allclose(np.cov(ours[0].T, ddof=0), np.eye(4), atol=1e-9)
    np.testing.assert_allclose(ours[0].T @ ours[1] / len(x), np.diag(bridge.correlations_), atol=1e-9)


def test_all_components_without_shrinkage_are_least_squares() -> None:
    x, y = pairs()
    np.testing.assert_allclose(
        CCA(shrinkage=0.0).fit(x, y, on="row").transform(x),
        Ridge(0.0).fit(x, y, on="row").transform(x),
        atol=1e-8,
    )


def test_fewer_components_have_lower_rank() -> None:
    x, y = pairs()
    bridge = CCA(n_components=2).fit(x, y, on="row")
    assert np.linalg.matrix_rank(bridge.matrix_) == 2
    assert bridge.variates(x).shape == (200, 2)


def test_without_weight_variates_have_the_spread_of_the_target() -> None:
    x, y = pairs(d=5)
    moved = CCA(shrinkage=0.0, weight="none").fit(x, y, on="row").transform(x)
    np.testing.assert_allclose(np.cov(moved.T, ddof=0), np.cov(y.T, ddof=0), atol=1e-8)


def test_cca_with_few_pairs() -> None:
    x, y = pairs(n=5)
    with pytest.raises(VectorError, match="vary in all 7 dimensions"):
        CCA(shrinkage=0.0).fit(x, y, on="row")
    bridge = CCA().fit(x, y, on="row")
    assert [one.partition(":")[0] for one in bridge.warnings_] == [
        "5 pairs of the source for 7 dimensions",
        "5 pairs of the target for 5 dimensions",
    ]
    assert bridge.correlations_.max() <= 1


@pytest.mark.parametrize("bridge", [Procrustes(), Ridge(), CCA()])
def test_unpaired_sets(bridge: Ridge) -> None:
    x, y = pairs(e=7)
    with pytest.raises(LinkError, match=f"belong together, for {bridge.name}"):
        bridge.fit(x, y)
    with pytest.raises(LinkError, match="arrays of one length"):
        bridge.fit(x, y[:-1], on="row")
    with pytest.raises(VectorError, match=r"at least 2 (rows of the pairs|clusters)"):
        bridge.fit(x[:1], y[:1], on="row")


def test_bad_parameters() -> None:
    x, y = pairs()
    for penalty in (-1.0, "loo", float("inf"), float("nan")):
        with pytest.raises(InputError, match='a penalty of at least 0, "cv" or "gcv"'):
            Ridge(penalty).fit(x, y, on="row")  # type: ignore[arg-type]
    for k in (0, 6):
        with pytest.raises(InputError, match="1 to 5 components"):
            CCA(n_components=k).fit(x, y, on="row")
    with pytest.raises(InputError, match='the weight "correlation" or "none"'):
        CCA(weight="squared").fit(x, y, on="row")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the side"):
        CCA().fit(x, y, on="row").variates(x, "left")  # type: ignore[arg-type]
    with pytest.raises(VectorError, match="one width for procrustes"):
        Procrustes().fit(x, y, on="row")


def test_a_constant_dimension_gets_no_weight() -> None:
    x, y = pairs()
    x[:, 3] = 2.0
    bridge = Ridge().fit(x, y, on="row")
    assert bridge.warnings_ == ("1 of 7 dimensions of the source are constant (3)",)
    np.testing.assert_allclose(bridge.matrix_[3], 0, atol=1e-9)


def test_few_pairs_are_reported_by_ridge() -> None:
    x, y = pairs(n=6)
    assert Ridge().fit(x, y, on="row").warnings_ == (
        "6 pairs of the source for 7 dimensions: cannot be trusted without shrinkage",
    )
