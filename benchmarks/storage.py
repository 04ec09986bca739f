"""Opening and scanning a set of 1M × 512 float16 vectors, against reading the same bytes with NumPy."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import charge


def ours(folder: str) -> Iterator[dict[str, Any]]:
    from repscope.study import Study

    study = Study(folder)
    _ = study["big"]  # the first open in a process also imports pyarrow's helpers
    yield {}
    start = time.perf_counter()
    opened = study["big"]
    milliseconds = (time.perf_counter() - start) * 1000
    total = sum(float(block.sum()) for block in opened.blocks())
    yield {"open_ms": milliseconds, "total": total}


def numpy(folder: str) -> Iterator[dict[str, Any]]:
    yield {}
    mapped = np.load(Path(folder) / "big.npy", mmap_mode="r")
    rows = 16_384
    total = sum(float(mapped[i : i + rows].astype(np.float32).sum()) for i in range(0, len(mapped), rows))
    yield {"total": total}


def run(n: int = 1_000_000, d: int = 512) -> list[str]:
    """Lines of the benchmark's table."""
    from repscope.study import Study

    folder = Path(tempfile.mkdtemp(prefix="repscope-bench-"))
    try:
        vectors = np.random.default_rng(0).standard_normal((n, d), dtype=np.float32).astype(np.float16)
        Study(folder / "study").add("big", vectors)
        np.save(folder / "big.npy", vectors)
        del vectors
        own = charge("benchmarks.storage:ours", str(folder / "study"))
        other = charge("benchmarks.storage:numpy", str(folder))
    finally:
        shutil.rmtree(folder)
    return [
        "| | open, once pyarrow is imported | scan, CPU-s | ratio |",
        "|---|---|---|---|",
        f"| memory-mapped .npy | | {other.cpu:.2f} | 1.00 |",
        f"| study | {own.record['open_ms']:.1f} ms | {own.cpu:.2f} | {own.cpu / other.cpu:.2f} |",
    ]
