"""Nearest neighbours against scikit-learn, faiss and pynndescent, at equal recall, on three kinds of rows.

"Gaussian" has no structure at all; "low rank" has 48 falling directions, noise, and a common mean (a narrow
cone, as embeddings have); "hubs" has all directions, falling slowly, and a common mean. One thread each. Of a
search with a setting, the first of three settings that reaches a recall of 0.95 counts; where none does, the
last is shown with its recall. Compiling, 25 CPU-s a process for pynndescent, is not counted.

`python -m benchmarks.neighbors 50000` and `200000` are the same with more rows, and take minutes to an hour;
with `sklearn flat` behind the number only these two are compared.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.harness import Cost, charge

K = 15
GOAL = 0.95
KINDS = ("Gaussian", "low rank", "hubs")


def data(n: int, d: int, kind: str) -> np.ndarray:
    """Unit rows of a kind."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n, d), dtype=np.float32)
    if kind == "low rank":
        spectrum = np.arange(1, 49, dtype=np.float32) ** -0.5
        few = (rng.standard_normal((n, 48), dtype=np.float32) * spectrum) @ rng.standard_normal(
            (48, d), dtype=np.float32
        )
        rows = few + few.std() * (0.5 * rows + rng.standard_normal(d, dtype=np.float32))
    elif kind == "hubs":
        rows = rows * np.arange(1, d + 1, dtype=np.float32) ** -0.25 + np.float32(0.3)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def product(n: int, d: int) -> Iterator[dict[str, Any]]:
    """The products alone, in blocks that fit the cache: the peak of this machine."""
    out = np.empty((2048, 2048), np.float32)

    def work(x: np.ndarray) -> dict[str, Any]:
        start = time.process_time()
        for rows in range(0, n - 2047, 2048):
            for columns in range(0, n - 2047, 2048):
                np.matmul(x[rows : rows + 2048], x[columns : columns + 2048].T, out=out)
        return {"cpu": (time.process_time() - start) / ((n // 2048) * 2048 / n) ** 2}

    return _each(n, d, work)


def exact(n: int, d: int) -> Iterator[dict[str, Any]]:
    from repscope.knn import exact as search

    return _each(n, d, lambda x: _checked(x, lambda: search(x, k=K).indices))


def sklearn(n: int, d: int) -> Iterator[dict[str, Any]]:
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=K, algorithm="brute")
    return _each(n, d, lambda x: _checked(x, lambda: index.fit(x).kneighbors(return_distance=False)))


def flat(n: int, d: int) -> Iterator[dict[str, Any]]:
    import faiss

    faiss.omp_set_num_threads(1)

    def search(x: np.ndarray) -> np.ndarray:
        index = faiss.IndexFlatIP(d)
        index.add(x)
        found: np.ndarray = index.search(x, K + 1)[1]
        return found

    return _each(n, d, lambda x: _checked(x, lambda: search(x)))


def approximate(n: int, d: int) -> Iterator[dict[str, Any]]:
    """Ours finds its setting itself; its search for it, and the recall that it measures, are charged."""
    from repscope.knn import approximate as search

    search(data(4000, d, KINDS[1]), k=K, goal=GOAL)

    def work(x: np.ndarray) -> dict[str, Any]:
        used: list[Any] = []

        def indices() -> np.ndarray:
            found = search(x, k=K, goal=GOAL)
            used.append(found.parameters["n_neighbors"])
            return found.neighbours.indices

        return {**_checked(x, indices), "setting": f"n_neighbors {used[0]}"}

    return _each(n, d, work)


def pynndescent(n: int, d: int) -> Iterator[dict[str, Any]]:
    from pynndescent import NNDescent

    def search(x: np.ndarray, width: int) -> np.ndarray:
        found: np.ndarray = NNDescent(x, n_neighbors=width, random_state=0, n_jobs=1).neighbor_graph[0]
        return found

    search(data(4000, d, KINDS[1]), 30)
    return _each(n, d, lambda x: _first(x, "n_neighbors {}", (30, 60, 120), search))


def lists(n: int, d: int) -> Iterator[dict[str, Any]]:
    import faiss

    faiss.omp_set_num_threads(1)
    parts = int(2 * n**0.5)

    def search(x: np.ndarray, probes: int) -> np.ndarray:
        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(d), d, parts, faiss.METRIC_L2)
        index.cp.niter, index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 8, 1, 40
        index.train(x)
        index.add(x)
        index.nprobe = probes
        found: np.ndarray = index.search(x, K + 1)[1]
        return found

    settings = (40, 128, min(320, parts))
    return _each(n, d, lambda x: _first(x, f"{{}} of {parts} lists", settings, search))


def hnsw(n: int, d: int) -> Iterator[dict[str, Any]]:
    import faiss

    faiss.omp_set_num_threads(1)

    def search(x: np.ndarray, effort: int) -> np.ndarray:
        index = faiss.IndexHNSWFlat(d, 16)
        index.hnsw.efConstruction = 60
        index.add(x)
        index.hnsw.efSearch = effort
        found: np.ndarray = index.search(x, K + 1)[1]
        return found

    return _each(n, d, lambda x: _first(x, "M 16, efSearch {}", (64, 256, 1024), search))


SEARCHES = {
    "matrix products alone": ("product", ""),
    "repscope exact": ("exact", ""),
    "scikit-learn brute": ("sklearn", ""),
    "faiss IndexFlatIP": ("flat", "faiss"),
    "repscope approximate": ("approximate", "pynndescent"),
    "pynndescent": ("pynndescent", "pynndescent"),
    "faiss inverted lists": ("lists", "faiss"),
    "faiss HNSW": ("hnsw", "faiss"),
}
"""Task and the package that it needs, by name."""


def _each(n: int, d: int, work: Callable[[np.ndarray], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Ready when the first rows are; then the record of each kind of rows."""
    x = data(n, d, KINDS[0])
    yield {}
    found = {KINDS[0]: work(x)}
    del x
    for kind in KINDS[1:]:
        found[kind] = work(data(n, d, kind))
    yield found


def _first(
    x: np.ndarray, form: str, settings: tuple[int, ...], search: Callable[[np.ndarray, int], np.ndarray]
) -> dict[str, Any]:
    """The first setting that reaches the goal, with its own cost."""
    record: dict[str, Any] = {}
    for setting in settings:
        found = _checked(x, partial(search, x, setting))
        record = {**found, "setting": form.format(setting)}
        if record["recall"] >= GOAL:
            break
    return record


def _checked(x: np.ndarray, search: Callable[[], np.ndarray]) -> dict[str, Any]:
    """CPU seconds of a search of all rows in themselves, and its recall on 500 rows, not charged."""
    from repscope.knn import among

    start = time.process_time()
    found = search()
    cpu = time.process_time() - start
    rows = np.random.default_rng(1).choice(len(x), 500, replace=False)
    true = among(x, rows, k=K).indices
    hits = [
        len(set(one[one != row][:K].tolist()) & set(best.tolist()))
        for row, one, best in zip(rows, found[rows], true, strict=True)
    ]
    return {"cpu": cpu, "recall": float(np.sum(hits) / true.size)}


def run(n: int = 20_000, d: int = 256, only: tuple[str, ...] = ()) -> list[str]:
    """Lines of the benchmark's table; peers that are not installed say so. ``only``: tasks besides exact."""
    costs: dict[str, Cost] = {}
    for name, (task, needs) in SEARCHES.items():
        if (not needs or find_spec(needs)) and (not only or task in (*only, "exact")):
            costs[name] = charge(f"benchmarks.neighbors:{task}", n, d)
            print(name, costs[name].record, file=sys.stderr, flush=True)
    lines = [
        f"{n:,} × {d}, cosine, k = {K}, self excluded",
        "",
        "| rows | | setting | recall | CPU-s | ratio to repscope exact |",
        "|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        base = costs["repscope exact"].record[kind]["cpu"]
        for name, cost in costs.items():
            found = cost.record[kind]
            recall = f"{found['recall']:.3f}" if "recall" in found else ""
            lines.append(
                f"| {kind} | {name} | {found.get('setting', '')} | {recall} | {found['cpu']:.1f} "
                f"| {found['cpu'] / base:.2f} |"
            )
    whole = [name for name in ("repscope exact", "scikit-learn brute", "faiss IndexFlatIP") if name in costs]
    peaks = ", ".join(f"{name} {costs[name].peak / 2**20:,.0f} MiB" for name in whole)
    lines += ["", f"Peak memory beyond one set of rows: {peaks}."]
    lines += [
        f"\n{needs} is not installed: `pip install 'repscope[bench,ann]'`."
        for needs in ("faiss", "pynndescent")
        if not find_spec(needs)
    ]
    return lines


if __name__ == "__main__":
    sizes = [int(one) for one in sys.argv[1:] if one.isdecimal()]
    print("\n".join(run(*sizes, only=tuple(one for one in sys.argv[1:] if not one.isdecimal()))))
