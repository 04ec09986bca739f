"""Nearest neighbours: share of this machine's matrix-product peak, and cost against peers.

A second table, `python -m benchmarks.neighbors 20000`, is on rows that are hard for an index (low rank in a
narrow cone, nearly full rank with hubs); it takes minutes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.harness import Cost, charge

K = 15


def data(n: int, d: int) -> np.ndarray:
    """Unit rows near a subspace, as embeddings are."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n, 64), dtype=np.float32) @ rng.standard_normal((64, d), dtype=np.float32)
    rows += rng.standard_normal((n, d), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def product(n: int, d: int) -> Iterator[dict[str, Any]]:
    """The products alone, in blocks that fit the cache: the peak of this machine."""
    x = data(n, d)
    out = np.empty((2048, 2048), np.float32)
    yield {}
    for rows in range(0, n - 2047, 2048):
        for columns in range(0, n - 2047, 2048):
            np.matmul(x[rows : rows + 2048], x[columns : columns + 2048].T, out=out)
    yield {"share": ((n // 2048) * 2048 / n) ** 2}


def ours(n: int, d: int) -> Iterator[dict[str, Any]]:
    from repscope.neighbors import exact

    x = data(n, d)
    yield {}
    found = exact(x, k=K)
    yield {"checksum": int(found.indices.sum() % 1_000_003)}


def sklearn(n: int, d: int) -> Iterator[dict[str, Any]]:
    from sklearn.neighbors import NearestNeighbors

    x = data(n, d)
    yield {}
    found = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(x).kneighbors(return_distance=False)
    yield {"checksum": int(found.sum() % 1_000_003)}


LOW_RANK, FULL_RANK = "low rank", "full rank, hubs"
GOAL = 0.95


def hard(n: int, d: int, kind: str) -> np.ndarray:
    """Unit rows around a common mean: 48 falling directions and noise, or all directions."""
    rng = np.random.default_rng(0)
    if kind == LOW_RANK:
        spectrum = np.arange(1, 49, dtype=np.float32) ** -0.5
        rows = (rng.standard_normal((n, 48), dtype=np.float32) * spectrum) @ rng.standard_normal(
            (48, d), dtype=np.float32
        )
        spread = rows.std()
        rows += 0.5 * spread * rng.standard_normal((n, d), dtype=np.float32)
        rows += spread * rng.standard_normal(d, dtype=np.float32)
    else:
        rows = rng.standard_normal((n, d), dtype=np.float32)
        rows = rows * np.arange(1, d + 1, dtype=np.float32) ** -0.25 + np.float32(0.3)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def recall(x: np.ndarray, found: np.ndarray, rows: np.ndarray) -> float:
    """Share of the true neighbours of some rows that were found; ``found`` is of these rows, in order."""
    from repscope.neighbors import among

    true = among(x, rows, k=K).indices
    hits = [
        len(set(one[one != row][:K].tolist()) & set(best.tolist()))
        for row, one, best in zip(rows, found, true, strict=True)
    ]
    return float(np.sum(hits) / true.size)


def sample(n: int) -> np.ndarray:
    return np.random.default_rng(1).choice(n, 500, replace=False)


def hard_exact(n: int, d: int, kind: str) -> Iterator[dict[str, Any]]:
    from repscope.neighbors import exact

    x = hard(n, d, kind)
    yield {}
    exact(x, k=K)
    yield {"recall": 1.0}


def hard_approximate(n: int, d: int, kind: str) -> Iterator[dict[str, Any]]:
    from repscope.neighbors import approximate

    x = hard(n, d, kind)
    approximate(x[:1000], k=K)
    yield {}
    found = approximate(x, k=K, goal=GOAL)
    yield {"recall": found.recall, "setting": f"n_neighbors {found.parameters['n_neighbors']}"}


def hard_pynndescent(n: int, d: int, kind: str, width: int) -> Iterator[dict[str, Any]]:
    from pynndescent import NNDescent

    x = hard(n, d, kind)
    NNDescent(x[:1000], n_neighbors=width, random_state=0, n_jobs=1)
    yield {}
    start = time.process_time()
    found = NNDescent(x, n_neighbors=width, random_state=0, n_jobs=1).neighbor_graph[0]
    cpu = time.process_time() - start
    rows = sample(n)
    yield {"cpu": cpu, "recall": recall(x, found[rows], rows), "setting": f"n_neighbors {width}"}


def hard_flat(n: int, d: int, kind: str) -> Iterator[dict[str, Any]]:
    import faiss

    faiss.omp_set_num_threads(1)
    x = hard(n, d, kind)
    yield {}
    index = faiss.IndexFlatIP(d)
    index.add(x)
    index.search(x, K + 1)
    yield {"recall": 1.0}


def hard_ivf(n: int, d: int, kind: str, probes: int) -> Iterator[dict[str, Any]]:
    import faiss

    faiss.omp_set_num_threads(1)
    x = hard(n, d, kind)
    yield {}
    start = time.process_time()
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(d), d, int(2 * n**0.5), faiss.METRIC_L2)
    index.cp.niter, index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 8, 1, 40
    index.train(x)
    index.add(x)
    index.nprobe = probes
    found = index.search(x, K + 1)[1]
    cpu = time.process_time() - start
    rows = sample(n)
    yield {"cpu": cpu, "recall": recall(x, found[rows], rows), "setting": f"{probes} of {index.nlist} lists"}


def hard_hnsw(n: int, d: int, kind: str, effort: int) -> Iterator[dict[str, Any]]:
    import faiss

    faiss.omp_set_num_threads(1)
    x = hard(n, d, kind)
    yield {}
    start = time.process_time()
    index = faiss.IndexHNSWFlat(d, 16)
    index.hnsw.efConstruction = 60
    index.add(x)
    index.hnsw.efSearch = effort
    found = index.search(x, K + 1)[1]
    cpu = time.process_time() - start
    rows = sample(n)
    yield {"cpu": cpu, "recall": recall(x, found[rows], rows), "setting": f"M 16, efSearch {effort}"}


# The first setting of each that reaches the goal is the one that counts.
PEERS: dict[str, tuple[str, tuple[int, ...]]] = {
    "pynndescent": ("hard_pynndescent", (24, 30, 45, 60, 90, 120)),
    "faiss inverted lists": ("hard_ivf", (16, 40, 72, 128, 200, 400)),
    "faiss HNSW": ("hard_hnsw", (32, 64, 128, 256, 512)),
}


def _work(cost: Cost) -> float:
    """CPU seconds, without those that measuring a peer's recall took."""
    return float(cost.record.get("cpu", cost.cpu))


def hard_table(n: int = 20_000, d: int = 256) -> list[str]:
    """Lines of the table at equal recall; peers that are not installed say so."""
    lines = [
        f"{n:,} × {d}, cosine, k = {K}, self excluded, at a recall of at least {GOAL} where it is reached; "
        "one thread, without the 25 CPU-s for which pynndescent compiles in every process",
        "",
        "| | rows | setting | recall | CPU-s | ratio to repscope exact |",
        "|---|---|---|---|---|---|",
    ]
    for kind in (LOW_RANK, FULL_RANK):
        base = charge("benchmarks.neighbors:hard_exact", n, d, kind)
        costs = {
            "repscope exact": base,
            "repscope approximate": charge("benchmarks.neighbors:hard_approximate", n, d, kind),
        }
        if find_spec("faiss"):
            costs["faiss flat"] = charge("benchmarks.neighbors:hard_flat", n, d, kind)
        for name, (task, settings) in PEERS.items():
            if name.startswith("faiss") and not find_spec("faiss"):
                continue
            for setting in settings:
                costs[name] = charge(f"benchmarks.neighbors:{task}", n, d, kind, setting)
                if costs[name].record["recall"] >= GOAL:
                    break
        lines += [
            f"| {name} | {kind} | {cost.record.get('setting', '')} | {cost.record['recall']:.3f} "
            f"| {_work(cost):.1f} | {_work(cost) / base.cpu:.2f} |"
            for name, cost in costs.items()
        ]
    if not find_spec("faiss"):
        lines += ["", "faiss is not installed: `pip install 'repscope[bench]'`."]
    return lines


def run(n: int = 50_000, d: int = 512) -> list[str]:
    """Lines of the benchmark's table."""
    start = time.perf_counter()
    peak = charge("benchmarks.neighbors:product", n, d)
    whole = peak.cpu / peak.record["share"]
    lines = [
        f"{n:,} × {d}, cosine, k = {K}, self excluded",
        "",
        "| | CPU-s | ratio to the products alone | peak memory beyond the input |",
        "|---|---|---|---|",
        f"| matrix products alone (float32) | {whole:.1f} | 1.00 | |",
    ]
    costs = {
        "repscope.neighbors.exact": charge("benchmarks.neighbors:ours", n, d),
        "scikit-learn brute": charge("benchmarks.neighbors:sklearn", n, d),
    }
    same = len({cost.record["checksum"] for cost in costs.values()}) == 1
    lines += [
        f"| {name} | {cost.cpu:.1f} | {cost.cpu / whole:.2f} | {cost.peak / 2**20:,.0f} MiB |"
        for name, cost in costs.items()
    ]
    lines += [
        "",
        f"Neighbours {'are the same' if same else 'differ in ties'} in both; "
        f"{time.perf_counter() - start:.0f} s in all.",
    ]
    return lines


if __name__ == "__main__":
    print("\n".join(hard_table(*map(int, sys.argv[1:]))))
