"""One writer a set: a lock file that names its process, and that a dead process does not hold."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from repscope.errors import StudyError
from repscope.study.storage import read_bytes, storage_errors, write_bytes

FILE_NAME = ".writer.lock"

_commits = threading.RLock()
_ATTEMPTS = 5
_PATIENCE = 0.02


class WriterLock:
    """The right to write one set, held from construction until :meth:`release`.

    A lock whose process is gone is taken over at once, so that a killed writer never blocks the
    next one. Within one process the newest writer takes over (a notebook cell that was interrupted
    and run again); the older one is refused at its next commit. A process on another host cannot be
    asked whether it lives: its lock stands until the file is removed.

    Args:
        folder: the set's own folder, which exists.

    Raises:
        StudyError: another live process writes the set.
        StorageError: the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._token = uuid.uuid4().hex
        self._acquire()
        self.release = weakref.finalize(self, _release, self.path, self._token, os.getpid())
        """Give the lock back; also done when the object or the interpreter goes."""

    def _acquire(self) -> None:
        content = json.dumps({**_identity(os.getpid()), "token": self._token}).encode()
        with _commits:
            for _ in range(_ATTEMPTS):
                if _create(self.path, content):
                    return
                other = _read(self.path)
                if other is None:
                    continue
                if _lives(other) and not _is_me(other):
                    self._refuse(other)
                write_bytes(self.path, content)
                if self._is_mine():
                    return
        self._refuse(_read(self.path) or {})

    def _refuse(self, other: dict[str, Any]) -> None:
        raise StudyError(
            f"one writer at a time in {self.path.parent}",
            f"another at work: process {other.get('pid', '?')} on {other.get('host', '?')}",
            f"wait for it, or stop it; if it is gone, remove {self.path}",
        )

    def _is_mine(self) -> bool:
        return (_read(self.path) or {}).get("token") == self._token

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """A commit: refused when the lock was lost meanwhile, not interleaved with other threads'.

        Raises:
            StudyError: another writer took over.
        """
        with _commits:
            if not self._is_mine():
                raise StudyError(
                    f"this writer to hold {self.path}",
                    "a later writer that took over, or no lock file",
                    "run the same command again; what was committed is kept",
                )
            yield


def holder(folder: Path) -> dict[str, Any] | None:
    """Process and host of the live writer of the set in ``folder``, or None."""
    found = _read(folder / FILE_NAME)
    return found if found and _lives(found) else None


def _create(path: Path, content: bytes) -> bool:
    with storage_errors(path):
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
    return True


def _read(path: Path) -> dict[str, Any] | None:
    """Content of a lock; {} when it says nothing (its writer died in the act); None without one."""
    for _ in range(_ATTEMPTS):
        content = read_bytes(path)
        if content is None:
            return None
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(content)
            if isinstance(found, dict):
                return found
        # Created a moment ago, and its content is still to come; a dead writer's never comes.
        time.sleep(_PATIENCE)
    return {}


def _identity(pid: int) -> dict[str, Any]:
    return {"pid": pid, "host": socket.gethostname(), "boot": _boot(), "started": _started(pid)}


def _is_me(other: dict[str, Any]) -> bool:
    return {**other, **_identity(os.getpid())} == other


def _lives(other: dict[str, Any]) -> bool:
    """Whether the process that wrote a lock runs, as far as can be known; numbers are used again."""
    pid = other.get("pid")
    if not isinstance(pid, int) or isinstance(pid, bool) or not 0 < pid < 2**31:
        return False
    if other.get("host") != socket.gethostname():
        return True
    if other.get("boot") != _boot():
        return False
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return other.get("started") == _started(pid)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When the kernel started a process, in its own ticks; "" where it does not say, or for a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return "" if fields[0] in b"ZX" else fields[19].decode()
    except (OSError, IndexError):
        return ""


def _release(path: Path, token: str, pid: int) -> None:
    # A forked child inherits the object but not the lock.
    if os.getpid() != pid:
        return
    with contextlib.suppress(OSError, StudyError), _commits:
        found = _read(path)
        if found and found.get("token") == token:
            path.unlink(missing_ok=True)
