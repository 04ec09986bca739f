"""Logs as people have them, read by ``repscope training``."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fuzz.mutate import mutate
from repscope.cli.main import app
from repscope.errors import (
    FormatError,
    InputError,
    MissingError,
    RepscopeError,
    UnknownNameError,
)
from repscope.learning.logs.read import group_of
from repscope.verbs.training.training import training


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
    "savetxt.csv": "# step,loss\n0,2\n10,1\n",
    "columns.json": '{"val": [1], "step": [0, 10], "loss": [2, 1]}',
    "gaps.json": '{"train": {"epoch": [0, 5, 10], "loss": [2, null, 1]}}',
    "by_step.json": '{"0": {"loss": 2}, "10": {"loss": 1}}',
    "pandas.json": '{"step": {"0": 0, "1": 10}, "loss": {"0": 2, "1": 1}}',
    "metrics.json": '{"iteration": 0, "loss": 2}\n{"iteration": 10, "loss": 1}\n',
    "log.txt": '{"epoch": 0, "loss": 2}\n{"epoch": 10, "loss": 1}\n',
    "run-a-tag-loss.csv": "Wall time,Step,Value\n1,0,2\n2,10,1\n",
    "named.csv": '"Step","a - b - loss","a - b - _step","a - b - loss__MIN"\n0,2,0,2\n10,1,10,1\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_log_gives_the_same_series(name):
    Path(name).write_text(FORMS[name], newline="")
    series, made = found(name)
    steps, values = series.pop("loss") if "loss" in series else series["train/loss"]
    kept = [(step, value) for step, value in zip(steps, values, strict=True) if not np.isnan(value)]
    assert kept == [(0, 2), (10, 1)]
    assert set(series) <= {"val", "more/lr", "train/loss"}
    runs = {"wandb.csv": "run", "named.csv": "a - b", "run-a-tag-loss.csv": "a"}
    assert made.runs == (runs.get(name, name.rpartition(".")[0]),)


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


def test_files_of_one_quantity_each_are_one_run():
    folder = Path("logs/base")
    folder.mkdir(parents=True)
    np.save(folder / "rank.npy", [2.0, 1.0])
    (folder / "loss.json").write_text("[2.0, 1.0]")
    (folder / "config.json").write_text('{"betas": [0.9, 0.95]}')
    (folder / "embeddings.csv").write_text("a,b\nx,y\n")
    _, made = found("logs")
    assert [(one.run, one.name) for one in made.series] == [("base", "loss"), ("base", "rank")]
    assert made.notes[0] == "config.json was passed over: settings, by its name"


def test_steps_that_begin_again_in_every_epoch_are_parts_of_epochs():
    """The csv of I-JEPA: itr counts within the epoch. Going back without a new epoch is a restart."""
    Path("jepa.csv").write_text("epoch,itr,loss\n1,0,5\n1,1,4\n2,0,3\n2,1,2\n")
    series, made = found("jepa.csv")
    assert series["loss"] == ([1, 1.5, 2, 2.5], [5, 4, 3, 2])
    assert made.restarts == ()
    assert made.series[0].unit == "epoch"
    Path("back.csv").write_text("epoch,itr,loss\n1,0,5\n1,1,4\n1,0,3\n")
    assert len(training("back.csv").restarts) == 1


def test_what_has_no_step_or_no_number_is_said():
    lines = '{"config": 3}\n{"step": 1, "loss": 3, "lr": "0,1"}\n{"loss": 2, "lr": 0.1}\n'
    Path("log.jsonl").write_text(lines + '{"step": 2, "loss": "n/a", "phase": "train"}\n')
    series, made = found("log.jsonl")
    assert series == {"loss": ([1, 1], [3, 2]), "lr": ([1], [0.1])}
    assert made.notes == (
        "log.jsonl: records before the first step, left out: 1",
        "log.jsonl: records with the step of the one before, having none: 1",
        "log.jsonl: cells of loss that are no numbers: 1, such as 'n/a'",
        "log.jsonl: cells of lr that are no numbers: 1, such as '0,1'",
        "log.jsonl: no numbers in phase",
    )
    np.savez("log.npz", step=[0, 1, 2], loss=[2.0, 1.0], features=np.ones((3, 768)))
    series, made = found("log.npz")
    assert series == {"loss": ([0, 1], [2, 1])}
    assert "step do not fit the 2 values of loss" in made.notes[0]
    assert "features is float64 of shape [3, 768]" in made.notes[1]


def test_a_file_given_twice_is_read_once_and_another_of_its_name_is_another_run():
    Path("runs").mkdir()
    Path("runs/a.csv").write_text("step,loss\n0,2\n1,1\n")
    assert len(training(["runs/a.csv", "runs", "runs/a.csv"]).series) == 1
    Path("runs/a.json").write_text('{"loss": [5, 4]}')
    made = training("runs")
    assert made.runs == ("a", "a (a.json)")
    assert made.restarts == ()


def test_of_the_checkpoints_of_a_trainer_the_last_tells_all():
    for last in (2, 10):
        folder = Path(f"out/checkpoint-{last}")
        folder.mkdir(parents=True)
        records = [{"step": step, "loss": 1 / (1 + step)} for step in range(last)]
        (folder / "trainer_state.json").write_text(json.dumps({"log_history": records}))
    assert [len(one.values) for one in training("out").series] == [10]


def test_what_is_in_memory_needs_no_file():
    made = training({"step": [0, 10], "loss": np.array([2.0, 1.0])})
    assert [(one.run, one.name, one.steps.tolist()) for one in made.series] == [("run", "loss", [0, 10])]
    made = training({"a_seed0": {"loss": [1, 2]}, "a_seed1": {"loss": [2, 3]}})
    assert made.groups == {"a": ["a_seed0", "a_seed1"]}
    assert "Made in Python" in Path(made.save("o", formats=())).with_suffix(".txt").read_text()
    with pytest.raises(FormatError, match="numbers"):
        training({"loss": "falls"})


def test_a_run_that_is_too_short_to_be_searched_is_not_called_healthy():
    long = {"rank": 20 + np.random.default_rng(0).normal(0, 0.2, 50)}
    for runs, word in (
        ({"a": long}, "NO COLLAPSE"),
        ({"a": long, "b": {"rank": [20, 9, 1]}}, "INCONCLUSIVE"),
    ):
        assert training(runs).save("o", formats=()).with_suffix(".txt").read_text().startswith(word)


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
    assert made.groups == {"base": ["base_seed0", "base_seed1", "base_seed2"]}
    assert len(training("runs", group="none").groups) == 3
    assert list(training("runs", group=r"base_").groups) == ["seed0", "seed1", "seed2"]
    with pytest.raises(InputError, match="regular expression"):
        training("runs", group="(")
    with pytest.raises(InputError, match="weight"):
        training("runs", smooth=1.0)
    assert [group_of(run) for run in ("a/version_3", "vit-s2", "vit-s2-b", "resnet50")] == [
        "a", "vit", "vit-b", "resnet50",
    ]  # fmt: skip
    folder = made.save("o", formats=("png",))
    assert folder == Path("o/report.html")
    assert {path.name for path in Path("o/figures").glob("*.png")} == {"curves.png"}


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
    assert "momentum  log: ema_momentum 0.996 → 1, exactly cosine to 1 over 495 steps" in ran.output
    assert "gradient  log: vanishing in 1 of 3 layers: grad/a" in ran.output
    names = {"curves", "levels", "collapse", "momentum", "gradients"}
    assert {path.name for path in Path("o/figures").glob("*.png")} == {f"{name}.png" for name in names}
    page = Path("o/report.html").read_text()
    assert page.count("data:image/png") == len(names)
    assert "effective_rank was 39.9 until step 295" in page
    assert len(Path("o/metrics.csv").read_text().splitlines()) == 1 + 7
    # What an earlier report drew does not stay.
    assert CliRunner().invoke(app, ["training", "log.csv", "--series", "loss*", "--out", "o"]).exit_code == 0
    assert {path.stem for path in Path("o/figures").glob("*.png")} == {"curves", "levels"}
    assert "no collapse" not in Path("o/report.txt").read_text().lower().splitlines()[0]
    ran = CliRunner().invoke(app, ["training", "log.csv", "--json"])
    record = json.loads(ran.stdout)
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
        ("long.csv", "step,loss\n0," + "9" * 200_000, FormatError, "field larger"),
        ("huge.json", '{"loss": [1' + "0" * 400 + "]}", FormatError, "lists of numbers"),
        ("deep.json", '{"a":' * 900 + "1" + "}" * 900, FormatError, "lists of numbers|JSON|nested"),
        ("steps.csv", "step,loss\nfirst,1\nsecond,2\n", FormatError, "column 'step'.*'first'"),
        ("comma.csv", "step;loss\n0;2,5\n", FormatError, "such as '2,5'.*point"),
    ],
    ids=lambda given: given[:12] if isinstance(given, str) else "",
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
    Path("runs/log.csv").write_text("step,loss,train/loss,val/acc\n0,1,1,1\n")
    for asked, names in {
        "loss": ["loss"], "*loss": ["loss", "train/loss"], "train": ["train/loss"], "acc": ["val/acc"],
    }.items():  # fmt: skip
        assert [one.name for one in training("runs", series=[asked]).series] == names


def test_a_spread_that_falls_alone_is_no_collapse_beside_a_rank_that_stays():
    rng = np.random.default_rng(0)

    def log(**columns):
        rows = zip(range(100), *columns.values(), strict=True)
        text = "\n".join(",".join(map(str, row)) for row in rows)
        Path("log.csv").write_text(f"step,{','.join(columns)}\n{text}")
        return [one.name for one in training("log.csv").collapses]

    falls = np.where(np.arange(100) < 60, 1.0, 0.05) + rng.normal(0, 0.01, 100)
    stays = 20 + rng.normal(0, 0.2, 100)
    assert log(std=falls) == ["std"]
    assert log(std=falls, rank=stays) == []
    assert log(std=falls, rank=20 * falls) == ["std", "rank"]
    # What comes back has not collapsed; what falls slowly is told, though its break is less clear.
    dip = np.where(abs(np.arange(100) - 50) < 15, 2.0, 20.0) + rng.normal(0, 0.2, 100)
    assert log(rank=dip) == []
    slow = np.interp(np.arange(100), [0, 40, 80, 100], [20, 20, 1, 1]) + rng.normal(0, 0.2, 100)
    assert log(rank=slow) == []
    unclear = training("log.csv")
    assert [word for word, _ in unclear.findings()] == ["fell"]
    assert unclear.save("o", formats=()).with_suffix(".txt").read_text().startswith("INCONCLUSIVE")
    slow = np.interp(np.arange(100), [0, 60, 75, 100], [20, 20, 1, 1]) + rng.normal(0, 0.2, 100)
    assert log(rank=slow) == ["rank"]
    # A quarter of the directions is a contraction, and said as a break.
    assert log(rank=np.where(np.arange(100) < 60, 20, 5) + rng.normal(0, 0.2, 100)) == []
    assert [word for word, _ in training("log.csv").findings()] == ["break"]
    # The scale of a spread says nothing.
    assert log(std=0.01 * (1 + 0.1 * rng.normal(size=100))) == []


@pytest.mark.parametrize(
    "name", ["log.csv", "log.jsonl", "log.json", "log.npz", "log.npy", "events.tfevents"]
)
def test_damaged_logs_are_read_or_refused_and_never_a_traceback(name, shared_data, tmp_path):
    if name.endswith("tfevents"):
        whole = (shared_data / "logs/phlippe/tutorial5_ResNet_events.out.tfevents.resnet").read_bytes()
        Path(name).write_bytes(whole[:20_000])
    elif name.endswith("csv"):
        Path(name).write_text(
            "epoch,step,loss\n" + "".join(f"{k // 3},{k},{1 / (k + 1)}\n" for k in range(9))
        )
    elif name.endswith("jsonl"):
        Path(name).write_text("".join(json.dumps({"step": k, "a": {"loss": k}}) + "\n" for k in range(9)))
    elif name.endswith("json"):
        Path(name).write_text(json.dumps({"step": [0, 1], "loss": [2.5, 1], "pairs": [[0, 1], [1, 2]]}))
    elif name.endswith("npz"):
        np.savez(name, step=np.arange(9), loss=np.linspace(1, 0, 9))
    else:
        np.save(name, np.linspace(1, 0, 9))
    rng = random.Random(0)
    folder = tmp_path / "damaged"
    folder.mkdir()
    for number in range(60):
        target = folder / str(number) / name
        target.parent.mkdir()
        mutate(Path(name), [Path(name)], target, rng)
        with contextlib.suppress(RepscopeError):
            json.dumps(training(target).to_json(), allow_nan=False)
