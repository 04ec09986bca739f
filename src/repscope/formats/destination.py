"""Where an export goes: a file, a folder or a URL, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from repscope.errors import ExistsError, InputError
from repscope.formats.remote import is_url, url_errors
from repscope.study.storage import TEMPORARY, make_folder, storage_errors, sync_folder

Replaceable = Callable[[Path], bool]


@contextlib.contextmanager
def open_destination(
    location: str, *, folder: bool, overwrite: bool, replaceable: Replaceable | None = None
) -> Iterator[Path]:
    """A path to write to; what was written there becomes ``location`` when the block ends well.

    Locally it is a temporary name beside ``location``, synced and renamed; for a URL a temporary file
    that is uploaded under another name and moved. When the block raises, nothing is left.

    Args:
        location: path or fsspec URL.
        folder: the format is a folder of files.
        overwrite: replace what is there.
        replaceable: whether an existing folder is an export of this kind; other folders are never removed.

    Raises:
        ExistsError: something is there, and ``overwrite`` is not set.
        InputError: a folder where a file goes, or a folder of other things.
        StorageError: the disk or the other side refuses.
        DependencyError: fsspec, or the package behind the scheme, is missing.
    """
    if is_url(location):
        with tempfile.TemporaryDirectory(prefix="repscope-") as scratch:
            system, there = _open_url(location)
            _check_url(system, there, location, folder, overwrite)
            local = Path(scratch) / "export"
            yield local
            _upload(system, local, there, location, folder)
        return
    target = Path(location).expanduser()
    _check(target, folder=folder, overwrite=overwrite, replaceable=replaceable)
    make_folder(target.parent)
    temporary = target.with_name(f".{target.name}.{os.getpid()}{TEMPORARY}")
    with storage_errors(target):
        try:
            yield temporary
            _sync(temporary)
            _replace(temporary, target)
        finally:
            remove(temporary)
        sync_folder(target.parent)


def _check(target: Path, *, folder: bool, overwrite: bool, replaceable: Replaceable | None) -> None:
    """Refuse a local path that must not be written to.

    Raises:
        ExistsError, InputError: see :func:`open_destination`.
    """
    with storage_errors(target, "read"):
        if not target.exists() and not target.is_symlink():
            return
        if target.is_dir() != folder:
            raise InputError(
                f"a {'folder' if folder else 'file'} at {target}",
                f"a {'file' if folder else 'folder'} of that name",
                "choose another name with --to",
            )
        if not overwrite:
            raise ExistsError(
                f"nothing at {target} yet",
                f"a {'folder' if folder else 'file'}",
                "choose another name with --to, or pass --overwrite",
            )
        if folder and any(target.iterdir()) and not (replaceable and replaceable(target)):
            raise InputError(
                f"an earlier export of this format at {target}",
                "a folder that holds other things, which --overwrite does not remove",
                "choose another name with --to",
            )


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    for part in [path] if path.is_file() else sorted(path.rglob("*")):
        if part.is_file():
            with part.open("rb+") as file:
                os.fsync(file.fileno())


def _replace(temporary: Path, target: Path) -> None:
    if not target.is_dir():
        temporary.replace(target)
        return
    # A folder cannot be renamed over another: the old one steps aside, and comes back if that fails.
    aside = target.with_name(f".{target.name}.{os.getpid()}.old{TEMPORARY}")
    target.replace(aside)
    try:
        temporary.replace(target)
    except BaseException:
        aside.replace(target)
        raise
    remove(aside)


def _open_url(location: str) -> tuple[Any, str]:
    with url_errors(location, "write"):
        import fsspec  # type: ignore[import-untyped]  # has no stubs

        system, there = fsspec.core.url_to_fs(location)
        return system, str(there)


def _check_url(system: Any, there: str, location: str, folder: bool, overwrite: bool) -> None:
    with url_errors(location, "write"):
        exists = system.exists(there)
    if exists and (folder or not overwrite):
        raise ExistsError(
            f"nothing at {location} yet",
            "something of that name",
            "choose another name" if folder else "choose another name with --to, or pass --overwrite",
        )


def _upload(system: Any, local: Path, there: str, location: str, folder: bool) -> None:
    with url_errors(location, "write"):
        if folder:
            system.put(f"{local}/", f"{there}/", recursive=True)
            return
        temporary = f"{there}{TEMPORARY}"
        try:
            system.makedirs(there.rsplit("/", 1)[0], exist_ok=True)
            system.put_file(str(local), temporary)
            system.mv(temporary, there)
        except BaseException:
            with contextlib.suppress(Exception):
                system.rm_file(temporary)
            raise
