"""Agreement of masks against oracles; a perfect prediction is perfect, however few its classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_jaccard_index
from torchmetrics.functional.segmentation import dice_score

from repscope.errors import InputError
from repscope.segmentation.metrics import BAND, agreement, confusion

CLASSES = 5


def masks(seed, top=CLASSES, ignored=0.1):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, top, (12, 15))
    predicted = np.where(rng.random((12, 15)) < 0.6, truth, rng.integers(0, top, (12, 15)))
    return np.where(rng.random((12, 15)) < ignored, -1, truth), predicted


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, CLASSES))
def test_iou_and_accuracy_are_torchmetrics(seed, top):
    truth, predicted = masks(seed, top)
    found = agreement(truth, predicted, CLASSES)
    ours, theirs = torch.tensor(predicted), torch.tensor(truth)
    options = {"num_classes": CLASSES, "ignore_index": -1}
    by_class = multiclass_jaccard_index(ours, theirs, average="none", **options).numpy()
    there = ~np.isnan(found.classes)
    np.testing.assert_allclose(found.classes[there], by_class[there], atol=1e-6)
    assert set(np.flatnonzero(there)) == set(truth[truth >= 0]) | set(predicted[truth >= 0])
    assert found.iou == pytest.approx(by_class[there].mean(), abs=1e-6)
    accuracy = multiclass_accuracy(ours, theirs, average="micro", **options)
    assert found.accuracy == pytest.approx(float(accuracy), abs=1e-6)


def test_dice_is_torchmetrics():
    truth, predicted = masks(3, ignored=0)
    found = agreement(truth, predicted, CLASSES).dice
    score = dice_score(
        torch.tensor(predicted)[None],
        torch.tensor(truth)[None],
        CLASSES,
        average="macro",
        input_format="index",
    )
    assert found == pytest.approx(float(score), abs=1e-6)


def test_the_boundary_is_that_of_an_erosion():
    truth = np.zeros((60, 80), np.int64)
    truth[10:40, 20:70] = 1
    predicted = np.roll(truth, 2, axis=1)
    width = round(BAND * np.hypot(60, 80))

    def band(mask):
        inner = ndimage.binary_erosion(np.pad(mask, 1), np.ones((3, 3)), iterations=width)[1:-1, 1:-1]
        return mask & ~inner

    expected = []
    for one in (0, 1):
        a, b = band(truth == one), band(predicted == one)
        expected.append((a & b).sum() / (a | b).sum())
    assert agreement(truth, predicted, 2).boundary == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("present", [(0,), (2,), (0, 3), (0, 1, 2, 3, 4)])
def test_a_perfect_prediction_is_perfect(present):
    truth = np.random.default_rng(0).choice(present, (9, 9))
    found = agreement(truth, truth, CLASSES)
    assert (found.iou, found.dice, found.boundary, found.accuracy) == (1, 1, 1, 1)
    assert np.isnan(found.classes).sum() == CLASSES - len(np.unique(truth))


def test_what_cannot_be_compared():
    nothing = agreement(np.full((3, 3), -1), np.zeros((3, 3), int), 2)
    assert nothing.to_json() == {"iou": None, "dice": None, "boundary_iou": None, "accuracy": None}
    with pytest.raises(InputError, match="one size"):
        agreement(np.zeros((3, 3), int), np.zeros((3, 4), int), 2)
    with pytest.raises(InputError, match="classes 0 to 1"):
        agreement(np.zeros((3, 3), int), np.full((3, 3), 2), 2)
    assert confusion(np.array([[0, 1, -1]]), np.array([[1, 1, 0]]), 2).tolist() == [[0, 1], [0, 1]]
