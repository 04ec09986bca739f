"""A graph says how it was found; which way is taken depends on the size alone."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.knn import Approximation, exact, find_graph
from repscope.knn import graph as searching
from repscope.knn.graph import LARGEST_EXACT, choose_search, describe_search

X = np.random.default_rng(0).normal(size=(700, 8)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(90, 8)).astype(np.float32)


@pytest.mark.parametrize("base", [None, Y])
@pytest.mark.parametrize("metric", ["cosine", "inner", "l2"])
def test_an_exact_graph_is_the_exact_search(base, metric):
    graph = find_graph(X, base, k=4, metric=metric)
    true = exact(X, base, k=4, metric=metric)
    assert np.array_equal(graph.neighbours.indices, true.indices)
    assert np.array_equal(graph.neighbours.scores, true.scores)
    assert graph.search == {"method": "exact"}
    assert graph.is_exact
    assert not graph.kept
    assert describe_search(graph.search) == "exact"


def test_the_choice_is_by_pairs():
    assert choose_search(LARGEST_EXACT, LARGEST_EXACT) == "exact"
    assert choose_search(LARGEST_EXACT, LARGEST_EXACT + 1) == "approximate"
    assert choose_search(LARGEST_EXACT**2, 1) == "exact"
    assert choose_search(0, 5) == "exact"


def test_a_large_graph_is_approximate_with_its_recall(monkeypatch):
    def nearly(x, y=None, *, k, metric, seed):
        found = exact(x, y, k=k, metric=metric)
        return Approximation(found, 0.97, 0.01, 350, "peer 1", {"width": 30, "seed": seed})

    monkeypatch.setattr(searching, "LARGEST_EXACT", 699)
    monkeypatch.setattr(searching, "approximate", nearly)
    graph = find_graph(X, k=4, metric="l2", seed=3)
    assert not graph.is_exact
    assert graph.search["parameters"] == {"width": 30, "seed": 3}
    assert graph.search["recall"] == 0.97
    assert graph.search["seed"] == 3
    assert describe_search(graph.search) == (
        "approximate (peer 1), recall 0.970 ± 0.020 on 350 sampled items"
    )
    assert find_graph(X, k=4, metric="l2", search="exact").is_exact
    # 700 × 90 pairs are fewer than 699².
    assert find_graph(X, Y, k=4).is_exact
    assert not find_graph(X, Y, k=4, search="approximate").is_exact
