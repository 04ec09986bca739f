"""Locks that the kernel holds for a process: of the writer of a set, with a note, and of a save."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import uuid
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout, lock_descriptor

from repscope.errors import StudyError
from repscope.study.storage import read_bytes, storage_errors, write_bytes

FILE_NAME = ".writer.lock"
"""Process, host and token of the newest writer, as JSON."""

KERNEL_NAME = ".writer.held"
"""Empty; the kernel locks it for the process that writes, and lets it go when that process ends."""

_commits = threading.RLock()
_TURN = 120.0
"""Seconds; a save takes a few."""
_PATIENCE = 0.2
"""Seconds; who only looks whether a set is being written holds the kernel's lock for a moment."""


class _Kernel(FileLock):
    """The kernel's lock of one folder; one object a process, so that the newest writer finds it."""

    newest: str = ""
    """Token of the writer of this process that has it."""


class WriterLock:
    """The right to write one set, held from construction until :meth:`release`.

    The lock of a process that is gone is free at once, so that a killed writer never blocks the next
    one. Within one process the newest writer takes over (a notebook cell that was interrupted and run
    again); the older one is refused at its next commit. Not every shared disk carries the kernel's lock
    from host to host: the note of a writer on another host stands until it is removed.

    Args:
        folder: the set's own folder, which exists.

    Raises:
        StudyError: another live process writes the set.
        StorageError: the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._token = uuid.uuid4().hex
        kernel = _Kernel(folder / KERNEL_NAME, timeout=_PATIENCE, is_singleton=True, thread_local=False)
        with _commits, storage_errors(self.path):
            self._acquire(kernel)
        self.release = weakref.finalize(self, _release, self.path, self._token, kernel, os.getpid())
        """Give the lock back; also done when the object or the interpreter goes."""

    def _acquire(self, kernel: _Kernel) -> None:
        # What is locked would be made with its folder, and here is none.
        self.path.parent.stat()
        if not Path(kernel.lock_file).exists():
            # The folder was removed under an earlier writer of this process, which holds a file of no name.
            kernel.release(force=True)
        before, kernel.newest = kernel.newest, self._token
        is_new = not kernel.is_locked
        try:
            if is_new:
                kernel.acquire()
            if _elsewhere(other := _read(self.path)):
                self._refuse(other)
            writer = {"pid": os.getpid(), "host": socket.gethostname(), "token": self._token}
            write_bytes(self.path, json.dumps(writer).encode(), durable=False)
        except BaseException as error:
            kernel.newest = before
            if is_new and kernel.is_locked:
                _give_back(kernel)
            if isinstance(error, Timeout):
                self._refuse(_read(self.path))
            raise

    def _refuse(self, other: dict[str, Any]) -> None:
        gone = f"; if it is gone, remove {self.path}" if _elsewhere(other) else ""
        raise StudyError(
            f"one writer at a time in {self.path.parent}",
            f"another at work: process {other.get('pid', '?')} on {other.get('host', '?')}",
            f"wait for it, or stop it{gone}",
        )

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """A commit: refused when the lock was lost meanwhile, not interleaved with other threads'.

        Raises:
            StudyError: another writer took over.
        """
        with _commits:
            if _read(self.path).get("token") != self._token:
                raise StudyError(
                    f"this writer to hold {self.path}",
                    "a later writer that took over, or no lock file",
                    "run the same command again; what was committed is kept",
                )
            yield


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """A short piece of work that waits for its turn; the kernel ends the turn of a process that is killed.

    Args:
        path: of the lock, a file that is there while somebody works.

    Raises:
        StudyError: the turn does not come.
        StorageError: the disk refuses.
    """
    lock = FileLock(path, timeout=_TURN, thread_local=False)
    with storage_errors(path):
        try:
            lock.acquire()
        except Timeout as error:
            raise StudyError(
                f"one save at a time in {path.parent}",
                f"another at work for {_TURN:.0f} seconds",
                "stop it, or choose another folder",
            ) from error
    try:
        yield
    finally:
        _give_back(lock)


def holder(folder: Path) -> dict[str, Any] | None:
    """Process and host of the live writer of the set in ``folder``, or None."""
    writer = _read(folder / FILE_NAME)
    return writer if writer and (_elsewhere(writer) or _is_held(folder / KERNEL_NAME)) else None


def _read(path: Path) -> dict[str, Any]:
    """The note of a writer; {} where there is none, or one that says nothing."""
    with contextlib.suppress(ValueError, RecursionError):
        writer = json.loads(read_bytes(path) or b"{}")
        if isinstance(writer, dict):
            return writer
    return {}


def _elsewhere(writer: dict[str, Any]) -> bool:
    return bool(writer.get("host", socket.gethostname()) != socket.gethostname())


def _is_held(path: Path) -> bool:
    """Whether a process holds the kernel's lock; it is taken for a moment, to see."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not lock_descriptor(descriptor, blocking=False)
    except OSError:
        # A file system without such locks; then the note is all that is known.
        return True
    finally:
        os.close(descriptor)


def _release(path: Path, token: str, kernel: _Kernel, pid: int) -> None:
    # A forked child inherits the object but not the lock.
    if os.getpid() != pid:
        return
    with contextlib.suppress(OSError, StudyError), _commits:
        # A later writer of this process has the lock now.
        if kernel.newest != token:
            return
        if _read(path).get("token") == token:
            path.unlink(missing_ok=True)
            _give_back(kernel)
        else:
            kernel.release(force=True)


def _give_back(kernel: FileLock) -> None:
    """Free the kernel's lock and remove its file."""
    # While it is held: who has opened this file already finds it unlinked, and makes another.
    with contextlib.suppress(OSError):
        Path(kernel.lock_file).unlink(missing_ok=True)
    kernel.release(force=True)
