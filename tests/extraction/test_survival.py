"""Runs that are killed, and disks that fill."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.study import Study


@pytest.mark.parametrize("kills", [6, pytest.param(200, marks=pytest.mark.long)])
def test_killed_at_any_moment_no_row_is_lost_or_doubled(
    make_images: Callable[..., Path], model_file: Path, tmp_path: Path, kills: int
) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    folder = make_images(60)
    (folder / "dog" / "broken.png").write_bytes(b"")
    options = ["--model", f"{model_file}:slow", "--shard-rows", "7", "--batch-size", "4", "--device", "cpu"]
    points = ["--capture", "adapter:input=before", "--capture", "adapter:output=after"]
    whole = CliRunner().invoke(
        app, ["extract", str(folder), "--study", str(tmp_path / "whole"), *options, *points]
    )
    assert whole.exit_code == 0, whole.output
    command = ["extract", str(folder), "--study", str(tmp_path / "s"), *options, *points, "--quiet"]
    ran = subprocess.run(
        [sys.executable, "-m", "helpers.killed_extraction", str(tmp_path / "s"), str(kills), *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    record = json.loads(ran.stdout)
    assert record["kills"] == kills
    study = Study.open(tmp_path / "whole")
    expected = [[name, study[name].fingerprint, 60] for name in ("after", "before")]
    assert record["prints"] == [expected]
    # Kills fell in the middle of the work, not only before or after it.
    assert len({tuple(rows.values()) for rows in record["stops"]}) >= 3
    assert [one.id for one in study.manifest("after").skipped] == ["dog/broken.png"]


def test_killed_command_line_continues(
    make_images: Callable[..., Path], model_file: Path, tmp_path: Path
) -> None:
    folder, study = make_images(60), tmp_path / "s t"
    options = ["--model", f"{model_file}:slow", "--shard-rows", "4", "--batch-size", "2", "--device", "cpu"]
    command = [sys.executable, "-m", "repscope", "extract", str(folder), "--study", str(study), *options]
    process = subprocess.Popen([*command, "--as", "x"], stderr=subprocess.PIPE, text=True)
    manifest = study / "sets" / "x" / "manifest.json"
    while not manifest.exists() or json.loads(manifest.read_text())["n"] < 12:
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    stopped = Study.open(study).manifest("x")
    assert not stopped.complete
    assert 12 <= stopped.n < 60
    again = subprocess.run([*command, "--as", "x", "--json"], capture_output=True, text=True, check=True)
    assert f"continued after {stopped.n} of 60 images" in again.stderr
    record = json.loads(again.stdout)
    assert record["sets"][0]["rows_before"] == stopped.n
    whole = CliRunner().invoke(
        app, ["extract", str(folder), "--study", str(tmp_path / "w"), *options, "--as", "x"]
    )
    assert whole.exit_code == 0
    assert record["sets"][0]["fingerprint"] == Study.open(tmp_path / "w")["x"].fingerprint


def test_killed_while_overwriting_the_old_sets_are_there(
    make_images: Callable[..., Path], model_file: Path, tmp_path: Path
) -> None:
    folder, study = make_images(60), tmp_path / "s"
    options = ["--model", f"{model_file}:slow", "--shard-rows", "4", "--device", "cpu"]
    options += ["--capture", "adapter:input=before", "--capture", "adapter:output=after"]

    def command(where: Path, *more: str) -> list[str]:
        return ["extract", str(folder), "--study", str(where), *options, *more]

    assert CliRunner().invoke(app, command(study, "--limit", "8")).exit_code == 0
    old = {name: Study.open(study)[name].fingerprint for name in ("after", "before")}
    process = subprocess.Popen(
        [sys.executable, "-m", "repscope", *command(study, "--overwrite")], stderr=subprocess.PIPE, text=True
    )
    manifest = study / "sets" / "after" / "manifest.next.json"
    while not manifest.exists() or json.loads(manifest.read_text())["n"] < 12:
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    opened = Study.open(study)
    assert {name: opened.verify(name).fingerprint for name in opened.sets} == old
    stopped = opened.replacement("after")
    assert stopped is not None
    assert 12 <= stopped.n < 60
    record = json.loads(CliRunner().invoke(app, ["info", str(study), "after", "--json"]).stdout)
    assert record["replacement"]["n"] == stopped.n
    # Without --overwrite the sets that are there are somebody else's.
    refused = CliRunner().invoke(app, command(study))
    assert refused.exit_code == 1
    assert "a complete set of 8 rows" in refused.stderr
    program, *again = shlex.split(record["replacement"]["resume"])
    assert (program, again[-1]) == ("repscope", "--overwrite")
    done = CliRunner().invoke(app, [*again, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["sets"][1]["rows_before"] == stopped.n
    assert CliRunner().invoke(app, command(tmp_path / "w")).exit_code == 0
    for name in ("after", "before"):
        assert opened.replacement(name) is None
        assert opened.verify(name).fingerprint == Study.open(tmp_path / "w")[name].fingerprint


def test_a_set_beyond_reading_is_overwritten(
    make_images: Callable[..., Path], model_file: Path, tmp_path: Path
) -> None:
    command = ["extract", str(make_images(5)), "--study", str(tmp_path / "s"), "--as", "x"]
    command += ["--model", f"{model_file}:build", "--device", "cpu"]
    assert CliRunner().invoke(app, command).exit_code == 0
    fingerprint = Study.open(tmp_path / "s")["x"].fingerprint
    (tmp_path / "s" / "sets" / "x" / "manifest.json").write_text("{")
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 1
    assert "--overwrite" in refused.stderr
    again = CliRunner().invoke(app, [*command, "--overwrite"])
    assert again.exit_code == 0, again.output
    assert Study.open(tmp_path / "s").verify("x").fingerprint == fingerprint


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not shutil.which("mount") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"this machine does not let us mount: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_one_message_and_the_work_continues(
    make_images: Callable[..., Path], tmp_path: Path, small_disk: Path
) -> None:
    file = tmp_path / "wide.py"
    file.write_text(
        "import torch\nfrom torch import nn\n"
        "class Wide(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.a = nn.Flatten()\n        self.b = nn.ReLU()\n"
        "    def forward(self, x):\n        return self.b(self.a(x).repeat(1, 4))\n"
    )
    folder = make_images(40)
    options = ["--model", f"{file}:Wide", "--shard-rows", "4", "--capture", "a=a", "--capture", "b=b"]

    def run(study: Path) -> Any:
        return CliRunner().invoke(
            app, ["extract", str(folder), "--study", str(study), *options, "--device", "cpu"]
        )

    assert run(tmp_path / "whole").exit_code == 0
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 1_700_000)
    full = run(small_disk / "s")
    assert full.exit_code == 1
    assert "no space left on the device" in full.stderr
    assert "free space" in full.stderr
    assert "Traceback" not in full.stderr
    study = Study.open(small_disk / "s")
    stopped = {name: study.manifest(name) for name in study.sets}
    assert stopped
    assert all(0 < one.n < 40 and not one.complete for one in stopped.values())
    filler.unlink()
    assert run(small_disk / "s").exit_code == 0
    whole = Study.open(tmp_path / "whole")
    for name in ("a", "b"):
        assert study.verify(name).fingerprint == whole[name].fingerprint
        assert study.manifest(name).shards[0] == stopped[name].shards[0]
