"""Drift of 11 generations in bounded memory; FID, precision and recall beside their peers.

First table: 11 generations × 50,000 × 512 in float16, memory-mapped from disk, against reading every
generation once and summing it in float32. "Always" is what every drift analysis computes (centres, moves,
spreads, axes, tails, rate, verdict) with intervals; "all families" adds the four ranks, Fréchet, MMD,
precision, recall, density, coverage, modes and paths, with intervals from 20 groups left out of every stage.
MMD and the four of neighbours read 5,000 rows of each stage, as they do everywhere. The data are made on
disk block by block, and deleted.

Second table: the Fréchet distance, and precision and recall (k = 3, as in their paper), of the last
generation to the first, without intervals, against torchmetrics and torch-fidelity on the same features;
the run fails when a value differs. torch-fidelity does not import without torchvision, so its functions run
in the environment of `make test-zoo`; without that they are left out, which is said. The other peer of
precision and recall is written with scikit-learn, as the paper defines them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import ROOT, charge

GENERATIONS = 11
BLOCK = 2000
NEIGHBOURS = 3
FARTHER = 0.07
"""Added to the last generation beside its peers, so that precision and recall are neither 0 nor 1."""

TOLERANCES = {"frechet": 5e-4, "precision": 1e-3, "recall": 1e-3}
"""Relative for Fréchet (torch-fidelity adds up its means in float32), absolute for shares (ties there)."""

SHARES = 10_000
"""Rows of precision and recall: the peers hold whole matrices of distances."""

ZOO = ROOT / ".venv-zoo" / "bin" / "python"
ROWS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("always, without controls", (), False),
    ("always, with controls", (), True),
    ("all families, with controls", ("rank", "frechet", "mmd", "manifold", "modes", "paths"), True),
)


def make(folder: str, n: int, d: int) -> None:
    """Generations on disk: a falling spectrum, shrinking by 3 % a generation, fresh noise, a drift."""
    rng = np.random.default_rng(0)
    scale = (1 / np.sqrt(np.arange(1, d + 1))).astype(np.float32)
    files = [
        np.lib.format.open_memmap(_path(folder, g), mode="w+", dtype=np.float16, shape=(n, d))
        for g in range(GENERATIONS)
    ]
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        shape = (rows.stop - start, d)
        base = rng.standard_normal(shape, dtype=np.float32) * scale
        for g, file in enumerate(files):
            noise = rng.standard_normal(shape, dtype=np.float32) * scale
            file[rows] = 0.97**g * base + 0.3 * noise + 0.002 * g
    for file in files:
        file.flush()


def reading(folder: str) -> Iterator[dict[str, Any]]:
    """Every generation once."""
    stages = _stages(folder)
    yield {}
    sums = [
        float(sum(stage[s : s + BLOCK].sum(dtype=np.float32) for s in range(0, len(stage), BLOCK)))
        for stage in stages
    ]
    yield {"sums": sums}


def drift(folder: str, families: list[str], controls: bool) -> Iterator[dict[str, Any]]:
    """``drift_arrays``, charged without the import of its libraries."""
    import scipy.stats
    import sklearn.cluster

    from repscope.measure.drift import drift_arrays

    del scipy, sklearn
    stages = _stages(folder)
    yield {}
    found = drift_arrays(stages, measures=families, controls=controls)
    yield {"verdict": str(found.verdict.word), "series": sorted(found.series)}


def own_fid(folder: str, n: int) -> Iterator[dict[str, Any]]:
    """Fréchet distance of the last generation to the first."""
    from repscope.measure.distribution.frechet import frechet

    first, last = _features(folder, n)
    yield {}
    yield {"frechet": frechet(last, first)}


def own_shares(folder: str, n: int) -> Iterator[dict[str, Any]]:
    """Precision and recall of the last generation to the first, on every row."""
    from repscope.measure.distribution.manifold import manifold

    first, last = _features(folder, n)
    yield {}
    found = manifold(last, first, k=NEIGHBOURS, max_rows=None)
    yield {"precision": found.precision, "recall": found.recall}


def torchmetrics_fid(folder: str, n: int) -> Iterator[dict[str, Any]]:
    """As ``FrechetInceptionDistance.compute``: sums and products in float64, then its own formula."""
    import torch
    from torchmetrics.image.fid import _compute_fid

    both = [torch.from_numpy(one) for one in _features(folder, n)]
    yield {}
    fits = []
    for one in both:
        x = one.double()
        mean = x.mean(dim=0, keepdim=True)
        fits.append((mean.squeeze(0), (x.t().mm(x) - n * mean.t().mm(mean)) / (n - 1)))
    yield {"frechet": float(_compute_fid(*fits[1], *fits[0]))}


def fidelity_fid(folder: str, n: int) -> Iterator[dict[str, Any]]:
    """torch-fidelity's two functions."""
    from tests_zoo import conftest

    assert conftest is not None  # It makes torchvision import beside a CPU torch.
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    first, last = (torch.from_numpy(one) for one in _features(folder, n))
    yield {}
    fits = [fid_features_to_statistics(one) for one in (last, first)]
    yield {"frechet": fid_statistics_to_metric(*fits, verbose=False)["frechet_inception_distance"]}


def fidelity_shares(folder: str, n: int) -> Iterator[dict[str, Any]]:
    """torch-fidelity's function in blocks (its default holds four whole matrices)."""
    from tests_zoo import conftest

    assert conftest is not None
    import torch
    from torch_fidelity.metric_prc import calculate_precision_recall_part

    first, last = (torch.from_numpy(one) for one in _features(folder, n))
    yield {}
    precision, recall = calculate_precision_recall_part(last, first, NEIGHBOURS)
    yield {"precision": precision, "recall": recall}


def plain_shares(folder: str, n: int) -> Iterator[dict[str, Any]]:
    """Precision and recall as the paper has them, with scikit-learn."""
    from sklearn.metrics import pairwise_distances
    from sklearn.neighbors import NearestNeighbors

    first, last = _features(folder, n)
    yield {}
    radii = []
    for one in (first, last):
        near = NearestNeighbors(n_neighbors=NEIGHBOURS + 1, algorithm="brute").fit(one)
        radii.append(near.kneighbors(one)[0][:, NEIGHBOURS])
    across = pairwise_distances(last, first)
    yield {
        "precision": float((across <= radii[0]).any(axis=1).mean()),
        "recall": float((across <= radii[1][:, None]).any(axis=0).mean()),
    }


def run(n: int = 50_000, d: int = 512) -> list[str]:
    """Lines of the benchmark's tables.

    Raises:
        RuntimeError: a value differs from a peer's.
    """
    with tempfile.TemporaryDirectory() as folder:
        make(folder, n, d)
        return [*_scale(folder, n, d), "", *_peers(folder, n, d)]


def _scale(folder: str, n: int, d: int) -> list[str]:
    once = charge("benchmarks.drift:reading", folder)
    size = GENERATIONS * n * d * 2
    lines = [
        f"{GENERATIONS} generations of {n:,} × {d} in float16, {size / 2**20:,.0f} MiB on disk",
        "",
        "| `drift_arrays` | CPU-s | ratio to reading once | peak memory, mapped files included |",
        "|---|---|---|---|",
        f"| reading once, summing in float32 | {once.cpu:.2f} | 1 | {once.peak / 2**20:,.0f} MiB |",
    ]
    for name, families, controls in ROWS:
        cost = charge("benchmarks.drift:drift", folder, families, controls)
        print(name, cost, cost.record["verdict"], file=sys.stderr)
        lines.append(
            f"| {name} | {cost.cpu:.1f} | {cost.cpu / once.cpu:.0f} | {cost.peak / 2**20:,.0f} MiB |"
        )
    return lines


def _peers(folder: str, n: int, d: int) -> list[str]:
    few = min(n, SHARES)
    fid = [("repscope", "own_fid", None), ("torchmetrics", "torchmetrics_fid", None)]
    shares = [("repscope", "own_shares", None), ("scikit-learn", "plain_shares", None)]
    zoo = _has_fidelity()
    if zoo:
        fid.append(("torch-fidelity", "fidelity_fid", str(ZOO)))
        shares.append(("torch-fidelity", "fidelity_shares", str(ZOO)))
    lines = [
        f"The last generation to the first, {d} wide",
        "",
        "| | | CPU-s | ratio | values |",
        "|---|---|---|---|---|",
    ]
    for what, rows, tasks in (
        (f"Fréchet, {n:,} rows", n, fid),
        (f"precision and recall, {few:,} rows", few, shares),
    ):
        costs = {
            name: charge(f"benchmarks.drift:{task}", folder, rows, python=python)
            for name, task, python in tasks
        }
        own = costs["repscope"]
        for name, cost in costs.items():
            _agree(f"{what}, {name}", own.record, cost.record)
            values = ", ".join(f"{value:.6g}" for value in cost.record.values())
            lines.append(f"| {what} | {name} | {cost.cpu:.2f} | {cost.cpu / own.cpu:.2f} | {values} |")
    if not zoo:
        lines += ["", "torch-fidelity is not there: it needs the environment of `make test-zoo`."]
    return lines


def _agree(what: str, own: dict[str, float], other: dict[str, float]) -> None:
    for key, value in own.items():
        scale = abs(value) if key == "frechet" else 1.0
        if not abs(other[key] - value) <= TOLERANCES[key] * scale:
            raise RuntimeError(f"{what}: {key} is {other[key]!r}, ours {value!r}")


def _has_fidelity() -> bool:
    if not ZOO.exists():
        return False
    command = [str(ZOO), "-c", "import tests_zoo.conftest, torch_fidelity"]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    return asked.returncode == 0


def _path(folder: str, g: int) -> str:
    return str(Path(folder) / f"gen_{g}.npy")


def _stages(folder: str) -> list[np.ndarray]:
    return [np.load(_path(folder, g), mmap_mode="r") for g in range(GENERATIONS)]


def _features(folder: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    first, last = (np.load(_path(folder, g), mmap_mode="r")[:n] for g in (0, GENERATIONS - 1))
    return np.asarray(first, np.float32), np.asarray(last, np.float32) + np.float32(FARTHER)
