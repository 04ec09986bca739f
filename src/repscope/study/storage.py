"""Writing so that a kill, a full disk or a power cut never leaves half a file under a real name."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from repscope.errors import StorageError

TEMPORARY = ".part"
"""Suffix of files that are being written; such a file holds nothing that was committed."""


@contextlib.contextmanager
def storage_errors(path: Path, action: str = "write") -> Iterator[None]:
    """Turn the operating system's refusals into one :class:`StorageError` that says what to do."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            got, do = "no space left on the device", "free space and run the same command again"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            got, do = "permission denied", "choose a folder that you may write to"
        elif isinstance(error, NotADirectoryError | FileExistsError):
            got, do = "a file where a folder is needed", "choose another folder"
        else:
            got, do = str(error), "check the disk and run the same command again"
        raise StorageError(f"to {action} {path}", got, do) from error


def make_folder(path: Path) -> Path:
    """Create a folder and its parents; an existing folder is fine.

    Raises:
        StorageError: the disk or its permissions refuse.
    """
    with storage_errors(path, "create the folder"):
        path.mkdir(parents=True, exist_ok=True)
    return path


def write_atomically(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write through ``write(file)`` to a temporary name, fsync, then rename over ``path``.

    Readers see the old content or the new, never a mixture. On any failure the temporary file is
    removed and ``path`` is untouched.

    Raises:
        StorageError: the disk refused.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    with storage_errors(path):
        try:
            with temporary.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` atomically. See :func:`write_atomically`."""
    write_atomically(path, lambda file: _write_all(file, content))


def sync_folder(folder: Path) -> None:
    """Make a rename inside ``folder`` durable, where the platform can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files that a killed writer left in ``folder``."""
    for path in folder.glob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def _write_all(file: IO[bytes], content: bytes) -> None:
    file.write(content)
