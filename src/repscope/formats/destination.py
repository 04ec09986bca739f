"""Where an export goes: a file, a folder or a URL, whole or not at all."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from repscope.errors import ExistsError, InputError
from repscope.formats.detect import GROUP
from repscope.formats.remote import is_url, url_errors
from repscope.study.locks import one_at_a_time
from repscope.study.storage import TEMPORARY, make_folder, storage_errors, sync_folder
from repscope.study.together import replace_together

Replaceable = Callable[[Path], bool]


@contextlib.contextmanager
def open_destination(
    location: str, *, folder: bool, overwrite: bool, replaceable: Replaceable | None = None
) -> Iterator[Path]:
    """A path to write to; what was written there becomes ``location`` when the block ends well.

    Locally it is a temporary name beside ``location``, synced and renamed, and the files of a folder that is
    replaced change in one step; for a URL a temporary file that is uploaded under another name and moved.
    When the block raises, nothing is left.

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
    check_destination(target, folder=folder, overwrite=overwrite, replaceable=replaceable)
    make_folder(target.parent)
    with one_at_a_time(target.with_name(f".{target.name}.lock")), storage_errors(target):
        for left in target.parent.glob(f".{glob.escape(target.name)}.*{TEMPORARY}"):
            remove(left)
        temporary = target.with_name(f".{target.name}.{os.getpid()}{TEMPORARY}")
        try:
            yield temporary
            _sync(temporary)
            _replace(temporary, target)
        finally:
            remove(temporary)
        sync_folder(target.parent)


def check_destination(
    target: Path, *, folder: bool, overwrite: bool, replaceable: Replaceable | None = None
) -> None:
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
    with replace_together(target, GROUP, lambda: _files(target)) as new:
        for part in list(temporary.iterdir()):
            part.replace(new / part.name)


def _files(folder: Path) -> list[str]:
    names = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return [str(name) for name in names if not name.parts[0].startswith(f".{GROUP}.")]


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
