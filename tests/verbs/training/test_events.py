"""Event files of TensorBoard, real ones and those that are written here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from repscope.errors import DependencyError
from repscope.verbs.training.training import training


def found(path):
    return {one.name: (one.steps.tolist(), one.values.tolist()) for one in training(path).series}


def test_event_files_of_real_runs(shared_data, tmp_path):
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    logs = shared_data / "logs" / "phlippe"
    series = found(logs / "tutorial5_ResNet_events.out.tfevents.resnet")
    assert (len(series["train_loss"][0]), len(series["val_acc"][0])) == (1263, 180)
    assert series["val_acc"][1][0] == pytest.approx(0.4854, abs=1e-4)
    assert series["val_acc"][1][-1] == pytest.approx(0.9162, abs=1e-4)
    assert series["train_loss"][0][-1] == 63149
    known = event_accumulator.EventAccumulator(
        str(logs / "tutorial5_ResNet_events.out.tfevents.resnet"), {"scalars": 0}, purge_orphaned_data=False
    ).Reload()
    for name in known.Tags()["scalars"]:
        assert series.pop(name) == (
            [one.step for one in known.Scalars(name)],
            [one.value for one in known.Scalars(name)],
        )
    assert not series
    series = found(logs / "tutorial5_ResNet_events.out.tfevents.resnet")
    whole = (logs / "tutorial5_ResNet_events.out.tfevents.resnet").read_bytes()
    cut = tmp_path / "events.out.tfevents.1.host"
    cut.write_bytes(whole[: len(whole) - 1001])
    part = found(cut)
    assert "ends within an event" in training(cut).notes[0]
    cut.write_bytes(whole[:200_000] + b"\0" * 9 + whole[200_009:])
    assert "damaged within" in training(cut).notes[0]
    assert series["train_loss"][1][:1000] == part["train_loss"][1][:1000]
    json_log = found(logs / "tutorial4_FashionMNIST_Adam_results.json")
    assert json_log["val_scores"][1][:2] == [0.8542, 0.8727]


def test_the_parts_of_an_event_log_and_histograms_of_gradients():
    """A training that stopped at step 5 and went on from 3 writes a second file."""
    writer = pytest.importorskip("torch.utils.tensorboard").SummaryWriter
    entries = np.array([3.0, -4.0, 0.0, 0.0])
    for part, steps in enumerate((range(6), range(3, 8))):
        with writer("runs/vit", filename_suffix=f".{part}") as log:
            for step in steps:
                log.add_scalar("loss", 10 - step - part, step)
                log.add_histogram("grad/first", entries, step)
                log.add_histogram("grad/second", 1e-5 * entries, step)
    made = training("runs")
    loss = made.series[0]
    assert (loss.run, loss.name, loss.steps.tolist()) == ("vit", "loss", [*range(6), *range(3, 8)])
    assert loss.curve[1].tolist() == [10, 9, 8, 6, 5, 4, 3, 2]
    assert [(one.step, one.resumed_at) for one in made.restarts] == [(5, 3)]
    assert [(one.name, one.median, one.largest, one.word) for one in made.gradients] == [
        ("grad/first", 2.5, 4, ""),
        ("grad/second", pytest.approx(2.5e-5), pytest.approx(4e-5), "vanishing"),
    ]


def test_event_files_without_their_reader_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.backend.event_processing.event_file_loader", None)
    Path("x.tfevents").write_bytes(b"x")
    with pytest.raises(DependencyError, match="repscope\\[training\\]"):
        training("x.tfevents")
