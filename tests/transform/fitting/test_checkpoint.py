"""Checkpoints: killed and resumed, refused, damaged, and disks that refuse."""

from __future__ import annotations

import dataclasses
import errno
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from helpers.training import Noisy, network, problem
from repscope.errors import FormatError, StorageError, StudyError
from repscope.text.progress import Progress
from repscope.transform.fitting import Trained, TrainOptions, train
from repscope.transform.fitting.checkpoint import Checkpoints

OPTIONS: dict[str, Any] = {
    "steps": 60,
    "batch_size": 8,
    "accumulate": 2,
    "learning_rate": 0.01,
    "schedule": "cosine",
    "warmup": 5,
    "ema": 0.9,
    "validation": 0.2,
    "validate_every": 7,
    "seed": 11,
}


def run(options: dict[str, Any], **more: Any) -> Trained:
    return train(network(), Noisy(), problem(), TrainOptions.of(options), **more)


def tensors(trained: Trained) -> dict[str, torch.Tensor]:
    assert trained.ema is not None
    return {f"n.{k}": t for k, t in trained.network.state_dict().items()} | {
        f"e.{k}": t for k, t in trained.ema.state_dict().items()
    }


def child(folder: Path, options: dict[str, Any], *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "helpers.training", str(folder), json.dumps(options), *more],
        capture_output=True,
        text=True,
        check=False,
    )


def test_killed_in_the_middle_and_started_again_gives_the_same_numbers(tmp_path: Path) -> None:
    options = {**OPTIONS, "checkpoints": str(tmp_path / "c"), "checkpoint_every": 10}
    assert child(tmp_path, options, "37").returncode == -signal.SIGKILL
    assert not (tmp_path / "result-0.safetensors").exists()
    assert Checkpoints(tmp_path / "c", 3).steps() == [10, 20, 30]
    resumed = child(tmp_path, options)
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads((tmp_path / "resumed-0.json").read_text()) == 30
    found, whole = load_file(tmp_path / "result-0.safetensors"), run(OPTIONS)
    assert found["losses"].tolist() == whole.losses.tolist()
    assert len(whole.losses) == 60
    assert whole.ema is not None
    for kind, module in (("network", whole.network), ("ema", whole.ema)):
        for name, tensor in module.state_dict().items():
            assert torch.equal(found[f"{kind}.{name}"], tensor), name


@pytest.mark.parametrize("every", [1, 7, 20])
def test_wherever_it_stops_it_goes_on(tmp_path: Path, every: int) -> None:
    """Stopped by an exception at each of several steps, and started again each time."""

    class StoppedError(Exception):
        pass

    whole = run(OPTIONS)
    options = {**OPTIONS, "checkpoints": tmp_path, "checkpoint_every": every}
    for at in (3, 8, 22, 41):

        def stop(progress: Progress, at: int = at) -> None:
            if progress.done == at:
                raise StoppedError

        with pytest.raises(StoppedError):
            run(options, progress=stop)
    last = run(options)
    assert last.resumed_from == 41 // every * every
    assert last.losses.tolist() == whole.losses.tolist()
    assert last.validation == whole.validation
    assert last.best_step == whole.best_step
    for name, tensor in tensors(whole).items():
        assert torch.equal(tensor, tensors(last)[name]), name


def test_with_mixed_precision_too(tmp_path: Path) -> None:
    """The scale of fp16 losses is part of the state."""
    options = {**OPTIONS, "amp": "fp16", "schedule": "constant"}
    whole = run(options)
    kept = {**options, "checkpoints": tmp_path}
    run({**kept, "steps": 25})
    assert run(kept).losses.tolist() == whole.losses.tolist()


def test_a_finished_training_is_only_read(tmp_path: Path) -> None:
    options = {**OPTIONS, "checkpoints": tmp_path}
    first = run(options)
    again = run(options)
    assert again.resumed_from == again.steps == 60
    assert again.checkpoint == first.checkpoint == tmp_path / "step-00000060.safetensors"
    assert again.losses.tolist() == first.losses.tolist()
    # The checkpoint's seconds are counted on; the first run took a little longer, to write it.
    assert again.seconds > 0.5 * first.seconds
    for name, tensor in tensors(first).items():
        assert torch.equal(tensor, tensors(again)[name]), name


def test_stopped_by_patience_stays_stopped(tmp_path: Path) -> None:
    options = {**OPTIONS, "learning_rate": 3.0, "patience": 2, "checkpoints": tmp_path}
    first = run(options)
    assert first.stopped == "patience"
    again = run(options)
    assert (again.stopped, again.steps, again.resumed_from) == ("patience", first.steps, first.steps)


def test_a_training_with_a_constant_rate_may_be_made_longer(tmp_path: Path) -> None:
    options = {**OPTIONS, "schedule": "constant", "validation": 0.0}
    whole = run(options)
    kept = {**options, "checkpoints": tmp_path}
    run({**kept, "steps": 30})
    assert run(kept).losses.tolist() == whole.losses.tolist()


def test_only_the_last_few_stay(tmp_path: Path) -> None:
    run({**OPTIONS, "checkpoints": tmp_path, "checkpoint_every": 10, "keep": 2})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "config.json",
        "step-00000050.safetensors",
        "step-00000060.safetensors",
    ]
    config = json.loads((tmp_path / "config.json").read_text())
    assert TrainOptions.from_file(tmp_path / "config.json") == TrainOptions.of(config["options"])
    assert config["options"]["learning_rate"] == 0.01


def test_another_training_is_refused_by_name(tmp_path: Path) -> None:
    options = {**OPTIONS, "checkpoints": tmp_path}
    settings = {"method": "m", "beta": 0.1}
    run({**options, "steps": 10}, settings=settings)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    options["steps"] = 10

    def refused(match: str, **more: Any) -> None:
        with pytest.raises(StudyError, match=match):
            run({**options, **more}, settings=settings)

    refused(r"options\.learning_rate 0\.1 instead of 0\.01", learning_rate=0.1)
    refused(r"options\.seed 12 instead of 11", seed=12)
    refused(r"options\.steps 20 instead of 10", steps=20)
    with pytest.raises(StudyError, match=r"settings\.beta 0\.2 instead of 0\.1"):
        run(options, settings={"method": "m", "beta": 0.2})
    with pytest.raises(StudyError, match="data "):
        train(network(), Noisy(), problem(n=61), TrainOptions.of(options), settings=settings)
    wider = nn.Sequential(nn.Linear(5, 17), nn.Linear(17, 5))
    with pytest.raises(StudyError, match=r"network\.parameters \d+ instead of \d+; network\.tensors"):
        train(wider, Noisy(), problem(), TrainOptions.of(options), settings=settings)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("damage", ["cut", "foreign", "headless"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, damage: str) -> None:
    options = {**OPTIONS, "checkpoints": tmp_path, "checkpoint_every": 30}
    whole = run(options)
    newest = tmp_path / "step-00000060.safetensors"
    if damage == "cut":
        newest.write_bytes(newest.read_bytes()[:-100])
    elif damage == "foreign":
        newest.write_bytes(b"not a checkpoint")
    else:
        save_file({"a": torch.zeros(2)}, newest)
    with pytest.raises(FormatError, match=r"step-00000060.*remove the file to resume"):
        run(options)
    newest.unlink()
    again = run(options)
    assert again.resumed_from == 30
    assert again.losses.tolist() == whole.losses.tolist()


def test_leftovers_of_a_killed_writer_go(tmp_path: Path) -> None:
    (tmp_path / ".step-00000010.safetensors.1234.part").write_bytes(b"half")
    run({**OPTIONS, "checkpoints": tmp_path})
    assert not list(tmp_path.glob(".*"))


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("room", [0, 4096])
def test_a_disk_that_fills_up_leaves_the_last_good_checkpoint(disk: Path, room: int) -> None:
    whole = run(OPTIONS)
    options = {**OPTIONS, "checkpoints": disk / "c", "checkpoint_every": 10}
    filler = disk / "filler"

    def fill(progress: Progress) -> None:
        if progress.done == 25:
            filler.write_bytes(b"\0" * max(0, shutil.disk_usage(disk).free - room))

    with pytest.raises(StorageError) as caught:
        run(options, progress=fill)
    assert caught.value.got == "no space left on the device"
    assert caught.value.errno == errno.ENOSPC
    store = Checkpoints(disk / "c", 3)
    assert store.steps() == [10, 20]
    assert store.read(20).step == 20
    assert not list((disk / "c").glob(".*"))
    filler.unlink()
    again = run(options)
    assert again.resumed_from == 20
    assert again.losses.tolist() == whole.losses.tolist()


def test_a_folder_that_cannot_be_written_is_found_before_training(disk: Path, tmp_path: Path) -> None:
    def never(progress: Progress) -> None:
        raise AssertionError("a step was made")

    mount("-o", "remount,ro", disk)
    with pytest.raises(StorageError, match="a read-only file system"):
        run({**OPTIONS, "checkpoints": disk / "c"}, progress=never)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="a file where a folder is needed"):
        run({**OPTIONS, "checkpoints": tmp_path / "file" / "c"}, progress=never)


def test_nothing_in_a_checkpoint_can_run(tmp_path: Path) -> None:
    """Tensors and JSON: no pickle, whatever the optimiser keeps."""
    run({**OPTIONS, "checkpoints": tmp_path})
    content = (tmp_path / "step-00000060.safetensors").read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    about = json.loads(header["__metadata__"]["repscope"])
    assert about["step"] == 60
    assert {name.partition(".")[0] for name in header} == {
        "__metadata__",
        "network",
        "ema",
        "best",
        "optimizer",
        "losses",
    }


def test_options_equal_after_json() -> None:
    options = TrainOptions.of(OPTIONS)
    assert TrainOptions.of(json.loads(json.dumps(options.as_dict()))) == options
    assert dataclasses.asdict(options)["betas"] == (0.9, 0.99)
    assert np.isfinite(options.rate(0))
