"""One writer a set; a dead one never blocks the next."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import lock_descriptor, unlock_descriptor

import repscope
from repscope.errors import StorageError, StudyError
from repscope.study.locks import FILE_NAME, KERNEL_NAME, WriterLock, holder


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
    assert caught.value.do == "wait for it, or stop it"
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
    assert listing(tmp_path) == sorted([FILE_NAME, KERNEL_NAME])


def test_a_stopped_process_still_holds(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGSTOP)
    with pytest.raises(StudyError, match="one writer at a time"):
        WriterLock(tmp_path)


@pytest.mark.parametrize(
    "note",
    [{"pid": 2**22 + 1}, {"pid": 0}, {"pid": -1}, {"pid": 2**70}, {"pid": True}, {"pid": "1"}, {"pid": None}],
)
def test_the_kernel_knows_who_lives_whatever_the_note_says(
    tmp_path: Path, other: subprocess.Popen[str], note: dict[str, Any]
) -> None:
    own = {**read(tmp_path), **note}
    (tmp_path / FILE_NAME).write_text(json.dumps(own))
    assert holder(tmp_path) == own
    with pytest.raises(StudyError, match="another at work"):
        WriterLock(tmp_path)
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert holder(tmp_path) is None
    WriterLock(tmp_path)


def test_a_note_that_was_removed_under_a_live_writer(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    (tmp_path / FILE_NAME).unlink()
    with pytest.raises(StudyError, match=r"another at work: process \?"):
        WriterLock(tmp_path)


def test_a_writer_on_another_host_cannot_be_asked(tmp_path: Path) -> None:
    note = {"pid": os.getpid(), "host": "elsewhere", "token": "t"}
    (tmp_path / FILE_NAME).write_text(json.dumps(note))
    assert holder(tmp_path) == note
    for _ in range(2):
        with pytest.raises(StudyError, match=r"process .* on elsewhere") as caught:
            WriterLock(tmp_path)
        assert f"if it is gone, remove {tmp_path / FILE_NAME}" in caught.value.do
    assert read(tmp_path) == note
    (tmp_path / FILE_NAME).unlink()
    with WriterLock(tmp_path).held():
        pass


def test_a_lock_of_the_version_before(tmp_path: Path) -> None:
    """It named its process and when that began, and nothing held it but its being there."""
    note = {"pid": os.getpid(), "host": socket.gethostname(), "boot": "b", "started": "1", "token": "t"}
    (tmp_path / FILE_NAME).write_text(json.dumps(note))
    assert holder(tmp_path) is None
    with WriterLock(tmp_path).held():
        assert read(tmp_path)["token"] != "t"


def test_looking_never_gets_in_the_way(tmp_path: Path) -> None:
    """Who asks whether a set is being written holds the lock for a moment; a writer waits that long."""
    with (tmp_path / KERNEL_NAME).open("w") as file:
        assert lock_descriptor(file.fileno(), blocking=False)
        ender = threading.Timer(0.05, unlock_descriptor, [file.fileno()])
        ender.start()
        with WriterLock(tmp_path).held():
            pass
        ender.join()


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
    assert (holder(tmp_path) or {})["pid"] == os.getpid()
    new.release()
    assert listing(tmp_path) == []


def test_the_newest_of_a_process_still_keeps_others_out(tmp_path: Path) -> None:
    """Giving back what a later writer took over, in either order, never frees what is still written."""
    script = f"""
from pathlib import Path
from repscope.errors import StudyError
from repscope.study.locks import WriterLock
try:
    WriterLock(Path({str(tmp_path)!r}))
    print("held")
except StudyError:
    print("refused")
"""

    def another() -> str:
        ran = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": str(Path(repscope.__file__).parents[1])},
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout.strip()

    old, middle, newest = (WriterLock(tmp_path) for _ in range(3))
    middle.release()
    assert another() == "refused"
    newest.release()
    assert another() == "held"
    again = WriterLock(tmp_path)
    old.release()
    assert another() == "refused"
    again.release()


def test_a_folder_that_was_removed_under_its_writer(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    old = WriterLock(folder)
    shutil.rmtree(folder)
    folder.mkdir()
    new = WriterLock(folder)
    assert holder(folder) == read(folder)
    with pytest.raises(StudyError, match="took over"), old.held():
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
    assert ran.stdout == "2\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_keep_it_for_a_dead_parent(tmp_path: Path) -> None:
    """Workers of a data loader may outlive the process that was killed."""
    script = f"""
import os, signal, time
from pathlib import Path
from repscope.study.locks import WriterLock
lock = WriterLock(Path({str(tmp_path)!r}))
ready, begun = os.pipe()
child = os.fork()
if child == 0:
    os.write(begun, b".")
    time.sleep(60)
    os._exit(0)
os.read(ready, 1)
print(child, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(repscope.__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.wait()
        try:
            assert holder(tmp_path) is None
            with WriterLock(tmp_path).held():
                os.kill(child, 0)
        finally:
            os.kill(child, signal.SIGKILL)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        WriterLock(tmp_path / "absent")
