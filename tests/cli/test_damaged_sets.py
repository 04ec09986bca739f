"""A set whose bytes are not what was written is refused by every command that reads sets, in one way."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.study import Study, shards
from repscope.study.verified import is_verified

FIT = "bridge fit s --method ridge --as new"
COMMANDS = {
    "compare": "compare s before after --reference text --on label",
    "drift": "drift s before after",
    "drift, reference": "drift s before text --reference after",
    "project": "project s before after --method pca",
    "neighbors": "neighbors s after --k 3",
    "neighbors, queries": "neighbors s before --query-set after --k 3",
    "export": "export s after --to after.npz",
    "bridge fit, source": f"{FIT} --source after --target text --on label",
    "bridge fit, target": f"{FIT} --source before --target after --on id",
    "bridge apply": "bridge apply s ridge --to after --as moved",
    "bridge report": "bridge report s ridge",
    "run": "run recipe.toml",
    "info --verify": "info s after --verify",
}

RECIPE = """
study = "s"
[[step]]
id = "move"
verb = "bridge apply"
name = "ridge"
to = "after"
as = "moved"
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Sets that were verified and have not changed since, and a bridge fitted on ``after``."""
    monkeypatch.chdir(tmp_path)
    study = Study("s")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 40)
    texts = rng.standard_normal((4, 64)).astype(np.float32)
    study.add("text", texts, {"label": range(4)})
    for name in ("before", "after"):
        rows = texts[labels] + rng.standard_normal((40, 64)).astype(np.float32)
        study.add(name, rows, {"label": labels})
    for path in study.path.glob("sets/*/*.arrow"):
        past = time.time() - 10
        os.utime(path, (past, past))
    study.open_sets(study.sets)
    assert all(is_verified(study.folder(name), study.manifest(name)) for name in study.sets)
    Path("recipe.toml").write_text(RECIPE)
    fitted = run("bridge fit s --source after --target text --on label --method ridge --as ridge")
    assert fitted.exit_code == 0, fitted.output
    return study


def run(command: str) -> Result:
    return CliRunner().invoke(app, command.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_changed_byte_is_refused(study: Study, command: str) -> None:
    path = study.folder("after") / "shard-00000.arrow"
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    made = sorted(Path().glob("s/results/**/*"))
    result = run(COMMANDS[command])
    assert result.exit_code == 1, result.output
    written = json.loads((study.folder("after") / "manifest.json").read_bytes())["shards"][0]["sha256"]
    told = " ".join(result.stderr.split())
    assert f"SHA-256 {written[:12]}… of {path}" in told
    assert "restore the file, or write the set again with --overwrite" in told
    assert sorted(Path().glob("s/results/**/*")) == made
    assert not ({"new", "moved"} & {*study.sets, *(one.name for one in Path("s/transforms").iterdir())})


@pytest.mark.parametrize("command", ["export", "bridge apply", "neighbors"])
def test_what_was_verified_is_not_hashed_again(
    study: Study, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []
    real = shards.verify_shard

    def counted(path: Path, shard: shards.Shard) -> None:
        hashed.append(path)
        real(path, shard)

    monkeypatch.setattr("repscope.study.reader.verify_shard", counted)
    assert run(COMMANDS[command]).exit_code == 0
    assert hashed == []
    assert run("info s after --verify").exit_code == 0
    assert [path.name for path in hashed] == ["shard-00000.arrow"]
