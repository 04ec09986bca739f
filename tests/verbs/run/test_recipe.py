"""Recipes: what is read, in which order it runs, what is skipped and why, and what a failure leaves."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from repscope.errors import CorruptError, InputError, MissingError, UnknownNameError
from repscope.study import Study
from repscope.verbs.run.recipe import Recipe, read_recipe, run_recipe
from repscope.verbs.run.state import FILE_NAME, State, fingerprint
from repscope.verbs.run.steps import Ref, make_step

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "recipes" / "digits"

MAKE = """
import sys
import numpy as np
rng = np.random.default_rng(int(open("seed.txt").read()))
for name in sys.argv[1:]:
    np.savez(name, vectors=rng.normal(size=(40, 4)).astype("f4"), ids=np.arange(40).astype(str))
"""

RECIPE = """
study = "s"

[[step]]
id = "bridge"
verb = "bridge fit"
source = "a"
target = "b"
method = "ridge"
on = "id"
as = "r"
param = {penalty = 0.5}

[[step]]
id = "make"
verb = "python"
script = "make.py"
arguments = ["a.npz", "b.npz"]
reads = ["seed.txt"]
makes = ["a.npz", "b.npz"]

[[step]]
id = "import"
verb = "import"
files = ["a.npz", "b.npz"]
as = "a,b"
vectors = "vectors"
ids = "ids"

[[step]]
id = "out"
verb = "export"
set = "b"
to = "b.csv"
"""


def write(folder: Path, text: str = RECIPE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "make.py").write_text(MAKE)
    if not (folder / "seed.txt").exists():
        (folder / "seed.txt").write_text("0")
    (folder / "recipe.toml").write_text(text)
    return folder / "recipe.toml"


def states(recipe: Recipe, **more) -> dict[str, str]:
    return {one.id: one.state for one in run_recipe(recipe, **more).steps}


class TestReading:
    def test_steps_run_after_those_that_make_what_they_read(self, tmp_path):
        recipe = read_recipe(write(tmp_path))
        ids = [step.id for step in recipe.steps]
        assert sorted(ids) == ["bridge", "import", "make", "out"]
        assert ids.index("make") < ids.index("import") < ids.index("bridge")

    def test_options_are_those_of_the_command_line(self):
        step = make_step(
            {"id": "x", "verb": "extract", "source": "images", "model": "m.py:M",
             "capture": ["a=one", "b=two_*"], "mean": [0.5, 0.5, 0.5], "batch_size": 4,
             "strict": True, "overwrite": False},
            1,
        )  # fmt: skip
        assert step.words("s") == [
            "extract", "images", "--study", "s", "--model", "m.py:M", "--capture", "a=one",
            "--capture", "b=two_*", "--mean", "0.5,0.5,0.5", "--batch-size", "4", "--strict",
        ]  # fmt: skip
        assert set(step.reads) == {Ref("file", "images"), Ref("file", "m.py")}
        assert step.makes == (Ref("set", "one"),)

    def test_a_table_of_parameters_and_results_in_the_study(self):
        step = make_step(
            {"id": "f", "verb": "bridge fit", "source": "a", "target": "b", "method": "ridge", "as": "r",
             "param": {"penalty": 0.5, "folds": 3}},
            1,
        )  # fmt: skip
        assert step.words("s")[-4:] == ["--param", "penalty=0.5", "--param", "folds=3"]
        compared = make_step(
            {"id": "c", "verb": "compare", "before": "a", "after": "b", "reference": "t", "needs": "f"}, 2
        )
        assert compared.makes == (Ref("result", "compare/a - b - t/metrics.json"),)
        assert compared.needs == ("f",)
        assert {one.name for one in compared.reads} == {"a", "b", "t"}

    @pytest.mark.parametrize(
        ("change", "error", "message"),
        [
            (('verb = "import"', 'verb = "imprt"'), UnknownNameError, "a verb in step import"),
            (('id = "out"', 'id = "make"'), InputError, "more than once"),
            (('set = "b"\n', ""), InputError, "'set' in step out"),
            (('set = "b"\n', 'set = "c"\n'), MissingError, "set c for step out"),
            (('reads = ["seed.txt"]', 'reads = ["sead.txt"]'), MissingError, "file sead.txt for step make"),
            (('script = "make.py"', 'script = "mak.py"'), MissingError, "file mak.py"),
            (('set = "b"\n', 'set = "b"\nneeds = ["nobody"]\n'), UnknownNameError, "'nobody'"),
            (('arguments =', 'needs = ["out"]\narguments ='), InputError, "wait for each other"),
            (('to = "b.csv"', 'to = "a.npz"'), InputError, "one step that makes"),
            (('study = "s"', 'study = ""'), InputError, "study's folder"),
            (('study = "s"', 'study = "s"\ncolour = 1'), InputError, "colour"),
            (('study = "s"', "study = s"), InputError, "TOML"),
            (('study = "s"', 'study = "s"\nschema = "repscope.recipe/9"'), InputError, "upgrade"),
            (('to = "b.csv"', 'to = "b.csv"\nwhen = 2026-01-01'), InputError, "texts, numbers or lists"),
        ],
    )  # fmt: skip
    def test_what_is_no_recipe(self, tmp_path, change, error, message):
        assert change[0] in RECIPE
        with pytest.raises(error, match=message):
            read_recipe(write(tmp_path, RECIPE.replace(*change, 1)))

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("overwrit = true", "No such option: --overwrit .near: --overwrite"),
            ('overwrite = "yes"', "'yes' for --overwrite, which takes true or false"),
            ("format = true", "'true' for --format, which takes a value"),
            ("quiet = true", ""),
            ("seed = 3", ""),
        ],
    )
    def test_options_are_those_of_the_record(self, tmp_path, line, message):
        path = write(tmp_path, f"{RECIPE}{line}\n")
        if not message:
            assert read_recipe(path)
            return
        with pytest.raises(InputError, match=f"options of export in step out.*{message}"):
            read_recipe(path)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"resamples": 99}, "which takes 100 or more"),
            ({"resamples": "many"}, "which takes a whole number"),
            ({"resamples": "200", "perplexity": 5, "on": ["a", "b"], "drop-unlinked": False}, ""),
            ({"seed": 1.5}, "--seed, which takes a whole number"),
            ({"perplexity": 0.5}, "which takes 1 or more"),
            ({"reference": None}, "Missing option '--reference'"),
        ],
    )
    def test_numbers_within_their_bounds(self, options, message):
        record = {"id": "c", "verb": "compare", "before": "a", "after": "b", "reference": "t", **options}
        record = {key: value for key, value in record.items() if value is not None}
        if not message:
            assert make_step(record, 1).options["before"] == "a"
            return
        with pytest.raises(InputError, match=message):
            make_step(record, 1)

    def test_a_missing_recipe(self, tmp_path):
        with pytest.raises(MissingError, match="recipe"):
            read_recipe(tmp_path / "other.toml")


class TestRunning:
    @pytest.fixture(scope="class")
    @staticmethod
    def finished(tmp_path_factory) -> Path:
        path = write(tmp_path_factory.mktemp("recipe") / "r")
        lines = []
        run = run_recipe(read_recipe(path), say=lines.append)
        assert run.exit_code == 0, lines
        return path.parent

    @pytest.fixture
    def folder(self, finished, tmp_path) -> Path:
        shutil.copytree(finished, tmp_path / "r")
        return tmp_path / "r"

    def test_everything_is_made_and_then_skipped(self, folder):
        assert Study(folder / "s").sets == ["a", "b"]
        assert (folder / "b.csv").is_file()
        before = (folder / "s" / FILE_NAME).read_bytes()
        assert set(states(read_recipe(folder / "recipe.toml")).values()) == {"skipped"}
        assert (folder / "s" / FILE_NAME).read_bytes() == before

    def test_a_plan_runs_nothing_and_says_why(self, folder):
        (folder / "seed.txt").write_text("1")
        before = fingerprint(Ref("file", "a.npz"), folder / "s", folder)
        plan = {one.id: one for one in run_recipe(read_recipe(folder / "recipe.toml"), dry_run=True).steps}
        assert {name: one.state for name, one in plan.items()} == dict.fromkeys(plan, "to run")
        assert plan["make"].why == "file seed.txt changed"
        assert plan["import"].why == "file a.npz is made again by make"
        assert plan["bridge"].why == "set a is made again by import"
        assert fingerprint(Ref("file", "a.npz"), folder / "s", folder) == before

    def test_a_changed_input_runs_what_rests_on_it(self, folder):
        (folder / "seed.txt").write_text("1")
        before = Study(folder / "s")["a"].fingerprint
        assert states(read_recipe(folder / "recipe.toml")) == dict.fromkeys(
            ("make", "import", "out", "bridge"), "done"
        )
        assert Study(folder / "s")["a"].fingerprint != before

    def test_a_step_that_gives_the_same_again_stops_the_wave(self, folder):
        text = (folder / "make.py").read_text()
        (folder / "make.py").write_text("# the same numbers\n" + text)
        found = states(read_recipe(folder / "recipe.toml"))
        assert found == {"make": "done", "import": "skipped", "bridge": "skipped", "out": "skipped"}

    def test_a_changed_option_runs_its_step_alone(self, folder):
        path = write(folder, RECIPE.replace("penalty = 0.5", "penalty = 5.0"))
        found = states(read_recipe(path))
        assert found == {"make": "skipped", "import": "skipped", "bridge": "done", "out": "skipped"}

    def test_what_was_removed_is_made_again(self, folder):
        (folder / "b.csv").unlink()
        plan = run_recipe(read_recipe(folder / "recipe.toml"), dry_run=True)
        assert [(one.id, one.why) for one in plan.steps if one.state == "to run"] == [
            ("out", "file b.csv is not there, or not finished")
        ]

    def test_from_a_step_runs_it_and_what_rests_on_it(self, folder):
        recipe = read_recipe(folder / "recipe.toml")
        plan = {one.id: one.state for one in run_recipe(recipe, dry_run=True, start="import").steps}
        assert plan == {"make": "skipped", "import": "to run", "bridge": "to run", "out": "to run"}
        with pytest.raises(UnknownNameError, match="bridge"):
            run_recipe(recipe, start="brigde")

    def test_a_failure_stops_and_the_same_command_continues(self, folder):
        good = (folder / "make.py").read_text()
        (folder / "make.py").write_text("import sys; print('no luck'); sys.exit(3)")
        lines: list[str] = []
        run = run_recipe(read_recipe(folder / "recipe.toml"), say=lines.append)
        assert [one.state for one in run.steps] == ["failed"]
        assert run.exit_code == 3
        assert "  no luck" in lines
        assert run.resume == f"repscope run {folder / 'recipe.toml'}"
        (folder / "make.py").write_text(good)
        plan = run_recipe(read_recipe(folder / "recipe.toml"), dry_run=True)
        assert plan.steps[0].why == "it did not end"

    def test_what_somebody_else_put_there_is_not_replaced(self, tmp_path):
        path = write(tmp_path)
        Study(tmp_path / "s").add("a", [[1.0, 2.0], [3.0, 4.0]])
        before = Study(tmp_path / "s")["a"].fingerprint
        lines: list[str] = []
        run = run_recipe(read_recipe(path), say=lines.append)
        assert run.steps[-1].id == "import"
        assert run.exit_code == 1
        assert any("--overwrite" in line for line in lines)
        assert Study(tmp_path / "s")["a"].fingerprint == before

    def test_a_step_that_makes_nothing_has_failed(self, folder):
        (folder / "make.py").write_text("# forgot to write")
        (folder / "a.npz").unlink()
        lines: list[str] = []
        run = run_recipe(read_recipe(folder / "recipe.toml"), say=lines.append)
        assert run.exit_code == 1
        assert any("without making file:a.npz" in line for line in lines)

    def test_a_state_that_cannot_be_understood(self, folder):
        (folder / "s" / FILE_NAME).write_text("{")
        with pytest.raises(CorruptError, match="remove the file"):
            run_recipe(read_recipe(folder / "recipe.toml"))

    def test_two_recipes_of_one_study_keep_their_own_state(self, folder):
        other = folder / "other.toml"
        other.write_text('study = "s"\n[[step]]\nid = "out"\nverb = "export"\nset = "a"\nto = "a.csv"\n')
        assert states(read_recipe(other)) == {"out": "done"}
        assert set(State(folder / "s", "other").steps) == {"out"}
        assert set(State(folder / "s", "recipe").steps) == {"make", "import", "bridge", "out"}


def test_the_fingerprint_of_a_folder_is_of_its_content(tmp_path):
    folder = tmp_path / "images"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1").write_bytes(b"one")
    ref = Ref("file", "images")
    first = fingerprint(ref, tmp_path / "s", tmp_path)
    (folder / "a" / "1").touch()
    assert fingerprint(ref, tmp_path / "s", tmp_path) == first
    (folder / "a" / "1").write_bytes(b"two")
    second = fingerprint(ref, tmp_path / "s", tmp_path)
    (folder / "a" / "1").rename(folder / "a" / "2")
    assert len({first, second, fingerprint(ref, tmp_path / "s", tmp_path)}) == 3
    assert fingerprint(Ref("file", "nowhere"), tmp_path / "s", tmp_path) is None


@pytest.mark.long
def test_the_example_runs_from_images_to_verdict_and_is_then_finished(tmp_path):
    folder = tmp_path / "digits"
    shutil.copytree(
        EXAMPLE, folder, ignore=shutil.ignore_patterns("study", "images", "*.npz", "*.safetensors")
    )
    lines: list[str] = []
    run = run_recipe(read_recipe(folder / "recipe.toml"), say=lines.append)
    assert run.exit_code == 0, "\n".join(lines)
    assert [one.state for one in run.steps] == ["done"] * 9
    metrics = json.loads(
        (folder / "study/results/compare/visual_before - visual_after - text/metrics.json").read_text()
    )
    assert metrics["n"] == 300
    assert metrics["verdict"]["word"] in ("aligned", "closer")
    report = json.loads((folder / "study/results/bridge/ridge/metrics.json").read_text())
    assert [one["label"] for one in report["parts"][0]["methods"]] == ["ridge", "mean-shift"]
    assert set(states(read_recipe(folder / "recipe.toml")).values()) == {"skipped"}


def test_a_recipe_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "recipe.toml")
    with pytest.raises(InputError, match="no regular file"):
        read_recipe(tmp_path / "recipe.toml")
