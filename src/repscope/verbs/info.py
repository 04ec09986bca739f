"""What a study holds, as plain records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repscope.errors import RepscopeError
from repscope.study import Manifest, Study
from repscope.study.locks import holder
from repscope.study.provenance import as_json
from repscope.transform.store import describe_transforms, unfinished_trainings


def info(study: str | Path | Study, name: str | None = None, *, verify: bool = False) -> dict[str, Any]:
    """What a study holds, or one set of it.

    Args:
        study: the study, or its folder.
        name: of a set, complete or not; all of them without.
        verify: re-hash every committed byte first.

    Returns:
        Of a set: ``name``, ``n``, ``d``, ``dtype``, ``columns``, ``complete``, ``fingerprint`` ("" until
        complete), ``verified``, ``types`` (Arrow type of each column), ``bytes`` on disk, ``shards``,
        ``skipped`` (``id`` and ``reason`` of each item without a row), ``resume`` (command that
        completes it, or ""), ``writer`` (process that writes it now, or null), ``replacement`` (null, or
        ``n``, ``bytes`` and ``resume`` of an unfinished set that will replace this one), ``problem``
        (null), ``provenance``. Of a study: ``name``, ``path``, ``description``, ``stages`` (orders),
        ``links``, ``sets``, ``transforms``, ``trainings`` (unfinished ones). A set of a study that cannot be
        read, or fails verification, is described all the same: its ``problem`` then has ``error``,
        ``expected``, ``got`` and ``do``.

    Raises:
        MissingError: no such study or set.
        CorruptError: the manifest of the set cannot be understood, or ``verify`` found a difference.
    """
    opened = Study.open(study)
    if name is not None:
        return _describe(opened, name, verify)
    return {
        "name": as_json(opened.name, "name"),
        "path": as_json(opened.path, "path"),
        "description": opened.description,
        "stages": opened.stages,
        "links": [{"left": one.left, "right": one.right, "on": one.on} for one in opened.links],
        "sets": [_describe_any(opened, name, verify) for name in opened.sets],
        "transforms": describe_transforms(opened),
        "trainings": [{"name": name, "step": step} for name, step in unfinished_trainings(opened)],
    }


def _describe_any(study: Study, name: str, verify: bool) -> dict[str, Any]:
    try:
        return _describe(study, name, verify)
    except RepscopeError as error:
        problem = {
            "error": type(error).__name__,
            "expected": error.expected,
            "got": error.got,
            "do": error.do,
        }
    try:
        known = study.manifest(name)
    except RepscopeError:
        known = Manifest(name, 0, 0, "", {})
    return {**_record(known), **_at_work(study, name), "problem": problem}


def _describe(study: Study, name: str, verify: bool) -> dict[str, Any]:
    manifest = study.verify_committed(name) if verify else study.manifest(name)
    return {**_record(manifest, verified=verify), **_at_work(study, name)}


def _record(manifest: Manifest, *, verified: bool = False) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "n": manifest.n,
        "d": manifest.d,
        "dtype": manifest.dtype,
        "columns": list(manifest.columns),
        "complete": manifest.complete,
        "fingerprint": manifest.fingerprint,
        "verified": verified,
        "types": manifest.columns,
        "bytes": sum(shard.bytes for shard in manifest.shards),
        "shards": len(manifest.shards),
        "skipped": [{"id": one.id, "reason": one.reason} for one in manifest.skipped],
        "resume": "" if manifest.complete else manifest.resume,
        "writer": None,
        "replacement": None,
        "problem": None,
        "provenance": manifest.provenance,
    }


def _at_work(study: Study, name: str) -> dict[str, Any]:
    """Who writes a set, and what of its replacement is there."""
    try:
        writer, waiting = holder(study.folder(name)), study.replacement(name)
    except RepscopeError:
        return {}
    size = sum(shard.bytes for shard in waiting.shards) if waiting else 0
    return {
        "writer": {"pid": writer.get("pid"), "host": writer.get("host")} if writer else None,
        "replacement": {"n": waiting.n, "bytes": size, "resume": waiting.resume} if waiting else None,
    }
