"""Logs as people have them, read by ``repscope training``."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import DependencyError, FormatError, InputError, MissingError, UnknownNameError
from repscope.learning.logs.read import group_of
from repscope.verbs.training.training import training


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def found(path, **options):
    made = training(path, **options)
    return {one.name: (one.steps.tolist(), one.values.tolist()) for one in made.series}, made


FORMS = {
    "log.csv": "step,loss,note\n0,2,a\n10,1,b\n",
    "log.tsv": "Step\tloss\n0\t2\n10\t1\n",
    "semicolons.csv": "epoch;step;loss\n0;0;2\n0;10;1\n",
    "log.jsonl": '{"step": 0, "loss": 2}\n{"step": 10, "loss": 1}\n',
    "records.json": '[{"step": 0, "loss": 2}, {"step": 10, "loss": 1}]',
    "nested.jsonl": '{"global_step": 0, "loss": 2}\n{"global_step": 10, "loss": 1, "more": {"lr": 0.1}}\n',
    "pairs.json": '{"loss": [[0, 2], [10, 1]]}',
    "loss.json": "[[1700000000.0, 0, 2], [1700000001.0, 10, 1]]",
    "trainer_state.json": '{"best": 1, "log_history": [{"step": 0, "loss": 2}, {"step": 10, "loss": 1}]}',
    "loss.csv": "Wall time,Step,Value\n1,0,2\n2,10,1\n",
    "wandb.csv": '"Step","run - loss","run - loss__MIN","run - loss__MAX"\n0,2,2,2\n10,1,1,1\n',
    "bom.csv": "\ufeffstep,loss\r\n0,2\r\n10,1\r\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_log_gives_the_same_series(name):
    Path(name).write_text(FORMS[name], newline="")
    series, _ = found(name)
    assert series["loss"] == ([0, 10], [2, 1])


def test_arrays_and_what_the_older_toolkit_wrote():
    np.save("loss.npy", [2.0, 1.0])
    np.savez("all.npz", step=[0, 10], loss=[2.0, 1.0], two=[[1.0, 2.0], [3.0, 4.0]])
    Path("history.json").write_text('{"train": {"loss": [2, 1]}, "final": 3}')
    _, made = found(["loss.npy", "all.npz", "history.json"])
    assert [(one.run, one.name, one.values.tolist()) for one in made.series] == [
        ("loss", "loss", [2, 1]),
        ("all", "loss", [2, 1]),
        ("all", "two/0", [1, 3]),
        ("all", "two/1", [2, 4]),
        ("history", "train/loss", [2, 1]),
    ]
    assert made.series[1].steps.tolist() == [0, 10]
    assert made.notes == (
        "history.json: final hold one number each, and are no series",
        "steps count different things, so that these are not overlaid: loss (row, step)",
    )


def test_lightnings_sparse_rows_and_gaps():
    Path("metrics.csv").write_text("epoch,step,train_loss,val_loss\n0,9,2,\n0,9,,1.5\n1,19,nan,\n1,19,,1.2\n")
    series, made = found("metrics.csv")
    assert series["val_loss"] == ([9, 19], [1.5, 1.2])
    assert series["train_loss"][0] == [9, 19]
    assert "epoch" not in series
    assert "NaN or Inf among the values of train_loss" in made.notes[0]


def test_a_header_within_a_log_is_a_restart_also_one_with_more_columns():
    Path("log.csv").write_text("step,loss\n0,3\n1,2\n2,9\nstep,loss,lr\n2,1,.1\n3,0,.1\n")
    series, made = found("log.csv")
    assert series["loss"] == ([0, 1, 2, 2, 3], [3, 2, 9, 1, 0])
    assert series["lr"] == ([2, 3], [0.1, 0.1])
    (back,) = made.restarts
    assert (back.step, back.resumed_at, back.series) == (2, 2, ("loss",))
    assert made.series[0].curve[1].tolist() == [3, 2, 1, 0]


def test_runs_that_differ_by_a_seed_are_one_band(tmp_path):
    for seed in range(3):
        folder = tmp_path / "runs" / f"base_seed{seed}"
        folder.mkdir(parents=True)
        rows = [f"{step},{10 - step + seed}" for step in range(8)]
        (folder / "metrics.csv").write_text("step,loss\n" + "\n".join(rows))
    made = training("runs")
    assert made.runs == ("base_seed0", "base_seed1", "base_seed2")
    assert {group_of(run) for run in made.runs} == {"base"}
    assert [group_of(run) for run in ("a/version_3", "vit-s2", "vit-s2-b", "resnet50")] == [
        "a", "vit", "vit-b", "resnet50",
    ]  # fmt: skip
    folder = made.save("o", formats=("png",))
    assert {path.name for path in folder.iterdir()} == {"training.json", "curves.png"}


def test_all_that_deserves_a_figure_or_a_line():
    rng = np.random.default_rng(0)
    steps = np.arange(0, 500, 5)
    logged = {
        "step": steps,
        "effective_rank": np.where(steps < 300, 40.0, 2.0) + rng.normal(0, 0.5, 100),
        "ema_momentum": 1 - 0.004 * (1 + np.cos(np.pi * steps / 495)) / 2,
        "grad/a": np.full(100, 1e-6),
        "grad/b": rng.uniform(1, 2, 100),
        "grad/c": rng.uniform(1, 2, 100),
        "loss_level_0": 1 / (1 + steps),
        "loss_level_1": 2 / (1 + steps),
    }
    rows = zip(*logged.values(), strict=True)
    lines = [",".join(logged), *(",".join(map(repr, map(float, row))) for row in rows)]
    Path("log.csv").write_text("\n".join(lines))
    ran = CliRunner().invoke(app, ["training", "log.csv", "--out", "o", "--figures", "png"])
    assert ran.exit_code == 0, ran.output
    assert "COLLAPSE  log: effective_rank at step 295, 39.9 → " in ran.output
    assert "momentum  log: ema_momentum 0.996 → 1, cosine" in ran.output
    assert "gradient  log: grad/a is vanishing" in ran.output
    names = {"curves", "levels", "collapse", "momentum", "gradients"}
    assert {path.name for path in Path("o").iterdir()} == {f"{name}.png" for name in names} | {
        "training.json"
    }
    record = json.loads(Path("o/training.json").read_text())
    assert record["schema"] == "repscope.training/1"
    (change,) = record["change_points"]
    assert change["collapse"]
    assert change["step"] == 295
    assert {"run", "name", "step_unit", "steps", "values", "smoothed"} == set(record["series"][0])
    assert len(record["series"][0]["smoothed"]) == 100
    quiet = CliRunner().invoke(app, ["training", "log.csv", "--series", "loss*", "--json"])
    assert [one["name"] for one in json.loads(quiet.stdout)["series"]] == ["loss_level_0", "loss_level_1"]


class Executes:
    def __reduce__(self):
        return os.mkdir, ("executed",)


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("none.csv", None, MissingError, "no such file"),
        ("empty.csv", "", FormatError, "empty file"),
        ("blank.csv", "\n\n", FormatError, "nothing"),
        ("numbers.csv", "1,2\n3,4\n", FormatError, "header"),
        ("words.csv", "step,note\n0,a\n", FormatError, "column of numbers"),
        ("cut.json", '{"loss": [1, 2', FormatError, "JSON"),
        ("other.json", '{"a": "b"}', FormatError, "lists of numbers"),
        ("words.jsonl", "a\nb\n", FormatError, "record in each line"),
        ("log.txt", "a", FormatError, ".txt"),
        ("x.tfevents", "not an event", FormatError, "empty or damaged"),
    ],
)
def test_what_is_no_log_is_one_error(name, content, error, says):
    if content is not None:
        Path(name).write_text(content)
    with pytest.raises(error, match=says):
        training(name)


def test_pickled_arrays_are_refused_and_nothing_is_executed():
    np.save("old.npy", np.array([Executes()], object), allow_pickle=True)
    Path("raw.npy").write_bytes(pickle.dumps(Executes()))
    for name in ("old.npy", "raw.npy"):
        with pytest.raises(FormatError, match=r"pickled objects|magic"):
            training(name)
    assert not Path("executed").exists()


def test_cut_and_broken_lines_are_said():
    Path("log.jsonl").write_text('{"step": 0, "loss": 2}\n{"step": 1, "loss": 1}\n{"step": 2, "lo')
    assert found("log.jsonl")[1].notes == ("log.jsonl: the last line is cut, and was left out",)
    Path("log.jsonl").write_text('{"step": 0, "loss": 2}\nx\n[1]\n{"step": 1, "loss": 1}\n')
    assert found("log.jsonl")[1].notes == (
        "log.jsonl: line 2 and 1 more could not be read, and was left out",
    )


def test_a_folder_is_searched_and_says_what_it_passed_over():
    Path("runs").mkdir()
    with pytest.raises(InputError, match="none"):
        training("runs")
    Path("runs/table.csv").write_text("a,b\nx,y\n")
    Path("runs/log.csv").write_text("step,loss\n0,1\n")
    assert training("runs").notes[0].startswith("table.csv was passed over")
    with pytest.raises(UnknownNameError, match="loss"):
        training("runs", series=["accuracy"])


def test_event_files_of_real_runs(shared_data, tmp_path):
    logs = shared_data / "logs" / "phlippe"
    series, made = found(logs / "tutorial5_ResNet_events.out.tfevents.resnet")
    assert (len(series["train_loss"][0]), len(series["val_acc"][0])) == (1263, 180)
    assert series["val_acc"][1][0] == pytest.approx(0.4854, abs=1e-4)
    assert series["val_acc"][1][-1] == pytest.approx(0.9162, abs=1e-4)
    assert series["train_loss"][0][-1] == 63149
    whole = (logs / "tutorial5_ResNet_events.out.tfevents.resnet").read_bytes()
    cut = tmp_path / "events.out.tfevents.1.host"
    cut.write_bytes(whole[: len(whole) - 1001])
    part, made = found(cut)
    assert "ends within an event" in made.notes[0]
    assert series["train_loss"][1][:1000] == part["train_loss"][1][:1000]
    json_log = found(logs / "tutorial4_FashionMNIST_Adam_results.json")[0]
    assert json_log["val_scores"][1][:2] == [0.8542, 0.8727]


def test_event_files_without_their_reader_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.backend.event_processing.event_accumulator", None)
    Path("x.tfevents").write_bytes(b"x")
    with pytest.raises(DependencyError, match="repscope\\[training\\]"):
        training("x.tfevents")
