"""The network that predicts the partner."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError
from repscope.testing.pairs import paired_modalities
from repscope.transform.trained.regression import RegressionMLP


def test_a_linear_relation_of_unit_rows_is_learnt() -> None:
    """The answer is known: unit rows turned by a matrix, and moved."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(600, 6))
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    texts = images @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    bridge = RegressionMLP(steps=300, learning_rate=3e-2, hidden=8, depth=1, batch_size=64).fit(
        images[:500], texts[:500], on="row"
    )
    error = np.square(bridge.transform(images[500:]) - texts[500:]).sum(axis=1).mean() ** 0.5
    assert error < 0.1
    assert error < 0.1 * np.square(images[500:] - texts[500:]).sum(axis=1).mean() ** 0.5
    assert bridge.validation_[bridge.best_step_] < 3e-3 * bridge.validation_[0]


def test_each_loss_is_best_at_its_own_aim() -> None:
    made = paired_modalities(400, 10, shared=5, gap=1.0, seed=3)
    fit, held = slice(0, 320), slice(320, 400)
    right = made.texts[held] / np.linalg.norm(made.texts[held], axis=1, keepdims=True)
    length = np.linalg.norm(made.texts[fit], axis=1).mean()
    errors, angles = {}, {}
    for loss in ("mse", "cosine"):
        bridge = RegressionMLP(loss=loss, steps=100, hidden=32, batch_size=64).fit(
            made.images[fit], made.texts[fit], on="row"
        )
        moved = bridge.transform(made.images[held]) / length
        errors[loss] = np.square(moved - right).sum(axis=1).mean()
        angles[loss] = 1 - ((moved * right).sum(axis=1) / np.linalg.norm(moved, axis=1)).mean()
        assert angles[loss] < 0.25
    assert errors["mse"] < errors["cosine"]


def test_between_widths() -> None:
    made = paired_modalities(300, 6, d_text=9, shared=5, nuisance=0.5, seed=1)
    bridge = RegressionMLP(steps=150, hidden=16, batch_size=64).fit(
        made.images[:250], made.texts[:250], on="row"
    )
    moved = bridge.transform(made.images[250:].astype(np.float32))
    assert moved.shape == (50, 9)
    assert bridge.validation_[bridge.best_step_] < 0.7 * bridge.validation_[0]


def test_a_loss_that_there_is_not() -> None:
    made = paired_modalities(30, 4, shared=2)
    with pytest.raises(InputError, match="loss: mse or cosine; got 'mae'"):
        RegressionMLP(loss="mae").fit(made.images, made.texts, on="row")
