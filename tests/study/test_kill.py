"""Killed at any moment: nothing committed is lost, and the same command continues."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import repscope
from repscope.errors import StudyError
from repscope.study import Study

PROGRAM = Path(__file__).parent / "killed.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(repscope.__file__).parents[1])}

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """The program that is killed."""
    spec = importlib.util.spec_from_file_location("killed", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of many killed writers left behind."""
    root = tmp_path_factory.mktemp("deaths")
    ran = subprocess.run(
        [sys.executable, PROGRAM, "points", root], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


def test_the_writers_died_at_many_points(deaths: list[dict[str, Any]], program: ModuleType) -> None:
    assert deaths[0]["signal"] == 0
    assert deaths[0]["committed"] == program.SHARDS
    assert len(deaths) > 20
    assert {one["signal"] for one in deaths[1:]} == {signal.SIGKILL, signal.SIGXFSZ}
    assert {one["committed"] for one in deaths[1:]} == set(range(program.SHARDS + 1))


def test_nothing_committed_is_lost_and_the_same_command_continues(
    deaths: list[dict[str, Any]], program: ModuleType
) -> None:
    whole = Study.open(deaths[0]["folder"])
    fingerprint = whole["s"].fingerprint
    files = sorted(path.name for path in whole.folder("s").iterdir())
    for one in deaths[1:]:
        study = Study(one["folder"])
        if "s" in study:
            manifest = study.verify_committed("s")
            # At most one shard more than was said: it died between the commit and saying so.
            assert one["committed"] <= len(manifest.shards) <= one["committed"] + 1
            assert manifest.n == len(manifest.shards) * program.ROWS
            assert [skip.id for skip in manifest.skipped] == [
                f"broken {k}" for k in range(len(manifest.shards))
            ]
        else:
            assert one["committed"] == 0
        if "s" not in study or not study.manifest("s").complete:
            assert program.write(Path(one["folder"])) == fingerprint, one
        assert study.verify("s").fingerprint == fingerprint
        left = {path.name for path in study.folder("s").iterdir()} - {".verified.json"}
        assert sorted(name for name in left if not name.startswith(".writer.")) == files


def test_a_writer_at_work_is_not_disturbed_and_a_killed_one_is_continued(
    tmp_path: Path, program: ModuleType
) -> None:
    folder = tmp_path / "study"
    with subprocess.Popen(
        [sys.executable, PROGRAM, "slowly", folder], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline().startswith("committed")
        with pytest.raises(StudyError, match=f"another at work: process {process.pid} "):
            program.write(folder)
        with pytest.raises(StudyError, match="another at work"):
            Study(folder).remove("s")
        with pytest.raises(StudyError, match="another at work"):
            Study(folder).add("s", [[1.0]], overwrite=True)
        os.kill(process.pid, signal.SIGKILL)
        said = 3 + len(process.stdout.readlines())
    committed = len(Study(folder).verify_committed("s").shards)
    assert said <= committed <= said + 1
    assert program.write(folder, shards=committed + 2) == program.write(
        tmp_path / "whole", shards=committed + 2
    )
