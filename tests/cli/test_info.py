"""``repscope info`` as a person and as a script meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import repscope
from repscope.cli.main import app
from repscope.study import SetLink, Skipped, Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = Study(tmp_path / "my étude")
    study.add("visual", np.ones((1200, 4), np.float16), {"label": ["x"] * 1200})
    with study.writer("日本 half", recipe="r", resume="repscope extract photos --as half") as writer:
        skipped = [Skipped(f"broken {k}.png", "truncated") for k in range(8)]
        writer.write_shard([[1.0]], {"id": ["p"]}, skipped=skipped)
    return study


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["info", *map(str, arguments)])


def test_a_study_for_a_person(study: Study) -> None:
    study.configure(
        description="A test.", stages={"all": ["日本 half", "visual"]}, links=[SetLink("visual", "a", "k")]
    )
    result = run(study.path)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == f"study my étude   {study.path}"
    assert lines[1] == "A test."
    head, visual, half = lines[3:6]
    assert head.split() == ["set", "rows", "width", "dtype", "size", "columns", "fingerprint"]
    assert visual.split()[:4] == ["visual", "1,200", "4", "float16"]
    assert visual.endswith(study["visual"].fingerprint[:12])
    assert half.endswith("INCOMPLETE")
    # Wide characters take two columns, so the text is shorter where they are.
    assert head.index("dtype") == visual.index("float16") == half.index("float32") + 2
    assert "日本 half is incomplete: 1 rows are committed" in lines
    assert "  complete it  repscope extract photos --as half" in lines
    assert "日本 half skipped 8 items" in lines
    assert any(line.endswith("broken 4.png: truncated") for line in lines)
    assert lines[-4].endswith("and 3 more; --json lists all")
    assert lines[-2] == "stages  all: 日本 half → visual"
    assert lines[-1] == "link    visual – a on k"


def test_a_set_for_a_person(study: Study) -> None:
    result = run(study.path, "visual", "--verify")
    assert result.exit_code == 0
    for text in (
        "vectors      1,200 × 4 float16,",
        "columns      id (string)\n               label (string)\n",
        "state        complete\n",
        f"fingerprint  {study['visual'].fingerprint}\n",
        "verified     every committed byte is as it was written\n",
        "provenance\n",
        "versions     {",
    ):
        assert text in result.stdout
    result = run(study.path, "日本 half")
    assert "state        INCOMPLETE\n  complete it  repscope extract photos --as half\n" in result.stdout
    assert "fingerprint" not in result.stdout


def test_the_record_of_a_set_for_a_script(study: Study) -> None:
    result = run(study.path, "visual", "--json")
    record = json.loads(result.stdout)
    assert result.stderr == ""
    contract = {key: record[key] for key in ("name", "n", "d", "dtype", "columns", "complete", "fingerprint")}
    assert contract == {
        "name": "visual",
        "n": 1200,
        "d": 4,
        "dtype": "float16",
        "columns": ["id", "label"],
        "complete": True,
        "fingerprint": study["visual"].fingerprint,
    }
    half = json.loads(run(study.path, "日本 half", "--json").stdout)
    assert (half["complete"], half["resume"]) == (False, "repscope extract photos --as half")
    assert len(half["skipped"]) == 8


def test_the_record_of_a_study_for_a_script(study: Study) -> None:
    record = json.loads(run(study.path, "--json", "--verify", "--seed", "3").stdout)
    assert [(one["name"], one["verified"]) for one in record["sets"]] == [
        ("visual", True),
        ("日本 half", True),
    ]


def test_an_empty_study(tmp_path: Path) -> None:
    Study(tmp_path / "s").create()
    assert run(tmp_path / "s").stdout.endswith(
        f"no sets yet; add one with: repscope import FILE --study {tmp_path / 's'}\n"
    )
    assert json.loads(run(tmp_path / "s", "--json").stdout)["sets"] == []


def test_who_writes_now(study: Study) -> None:
    with study.writer("日本 half", recipe="r"):
        assert f"  now          being written by process {os.getpid()} on " in run(study.path).stdout
    assert "being written" not in run(study.path).stdout


def test_a_set_that_is_being_replaced(study: Study) -> None:
    command = "repscope import a.npy --as visual --overwrite"
    with study.writer("visual", recipe="r", resume=command, overwrite=True) as writer:
        assert "visual is being replaced: 0 rows of the new set are committed" in run(study.path).stdout
        writer.write_shard([[1.0]], {"id": ["p"]})
        assert f"  now          being written by process {os.getpid()} on " in run(study.path).stdout
    said = "1 rows of the new set are committed; until it is whole the old one is read"
    whole = run(study.path).stdout
    assert f"visual is being replaced: {said}\n  complete it  {command}\n" in whole
    assert "1,200" in whole
    one = run(study.path, "visual", "--verify").stdout
    assert f"  replacement  {said}\n  complete it  {command}\n" in one
    assert "state        complete\n" in one


def test_quiet(study: Study) -> None:
    result = run(study.path, "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def _flip(folder: Path) -> None:
    path = folder / "shard-00000.arrow"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _shorten(folder: Path) -> None:
    os.truncate(folder / "shard-00000.arrow", 100)


def _lose(folder: Path) -> None:
    (folder / "shard-00000.arrow").unlink()


def _scribble(folder: Path) -> None:
    (folder / "manifest.json").write_text("not JSON")


@pytest.mark.parametrize("harm", [_flip, _shorten, _lose, _scribble])
def test_damage(study: Study, harm: Callable[[Path], None]) -> None:
    harm(study.folder("visual"))
    for arguments in ([], ["visual"]):
        result = run(study.path, *arguments, "--verify")
        assert result.exit_code == 1
        assert "expected  " in result.stderr
        assert "got       " in result.stderr
        assert "do        " in result.stderr
        assert "visual" in result.stderr
        assert "Traceback" not in result.output
    table = run(study.path, "--verify").stdout.splitlines()
    assert table[3].startswith("visual ")
    assert table[3].endswith("DAMAGED")
    assert table[4].endswith("INCOMPLETE")
    result = run(study.path, "--verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["sets"][0]["problem"]["error"] == "CorruptError"
    assert json.loads(result.stdout)["sets"][1]["verified"] is True


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        (["nope"], "no such folder"),
        (["file"], "a file"),
        (["study", "nope"], "no such set"),
        (["study", "../x"], "which begins with a dot"),
        (["study", "a/b"], "which holds one of"),
        (["study", ""], "an empty name"),
        (["study", "CON"], "a device on Windows"),
        (["study/sets"], "a folder with other things"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: list[str], got: str) -> None:
    Study(tmp_path / "study").add("s", [[1.0]])
    (tmp_path / "file").write_text("")
    result = run(tmp_path / arguments[0], *arguments[1:])
    assert result.exit_code == 1
    assert got in result.stderr
    assert result.stdout == ""


def test_usage() -> None:
    assert run().exit_code == 2
    assert run("a", "b", "c").exit_code == 2
    result = run("--help")
    assert result.exit_code == 0
    assert "Example: repscope info" in result.stdout


def test_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    study = Study(tmp_path / "s")
    with study.writer("s", resume="\x1b]0;title\x07") as writer:
        writer.write_shard([[1.0]], {"id": ["a"], "c\x1b[31m": [1]}, skipped=[Skipped("x\x1b[2J", "y\nz")])
    study.configure(description="\x1b[1m", stages={"\x1b[2m": ["a", "b"]})
    for arguments in ([], ["s"]):
        assert "\x1b" not in run(tmp_path / "s", *arguments).stdout


def test_as_a_program_in_a_pipe(study: Study) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "repscope", "info", study.path, "visual", "--json"],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(repscope.__file__).parents[1]),
            "PYTHONIOENCODING": "utf-8",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert json.loads(ran.stdout)["name"] == "visual"
    assert ran.stderr == ""
