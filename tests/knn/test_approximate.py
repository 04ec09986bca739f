"""Approximate neighbours: recall is what it says, scores are exact, copies and repeats behave."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from repscope.errors import InputError, UnknownNameError, VectorError
from repscope.knn import among, approximate, exact

pytestmark = pytest.mark.xdist_group("pynndescent")
"""One process compiles the library (25 s), not each."""

METRICS = ("cosine", "inner", "l2")


def cone(n: int, d: int = 24, seed: int = 0) -> NDArray[np.float32]:
    """Low rank, a common mean, lengths that differ: hubs."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, 8)) @ rng.standard_normal((8, d)) + 0.3 * rng.standard_normal((n, d)) + 1
    return (rows * rng.uniform(0.5, 2, (n, 1))).astype(np.float32)


def share(found: NDArray[np.int64], true: NDArray[np.int64]) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, true, strict=True)]))


@pytest.mark.long
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("alone", [True, False])
def test_the_recall_it_reports_is_the_recall_it_has(metric: str, alone: bool) -> None:
    x = cone(1500)
    y = None if alone else cone(1200, seed=1)
    found = approximate(x, y, k=6, metric=metric, recall_sample=300)
    true = exact(x, y, k=6, metric=metric)
    recall = share(found.neighbours.indices, true.indices)
    assert abs(found.recall - recall) <= 4 * found.error + 0.005
    assert recall > 0.9
    assert found.sample == 300
    assert found.neighbours.metric == metric
    same = found.neighbours.indices == true.indices
    assert np.abs(found.neighbours.scores - true.scores)[same].max() < 1e-12
    if alone:
        assert not (found.neighbours.indices == np.arange(1500)[:, None]).any()
    falling = np.diff(found.neighbours.scores, axis=1) * (1 if metric == "l2" else -1)
    assert (falling >= 0).all()
    assert "recall" in str(found)


@pytest.mark.long
def test_a_hard_goal_takes_more_effort_and_the_same_seed_repeats() -> None:
    x = np.random.default_rng(0).standard_normal((2000, 60))
    easy = approximate(x, k=5, goal=0.05, recall_sample=100)
    hard = approximate(x, k=5, goal=1.0, recall_sample=100)
    again = approximate(x, k=5, goal=1.0, recall_sample=100)
    assert easy.parameters["n_neighbors"] < hard.parameters["n_neighbors"]
    assert easy.recall < hard.recall
    assert np.array_equal(hard.neighbours.indices, again.neighbours.indices)
    assert hard.recall == again.recall


@pytest.mark.long
def test_copies_are_all_found() -> None:
    """Graphs of equal rows fall apart; distinct rows are searched, then each gets its copies."""
    x = np.repeat(cone(600), 3, axis=0)
    found = approximate(x, k=2, recall_sample=50).neighbours
    rows = np.arange(len(x))
    others = np.array([[i for i in range(3 * (row // 3), 3 * (row // 3) + 3) if i != row] for row in rows])
    assert np.array_equal(found.indices, others)


def test_small_sets_are_searched_exactly() -> None:
    x = cone(200)
    found = approximate(x, k=4)
    assert np.array_equal(found.neighbours.indices, exact(x, k=4).indices)
    assert found.recall == 1.0
    assert found.error == 0.0


@pytest.mark.parametrize(
    "bad", [{"recall_sample": 0}, {"goal": 0.0}, {"goal": 1.5}, {"workers": 0}, {"k": 0}]
)
def test_settings_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(InputError):
        approximate(cone(600), **{"k": 3, **bad})  # type: ignore[arg-type]


def test_vectors_are_checked_as_by_exact() -> None:
    with pytest.raises(VectorError, match="NaN"):
        approximate(np.full((600, 3), np.nan), k=2)
    with pytest.raises(UnknownNameError):
        approximate(cone(600), k=2, metric="angle")


def test_a_missing_package_is_an_error_with_its_install_line() -> None:
    code = (
        "import sys; sys.modules['pynndescent'] = None\n"
        "import numpy as np\nfrom repscope.errors import DependencyError\n"
        "from repscope.knn import approximate\n"
        "try:\n    approximate(np.eye(9), k=2)\n"
        "except DependencyError as error:\n    print(error.do)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'repscope[ann]'" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("metric", METRICS)
def test_some_rows_of_a_set_are_those_of_the_whole_search(metric: str) -> None:
    x = np.vstack([cone(80), cone(80)[:9]])
    rows = np.array([3, 88, 40])
    whole, some = exact(x, k=5, metric=metric), among(x, rows, k=5, metric=metric)
    assert np.array_equal(some.indices, whole.indices[rows])
    assert np.allclose(some.scores, whole.scores[rows], atol=1e-12)
    with pytest.raises(InputError, match="besides the query"):
        among(x, rows, k=len(x), metric=metric)
