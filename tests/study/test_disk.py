"""A full disk, a read-only disk, no disk at all."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from repscope.cli.common import command
from repscope.errors import StorageError
from repscope.study import Study

ROWS, WIDTH = 500, 100


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def shard(index: int) -> tuple[Any, dict[str, Any]]:
    vectors = np.random.default_rng(index).normal(size=(ROWS, WIDTH)).astype(np.float32)
    return vectors, {"id": [f"{index}-{row}" for row in range(ROWS)]}


def write(study: Study, shards: int) -> str:
    writer = study.writer("s", recipe="r", resume="repscope extract photos")
    for index in range(writer.shards_committed, shards):
        writer.write_shard(*shard(index))
    return writer.finish()


def leave(disk: Path, room: int) -> Path:
    """Fill a disk so that only ``room`` bytes are left."""
    filler = disk / "filler"
    filler.write_bytes(b"\0" * max(0, shutil.disk_usage(disk).free - room))
    return filler


def test_a_disk_that_fills_up_while_writing(disk: Path, tmp_path: Path) -> None:
    study = Study(disk / "study")
    with pytest.raises(StorageError) as caught:
        write(study, 8)
    assert caught.value.got == "no space left on the device"
    assert caught.value.do == "free space and run the same command again"
    assert caught.value.errno == errno.ENOSPC
    committed = study.verify_committed("s")
    assert 2 <= len(committed.shards) < 8
    assert not [path for path in study.folder("s").iterdir() if path.name.endswith(".part")]
    mount("-o", "remount,size=8m", disk)
    assert write(study, 8) == write(Study(tmp_path / "elsewhere"), 8)
    assert study.verify("s").n == 8 * ROWS


@pytest.mark.parametrize("room", [0, 4096, 8192, 100_000, 210_000, 214_000])
def test_wherever_it_fails_the_same_writer_can_try_again(disk: Path, room: int) -> None:
    """Full before the shard, in it, after it and before the manifest."""
    study = Study(disk / "study")
    writer = study.writer("s", recipe="r")
    writer.write_shard(*shard(0))
    filler = leave(disk, room)

    def fill() -> None:
        for index in range(1, 4):
            writer.write_shard(*shard(index))

    with pytest.raises(StorageError, match="no space left"):
        fill()
    assert len(study.verify_committed("s").shards) == writer.shards_committed
    filler.unlink()
    for index in range(writer.shards_committed, 3):
        writer.write_shard(*shard(index))
    writer.finish()
    assert study.verify("s").n == 3 * ROWS


def test_a_disk_that_is_full_from_the_start(disk: Path) -> None:
    leave(disk, 0)
    study = Study(disk / "study")
    with pytest.raises(StorageError, match="no space left"):
        study.add("s", [[1.0]])
    (disk / "filler").unlink()
    assert study.add("s", [[1.0]]).n == 1


def _exit_code(act: Callable[[], Any]) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(command(act))
    result = CliRunner().invoke(app, [])
    return result.exit_code, result.stderr


def test_commands_say_it_in_one_message(disk: Path) -> None:
    leave(disk, 0)

    def act() -> None:
        Study(disk / "study").add("s", [[1.0]])

    code, said = _exit_code(act)
    assert code == 1
    assert "no space left on the device" in said
    assert "free space" in said
    assert "Traceback" not in said


def test_a_read_only_disk(disk: Path) -> None:
    study = Study(disk / "study")
    study.add("s", [[1.0, 2.0]])
    study.writer("half", recipe="r").write_shard([[1.0]])
    mount("-o", "remount,ro", disk)
    try:
        assert Study.open(disk / "study").verify("s").n == 1
        assert study.verify_committed("half").n == 1
        for act in (
            lambda: study.add("t", [[1.0]]),
            lambda: study.add("s", [[1.0]], overwrite=True),
            lambda: study.writer("half", recipe="r"),
            lambda: study.remove("s"),
            lambda: study.configure(description="x"),
            lambda: Study(disk / "new").add("s", [[1.0]]),
        ):
            with pytest.raises(StorageError, match="a read-only file system"):
                act()
        assert study.verify("s").n == 1
    finally:
        mount("-o", "remount,rw", disk)


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere; the read-only disk stands for it")
    study = Study(tmp_path / "study")
    study.add("s", [[1.0]])
    for folder in (study.path / "sets", study.path):
        folder.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="permission denied"):
            study.add("t", [[1.0]])
        assert study.verify("s").n == 1
    finally:
        for folder in (study.path, study.path / "sets"):
            folder.chmod(0o700)


def test_below_a_regular_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="a file where a folder is needed"):
        Study(tmp_path / "file" / "study").add("s", [[1.0]])
