"""A set that is written beside the complete one it will replace.

The shards of a set carry its generation in their names, so those of the old set and of the new one lie
side by side. Until the new one is finished its manifest has a name of its own, and everybody reads the old
set. The one step that replaces ``manifest.json`` is the moment at which the set is another.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

from repscope.errors import CorruptError, MissingError
from repscope.study.manifest import NEXT_NAME, Manifest, load_manifest
from repscope.study.storage import sync_folder

_SHARD = re.compile(r"shard-\d+(?:\.g(\d{1,18}))?\.arrow")


def load_replacement(folder: Path, current: Manifest | None) -> Manifest | None:
    """The unfinished replacement of a set, or None.

    Args:
        folder: of the set.
        current: the set that it would replace; None if its manifest cannot be understood.

    Raises:
        NameNotAllowedError: its manifest is a symbolic link that leads out of the folder.
        StorageError: it cannot be read.
    """
    try:
        waiting = load_manifest(folder, NEXT_NAME)
    except (MissingError, CorruptError):
        return None
    # After the last step of a replacement its own manifest may still lie there, and says nothing any more.
    stale = waiting.complete or (current is not None and waiting.generation <= current.generation)
    return None if stale else waiting


def free_generation(folder: Path, current: Manifest | None) -> int:
    """A generation that no file of the folder belongs to."""
    known = [int(match[1] or 0) for path in folder.iterdir() if (match := _SHARD.fullmatch(path.name))]
    return 1 + max([*known, current.generation if current else 0])


def shards_of(*manifests: Manifest | None) -> set[str]:
    """Names of the files of some sets."""
    return {shard.file for manifest in manifests if manifest for shard in manifest.shards if shard.rows}


def remove_shards(folder: Path, keep: Iterable[str], generation: int | None = None) -> None:
    """Remove shards that no manifest names.

    Args:
        folder: of the set.
        keep: names of the files that stay.
        generation: only shards of this one; None for all.
    """
    kept = set(keep)
    for path in folder.glob("shard-*.arrow"):
        match = _SHARD.fullmatch(path.name)
        own = generation is None or (match is not None and int(match[1] or 0) == generation)
        if own and path.name not in kept:
            # Where a file that somebody reads cannot be removed (Windows), a later writer removes it.
            with contextlib.suppress(PermissionError):
                path.unlink()


def remove_replacement(folder: Path, current: Manifest | None) -> None:
    """Give up the unfinished replacement of a set; the set itself is untouched.

    Args:
        folder: of the set.
        current: the set; None if its manifest cannot be understood.
    """
    waiting = load_replacement(folder, current)
    (folder / NEXT_NAME).unlink(missing_ok=True)
    sync_folder(folder)
    if current is not None:
        remove_shards(folder, shards_of(current))
    elif waiting is not None:
        remove_shards(folder, (), waiting.generation)
