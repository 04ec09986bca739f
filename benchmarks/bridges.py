"""Closed-form bridges fitted on rows that do not fit in the memory that they may use.

Source and target are memory-mapped files of float32 rows. Memory is what the process itself allocates
(``RssAnon``, sampled each 20 ms), above what it held before the fit; pages of the mapped files, which the
system takes back when it needs them, are not counted. One thread.

Second table: two of them beside scikit-learn's `Ridge` and SciPy's `orthogonal_procrustes` on the same rows,
which these take whole. The predictions of 1,000 rows are compared; the run fails when they differ.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Watched, charge

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


def beside(folder: str, name: str, ours: bool) -> Iterator[dict[str, Any]]:
    """One fit of ours or of the peer; the record holds what it predicts of the first rows."""
    from repscope.transform import bridges

    source, target = (np.load(Path(folder) / f"{one}.npy", mmap_mode="r") for one in ("source", "target"))
    own, theirs = PEERS[name]
    bridge = bridges.get(name)(**own)
    fitting = (lambda x, y: bridge.fit(x, y, on="row").transform) if ours else theirs
    fitting(source[:2000], target[:2000])
    yield {}
    with Watched() as memory:
        predict = fitting(source, target)
    np.save(Path(folder) / f"{name}-{ours}.npy", predict(np.array(source[:SAME])))
    yield {"memory": memory.peak}


Predict = Callable[[np.ndarray], np.ndarray]


def sklearn_ridge(x: np.ndarray, y: np.ndarray) -> Predict:
    """The usual call; it centres, so it copies."""
    from sklearn.linear_model import Ridge

    found: Predict = Ridge(alpha=PENALTY, solver="cholesky").fit(x, y).predict
    return found


def scipy_procrustes(x: np.ndarray, y: np.ndarray) -> Predict:
    """What a user writes around ``orthogonal_procrustes``, which does not centre."""
    from scipy.linalg import orthogonal_procrustes

    means = x.mean(axis=0), y.mean(axis=0)
    turn, _ = orthogonal_procrustes(x - means[0], y - means[1])
    return lambda rows: (rows - means[0]) @ turn + means[1]


PENALTY = 1000.0
SAME = 1000
PEERS: dict[str, tuple[dict[str, Any], Callable[[np.ndarray, np.ndarray], Predict]]] = {
    "ridge": ({"penalty": PENALTY}, sklearn_ridge),
    "procrustes": ({}, scipy_procrustes),
}
"""Parameters of ours, and the peer, by method."""
PEER_NAMES = {"ridge": "scikit-learn `Ridge`", "procrustes": "SciPy `orthogonal_procrustes`"}


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
        lines += _peers(folder)
    finally:
        shutil.rmtree(folder)
    return lines


def _peers(folder: Path) -> list[str]:
    lines = ["", "| | CPU seconds | ratio | memory, MiB | ratio |", "|---|---:|---:|---:|---:|"]
    for name, peer in PEER_NAMES.items():
        theirs, own = (charge("benchmarks.bridges:beside", str(folder), name, ours) for ours in (False, True))
        rows = [np.load(folder / f"{name}-{ours}.npy") for ours in (True, False)]
        np.testing.assert_allclose(*rows, atol=2e-3 * float(np.abs(rows[1]).max()))
        for words, cost in ((peer, theirs), (f"`{name}`", own)):
            memory, other = cost.record["memory"], theirs.record["memory"]
            lines.append(
                f"| {words} | {cost.cpu:.1f} | {cost.cpu / theirs.cpu:.2f} "
                f"| {memory / 2**20:,.0f} | {memory / other:.2f} |"
            )
    return lines


if __name__ == "__main__":
    import sys

    print("\n".join(run(*map(int, sys.argv[1:]))))
