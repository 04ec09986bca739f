"""Files that change together: a save that dies at any step leaves the old ones or the new, all of them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from helpers.killed_saves import QUICK, SLOW, state, write
from repscope.errors import StorageError, StudyError
from repscope.study import locks
from repscope.study.locks import one_at_a_time
from repscope.study.together import replace_together


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
@pytest.mark.parametrize("verbs", [QUICK, *(pytest.param((one,), marks=pytest.mark.long) for one in SLOW)])
def test_a_save_that_dies_leaves_the_old_files_or_the_new(verbs: tuple[str, ...], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "helpers.killed_saves", tmp_path, *verbs]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    for verb, found in json.loads(ran.stdout).items():
        counts = Counter(found)
        assert set(counts) == {"old", "new"}, (verb, counts)
        # One step: the old files until it, the new ones after it.
        assert found == ["old"] * counts["old"] + ["new"] * counts["new"]


def test_ordinary_files_before_and_after(tmp_path: Path) -> None:
    write(tmp_path, text="old", names="ab")
    (tmp_path / "below" / "mine").write_text("mine")
    write(tmp_path, text="new", names="bc")
    assert state(tmp_path) == {
        "b": b"new b",
        "c": b"new c",
        "below/b": b"new below b",
        "below/c": b"new below c",
        "below/mine": b"mine",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "below", "c"]
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_a_folder_without_files_goes_and_others_stay(tmp_path: Path) -> None:
    write(tmp_path, text="old", names="a")
    with replace_together(tmp_path, "files", lambda: ["a", "below/a"]) as new:
        (new / "b").write_text("b")
    assert state(tmp_path) == {"b": b"b"}
    assert not (tmp_path / "below").exists()


def test_halves_of_files_are_swept_in_folders_below(tmp_path: Path) -> None:
    write(tmp_path, text="old", names="ab")
    for name in (".a.123.part", "below/.b.7.part"):
        (tmp_path / name).write_text("half")
    (tmp_path / ".mine.123.part").write_text("of another program")
    write(tmp_path, text="new", names="ab")
    hidden = [path.name for path in tmp_path.rglob(".*")]
    assert hidden == [".mine.123.part"]


@pytest.mark.parametrize("failing", range(1, 11))
def test_a_disk_that_refuses_leaves_the_old_files_or_the_new(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, text="old", names="ab")
    old = state(tmp_path)
    calls, real = 0, os.fsync

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        write(tmp_path, text="new", names="ab")
    new = {name: content.replace(b"old", b"new") for name, content in old.items()}
    # The last is after the step.
    assert state(tmp_path) == (new if failing == 10 else old)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "below"]


def test_a_block_that_raises_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, text="old", names="ab")
    old = state(tmp_path)
    with (
        pytest.raises(ZeroDivisionError),
        replace_together(tmp_path, "files", lambda: ["a"]) as new,
    ):
        (new / "a").write_text(str(1 / 0))
    assert state(tmp_path) == old
    assert not list(tmp_path.glob(".*"))


def test_without_symbolic_links_files_are_replaced_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, text="old", names="ab")

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refused)
    write(tmp_path, text="new", names="bc")
    assert set(state(tmp_path)) == {"b", "c", "below/b", "below/c"}
    assert (tmp_path / "b").read_text() == "new b"
    assert not list(tmp_path.glob(".*"))


def test_saves_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    texts = [f"save {number}" for number in range(6)]
    failed: list[BaseException] = []

    def save(text: str) -> None:
        try:
            for _ in range(5):
                write(tmp_path, text=text, names="abc")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=save, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    last = {content.decode().rsplit(" ", 1)[0].removesuffix(" below") for content in state(tmp_path).values()}
    assert len(last) == 1
    assert last <= set(texts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "below", "c"]


def test_a_turn_that_does_not_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_TURN", 0.1)
    lock = tmp_path / ".files.lock"
    with one_at_a_time(lock), pytest.raises(StudyError, match="one save at a time"):
        write(tmp_path, text="new", names="a")
    assert not lock.exists()
    write(tmp_path, text="new", names="a")
