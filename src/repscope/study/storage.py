"""Writing so that a kill, a full disk or a power cut never leaves half a file under a real name."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from repscope.errors import RepscopeError, StorageError

TEMPORARY = ".part"
"""Suffix of files that are being written; such a file holds nothing that was committed."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP)


@contextlib.contextmanager
def storage_errors(path: Path, action: str = "write") -> Iterator[None]:
    """Turn the operating system's refusals into one :class:`StorageError` that says what to do."""
    try:
        yield
    except RepscopeError:
        # Some are OSErrors themselves, and say already what to do.
        raise
    except OSError as error:
        if error.errno in _FULL:
            got, do = "no space left on the device", "free space and run the same command again"
        elif error.errno in _REFUSED:
            got = "a read-only file system" if error.errno == errno.EROFS else "permission denied"
            do = "make it readable" if action == "read" else "choose a folder that you may write to"
        elif isinstance(error, NotADirectoryError | FileExistsError):
            got, do = "a file where a folder is needed", "choose another folder"
        elif error.errno == errno.ENAMETOOLONG:
            got, do = "a path that is too long", "choose a shorter path"
        else:
            got, do = str(error), "check the disk and run the same command again"
        raise StorageError(f"to {action} {path}", got, do, error.errno) from error


def make_folder(path: Path) -> Path:
    """Create a folder and its parents, durably; an existing folder is fine.

    Raises:
        StorageError: the disk or its permissions refuse.
    """
    with storage_errors(path, "create the folder"):
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            sync_folder(folder.parent)
    return path


def write_atomically(path: Path, write: Callable[[IO[bytes]], None], *, durable: bool = True) -> None:
    """Write through ``write(file)`` to a temporary name, fsync, then rename over ``path``.

    Readers see the old content or the new, never a mixture. On any failure the temporary file is
    removed and ``path`` is untouched.

    Args:
        path: of the file.
        write: called once with the open file.
        durable: survive a power cut; what may be lost, such as a note, is written faster without.

    Raises:
        StorageError: the disk refused.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    with storage_errors(path):
        try:
            with temporary.open("wb") as file:
                write(file)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        if durable:
            sync_folder(path.parent)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace ``path`` by ``content`` atomically. See :func:`write_atomically`."""

    def write(file: IO[bytes]) -> None:
        file.write(content)

    write_atomically(path, write, durable=durable)


def read_bytes(path: Path) -> bytes | None:
    """Content of a file, or None where there is none.

    Raises:
        StorageError: it is there and cannot be read.
    """
    with storage_errors(path, "read"):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def sync_folder(folder: Path) -> None:
    """Make a rename inside ``folder`` durable, where the platform and the file system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Network mounts that have no folders to sync say so; a failing disk says something else.
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files that a killed writer left in ``folder``."""
    with storage_errors(folder):
        for path in folder.glob(f".*{TEMPORARY}"):
            path.unlink(missing_ok=True)


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_hash(record: Any) -> str:
    """SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
