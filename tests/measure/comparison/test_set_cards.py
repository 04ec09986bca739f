"""Cards of geometry, similarity and change: names, functions that exist, bounds that hold."""

from __future__ import annotations

import importlib
import inspect

import numpy as np
import pytest

from repscope.measure.change import cards as change
from repscope.measure.change.parts import PARTS
from repscope.measure.geometry import cards as geometry
from repscope.measure.geometry.one_set import NAMES, geometry_replicates
from repscope.measure.similarity import cards as similarity
from repscope.measure.similarity.table import similarity_replicates

CARDS = (*geometry.CARDS, *similarity.CARDS, *change.CARDS)


def test_names_are_those_of_the_design() -> None:
    assert {one.name for one in geometry.CARDS} == {*NAMES, "norm.mean", "dimension.twonn", "lidar"}
    assert {one.name for one in similarity.CARDS} == {
        "cka.debiased",
        "rsa",
        "procrustes",
        "svcca",
        "pwcca",
        "knn.jaccard",
        "knn.recall",
        "linear.r2",
    }
    assert {one.name for one in change.CARDS} == {
        "displacement.norm",
        "displacement.angle",
        "neighbours.kept",
        *(f"change.{part}" for part in PARTS),
    }


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_the_function_exists_and_is_documented(card) -> None:
    module, _, name = card.function.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    assert inspect.getdoc(function)
    assert card.bounds[0] < card.bounds[1]
    assert card.formula


@pytest.mark.parametrize("collapse", [False, True])
def test_values_lie_within_the_bounds(collapse: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 8)) * (np.geomspace(1, 1e-6, 8) if collapse else 1) + (5 if collapse else 0)
    y = rng.standard_normal((60, 8)) if collapse else x + 0.1 * rng.standard_normal((60, 8))
    bounds = {one.name: one.bounds for one in CARDS}
    codes = np.arange(60) % 5
    for table in (geometry_replicates(x, codes, 5), similarity_replicates(x, y, codes, 5)):
        for name, one in table.items():
            low, high = bounds[name]
            assert low - 1e-9 <= one.value <= high + 1e-9, name
            assert (one.leave_out >= low - 1e-9).all(), name
            assert (one.leave_out <= high + 1e-9).all(), name
