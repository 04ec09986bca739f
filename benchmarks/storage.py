"""Opening and scanning a set of 1M × 512 float16 vectors, against reading the same bytes with NumPy.

Second table: opening the set as every command does, when its bytes were never verified, and after. The first
hashes every byte twice: the files, and the vectors in order for the fingerprint.
"""

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


def verified(folder: str) -> Iterator[dict[str, Any]]:
    """Opening a set through ``open_sets``; what was written in the last two seconds is not remembered."""
    from repscope.study import Study

    study = Study(folder)
    _ = study["big"]
    time.sleep(2)
    yield {}
    seconds = []
    for _ in range(2):
        start = time.process_time()
        study.open_sets(["big"])
        seconds.append(time.process_time() - start)
    yield {"seconds": seconds, "bytes": sum(shard.bytes for shard in study.manifest("big").shards)}


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
        opening = charge("benchmarks.storage:verified", str(folder / "study")).record
    finally:
        shutil.rmtree(folder)
    first, second = opening["seconds"]
    return [
        "| | open, once pyarrow is imported | scan, CPU-s | ratio |",
        "|---|---|---|---|",
        f"| memory-mapped .npy | | {other.cpu:.2f} | 1.00 |",
        f"| study | {own.record['open_ms']:.1f} ms | {own.cpu:.2f} | {own.cpu / other.cpu:.2f} |",
        "",
        "| every command opens it | CPU |",
        "|---|---|",
        f"| the first time | {first:.2f} s for {opening['bytes'] / 1e6:,.0f} MB "
        f"({2 * opening['bytes'] / first / 1e6:,.0f} MB/s hashed) |",
        f"| again, files unchanged | {second * 1000:.1f} ms |",
    ]
