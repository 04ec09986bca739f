"""One writer a set; a dead one never blocks the next."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import repscope
from repscope.errors import StorageError, StudyError
from repscope.study.locks import FILE_NAME, WriterLock, holder


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


HOLD = """
import sys
from pathlib import Path
from repscope.study.locks import WriterLock
lock = WriterLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="start times are read from /proc"
)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of ``tmp_path``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        env={**os.environ, "PYTHONPATH": str(Path(repscope.__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "held\n"
    with process:
        yield process
        process.kill()


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / FILE_NAME).read_bytes())
    return found


def test_held_and_given_back(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    assert read(tmp_path)["pid"] == os.getpid()
    assert holder(tmp_path) == read(tmp_path)
    with lock.held():
        pass
    lock.release()
    assert listing(tmp_path) == []
    assert holder(tmp_path) is None
    with pytest.raises(StudyError, match="or no lock file"), lock.held():
        pass


def test_given_back_when_the_writer_is_forgotten(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    del lock
    gc.collect()
    assert listing(tmp_path) == []


def test_another_live_process(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    with pytest.raises(StudyError) as caught:
        WriterLock(tmp_path)
    assert f"process {other.pid} on {socket.gethostname()}" in caught.value.got
    assert str(tmp_path / FILE_NAME) in caught.value.do
    assert read(tmp_path)["pid"] == other.pid
    assert (holder(tmp_path) or {})["pid"] == other.pid


def test_another_process_that_ended_well(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    other.communicate("")
    assert listing(tmp_path) == []
    WriterLock(tmp_path)


@pytest.mark.parametrize("reaped", [True, False])
def test_another_process_that_was_killed(tmp_path: Path, other: subprocess.Popen[str], reaped: bool) -> None:
    os.kill(other.pid, signal.SIGKILL)
    if reaped:
        other.wait()
    else:
        # Dead, but its parent has not asked yet: the kernel still lists the process.
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert read(tmp_path)["pid"] == other.pid
    lock = WriterLock(tmp_path)
    with lock.held():
        assert read(tmp_path)["pid"] == os.getpid()
    assert listing(tmp_path) == [FILE_NAME]


def test_a_stopped_process_still_holds(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGSTOP)
    with pytest.raises(StudyError, match="one writer at a time"):
        WriterLock(tmp_path)


@pytest.mark.parametrize(
    ("change", "lives"),
    [
        ({}, True),
        ({"started": "1"}, False),
        ({"boot": "another"}, False),
        ({"host": "elsewhere"}, True),
        ({"host": "elsewhere", "boot": "another", "started": "1"}, True),
        ({"pid": 2**22 + 1}, False),
        ({"pid": 0}, False),
        ({"pid": -1}, False),
        ({"pid": 2**70}, False),
        ({"pid": True}, False),
        ({"pid": "1"}, False),
        ({"pid": None}, False),
    ],
)
@needs_proc
def test_whose_lock_stands(
    tmp_path: Path, other: subprocess.Popen[str], change: dict[str, Any], lives: bool
) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({**read(tmp_path), **change}))
    if lives:
        with pytest.raises(StudyError, match="another at work"):
            WriterLock(tmp_path)
    else:
        WriterLock(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff", b"[" * 100_000, b"{}"])
def test_a_lock_that_says_nothing(tmp_path: Path, content: bytes) -> None:
    """Killed between making the file and filling it."""
    (tmp_path / FILE_NAME).write_bytes(content)
    assert not holder(tmp_path)
    with WriterLock(tmp_path).held():
        pass


def test_within_a_process_the_newest_takes_over(tmp_path: Path) -> None:
    old = WriterLock(tmp_path)
    new = WriterLock(tmp_path)
    with new.held():
        pass
    with pytest.raises(StudyError, match="a later writer that took over"), old.held():
        pass
    old.release()
    with new.held():
        pass


def test_only_one_thread_commits_at_a_time(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    inside, entered = [], threading.Event()

    def commit() -> None:
        with lock.held():
            inside.append("second")

    with lock.held():
        thread = threading.Thread(target=lambda: (entered.set(), commit()))
        thread.start()
        entered.wait()
        thread.join(0.05)
        inside.append("first")
    thread.join()
    assert inside == ["first", "second"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_give_it_back(tmp_path: Path) -> None:
    script = f"""
import os
from pathlib import Path
from repscope.study.locks import WriterLock
folder = Path({str(tmp_path)!r})
lock = WriterLock(folder)
if os.fork() == 0:
    lock.release()
    os._exit(0)
os.wait()
with lock.held():
    print(len(list(folder.iterdir())))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(repscope.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "1\n"


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        WriterLock(tmp_path / "absent")
