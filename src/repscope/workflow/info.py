"""What a study holds, as plain records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repscope.study import Study


def describe_set(study: str | Path, name: str, *, verify: bool = False) -> dict[str, Any]:
    """Name, size, columns, state, fingerprint and provenance of one set.

    Args:
        study: folder of the study.
        name: of the set, complete or not.
        verify: re-hash every byte first.

    Raises:
        MissingError: no such study or set.
        CorruptError: ``verify`` found a difference.
    """
    opened = Study.open(study)
    manifest = opened.manifest(name)
    if verify:
        opened.verify(name)
    return {
        "name": manifest.name,
        "n": manifest.n,
        "d": manifest.d,
        "dtype": manifest.dtype,
        "columns": list(manifest.columns),
        "complete": manifest.complete,
        "fingerprint": manifest.fingerprint,
        "verified": verify,
        "shards": len(manifest.shards),
        "skipped": [{"id": one.id, "reason": one.reason} for one in manifest.skipped],
        "resume": "" if manifest.complete else manifest.resume,
        "provenance": manifest.provenance,
    }


def describe_study(study: str | Path, *, verify: bool = False) -> dict[str, Any]:
    """Name of a study and a description of each set. See :func:`describe_set`."""
    opened = Study.open(study)
    return {
        "name": opened.name,
        "path": str(opened.path),
        "sets": [describe_set(study, name, verify=verify) for name in opened.sets],
    }
