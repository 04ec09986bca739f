"""From a folder of JPEGs to features on disk: `extract` against loops that a user writes.

All read the same pictures with the same preprocessing, model, batch size and number of workers, one torch
thread, and end with the features and their ids on disk. The loop over a `DataLoader` has processes as
workers, `extract` has threads. CPU seconds are those of the process and its workers. `extract` besides
hashes every shard, records items and provenance, and can be continued after a kill; the loops cannot. The
median of runs in turn.

The peer is timm's own way (`timm.data`'s dataset and transform, `forward_features` and `forward_head`),
in the environment of `make test-zoo`; without it, that part is left out and says so. `thingsvision` is
not compared.

Where reading is the work, two things hold `extract` back that the loop's processes do not have. Threads share
Python's lock: Pillow decodes and resizes outside it, but opening a file, the steps between, and each call of
the model need it. And where pandas is installed, pyarrow imports it with its first array, at the end of the
first shard: 0.3 to 0.4 CPU seconds once, under that lock, while nothing else gets far.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import ROOT, Cost, charge

BATCH = 32
WORKERS = 2
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
ZOO = ROOT / ".venv-zoo" / "bin" / "python"
VIT = "vit_tiny_patch16_224"


def photos(folder: str, n: int) -> Iterator[dict[str, Any]]:
    """Write n JPEGs of 400 × 300 with edges, gradients and grain, some 40 kB each."""
    from PIL import Image

    yield {}
    for number in range(n):
        rng = np.random.default_rng(number)
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((400, 300))
        grain = rng.normal(0, 12, (300, 400, 1))
        pixels = np.clip(np.asarray(coarse, np.float32) + grain, 0, 255).astype(np.uint8)
        place = Path(folder) / f"class {number % 10}" / f"{number:05d}.jpg"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(place, quality=90)


def resnet() -> Any:
    """A residual network of 20 layers for 32 × 32 pictures, up to the average of its last map."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.one = nn.Conv2d(before, after, 3, stride, 1, bias=False)
            self.two = nn.Conv2d(after, after, 3, 1, 1, bias=False)
            self.norms = nn.ModuleList([nn.BatchNorm2d(after), nn.BatchNorm2d(after)])
            self.past = nn.Conv2d(before, after, 1, stride) if before != after else nn.Identity()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            inner = torch.relu(self.norms[0](self.one(x)))
            return torch.relu(self.norms[1](self.two(inner)) + self.past(x))

    torch.manual_seed(0)
    torch.set_num_threads(1)
    widths = [(16, 16), (16, 16), (16, 16), (16, 32), (32, 32), (32, 32), (32, 64), (64, 64), (64, 64)]
    blocks = [Block(before, after, 1 if before == after else 2) for before, after in widths]
    pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.ReLU(), *blocks, *pool).eval()


def _spent() -> float:
    """CPU seconds of this process and of workers that have ended."""
    found = os.times()
    return found.user + found.system + found.children_user + found.children_system


def _measured(work: Any) -> dict[str, Any]:
    cpu, wall = _spent(), time.perf_counter()
    work()
    return {"cpu": _spent() - cpu, "wall": time.perf_counter() - wall}


def extract_resnet(folder: str, out: str) -> Iterator[dict[str, Any]]:
    from repscope.extraction import Preprocessing
    from repscope.verbs.extract.extract import extract

    model = resnet()
    steps = Preprocessing(resize=32, crop=(32, 32), mean=MEAN, std=STD)
    yield {}
    yield _measured(
        lambda: extract(
            folder, model, study=out, name="set", preprocess=steps, batch_size=BATCH, workers=WORKERS
        )
    )


def loop_resnet(folder: str, out: str) -> Iterator[dict[str, Any]]:
    """What a user writes: a data set, a loader, a list of batches, one file at the end."""
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    files = sorted(Path(folder).rglob("*.jpg"))

    class Pictures(Dataset[tuple[torch.Tensor, str]]):
        def __len__(self) -> int:
            return len(files)

        def __getitem__(self, index: int) -> tuple[torch.Tensor, str]:
            image = Image.open(files[index]).convert("RGB")
            width, height = image.size
            scale = 32 / min(width, height)
            size = (max(32, int(width * scale)), max(32, int(height * scale)))
            image = image.resize(size, Image.Resampling.BILINEAR)
            left, top = round((size[0] - 32) / 2), round((size[1] - 32) / 2)
            image = image.crop((left, top, left + 32, top + 32))
            pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
            return (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None], str(index)

    model = resnet()
    yield {}
    yield _measured(lambda: _loop(model, DataLoader(Pictures(), BATCH, num_workers=WORKERS), files, out))


def _loop(forward: Any, loader: Any, files: list[Path], out: str) -> None:
    import torch

    rows, ids = [], []
    with torch.inference_mode():
        for pixels, _ in loader:
            rows.append(forward(pixels).numpy())
    ids = [str(one.parent.name + "/" + one.name) for one in files]
    Path(out).mkdir()
    np.save(Path(out) / "rows.npy", np.concatenate(rows))
    (Path(out) / "ids.txt").write_text("\n".join(ids))


def _timm(out: str) -> tuple[Any, Path]:
    """A model of timm with random weights, and the file of them."""
    from tests_zoo import conftest

    assert conftest is not None
    import timm
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = timm.create_model(VIT, num_classes=1000).eval()
    file = Path(out).with_suffix(".safetensors")
    save_file(model.state_dict(), file)
    return model, file


def extract_timm(folder: str, out: str) -> Iterator[dict[str, Any]]:
    from repscope.verbs.extract.extract import extract

    _, file = _timm(out)
    yield {}
    yield _measured(
        lambda: extract(
            folder,
            f"timm:{VIT}",
            weights=file,
            study=out,
            name="set",
            capture="fc_norm:output",
            batch_size=BATCH,
            workers=WORKERS,
        )
    )


def loop_timm(folder: str, out: str) -> Iterator[dict[str, Any]]:
    """timm's documented way to features."""
    import torch
    from torch.utils.data import DataLoader

    _timm(out)
    import timm
    from safetensors.torch import load_file

    yield {}

    def work() -> None:
        model = timm.create_model(VIT, num_classes=1000)
        model.load_state_dict(load_file(Path(out).with_suffix(".safetensors")))
        model.eval()
        steps = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
        data = timm.data.ImageDataset(folder, transform=steps)
        files = [Path(folder) / name for name in data.filenames()]
        loader = DataLoader(data, BATCH, num_workers=WORKERS)

        def features(pixels: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = model.forward_head(model.forward_features(pixels), pre_logits=True)
            return found

        _loop(features, loader, files, out)

    yield _measured(work)


def _agree(study: Path, loop: Path) -> float:
    """Largest difference between the rows of both, by id, over their standard deviation."""
    import repscope as rs

    kept = rs.Study(study)["set"]
    ids = (loop / "ids.txt").read_text().splitlines()
    rows = dict(zip(ids, np.load(loop / "rows.npy"), strict=True))
    assert set(rows) == set(map(str, kept.ids)), "the loop and extract did not read the same pictures"
    other = np.stack([rows[str(one)] for one in kept.ids])
    return float(np.abs(kept.vectors - other).max() / other.std())


Found = tuple[list[Cost], list[Cost], float]
"""Costs of extract, of the loop, and how far their rows are apart."""


def _compare(kind: str, folder: Path, repeats: int, python: str | None = None) -> Found:
    ours, theirs, apart = [], [], 0.0
    for number in range(repeats):
        places = {way: folder.parent / f"{kind}-{way}-{number}" for way in ("extract", "loop")}
        for way in ("extract", "loop") if number % 2 else ("loop", "extract"):
            cost = charge(f"benchmarks.throughput:{way}_{kind}", str(folder), str(places[way]), python=python)
            (ours if way == "extract" else theirs).append(cost)
        apart = max(apart, _agree(places["extract"], places["loop"]))
    return ours, theirs, apart


def _lines(name: str, other: str, n: int, found: Found) -> list[str]:
    ours, theirs, apart = found

    def middle(costs: list[Cost], what: str) -> float:
        return statistics.median(float(cost.record[what]) for cost in costs)

    base_cpu, base_wall = middle(theirs, "cpu"), middle(theirs, "wall")
    rows = []
    for label, costs in ((other, theirs), ("extract", ours)):
        cpu, wall = middle(costs, "cpu"), middle(costs, "wall")
        cells = f"{cpu:.1f} | {cpu / base_cpu:.2f} | {wall:.1f} | {wall / base_wall:.2f} | {n / wall:.0f}"
        rows.append(f"| {label} | {cells} |")
    equal = "equal bit for bit" if not apart else f"within {apart:.0e} of their standard deviation"
    return [
        f"{name}; the rows of both are {equal}",
        "",
        "| | CPU-s | ratio | s | ratio | pictures a second |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def run(small: int = 1500, large: int = 320, repeats: int = 3) -> list[str]:
    """Lines of the benchmark's table."""
    base = Path(tempfile.mkdtemp(prefix="repscope-bench-"))
    lines = [f"{BATCH} pictures a batch, {WORKERS} workers, JPEGs of 400 × 300", ""]
    try:
        for kind, count in (("resnet", small), ("timm", large)):
            folder = base / f"{kind}-photos"
            folder.mkdir()
            charge("benchmarks.throughput:photos", str(folder), count)
            if kind == "resnet":
                what = f"A residual network of 20 layers at 32 × 32, {count:,} pictures: reading is the work"
                lines += _lines(what, "loop over a DataLoader", count, _compare(kind, folder, repeats))
            elif ZOO.exists():
                what = f"timm's {VIT}, {count:,} pictures: the model is the work"
                lines += _lines(what, "timm's own way", count, _compare(kind, folder, repeats, str(ZOO)))
            else:
                lines.append("timm is not there: `make test-zoo` builds its environment.")
    finally:
        shutil.rmtree(base)
    return lines
