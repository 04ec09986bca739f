"""``repscope run``: exit codes, the record, and recipes that are refused before anything runs."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.study import Study

RECIPE = """
study = "s"
[[step]]
id = "means"
verb = "bridge fit"
source = "a"
target = "b"
method = "mean-shift"
unpaired = true
as = "m"
[[step]]
id = "move"
verb = "bridge apply"
name = "m"
to = "a"
as = "c"
"""


@pytest.fixture
def recipe(tmp_path):
    study = Study(tmp_path / "s")
    for name in "ab":
        study.add(name, [[float(ord(name)), row] for row in range(8)])
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path / "recipe.toml"


def run(*arguments: object):
    return CliRunner().invoke(app, ["run", *map(str, arguments)])


def test_plan_run_and_run_again(recipe):
    plan = run(recipe, "--dry-run")
    assert plan.exit_code == 0, plan.stderr
    assert plan.stdout.startswith("2 to run")
    assert "[1/2] means (bridge fit): would run, it was never run" in plan.stderr
    assert Study(recipe.parent / "s").sets == ["a", "b"]
    first = run(recipe, "--json")
    assert first.exit_code == 0, first.stderr
    record = json.loads(first.stdout)
    assert [(one["id"], one["state"]) for one in record["steps"]] == [("means", "done"), ("move", "done")]
    assert record["steps"][1]["command"] == "repscope bridge apply s m --to a --as c"
    again = run(recipe, "--quiet")
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "")
    state = json.loads((recipe.parent / "s" / "recipe-state.json").read_text())
    assert state["schema"] == "repscope.recipe-state/1"
    assert (
        state["recipes"]["recipe"]["move"]["outputs"]["set:c"] == Study(recipe.parent / "s")["c"].fingerprint
    )


def test_a_step_that_fails_gives_its_code_and_the_command_that_continues(recipe):
    Study(recipe.parent / "s").add("c", [[1.0, 2.0]])
    result = run(recipe)
    assert result.exit_code == 1
    assert "stopped at step move, exit code 1: repscope bridge apply s m --to a --as c" in result.stderr
    assert f"continue with: repscope run {recipe}" in result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('as = "c"', 'as = "c"\ncolour = "red"'), "No such option: --colour"),
        (('to = "a"\n', ""), "Missing option '--to'"),
        (('as = "c"', 'as = "c"\nshard-rows = "many"'), "--shard-rows"),
        (('verb = "bridge apply"', 'verb = "bridge aply"'), "a verb in step move"),
        (('to = "a"', 'to = "z"'), "set z for step move"),
    ],
)
def test_what_the_command_line_would_refuse_is_refused_before_anything_runs(recipe, change, message):
    assert change[0] in RECIPE
    recipe.write_text(RECIPE.replace(*change))
    result = run(recipe)
    assert result.exit_code == 1
    assert message in result.stderr
    assert not (recipe.parent / "s" / "transforms").exists()


def test_wrong_use(recipe, tmp_path):
    assert run().exit_code == 2
    missing = run(tmp_path / "none.toml")
    assert (missing.exit_code, "a recipe at" in missing.stderr) == (1, True)
    unknown = run(recipe, "--from", "mov")
    assert (unknown.exit_code, "choose one of means, move" in unknown.stderr) == (1, True)
