"""InfoNCE: its value, its masks, and what it is for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from repscope.errors import InputError
from repscope.testing.pairs import paired_modalities
from repscope.transform.fitting import Batch, Draws
from repscope.transform.inputs import Rows, gather
from repscope.transform.trained.contrastive import Contrastive, ContrastiveModule, InfoNCE, _vector_codes
from repscope.transform.trained.frame import Frame, sides


def case(n: int = 6, d: int = 4) -> tuple[ContrastiveModule, Any, Any, Frame]:
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(n, d)), rng.normal(size=(n, d)) + 1
    frame = Frame(*sides(gather(source, target, on="row"))).double()
    return ContrastiveModule(frame, 4, 1, 0.2).double(), source, target, frame


@pytest.mark.parametrize(
    ("left", "right"), [([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]), ([0, 0, 2, 3, 4, 5], [0, 1, 2, 2, 4, 2])]
)
def test_the_loss_against_a_loop(left: list[int], right: list[int]) -> None:
    module, source, target, frame = case()
    batch = Batch(
        frame.enter(torch.from_numpy(source)),
        frame.enter_target(torch.from_numpy(target)),
        {"source": torch.tensor(left), "target": torch.tensor(right)},
    )
    units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (source, target)]
    moved = units[0] - units[0].mean(axis=0) + units[1].mean(axis=0)
    variance = 1 - float(np.square(units[1].mean(axis=0)).sum())
    moved_units = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    logits = moved_units @ units[1].T / (0.2 * variance)
    total = 0.0
    for i in range(6):
        allowed = [j for j in range(6) if j == i or (left[i] != left[j] and right[i] != right[j])]
        total += math.log(sum(math.exp(logits[i, j]) for j in allowed)) - logits[i, i]
        total += math.log(sum(math.exp(logits[j, i]) for j in allowed)) - logits[i, i]
    draws = Draws(0, 6)
    assert float(InfoNCE(0.0).loss(module, batch, draws).detach()) == pytest.approx(total / 12, rel=1e-5)
    distance = np.square(moved - units[1]).mean() / (variance / 4)
    pulled = float(InfoNCE(2.0).loss(module, batch, draws).detach())
    assert pulled == pytest.approx(total / 12 + 2 * distance, rel=1e-5)


def test_equal_vectors_are_one_target() -> None:
    rows = np.asarray([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0], [3.0, 4.1]])
    assert _vector_codes(Rows(rows, "t")).tolist() == [0, 1, 0, 3]


def test_class_texts_repeated_or_not_are_the_same_fit() -> None:
    """One row a class and pairs to it, or the class's row once for each image."""
    made = paired_modalities(80, 8, classes=5, shared=4, seed=2)
    settings: dict[str, Any] = {"steps": 10, "hidden": 8, "depth": 1, "batch_size": 16}
    repeated = made.class_texts[made.labels]
    one = Contrastive(**settings).fit(made.images, repeated, on="row")
    other = Contrastive(**settings).fit(made.images, made.class_texts, pairs=(np.arange(80), made.labels))
    assert one.losses_ == pytest.approx(other.losses_, rel=1e-5)
    assert one.transform(made.images) == pytest.approx(other.transform(made.images), abs=1e-4)


def test_between_widths_it_starts_at_procrustes_and_gets_better() -> None:
    made = paired_modalities(400, 12, d_text=8, shared=6, nuisance=1.0, gap=1.0, seed=1)
    fit, held = slice(0, 320), slice(320, 400)

    def right(steps: int, rate: float) -> float:
        bridge = Contrastive(steps=steps, learning_rate=rate, hidden=32, batch_size=64)
        moved = bridge.fit(made.images[fit], made.texts[fit], on="row").transform(made.images[held])
        assert moved.shape == (80, 8)
        sides = [m / np.linalg.norm(m, axis=1, keepdims=True) for m in (moved, made.texts[held])]
        return float(((sides[0] @ sides[1].T).argmax(axis=1) == np.arange(80)).mean())

    start = right(1, 1e-9)
    assert start > 0.1
    assert right(150, 2e-3) > start + 0.1


def test_the_temperature_is_learnt_and_bounded() -> None:
    made = paired_modalities(200, 8, shared=4, seed=2)
    bridge = Contrastive(steps=30, hidden=8, batch_size=32).fit(made.images, made.texts, on="row")
    module = bridge.as_module()
    assert isinstance(module, ContrastiveModule)
    assert float(module.log_temperature.detach().exp()) != pytest.approx(0.07, rel=1e-3)
    for name, value, match in (
        ("temperature", 0.001, "temperature: a number of at least 0.01"),
        ("pull", -1.0, "pull: a number of at least 0"),
    ):
        with pytest.raises(InputError, match=match):
            Contrastive(**{name: value}).fit(made.images, made.texts, on="row")
