"""Killed at any moment: nothing committed is lost, and the same command continues."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers import killed_writer
from repscope.errors import StudyError
from repscope.study import Study

PROGRAM = [sys.executable, "-m", "helpers.killed_writer"]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of many killed writers left behind."""
    root = tmp_path_factory.mktemp("deaths")
    ran = subprocess.run([*PROGRAM, "points", root], capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


def test_the_writers_died_at_many_points(deaths: list[dict[str, Any]]) -> None:
    assert deaths[0]["signal"] == 0
    assert deaths[0]["committed"] == killed_writer.SHARDS
    assert len(deaths) > 20
    assert {one["signal"] for one in deaths[1:]} == {signal.SIGKILL, signal.SIGXFSZ}
    assert {one["committed"] for one in deaths[1:]} == set(range(killed_writer.SHARDS + 1))


def test_nothing_committed_is_lost_and_the_same_command_continues(deaths: list[dict[str, Any]]) -> None:
    whole = Study.open(deaths[0]["folder"])
    fingerprint = whole["s"].fingerprint
    files = sorted(path.name for path in whole.folder("s").iterdir())
    for one in deaths[1:]:
        study = Study(one["folder"])
        if "s" in study:
            manifest = study.verify_committed("s")
            # At most one shard more than was said: it died between the commit and saying so.
            assert one["committed"] <= len(manifest.shards) <= one["committed"] + 1
            assert manifest.n == len(manifest.shards) * killed_writer.ROWS
            assert [skip.id for skip in manifest.skipped] == [
                f"broken {k}" for k in range(len(manifest.shards))
            ]
        else:
            assert one["committed"] == 0
        if "s" not in study or not study.manifest("s").complete:
            assert killed_writer.write(Path(one["folder"])) == fingerprint, one
        assert study.verify("s").fingerprint == fingerprint
        left = {path.name for path in study.folder("s").iterdir()} - {".verified.json"}
        assert sorted(name for name in left if not name.startswith(".writer.")) == files


def test_a_writer_at_work_is_not_disturbed_and_a_killed_one_is_continued(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    with subprocess.Popen([*PROGRAM, "slowly", folder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline().startswith("committed")
        with pytest.raises(StudyError, match=f"another at work: process {process.pid} "):
            killed_writer.write(folder)
        with pytest.raises(StudyError, match="another at work"):
            Study(folder).remove("s")
        with pytest.raises(StudyError, match="another at work"):
            Study(folder).add("s", [[1.0]], overwrite=True)
        os.kill(process.pid, signal.SIGKILL)
        said = 3 + len(process.stdout.readlines())
    committed = len(Study(folder).verify_committed("s").shards)
    assert said <= committed <= said + 1
    assert killed_writer.write(folder, shards=committed + 2) == killed_writer.write(
        tmp_path / "whole", shards=committed + 2
    )
