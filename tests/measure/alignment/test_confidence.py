import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from repscope.errors import InputError, LinkError
from repscope.measure.alignment.confidence import confidence, fit_temperature, flips
from repscope.measure.core.matching import match

Array = NDArray[np.floating]


def unit(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def classes(seed: int = 0, noise: float = 1.5) -> tuple[Array, Array, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    texts = rng.standard_normal((7, 12))
    labels = rng.integers(0, 7, 400)
    return texts[labels] + noise * rng.standard_normal((400, 12)), texts, labels


def test_agrees_with_scikit_learn_and_torchmetrics() -> None:
    items, texts, labels = classes()
    found = confidence(items, texts, labels, np.arange(7), temperature=0.15, block_rows=33)
    p = softmax(unit(items) @ unit(texts).T / 0.15, axis=1)
    np.testing.assert_allclose(found.top_probability, p.max(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.true_probability, p[np.arange(400), labels], atol=1e-12)
    np.testing.assert_array_equal(found.predicted, p.argmax(axis=1))
    np.testing.assert_array_equal(found.correct, p.argmax(axis=1) == labels)
    assert found.nll == pytest.approx(log_loss(labels, p), abs=1e-10)
    assert found.brier == pytest.approx(brier_score_loss(labels, p, scale_by_half=False), abs=1e-10)
    oracle = multiclass_calibration_error(torch.tensor(p), torch.tensor(labels), num_classes=7, n_bins=15)
    assert found.ece == pytest.approx(float(oracle), abs=1e-6)
    accuracy, mean = calibration_curve(found.correct, found.top_probability, n_bins=15)
    np.testing.assert_allclose(found.bins.accuracy, accuracy)
    np.testing.assert_allclose(found.bins.confidence, mean)


def test_equal_mass_bins_hold_equal_counts() -> None:
    items, texts, labels = classes()
    found = confidence(items, texts, labels, np.arange(7), temperature=0.15, bins=10)
    np.testing.assert_allclose(found.mass_bins.count, 40, atol=1)
    order = np.argsort(found.top_probability)
    parts = np.array_split(order, 10)
    expected = np.mean([abs(found.correct[i].mean() - found.top_probability[i].mean()) for i in parts])
    assert found.ece_mass == pytest.approx(expected, abs=1e-10)
    assert found.bins.count.sum() == found.mass_bins.count.sum() == 400


def test_equal_probabilities_share_a_bin() -> None:
    _, texts, labels = classes()
    found = confidence(np.tile(texts[2], (400, 1)), texts, labels, np.arange(7), temperature=0.5)
    share = (labels == 2).mean()
    assert found.correct.mean() == pytest.approx(share)
    assert found.ece == pytest.approx(abs(found.top_probability[0] - share))
    assert found.ece_mass == pytest.approx(found.ece)


@given(st.integers(0, 10_000), st.integers(1, 60))
@settings(deadline=None, max_examples=15)
def test_several_rows_a_class_and_rows_without_one(seed: int, block_rows: int) -> None:
    rng = np.random.default_rng(seed)
    items, reference = rng.standard_normal((50, 6)), rng.standard_normal((14, 6))
    item_keys, reference_keys = rng.integers(-1, 6, 50), rng.integers(-1, 5, 14)
    found = confidence(items, reference, item_keys, reference_keys, temperature=0.3, block_rows=block_rows)
    p = softmax(unit(items) @ unit(reference).T / 0.3, axis=1)
    kept = [i for i in range(50) if item_keys[i] >= 0 and item_keys[i] in reference_keys]
    np.testing.assert_array_equal(found.rows, kept)
    for place, row in enumerate(kept):
        groups: dict[object, list[int]] = {}
        for column, key in enumerate(reference_keys):
            groups.setdefault(("alone", column) if key < 0 else int(key), []).append(column)
        sums = {key: p[row, columns].sum() for key, columns in groups.items()}
        best = max(sums, key=lambda key: sums[key])
        assert found.true_probability[place] == pytest.approx(sums[int(item_keys[row])], abs=1e-12)
        assert found.top_probability[place] == pytest.approx(sums[best], abs=1e-12)
        assert found.predicted[place] == groups[best][0]
        assert found.correct[place] == (best == int(item_keys[row]))


def test_predictions_are_the_nearest_rows() -> None:
    items, texts, labels = classes()
    found = confidence(items, texts, labels, np.arange(7))
    np.testing.assert_array_equal(found.predicted, match(items, texts, labels, np.arange(7)).nearest)


def test_a_certain_mistake_has_a_finite_loss() -> None:
    found = confidence(np.eye(2), -np.eye(2), np.arange(2), np.arange(2), temperature=1e-3)
    assert found.nll == pytest.approx(1000)
    assert found.ece == pytest.approx(1.0)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-4), (np.float16, 5e-3)])
def test_narrow_floats(dtype: type, atol: float) -> None:
    items, texts, labels = classes()
    exact, narrow = (
        confidence(items.astype(kind), texts.astype(kind), labels, np.arange(7), temperature=0.15)
        for kind in (np.float64, dtype)
    )
    np.testing.assert_allclose(narrow.top_probability, exact.top_probability, atol=atol)
    assert narrow.nll == pytest.approx(exact.nll, abs=atol)


def test_temperature_has_the_smallest_loss() -> None:
    items, texts, labels = classes()
    cosines = unit(items) @ unit(texts).T

    def loss(temperature: float) -> float:
        return float(-log_softmax(cosines / temperature, axis=1)[np.arange(400), labels].mean())

    oracle = minimize_scalar(loss, bounds=(0.01, 1), method="bounded", options={"xatol": 1e-8})
    found = fit_temperature(items, texts, labels, np.arange(7))
    assert found == pytest.approx(oracle.x, rel=1e-3)
    calibrated = confidence(items, texts, labels, np.arange(7), temperature=found)
    assert calibrated.nll == pytest.approx(loss(found), abs=1e-10)
    assert calibrated.ece < confidence(items, texts, labels, np.arange(7)).ece
    sampled = fit_temperature(items, texts, labels, np.arange(7), max_cosines=1400, seed=1)
    assert sampled == pytest.approx(found, rel=0.3)
    assert sampled != found


def test_separable_classes_want_the_lowest_temperature() -> None:
    assert fit_temperature(np.eye(4), np.eye(4), np.arange(4), np.arange(4)) < 0.1


def test_flips_and_their_exact_test() -> None:
    before = np.array([True] * 8 + [False] * 12)
    after = np.array([True] * 6 + [False] * 2 + [True] * 9 + [False] * 3)
    found = flips(before, after)
    assert (found.stayed_right, found.right_to_wrong, found.wrong_to_right, found.stayed_wrong) == (
        6,
        2,
        9,
        3,
    )
    assert found.p == pytest.approx(binomtest(9, 11).pvalue)
    assert flips(before, before).p == 1.0


def test_refusals() -> None:
    items, texts, labels = classes()
    with pytest.raises(InputError, match="positive temperature"):
        confidence(items, texts, labels, np.arange(7), temperature=0)
    with pytest.raises(LinkError, match="linked to a reference row"):
        confidence(items, texts, labels + 7, np.arange(7))
    with pytest.raises(InputError, match="same items"):
        flips(np.array([True]), np.array([True, False]))
