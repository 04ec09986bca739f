"""Batches that do not fit into memory are halved, and say so."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import ModelError
from repscope.extraction.run.batch_sizes import KEY
from repscope.extraction.run.extract import prepare
from repscope.extraction.run.plan import plan_extraction
from repscope.extraction.run.settings import RunSettings
from repscope.extraction.sources.open import open_source
from repscope.study import Study
from repscope.text.progress import Progress
from repscope.verbs.extract.extract import extract

HUNGRY = """
import time
from pathlib import Path

import torch
from torch import nn

LOG = Path(__file__).with_suffix(".log")


class Hungry(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 4, stride=4)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        with LOG.open("a") as log:
            log.write(f"{len(x)} ")
        time.sleep(0.03)
        if len(x) > 2:
            raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {len(x)}.00 GiB.\\nMore.")
        return self.head(torch.relu(self.stem(x)).mean((2, 3)))
"""


def raises(items: int) -> None:
    raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {items}.00 GiB.")


def asks_the_allocator(items: int) -> None:
    """More than any address space holds: torch's own CPU allocator refuses."""
    torch.empty(2**58 + items, dtype=torch.uint8)


def asks_numpy(items: int) -> None:
    np.empty(2**58 + items, np.uint8)


TRIAL = [2, 2, 1, 1]
"""Sizes of the batches before the first: two items together twice, and each alone."""


class Greedy(nn.Module):
    """Runs out of memory with more than ``most`` images, once it has seen ``after`` of them."""

    def __init__(self, most: int, after: int = 0, fail: Callable[[int], None] = raises) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, 4, stride=4)
        self.head = nn.Linear(4, 3)
        self.most, self.after, self.fail = most, after, fail
        self.sizes: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.sizes.append(len(x))
        out: Tensor = self.head(torch.relu(self.stem(x)).mean((2, 3)))
        if len(x) > self.most and sum(self.sizes) > self.after:
            self.fail(len(x))
        return out


def run(images: Path, model: nn.Module, study: Path, **options: Any) -> Any:
    return extract(
        images, model, study=study, capture=["stem:mean=stem", "head=head"], device="cpu", **options
    )


@pytest.mark.parametrize("fail", [raises, asks_the_allocator, asks_numpy])
def test_a_batch_that_does_not_fit_is_halved(
    images: Path, tmp_path: Path, fail: Callable[[int], None]
) -> None:
    said: list[Progress] = []
    model = Greedy(2, fail=fail)
    done = run(images, model, tmp_path / "s", batch_size=8, progress=said.append)
    # Eight, four, and then twos; the shard began again each time.
    assert model.sizes == [*TRIAL, 8, 4, 2, 2, 2, 2, 2]
    assert [one.note for one in said if one.note] == [
        "out of memory with a batch of 8 images; going on with 4 images from image 1 on",
        "out of memory with a batch of 4 images; going on with 2 images from image 1 on",
    ]
    assert (said[-1].done, said[-1].total) == (10, 10)
    assert [note for note in done.notes if "memory was short" in note] == [
        "memory was short: batches of stem, head had 8 images at first, then 2 from image 1 on; "
        "the last bits of a row depend on the size of its batch"
    ]
    # All batches of a shard have one size, so this is the run with --batch-size 2, bit by bit.
    small = run(images, Greedy(99), tmp_path / "small", batch_size=2)
    assert [one.fingerprint for one in done.sets] == [one.fingerprint for one in small.sets]
    provenance = Study.open(tmp_path / "s")["head"].provenance
    assert (provenance["batch_size"], provenance[KEY]) == (8, [{"from_shard": 0, "batch_size": 2}])
    assert KEY not in Study.open(tmp_path / "small")["head"].provenance


def test_in_the_middle_only_its_shard_begins_again(make_images: Callable[..., Path], tmp_path: Path) -> None:
    images = make_images(13)
    (images / "dog" / "004.png").write_bytes(b"")
    model = Greedy(2, after=12)
    done = run(images, model, tmp_path / "s", batch_size=4, shard_rows=5)
    assert model.sizes == [*TRIAL, 4, 1, 4, 2, 2, 2, 1]
    study, whole = Study.open(tmp_path / "s"), run(images, Greedy(99), tmp_path / "w", shard_rows=5)
    for name in ("stem", "head"):
        assert study[name].provenance[KEY] == [{"from_shard": 1, "batch_size": 2}]
        expected = Study.open(tmp_path / "w")[name]
        assert study.verify(name).ids.tolist() == expected.ids.tolist()
        np.testing.assert_allclose(study[name].vectors, expected.vectors, atol=1e-5)
        assert [one.id for one in study.manifest(name).skipped] == ["dog/004.png"]
    assert [one.n for one in done.sets] == [one.n for one in whole.sets] == [12, 12]
    assert sum("then 2 from image 6 on" in note for note in done.notes) == 1


def test_not_even_one(images: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        run(images, Greedy(0), tmp_path / "s", batch_size=4)
    assert caught.value.expected == "memory on cpu for a batch of one image"
    assert caught.value.got == "CUDA out of memory. Tried to allocate 1.00 GiB."
    assert "--resize" in caught.value.do
    # Nothing was committed, so nothing binds the next attempt.
    model = Greedy(99)
    assert run(images, model, tmp_path / "s", batch_size=4).sets[0].n == 10
    assert model.sizes == [*TRIAL, 4, 4, 2]


def test_other_failures_are_the_models_own(images: Path, tmp_path: Path) -> None:
    def fail(items: int) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    model = Greedy(2, fail=fail)
    with pytest.raises(ModelError, match="shapes cannot be multiplied"):
        run(images, model, tmp_path / "s", batch_size=4)
    assert model.sizes == [*TRIAL, 4]


def test_a_set_that_is_ahead_says_which_sizes_to_take(images: Path, tmp_path: Path) -> None:
    """One of two sets lost its shards: it is filled again with batches of the other's sizes."""
    first = run(images, Greedy(2, after=12), tmp_path / "s", batch_size=4, shard_rows=4)
    study = Study.open(tmp_path / "s")
    for name in ("stem", "head"):
        path = study.folder(name) / "manifest.json"
        raw = json.loads(path.read_text())
        path.write_text(json.dumps({**raw, "complete": False, "fingerprint": ""}))
    (study.folder("head") / "shard-00000.arrow").unlink()
    model = Greedy(99)
    with pytest.warns(UserWarning, match="continues at row 0 of 10"):
        again = run(images, model, tmp_path / "s", batch_size=4, shard_rows=4)
    assert model.sizes == [*TRIAL, 4, 2, 2, 2]
    assert [one.fingerprint for one in again.sets] == [one.fingerprint for one in first.sets]
    assert study["head"].provenance[KEY] == [{"from_shard": 1, "batch_size": 2}]


def test_killed_after_a_halving(make_images: Callable[..., Path], tmp_path: Path) -> None:
    images, model = make_images(40), tmp_path / "hungry.py"
    model.write_text(HUNGRY)
    log = tmp_path / "hungry.log"

    def command(study: str) -> list[str]:
        options = ["--shard-rows", "4", "--batch-size", "4", "--device", "cpu", "--as", "x"]
        return [
            "extract",
            str(images),
            "--study",
            str(tmp_path / study),
            "--model",
            f"{model}:Hungry",
            *options,
        ]

    program = [sys.executable, "-m", "repscope", *command("s")]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as process:
        manifest = tmp_path / "s" / "sets" / "x" / "manifest.json"
        while not manifest.exists() or json.loads(manifest.read_text())["n"] < 8:
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.005)
        process.kill()
        assert process.stderr is not None
        said = process.stderr.read()
    assert "out of memory with a batch of 4 images; going on with 2 images from image 1 on" in said
    stopped = Study.open(tmp_path / "s").manifest("x")
    assert not stopped.complete
    assert 8 <= stopped.n < 40
    log.unlink()
    again = CliRunner().invoke(app, command("s"))
    assert again.exit_code == 0, again.output
    # Continued with the size that the committed shards record: nothing had to fail a second time.
    assert set(log.read_text().split()[len(TRIAL) :]) == {"2"}
    assert "going on with" not in again.stderr
    assert (
        "note: memory was short: batches of x had 4 images at first, then 2 from image 1 on" in again.stderr
    )
    whole = CliRunner().invoke(app, [*command("whole"), "--json"])
    assert whole.exit_code == 0, whole.output
    assert (
        json.loads(whole.stdout)["sets"][0]["fingerprint"]
        == Study.open(tmp_path / "s").verify("x").fingerprint
    )


def test_a_dry_run_says_so_too(images: Path) -> None:
    settings = RunSettings(batch_size=8, shard_rows=8, workers=0, device="cpu")
    begun = prepare(open_source(images), Greedy(2), settings, capture=["head"])
    plan = plan_extraction(begun, settings)
    assert "a batch of 8 images does not fit into memory; the run would go on with 2" in plan.notes
    assert (plan.sets[0].d, plan.sources[0].shape[0]) == (3, 8)
