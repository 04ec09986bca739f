"""``repscope export`` as a person and a script meet it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from repscope.cli.main import app
from repscope.study import Study

X = np.random.default_rng(0).standard_normal((10, 4)).astype("f4")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    Study(tmp_path / "my study é").add("kept", X, {"id": [f"0{i}" for i in range(10)]})
    return tmp_path / "my study é"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, words)])


def test_json_is_the_record_and_nothing_else(study: Path, tmp_path: Path) -> None:
    result = run(study, "kept", "--to", tmp_path / "ä b.npy", "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["schema"] == "repscope.export/1"
    assert record["format"] == "npy"
    assert record["fingerprint"] == Study(study)["kept"].fingerprint
    assert record["files"] == [str(tmp_path / "ä b.npy"), str(tmp_path / "ä b.items.parquet")]
    assert record["bytes"] == sum(Path(one).stat().st_size for one in record["files"])
    assert (record["n"], record["d"], record["dtype"], record["columns"]) == (10, 4, "float32", ["id"])


def test_the_summary_notes_and_quiet(study: Path, tmp_path: Path) -> None:
    Study(study).add("half", X.astype("f2"))
    result = run(study, "half", "--to", tmp_path / "a", "--format", "csv")
    assert result.exit_code == 0, result.output
    assert "10 × 4 float16" in result.stdout
    assert "note: half: text has no float16" in result.stderr
    result = run(study, "half", "--to", tmp_path / "a.csv", "--quiet")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["kept", "--to", "a.xyz"], "--format"),
        (["kept", "--to", "a.npz", "--format", "nothing"], "parquet"),
        (["gone", "--to", "a.npz"], "gone"),
        (["kept", "--to", "there.npz"], "--overwrite"),
    ],
)
def test_one_message_and_exit_code_one(
    words: list[str], says: str, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.npz").write_bytes(b"kept")
    result = run(study, *words)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert says in result.stderr
    assert "Traceback" not in result.output
    assert (tmp_path / "there.npz").read_bytes() == b"kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my study é", "there.npz"]


def test_usage(study: Path) -> None:
    assert run(study, "kept").exit_code == 2
    assert "Example: repscope export" in run("--help").stdout
