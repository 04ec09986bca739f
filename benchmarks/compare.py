"""The main job, from the command line to the report: ``repscope compare`` beside the older script.

CPU seconds (user and system) of whole processes, imports included; wall seconds depend on what else the
machine does and are not told. The older script (``benchmarks/compare_older.py``, written afresh) computes two
means of largest cosines, scikit-learn's t-SNE and two figures, and no interval. Ours computes its whole
report: every measure with interval, controls, similarities with their permutation nulls, the verdict, all
figures as png and svg. Both run on one thread; the last rows are without a limit on threads.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import ROOT, Watched, charge

TEXTS = 212


def run(n: int = 1000, large: int = 20_000, d: int = 512) -> list[str]:
    """Lines of the benchmark's tables."""
    with tempfile.TemporaryDirectory() as folder:
        small, big = (_study(Path(folder) / str(rows), rows, d) for rows in (n, large))
        older, mapped, plain = _older(small), _ours(small, "tsne"), _ours(small, "none")
        threads, large_plain = _ours(small, "none", one_thread=False), _ours(big, "none")
        large_threads = _ours(big, "none", one_thread=False)
    rows = [
        (f"older script, {n:,} × {d}, t-SNE", older, older),
        (f"compare, {n:,} × {d}, t-SNE", mapped, older),
        (f"compare, {n:,} × {d}, no map", plain, older),
        (f"compare, {large:,} × {d}, no map", large_plain, None),
        (f"compare, {n:,} × {d}, no map, default threads", threads, plain),
        (f"compare, {large:,} × {d}, no map, default threads", large_threads, large_plain),
    ]
    return [
        f"{TEXTS} class texts. The ratio is to the older script, and of default threads to one thread.",
        "",
        "| | CPU-s | ratio |",
        "|---|---|---|",
        *(f"| {name} | {cost:.1f} | {f'{cost / peer:.2f}' if peer else ''} |" for name, cost, peer in rows),
    ]


def memory(n: int = 200_000, d: int = 256, dtype: str = "float32") -> str:
    """What a comparison of so many rows holds at most, of memory that no file backs."""
    with tempfile.TemporaryDirectory() as folder:
        study = _study(Path(folder) / "rows", n, d, dtype)
        cost = charge("benchmarks.compare:compared", str(study / "study"), str(Path(folder) / "out"))
    held = cost.record["memory"] / 2**20
    return f"compare, {n:,} × {d} {dtype}, no map: {held:.0f} MiB, {cost.cpu:.0f} CPU-s"


def compared(study: str, out: str) -> Iterator[dict[str, Any]]:
    """The command in this process, for :func:`memory`."""
    from repscope.verbs.compare.compare import compare_study
    from repscope.verbs.compare.options import CompareOptions

    yield {}
    with Watched() as held:
        options = CompareOptions(reference="texts", on="label", method="none")
        compare_study(study, "before", "after", options).save(out)
    yield {"memory": held.held + held.peak}


def _study(folder: Path, n: int, d: int, dtype: str = "float32") -> Path:
    """The rows as files, and as a study beside them."""
    import repscope as rs
    from repscope.testing import simulate

    world = simulate("improved", images=n, classes=TEXTS, d=d, seed=0)
    folder.mkdir()
    study = rs.Study(folder / "study")
    for name, rows, labels in (
        ("before", world.before, world.item_keys),
        ("after", world.after, world.item_keys),
        ("texts", world.reference, np.arange(TEXTS)),
    ):
        single = rows.astype(dtype)
        np.save(folder / f"{name}.npy", single)
        study.add(name, single, {"label": labels.astype(str)})
    return folder


def _older(folder: Path) -> float:
    cost = _seconds(["-m", "benchmarks.compare_older", str(folder)])
    if not json.loads((folder / "results.json").read_text())["after"] > 0:
        raise RuntimeError("the older script found no cosines")
    return cost


def _ours(folder: Path, method: str, *, one_thread: bool = True) -> float:
    words = ["compare", str(folder / "study"), "before", "after", "--reference", "texts", "--on", "label"]
    out = folder / method
    cost = _seconds(
        ["-m", "repscope.cli", *words, "--method", method, "--quiet", "--out", str(out)],
        one_thread=one_thread,
    )
    if not json.loads((out / "metrics.json").read_text())["verdict"]["word"]:
        raise RuntimeError("compare gave no verdict")
    return cost


def _seconds(arguments: list[str], *, one_thread: bool = True) -> float:
    """CPU seconds of a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if one_thread:
        environment["OMP_NUM_THREADS"] = "1"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{arguments} failed:\n{done.stderr[-3000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    # python -m benchmarks.compare 200000 256 float32
    print(memory(*map(int, sys.argv[1:3]), *sys.argv[3:4]))
