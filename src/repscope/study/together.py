"""Several files that change together: the old ones or the new ones, all of them, at every moment.

A file system renames one name at a time, so a save of five files that is killed between two renames leaves
some of each. Here every name becomes, for the time of the switch, a symbolic link through one link,
``current``, which first leads to copies of the old files. Replacing ``current`` is the one step in which all
names lead to the new files. Before and after a save they are ordinary files.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from repscope.study.locks import one_at_a_time
from repscope.study.storage import TEMPORARY, make_folder, storage_errors, sync_folder

_NEW, _OLD, _CURRENT, _LINK = "new", "old", "current", "link"


@contextlib.contextmanager
def replace_together(folder: Path, group: str, former: Callable[[], Iterable[str]]) -> Iterator[Path]:
    """A folder for new files, which replace those of an earlier save in one step when the block ends well.

    Whoever opens one of the files, at any moment and after any kill, finds it and all others as the earlier
    save left them, or all as this one did. When the block raises, the earlier save stays. What a killed save
    left is settled first. Other files of ``folder`` are left alone. On file systems without symbolic links
    the files are replaced one after the other, and a kill in between leaves some of each until the next save.

    Args:
        folder: that holds the files; made where it is absent.
        group: name of what is saved. One save of a group writes into a folder at a time; others wait.
        former: names of the files of the earlier save, relative to ``folder``. Those that the block does not
            write are removed.

    Raises:
        StudyError: another process does not end its save.
        StorageError: the disk refuses.
    """
    make_folder(folder)
    with one_at_a_time(folder / f".{group}.lock"), storage_errors(folder):
        for left in folder.glob(f".{glob.escape(group)}.*{TEMPORARY}"):
            _settle(folder, left)
        staging = folder / f".{group}.{uuid.uuid4().hex[:12]}{TEMPORARY}"
        (staging / _NEW).mkdir(parents=True)
        try:
            yield staging / _NEW
            _switch(folder, staging, set(former()))
        finally:
            _settle(folder, staging)


def _switch(folder: Path, staging: Path, former: set[str]) -> None:
    new = _files(staging / _NEW)
    for name in new:
        _sync(staging / _NEW / name)
    names = sorted(new | {name for name in former if os.path.lexists(folder / name)})
    places = {(folder / name).parent for name in names}
    for place in places:
        make_folder(place)
    (staging / _OLD).mkdir()
    for name in names:
        if os.path.lexists(folder / name):
            _keep(folder / name, staging / _OLD / name)
    try:
        (staging / _CURRENT).symlink_to(_OLD)
    except (OSError, NotImplementedError):
        _replace_each(folder, staging, new, names)
        return
    for name in names:
        (staging / _LINK).symlink_to(_through(folder, staging, name))
        (staging / _LINK).replace(folder / name)
    for place in {*places, staging, *((staging / _NEW / name).parent for name in new)}:
        sync_folder(place)
    (staging / _LINK).symlink_to(_NEW)
    (staging / _LINK).replace(staging / _CURRENT)
    sync_folder(staging)


def _settle(folder: Path, staging: Path) -> None:
    """Make ordinary files of the links through a staging folder, and remove it."""
    names = _files(staging / _NEW) | _files(staging / _OLD)
    for name in sorted(names) if (staging / _CURRENT).is_symlink() else ():
        place, chosen = folder / name, staging / _CURRENT / name
        if not place.is_symlink() or place.readlink() != _through(folder, staging, name):
            continue
        if os.path.lexists(chosen):
            chosen.replace(place)
        else:
            place.unlink()
    places = {(folder / name).parent for name in names}
    for place in places:
        with contextlib.suppress(OSError):
            _remove_halves(place, {Path(name).name for name in names})
            sync_folder(place)
        if place != folder:
            # Only where it is empty.
            with contextlib.suppress(OSError):
                place.rmdir()
    if staging.is_dir():
        shutil.rmtree(staging, ignore_errors=True)
    else:
        staging.unlink(missing_ok=True)


def _through(folder: Path, staging: Path, name: str) -> Path:
    """What the link ``folder/name`` says while files are switched."""
    return Path(os.path.relpath(staging / _CURRENT / name, (folder / name).parent))


def _replace_each(folder: Path, staging: Path, new: set[str], names: Iterable[str]) -> None:
    for name in names:
        if name in new:
            (staging / _NEW / name).replace(folder / name)
        else:
            (folder / name).unlink()


def _keep(file: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_symlink():
        with contextlib.suppress(OSError):
            os.link(file, copy)
            return
    shutil.copy2(file, copy, follow_symlinks=False)


def _files(folder: Path) -> set[str]:
    """Names of all files in a folder, relative to it."""
    found = folder.rglob("*") if folder.is_dir() else ()
    return {path.relative_to(folder).as_posix() for path in found if path.is_symlink() or path.is_file()}


def _sync(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def _remove_halves(place: Path, names: Iterable[str]) -> None:
    """Remove what writers of single files left half written, under the names that they give."""
    half = re.compile(rf"\.({'|'.join(map(re.escape, names))})\.\d+{re.escape(TEMPORARY)}")
    for path in place.glob(f".*{TEMPORARY}"):
        if half.fullmatch(path.name):
            path.unlink(missing_ok=True)
