"""One graph for a map: handed in, fetched or computed, it is the same map; what does not fit is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from repscope.errors import InputError, VectorError
from repscope.knn import Approximation, Graph, Neighbours, exact
from repscope.knn import graph as searching
from repscope.maps import ensemble, faithfulness, graphs, project
from repscope.maps.fit import Method
from repscope.maps.graphs import graph_of
from repscope.maps.joining import join

METHODS: tuple[Method, ...] = ("tsne", "umap", "pca")


@pytest.fixture(scope="module")
def sets() -> dict[str, NDArray[Any]]:
    x = load_digits().data.astype(np.float32)
    return {"a": x[:120], "b": x[120:200]}


def joint(sets: dict[str, NDArray[Any]], *, unit: bool) -> NDArray[np.float64]:
    return join(sets, unit=unit, max_rows=None, seed=0).rows


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """k of every graph that was searched for a map."""
    made: list[int] = []

    def find(rows: NDArray[np.float64], *, k: int, metric: str, seed: int) -> Graph:
        made.append(k)
        return searching.find_graph(rows, k=k, metric=metric, seed=seed)

    monkeypatch.setattr(graphs, "find_graph", find)
    return made


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("unit", [True, False])
def test_a_graph_that_is_handed_in_gives_the_map_that_is_computed(sets, searches, method, unit):
    own = project(sets, method=method, unit=unit, perplexity=10)
    assert searches == [{"tsne": 30, "umap": 15, "pca": 15}[method]]
    assert own.search == {"method": "exact"}
    given = project(
        sets,
        method=method,
        unit=unit,
        perplexity=10,
        neighbours=exact(joint(sets, unit=unit), k=40, metric="l2"),
    )
    assert len(searches) == 1
    assert np.array_equal(given.joint, own.joint)
    assert given.faithfulness.to_json() == own.faithfulness.to_json()
    assert np.array_equal(given.faithfulness.points, own.faithfulness.points)
    assert given.search == {"method": "given"}
    assert given.parameters == own.parameters


def test_neighbours_by_cosine_serve_a_map_of_unit_rows(sets):
    rows = np.concatenate(list(sets.values()))
    cosines = exact(rows, k=30)
    graph = graph_of(joint(sets, unit=True), 30, 0, cosines)
    true = exact(joint(sets, unit=True), k=30, metric="l2")
    assert graph.neighbours.metric == "l2"
    assert graph.neighbours.scores == pytest.approx(true.scores, abs=1e-7)
    assert (graph.neighbours.indices == true.indices).mean() > 0.999
    with pytest.raises(InputError, match="by l2, or by cosine for rows of unit length"):
        project(sets, unit=False, perplexity=10, neighbours=cosines)


def test_neighbours_of_another_library_are_neighbours(sets):
    rows = joint(sets, unit=False)
    distances, indices = NearestNeighbors(n_neighbors=21).fit(rows).kneighbors(rows)
    found = Neighbours(indices[:, 1:], distances[:, 1:], "l2")
    graph, own = graph_of(rows, 20, 0, found), graph_of(rows, 20, 0)
    assert graph.neighbours.scores == pytest.approx(own.neighbours.scores, rel=1e-6)
    shown = project(sets, method="umap", unit=False, n_neighbors=20, neighbours=found)
    plain = project(sets, method="umap", unit=False, n_neighbors=20)
    # A difference in the last digit makes another map, not a worse one.
    assert shown.faithfulness.trustworthiness == pytest.approx(plain.faithfulness.trustworthiness, abs=0.02)


def test_a_store_is_asked_once_for_the_rows_and_the_k_that_are_needed(sets):
    asked = []

    def store(rows: NDArray[np.float64], k: int, seed: int, /) -> Graph:
        asked.append((rows.copy(), k, seed))
        return Graph(exact(rows, k=k + 5, metric="l2"), {"method": "exact"}, kept=True)

    shown = project(sets, perplexity=7, seed=3, max_rows=50, neighbours=store)
    ((rows, k, seed),) = asked
    taken = {name: array[shown.rows[name]] for name, array in sets.items()}
    assert np.array_equal(rows, joint(taken, unit=True))
    assert (k, seed) == (21, 3)
    assert shown.kept
    assert np.array_equal(shown.joint, project(sets, perplexity=7, seed=3, max_rows=50).joint)


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_an_ensemble_searches_once(sets, searches, method):
    small = {"a": sets["a"][:60]}
    shown = ensemble(small, method=method, seeds=3, seed=4, max_rows=50, perplexity=5)
    assert len(searches) == 1
    assert np.array_equal(shown.joint, project(small, method=method, seed=4, max_rows=50, perplexity=5).joint)
    again = ensemble(small, method=method, seeds=3, seed=4, max_rows=50, perplexity=5)
    assert again.faithfulness.spread == shown.faithfulness.spread
    assert len(searches) == 3


def spoilt(found: Neighbours, at: int, *, index: int | None = None, score: float | None = None) -> Neighbours:
    indices, scores = found.indices.copy(), found.scores.copy()
    if index is not None:
        indices[at, 2] = index
    if score is not None:
        scores[at, 2] = score
    return Neighbours(indices, scores, found.metric)


def test_graphs_that_do_not_fit_are_refused(sets):
    rows = joint(sets, unit=True)
    found = exact(rows, k=30, metric="l2")
    n = len(rows)
    for given_graph, error, message in (
        (Neighbours(found.indices[:, :29], found.scores[:, :29], "l2"), InputError, "at least 30 neighbours"),
        (exact(rows, k=30, metric="inner"), InputError, "got neighbours by inner"),
        (exact(rows[:-1], k=30, metric="l2"), VectorError, "each of the 200 rows of the map"),
        (Neighbours(found.indices, found.scores[:, :-1], "l2"), VectorError, "integers and"),
        (Neighbours(found.indices.astype(float), found.scores, "l2"), VectorError, "float64"),
        (exact(rows[::-1], k=30, metric="l2"), VectorError, "not those of these rows"),
        (exact(joint(sets, unit=False), k=30, metric="l2"), VectorError, "unit length unless unit=False"),
        (Neighbours(found.indices[:, ::-1], found.scores[:, ::-1], "l2"), VectorError, "nearest first"),
        (spoilt(found, 5, index=n), VectorError, "rows 0 to 200"),
        (spoilt(found, 5, index=-1), VectorError, "rows -1 to 199"),
        (spoilt(found, 5, index=5), VectorError, "no row its own"),
        (spoilt(found, 5, score=np.nan), VectorError, "not those of these rows"),
    ):
        with pytest.raises(error, match=message):
            project(sets, perplexity=10, neighbours=given_graph)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.integers(8, 60), st.sampled_from([1e-3, 1.0, 1e4]), st.booleans())
def test_every_true_graph_is_accepted_and_cut(seed: int, n: int, size: float, copies: bool) -> None:
    rng = np.random.default_rng(seed)
    rows = size * (rng.standard_normal((n, 4)) + rng.standard_normal(4) * 10)
    if copies:
        rows[: n // 2] = rows[n // 2 : n // 2 * 2]
    k = int(rng.integers(1, n))
    graph = graph_of(rows, k, 0, exact(rows, k=n - 1, metric="l2"))
    own = graph_of(rows, k, 0)
    assert np.array_equal(graph.neighbours.indices, own.neighbours.indices)
    assert np.array_equal(graph.neighbours.scores, own.neighbours.scores)


def test_above_the_limit_the_search_is_approximate_and_the_map_says_so(sets, monkeypatch):
    """The faithfulness is still that of exact neighbours, of the rows whose ranks it reads."""
    plain = project(sets, perplexity=10, ranked_rows=100)

    def nearly(x: Any, y: Any = None, *, k: int, metric: str, seed: int) -> Approximation:
        found = exact(x, k=k + 3, metric=metric)
        missed = Neighbours(found.indices[:, 3:], found.scores[:, 3:], metric)
        return Approximation(missed, 0.9, 0.01, 50, "peer 1", {"width": 30})

    monkeypatch.setattr(searching, "approximate", nearly)
    monkeypatch.setattr(searching, "LARGEST_EXACT", 199)
    shown = project(sets, perplexity=10, ranked_rows=100)
    assert not np.array_equal(shown.joint, plain.joint)
    assert shown.search is not None
    assert shown.search["recall"] == 0.9
    assert "recall 0.900 ± 0.020 on 50 sampled items" in str(shown)
    assert shown.to_json()["search"]["library"] == "peer 1"
    assert shown.faithfulness.points is None
    assert shown.point_scores is None
    monkeypatch.undo()
    exactly = faithfulness(joint(sets, unit=True), shown.joint, max_rows=100)
    assert shown.faithfulness.continuity == pytest.approx(exactly.continuity, abs=1e-12)
    assert shown.faithfulness.trustworthiness == pytest.approx(exactly.trustworthiness, abs=1e-12)
    ranked = np.sort(np.random.default_rng(0).choice(200, 100, replace=False))
    assert exactly.points is not None
    assert shown.faithfulness.neighbours_kept == pytest.approx(exactly.points[ranked].mean(), abs=1e-12)


def test_too_few_rows_to_compare_need_no_graph(searches):
    assert project({"x": np.eye(2)}, method="pca").search is None
    assert searches == []
