"""Scores of predictions against naive loops and known answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError
from repscope.internals.prediction.scores import level_grid, pool_cells, score


def naive_pool(values: np.ndarray, places: np.ndarray, grid: tuple[int, int], level: int) -> dict:
    cells: dict[tuple[int, int], list[np.ndarray]] = {}
    for value, place in zip(values, places, strict=True):
        row, column = place // grid[1], place % grid[1]
        cells.setdefault((row // 2**level, column // 2**level), []).append(value)
    return {cell: np.mean(members, axis=0) for cell, members in cells.items()}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 3), st.integers(0, 1000))
def test_cells_are_the_means_of_a_naive_loop(rows: int, columns: int, level: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.permutation(rows * columns)[: rng.integers(1, rows * columns + 1)]
    values = rng.standard_normal((len(places), 3))
    means, cells = pool_cells(values, places, (rows, columns), level)
    wide = level_grid((rows, columns), level)[1]
    expected = naive_pool(values, places, (rows, columns), level)
    assert [(cell // wide, cell % wide) for cell in cells.tolist()] == sorted(expected)
    for cell, mean in zip(cells.tolist(), means, strict=True):
        np.testing.assert_allclose(mean, expected[cell // wide, cell % wide])


@pytest.fixture
def image() -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Features of a 4×6 grid, two overlapping targets, and the context."""
    features = np.random.default_rng(0).standard_normal((24, 5))
    targets = [np.zeros((4, 6), bool), np.zeros((4, 6), bool)]
    targets[0][:2, :3] = True
    targets[1][1:3, 2:5] = True
    return features, targets, ~(targets[0] | targets[1])


@pytest.mark.parametrize("level", [0, 1, 2])
def test_perfect_predictions_and_those_of_the_mean(image, level: int) -> None:
    features, targets, context = image
    perfect = score([features[t.ravel()] for t in targets], features, targets, context, level=level)
    assert perfect.error == 0
    assert perfect.cosine == pytest.approx(1)
    assert np.isnan(perfect.shuffled).all()
    mean = features[context.ravel()].mean(axis=0)
    trivial = score([np.tile(mean, (t.sum(), 1)) for t in targets], features, targets, context, level=level)
    assert (trivial.cosine, trivial.error) == pytest.approx(trivial.trivial)
    assert perfect.trivial == trivial.trivial


def test_scores_are_those_of_a_naive_loop(image) -> None:
    features, targets, context = image
    rng = np.random.default_rng(1)
    predicted = [rng.standard_normal((t.sum(), 5)) for t in targets]
    other = [rng.standard_normal((t.sum(), 5)) for t in targets]
    found = score(predicted, features, targets, context, level=1, shuffled=other)
    cosines, errors, by_cell = [], [], {}
    for target, made in zip(targets, predicted, strict=True):
        places = np.flatnonzero(target)
        one = naive_pool(made, places, (4, 6), 1)
        true = naive_pool(features[places], places, (4, 6), 1)
        for cell in one:
            cosines.append(one[cell] @ true[cell] / np.linalg.norm(one[cell]) / np.linalg.norm(true[cell]))
            errors.append(((one[cell] - true[cell]) ** 2).mean())
            by_cell.setdefault(cell, []).append(errors[-1])
    assert found.cosine == pytest.approx(np.mean(cosines))
    assert found.error == pytest.approx(np.mean(errors))
    assert found.count == len(errors)
    assert found.errors.shape == (2, 3)
    for cell in np.ndindex(2, 3):
        if cell in by_cell:
            assert found.errors[cell] == pytest.approx(np.mean(by_cell[cell]))
        else:
            assert np.isnan(found.errors[cell])
    swapped = score(other, features, targets, context, level=1)
    assert found.shuffled == pytest.approx((swapped.cosine, swapped.error))


def test_targets_of_zeros_have_an_error_and_no_cosine(image) -> None:
    _, targets, context = image
    found = score([np.ones((t.sum(), 5)) for t in targets], np.zeros((24, 5)), targets, context)
    assert np.isnan(found.cosine)
    assert found.error == 1


def test_shapes_that_do_not_fit(image) -> None:
    features, targets, context = image
    with pytest.raises(InputError, match="predictions of"):
        score([features[:2], features[:6]], features, targets, context)
