"""What an import costs, and which room may know which."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import repscope

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"torch", "transformers", "matplotlib", "numba", "scipy", "sklearn", "pandas", "openTSNE", "umap"}

HELP = """
import contextlib, io, json, sys
from repscope.cli.main import app

said = io.StringIO()
with contextlib.redirect_stdout(said):
    for words in json.loads(sys.argv[1]):
        with contextlib.suppress(SystemExit):
            app([*words, "--help"], prog_name="repscope")
assert said.getvalue().count("Usage") == len(json.loads(sys.argv[1])), said.getvalue()
print(json.dumps(sorted(sys.modules)))
"""


def loaded(script: str, *arguments: str) -> set[str]:
    """Top-level packages that a fresh interpreter holds after a script, whose last line prints them."""
    ran = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(repscope.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return {name.partition(".")[0] for name in json.loads(ran.stdout.splitlines()[-1])}


def test_import_repscope_is_light() -> None:
    found = loaded("import json, sys, repscope; print(json.dumps(sorted(sys.modules)))")
    assert "repscope" in found
    assert not found & (HEAVY | {"numpy", "pyarrow", "typer"})


def test_import_of_a_study_is_light() -> None:
    found = loaded("import json, sys, repscope.study; print(json.dumps(sorted(sys.modules)))")
    assert not found & (HEAVY | {"pyarrow", "typer"})


def test_help_is_light() -> None:
    assert not loaded(HELP, json.dumps([[]])) & HEAVY


def test_help_of_every_command_is_light() -> None:
    from repscope.cli.main import app

    names = [[command.name] for command in app.registered_commands] + [
        [group.name] for group in app.registered_groups
    ]
    assert ["info"] in names
    assert not loaded(HELP, json.dumps(names)) & HEAVY


def test_rooms_import_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("importlinter")
    from importlinter import api
    from importlinter.application import use_cases

    configuration = str(ROOT / "pyproject.toml")
    contracts = api.read_configuration(configuration)["contracts_options"]
    assert any(
        "repscope.study" in contract["layers"] for contract in contracts if contract["type"] == "layers"
    )
    kept = use_cases.lint_imports(config_filename=configuration, cache_dir=None)
    assert kept, capsys.readouterr().out


def test_the_known_answers_are_used_by_the_demo_alone() -> None:
    grimp = pytest.importorskip("grimp")
    graph = grimp.build_graph("repscope", cache_dir=None)
    kit = {"repscope.testing", *graph.find_descendants("repscope.testing")}
    users = {user for module in kit for user in graph.find_modules_that_directly_import(module)} - kit
    assert {user for user in users if not user.startswith("repscope.verbs.demo")} == set()
