"""The graph of a map in the study: computed once, found by the rows themselves, never trusted blindly."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import DependencyError
from repscope.knn import Approximation, exact
from repscope.knn import graph as searching
from repscope.knn import kept as neighbour_cache
from repscope.maps import kept_graphs as map_graphs
from repscope.maps.kept_graphs import KeptGraphs, kept_graphs
from repscope.study import EmbeddingSet, Study
from repscope.verbs.compare.compare import compare
from repscope.verbs.drift.drift import drift
from repscope.verbs.neighbors.neighbors import neighbors
from repscope.verbs.project.project import project

N, D = 60, 6


def rows_of(seed: int, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, D)).astype(np.float32)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = Study(tmp_path / "s")
    for seed, name in enumerate(("a", "b", "c")):
        made.add(name, rows_of(seed))
    made.add("same as a", rows_of(0))
    return made


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of the exact searches that were made for graphs."""
    made: list[int] = []

    def counted(queries: Any, base: Any = None, **options: Any) -> Any:
        made.append(len(queries))
        return exact(queries, base, **options)

    monkeypatch.setattr(searching, "exact", counted)
    return made


def files(study: Study) -> list[str]:
    return sorted(path.name for path in (study.path / "cache" / "neighbors").glob("*"))


def points(study: Study, *names: str, **options: Any) -> tuple[np.ndarray, bool]:
    made = project(study.path, names, **{"method": "pca", **options})
    assert made.to_json()["kept"] is made.projection.kept
    return made.projection.joint, made.projection.kept


def test_a_second_map_reads_the_graph_of_the_first(study, searches):
    tsne, kept = points(study, "a", "b", method="tsne", perplexity=10)
    assert not kept
    assert searches == [2 * N]
    assert len(files(study)) == 1
    assert files(study)[0].startswith("joint-")
    assert files(study)[0].endswith("-l2-30.arrow")
    again, kept = points(study, "a", "b", method="tsne", perplexity=10)
    assert kept
    assert np.array_equal(again, tsne)
    for options in ({"method": "tsne", "perplexity": 10, "seed": 1}, {"method": "tsne", "perplexity": 7}, {}):
        assert points(study, "a", "b", **options)[1], options
    assert searches == [2 * N]
    fresh, kept = points(study, "a", "b", method="tsne", perplexity=10, cache=False)
    assert not kept
    assert np.array_equal(fresh, tsne)


def test_more_neighbours_are_searched_and_replace_the_fewer(study, searches):
    points(study, "a", "b")
    assert files(study)[0].endswith("-15.arrow")
    assert not points(study, "a", "b", method="tsne", perplexity=10)[1]
    assert len(searches) == 2
    assert len(files(study)) == 1
    assert points(study, "a", "b")[1]


def test_names_do_not_matter_and_order_and_rows_do(study, searches):
    points(study, "a", "b")
    assert points(study, "same as a", "b")[1]
    assert not points(study, "b", "a")[1]
    assert not points(study, "a", "c")[1]
    assert not points(study, "a")[1]
    assert len(searches) == 4


def test_a_row_that_changes_makes_another_graph_and_the_old_one_goes(study, searches):
    points(study, "b", "c")
    points(study, "c", "a")
    rows = rows_of(1)
    rows[7, 3] += 1e-3
    study.add("b", rows, overwrite=True)
    shown, kept = points(study, "b", "c")
    assert not kept
    assert len(searches) == 3
    assert len(files(study)) == 2
    assert points(study, "c", "a")[1]
    assert np.array_equal(shown, points(study, "b", "c", cache=False)[0])


def test_another_sample_is_another_graph(study, searches, monkeypatch):
    kept = KeptGraphs(study, [study["a"].fingerprint])
    rows = rows_of(0).astype(np.float64)
    assert not kept(rows[:40], 5, 0).kept
    assert kept(rows[:40], 5, 1).kept
    assert not kept(rows[1:41], 5, 0).kept
    assert not kept(rows[:40] * 2, 5, 0).kept
    assert len(files(study)) == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[: len(content) // 2] + b"\xff" + content[len(content) // 2 + 1 :],
        lambda content: content[:99],
        lambda _: b"",
    ],
)
def test_what_was_spoilt_is_computed_again(study, searches, spoil):
    shown, _ = points(study, "a", "b")
    file = study.path / "cache" / "neighbors" / files(study)[0]
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.warns(UserWarning, match="computing them again"):
        again, kept = points(study, "a", "b")
    assert not kept
    assert np.array_equal(again, shown)
    assert len(searches) == 2
    assert points(study, "a", "b")[1]


def test_graphs_of_sets_and_of_maps_do_not_disturb_each_other(study, searches):
    neighbors(study, "a", k=5)
    points(study, "a")
    file = next(path for path in (study.path / "cache" / "neighbors").glob("joint-*"))
    file.write_bytes(b"spoilt")
    neighbors(study, "b", k=5)
    assert len(files(study)) == 2
    assert neighbors(study, "a", k=5).kept
    assert neighbors(study, "b", k=5).kept


def test_only_the_last_joint_graphs_stay(study, searches, monkeypatch):
    monkeypatch.setattr(neighbour_cache, "MOST_JOINT", 2)
    neighbors(study, "a", k=5)
    for names in (("a", "b"), ("b", "c"), ("c", "a")):
        points(study, *names)
    assert len(files(study)) == 3
    assert points(study, "c", "a")[1]
    assert points(study, "b", "c")[1]
    assert not points(study, "a", "b")[1]
    assert neighbors(study, "a", k=5).kept


def test_an_approximate_graph_is_of_a_seed_and_a_library(study, monkeypatch):
    def nearly(x: Any, y: Any = None, *, k: int, metric: str, seed: int) -> Approximation:
        return Approximation(exact(x, k=k, metric=metric), 0.97, 0.01, 50, "peer 1", {"width": 30})

    monkeypatch.setattr(searching, "approximate", nearly)
    monkeypatch.setattr(searching, "LARGEST_EXACT", N - 1)
    monkeypatch.setattr(map_graphs, "index_library", lambda: "peer 1")
    kept = KeptGraphs(study, [study["a"].fingerprint])
    rows = rows_of(0).astype(np.float64)
    first = kept(rows, 5, 0)
    assert first.search["recall"] == 0.97
    again = kept(rows, 5, 0)
    assert again.kept
    assert again.search == first.search
    assert not kept(rows, 5, 1).kept
    assert not kept(rows, 4, 0).kept
    monkeypatch.setattr(map_graphs, "index_library", lambda: "peer 2")
    assert not kept(rows, 5, 0).kept


def test_an_approximate_graph_needs_its_library(study, monkeypatch):
    monkeypatch.setattr(searching, "LARGEST_EXACT", N - 1)
    monkeypatch.setitem(__import__("sys").modules, "pynndescent", None)
    with pytest.raises(DependencyError, match="pynndescent"):
        KeptGraphs(study, ())(rows_of(0).astype(np.float64), 5, 0)


def test_comparisons_and_drift_of_one_study_are_kept(study, searches):
    def compared() -> Any:
        return compare(
            study["a"], study["b"], study["c"], measures=["spread.cosine"], method="pca", resamples=20
        )

    first = compared()
    found = searches.copy()
    assert 3 * N in found
    again = compared()
    assert searches.count(3 * N) == found.count(3 * N) == 1
    assert again.to_json() == first.to_json()
    assert again.items.equals(first.items)
    one = drift([study["a"], study["b"]], reference=study["c"], measures=[], resamples=20)
    assert searches.count(3 * N) == 2
    two = drift([study["a"], study["b"]], reference=study["c"], measures=[], resamples=20)
    assert searches.count(3 * N) == 2
    assert two.to_json() == one.to_json()
    assert len([name for name in files(study) if name.startswith("joint-")]) == 2


def test_sets_that_are_not_of_one_study_are_not_kept(study, tmp_path):
    other = Study(tmp_path / "other")
    other.add("a", rows_of(0))
    free = EmbeddingSet("a", rows_of(0))
    assert kept_graphs([study["a"], study["b"]]) is not None
    assert kept_graphs([study["a"], other["a"]]) is None
    assert kept_graphs([study["a"], free]) is None
    assert kept_graphs([free]) is None
    assert kept_graphs([]) is None
    opened = other["a"]
    shutil.rmtree(other.path)
    assert kept_graphs([opened]) is None
    assert not other.path.exists()
