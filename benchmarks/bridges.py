"""Closed-form bridges fitted on rows that do not fit in the memory that they may use.

Source and target are memory-mapped files of float32 rows. Memory is what the process itself allocates
(``RssAnon``, sampled each 20 ms), above what it held before the fit; pages of the mapped files, which the
system takes back when it needs them, are not counted. One thread.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import charge

N, D = 1_000_000, 512
METHODS = ("mean-shift", "normalise", "coral", "whitening", "gaussian-ot", "procrustes", "ridge", "cca")
BLOCK = 50_000


def write_rows(folder: Path, n: int, d: int) -> None:
    """Two files of rows of float32: targets are a linear map of sources, and noise."""
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((d, d), dtype=np.float32) / np.sqrt(d)
    files = [
        np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=np.float32, shape=(n, d))
        for name in ("source", "target")
    ]
    for start in range(0, n, BLOCK):
        here = slice(start, min(start + BLOCK, n))
        rows = rng.standard_normal((here.stop - start, d), dtype=np.float32) + 0.2
        files[0][here] = rows
        files[1][here] = rows @ matrix + 0.5 * rng.standard_normal(rows.shape, dtype=np.float32)


def fit(folder: str, name: str) -> Iterator[dict[str, Any]]:
    """One fit."""
    from repscope.transform import bridges

    source, target = (np.load(Path(folder) / f"{one}.npy", mmap_mode="r") for one in ("source", "target"))
    bridge = bridges.get(name)()
    # What is imported at the first fit is not the fit's memory.
    bridge.fit(source[:2000], target[:2000], on="row")
    yield {}
    with Watched() as memory:
        bridge.fit(source, target, on="row")
    yield {"memory": memory.peak, "parameters": bridge.n_parameters}


class Watched:
    """The most anonymous memory while the block ran, above what was held before."""

    def __enter__(self) -> Watched:
        self.held = self.peak = anonymous_bytes()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.peak = max(self.peak, anonymous_bytes()) - self.held

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak = max(self.peak, anonymous_bytes())


def anonymous_bytes() -> int:
    """Memory of this process that no file backs."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def run(n: int = N, d: int = D) -> list[str]:
    """The table."""
    folder = Path(tempfile.mkdtemp(prefix="repscope-bridges-"))
    lines = [
        f"{n:,} × {d} rows on each side.",
        "",
        "| bridge | seconds | CPU seconds | memory, MiB | parameters |",
        "|---|---:|---:|---:|---:|",
    ]
    try:
        write_rows(folder, n, d)
        for name in METHODS:
            cost = charge("benchmarks.bridges:fit", str(folder), name)
            memory, parameters = cost.record["memory"] / 2**20, cost.record["parameters"]
            lines.append(f"| `{name}` | {cost.wall:.1f} | {cost.cpu:.1f} | {memory:.0f} | {parameters:,} |")
    finally:
        shutil.rmtree(folder)
    return lines


if __name__ == "__main__":
    import sys

    print("\n".join(run(*map(int, sys.argv[1:]))))
