"""Exact nearest neighbours: share of this machine's matrix-product peak, and cost against scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.harness import charge

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
