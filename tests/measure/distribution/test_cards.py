"""The cards of the distribution measures say what the functions are."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from repscope.measure.catalogue.registry import MeasureCard
from repscope.measure.distribution.cards import CARDS

NAMES = [
    "frechet",
    "frechet.infinity",
    "mmd",
    "kid",
    "energy",
    "wasserstein.sliced",
    "precision",
    "recall",
    "density",
    "coverage",
    "vendi",
]


def test_names() -> None:
    assert [card.name for card in CARDS] == NAMES


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_values_lie_within_the_bounds(card: MeasureCard) -> None:
    module, _, name = card.function.rpartition(".")
    function = getattr(import_module(module), name)
    rng = np.random.default_rng(0)
    y = rng.standard_normal((40, 3))
    for x in (y, y + 50, rng.standard_normal((30, 3)), np.tile(y[:1], (20, 1))):
        value = function(x) if card.needs == "set" else function(x, y)
        assert card.bounds[0] - 1e-9 <= value <= card.bounds[1]
        assert isinstance(value, float)
    assert card.group == "distribution"
    assert card.paper


@pytest.mark.parametrize("card", CARDS[:-1], ids=lambda card: card.name)
def test_nearer_is_better_in_the_direction_of_the_card(card: MeasureCard) -> None:
    module, _, name = card.function.rpartition(".")
    function = getattr(import_module(module), name)
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((300, 3)), rng.standard_normal((300, 3))
    near, far = function(x, y), function(x + 2, y)
    assert near > far if card.direction == "higher" else near < far
