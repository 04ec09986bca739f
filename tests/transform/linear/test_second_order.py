"""coral, gaussian-ot and whitening against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from sklearn.covariance import LedoitWolf

from repscope.errors import InputError, StudyError, VectorError
from repscope.testing import paired_modalities
from repscope.transform.linear.second_order import Coral, GaussianTransport, SecondOrderBridge
from repscope.transform.linear.whitening import Whitening

BRIDGES = [Coral, GaussianTransport, Whitening]


def two_sets(n: int = 300, d: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + rng.standard_normal(d)
    y = rng.standard_normal((n + 50, d)) @ rng.standard_normal((d, d)) + 3
    return x, y


def covariance(x: np.ndarray) -> np.ndarray:
    return np.cov(x.T, ddof=0)


def root(matrix: np.ndarray) -> np.ndarray:
    return np.real(sqrtm(matrix))


def test_transport_is_the_bures_map() -> None:
    x, y = two_sets()
    first, second = covariance(x), covariance(y)
    half = root(first)
    map_ = np.linalg.inv(half) @ root(half @ second @ half) @ np.linalg.inv(half)
    found = GaussianTransport(shrinkage=0.0).fit(x, y)
    np.testing.assert_allclose(found.matrix_, map_, atol=1e-8)
    np.testing.assert_allclose(found.transform(x), (x - x.mean(0)) @ map_ + y.mean(0), atol=1e-8)


def test_coral_whitens_and_colours() -> None:
    x, y = two_sets()
    map_ = np.linalg.inv(root(covariance(x))) @ root(covariance(y))
    np.testing.assert_allclose(Coral(shrinkage=0.0).fit(x, y).matrix_, map_, atol=1e-8)


def test_whitening_of_correlations_by_hand() -> None:
    x, y = two_sets()

    def whiten(z: np.ndarray) -> np.ndarray:
        return np.diag(1 / z.std(0)) @ np.linalg.inv(root(np.corrcoef(z.T)))

    found = Whitening(shrinkage=0.0).fit(x, y)
    np.testing.assert_allclose(found.source_whitening_, whiten(x), atol=1e-8)
    np.testing.assert_allclose(found.matrix_, whiten(x) @ np.linalg.inv(whiten(y)), atol=1e-8)


def test_zca_whitening_is_coral() -> None:
    x, y = two_sets()
    np.testing.assert_allclose(
        Whitening("zca", shrinkage=0.1).fit(x, y).transform(x), Coral(0.1).fit(x, y).transform(x), atol=1e-9
    )


@pytest.mark.parametrize("kind", ["zca-cor", "zca", "pca", "diagonal"])
def test_whitened_rows_have_unit_covariance(kind: str) -> None:
    x, y = two_sets()
    bridge = Whitening(kind, shrinkage=0.0).fit(x, y)  # type: ignore[arg-type]
    for rows, side in ((x, "source"), (y, "target")):
        found = covariance(bridge.whitened(rows, side))  # type: ignore[arg-type]
        expected = np.corrcoef(rows.T) if kind == "diagonal" else np.eye(6)
        np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("cls", BRIDGES)
def test_moved_rows_have_the_moments_of_the_target(cls: type[SecondOrderBridge]) -> None:
    x, y = two_sets()
    moved = cls(shrinkage=0.0).fit(x, y).transform(x)
    np.testing.assert_allclose(moved.mean(0), y.mean(0), atol=1e-9)
    np.testing.assert_allclose(covariance(moved), covariance(y), atol=1e-8)


def test_pca_whitening_has_them_too_and_agrees_in_sign() -> None:
    x, y = two_sets()
    bridge = Whitening("pca", shrinkage=0.0).fit(x, y)
    np.testing.assert_allclose(covariance(bridge.transform(x)), covariance(y), atol=1e-8)
    same = Whitening("pca", shrinkage=0.0).fit(x, x + 1)
    np.testing.assert_allclose(same.matrix_, np.eye(6), atol=1e-9)


def test_transport_moves_rows_less_than_coral_and_whitening() -> None:
    x, y = two_sets()
    moved = {cls: np.square(cls(shrinkage=0.0).fit(x, y).transform(x) - x).sum() for cls in BRIDGES}
    assert moved[GaussianTransport] < min(moved[Coral], moved[Whitening])


def test_shrinkage_is_that_of_ledoit_and_wolf() -> None:
    x, y = two_sets(n=20, d=12)
    found = GaussianTransport().fit(x, y)
    assert found.source_shrinkage_ == pytest.approx(LedoitWolf().fit(x).shrinkage_, abs=1e-12)
    assert found.target_shrinkage_ == pytest.approx(LedoitWolf().fit(y).shrinkage_, abs=1e-12)
    assert 0 < found.source_shrinkage_ < 1


@pytest.mark.parametrize("cls", BRIDGES)
def test_full_shrinkage_keeps_axes(cls: type[SecondOrderBridge]) -> None:
    x, y = two_sets()
    matrix = cls(shrinkage=1.0).fit(x, y).matrix_
    size = np.sqrt(np.trace(covariance(y)) / np.trace(covariance(x)))
    np.testing.assert_allclose(matrix, size * np.eye(6), atol=1e-9)


@pytest.mark.parametrize("cls", BRIDGES)
def test_inverse(cls: type[SecondOrderBridge]) -> None:
    x, y = two_sets()
    bridge = cls().fit(x, y)
    np.testing.assert_allclose(bridge.inverse_transform(bridge.transform(x)), x, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_transport_back_is_the_inverse(seed: int) -> None:
    x, y = two_sets(seed=seed)
    there, back = GaussianTransport(0.05).fit(x, y), GaussianTransport(0.05).fit(y, x)
    np.testing.assert_allclose(there.inverse_transform(y), back.transform(y), rtol=1e-6, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_turning_both_sides_turns_the_result(seed: int) -> None:
    x, y = two_sets(seed=seed)
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((6, 6)))[0]
    for cls in (Coral, GaussianTransport):
        turned = cls(0.1).fit(x @ turn, y @ turn).transform(x @ turn)
        np.testing.assert_allclose(turned, cls(0.1).fit(x, y).transform(x) @ turn, atol=1e-7)


def test_axes_that_correspond_are_enough_without_pairs() -> None:
    world = paired_modalities(2000, 32, turned=0.0)

    def top1(rows: np.ndarray) -> float:
        unit = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in (rows, world.class_texts)]
        return float(((unit[0] @ unit[1].T).argmax(axis=1) == world.labels).mean())

    moved = GaussianTransport().fit(world.images, world.texts).transform(world.images)
    assert top1(moved) > top1(world.images) + 0.05


@pytest.mark.parametrize("cls", BRIDGES)
def test_fewer_rows_than_dimensions(cls: type[SecondOrderBridge]) -> None:
    x, y = two_sets(n=5, d=8)
    with pytest.raises(VectorError, match="none of their variation in 4 of them"):
        cls(shrinkage=0.0).fit(x, y)
    bridge = cls().fit(x, y)
    assert bridge.warnings_[0].startswith("5 rows of source for 8 dimensions: cannot be trusted")
    assert np.isfinite(bridge.transform(x)).all()


@pytest.mark.parametrize("cls", BRIDGES)
def test_a_constant_dimension(cls: type[SecondOrderBridge]) -> None:
    x, y = two_sets()
    x[:, 2] = 1.5
    with pytest.raises(VectorError, match="in 1 of them"):
        cls(shrinkage=0.0).fit(x, y)
    bridge = cls().fit(x, y)
    assert "1 of 6 dimensions of source are constant (2)" in bridge.warnings_
    assert np.isfinite(bridge.transform(x)).all()


def test_a_lost_dimension_cannot_be_moved_back() -> None:
    x, y = two_sets()
    y[:, 0] = 0.0
    bridge = GaussianTransport(shrinkage=0.0).fit(x, y)
    with pytest.raises(VectorError, match="kept every dimension"):
        bridge.inverse_transform(y)


@pytest.mark.parametrize("cls", BRIDGES)
@pytest.mark.parametrize("shrinkage", [-0.1, 1.1, "oas", True, float("nan")])
def test_bad_shrinkage(cls: type[SecondOrderBridge], shrinkage: object) -> None:
    x, y = two_sets()
    with pytest.raises(InputError, match="a shrinkage from 0 to 1"):
        cls(shrinkage=shrinkage).fit(x, y)  # type: ignore[call-arg]


def test_other_bad_parameters() -> None:
    x, y = two_sets()
    with pytest.raises(InputError, match="a kind of whitening"):
        Whitening("sphere").fit(x, y)  # type: ignore[arg-type]
    with pytest.raises(InputError, match='the side "source" or "target"'):
        Whitening().fit(x, y).whitened(x, "both")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="a fitted whitening"):
        Whitening().whitened(x)
    with pytest.raises(VectorError, match="rows of width 6"):
        Whitening().fit(x, y).whitened(x[:, :4])


def test_too_few_rows_and_overflow() -> None:
    x, y = two_sets()
    with pytest.raises(VectorError, match="at least 2 rows of source"):
        Coral().fit(x[:1], y)
    with pytest.raises(VectorError, match="can be squared"), np.errstate(over="ignore", invalid="ignore"):
        Coral().fit(x * 1e200, y)
