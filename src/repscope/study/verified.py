"""What was verified, and how its files looked then: bytes that cannot have changed since are not read again.

``STUDY/sets/NAME/.verified.json`` holds, of every shard, its checksum and what the file system said of the
file when its bytes had that checksum: size, time of modification, time of change, inode. It is no part of the
set, and may be deleted at any time. A copied, restored, touched or replaced file looks different and is read
again. What no file system notices (a failing disk, a write past it) is found by reading alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from repscope.errors import StorageError
from repscope.study.manifest import Manifest
from repscope.study.storage import TEMPORARY, read_bytes, write_bytes

SCHEMA = "repscope.verified/1"
FILE_NAME = ".verified.json"

GRACE_NS = 2 * 10**9
"""Files that were written so shortly before are not remembered: within the coarsest tick of a file system's
clock (two seconds, on FAT) they could change again and look the same."""


def is_verified(folder: Path, manifest: Manifest) -> bool:
    """Whether every shard looks as it did when its bytes were last read and found to be what was written."""
    with contextlib.suppress(OSError, StorageError, ValueError, RecursionError):
        return bool(json.loads(read_bytes(folder / FILE_NAME) or b"null") == _looks(folder, manifest))
    return False


@contextlib.contextmanager
def verifying(folder: Path, manifest: Manifest) -> Iterator[None]:
    """Forget what was known of a set, and remember it anew when the block, which reads all, ends well.

    Not remembered are unfinished sets, files that changed meanwhile or just before, and what the disk refuses
    to keep: then the next one reads again.
    """
    with contextlib.suppress(OSError):
        (folder / FILE_NAME).unlink(missing_ok=True)
    before = settled = None
    with contextlib.suppress(OSError):
        before, settled = _looks(folder, manifest), _now(folder) - GRACE_NS
    yield
    if before is None or settled is None or not manifest.complete:
        return
    with contextlib.suppress(OSError, StorageError):
        modified = [modified for _, _, modified, _, _ in before["shards"].values()]
        if max(modified) < settled and _looks(folder, manifest) == before:
            write_bytes(folder / FILE_NAME, json.dumps(before).encode(), durable=False)


def _looks(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """What the manifest says of the shards, and the file system of their files."""
    shards = {}
    for shard in manifest.shards:
        if shard.rows:
            of = (folder / shard.file).stat()
            shards[shard.file] = [shard.sha256, of.st_size, of.st_mtime_ns, of.st_ctime_ns, of.st_ino]
    return {"schema": SCHEMA, "fingerprint": manifest.fingerprint, "shards": shards}


def _now(folder: Path) -> int:
    """The time of the clock that stamps the files of a folder, which may be another machine's."""
    with tempfile.TemporaryFile(dir=folder, prefix=".", suffix=TEMPORARY) as file:
        return os.fstat(file.fileno()).st_mtime_ns
