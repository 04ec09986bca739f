"""What a study holds, as plain records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from repscope.errors import InputError, RepscopeError, UnknownNameError, name_some
from repscope.formats.incoming import Incoming
from repscope.formats.items_file import join_items, read_items
from repscope.study import Manifest, Study
from repscope.study.add_columns import add_columns, refuse_taken
from repscope.study.locks import holder
from repscope.study.provenance import as_json
from repscope.transform.store import describe_transforms, unfinished_trainings
from repscope.verbs.common.words import split_words
from repscope.verbs.info.options import InfoOptions


def info(
    study: str | Path | Study,
    name: str | None = None,
    *,
    verify: bool = InfoOptions.verify,
    items: str | Path | None = None,
    id_column: str | None = None,
    encoding: str | None = None,
) -> dict[str, Any]:
    """What a study holds, or one set of it; with ``items`` after the set got the columns of a table.

    Args:
        study: the study, or its folder.
        name: of a set, complete or not; all of them without. Several with ``items``: before,after.
        verify: re-hash every committed byte first.
        items: table with a row for each id of the set; its other columns become columns of the items.
        id_column: of ``items``; "id" by default.
        encoding: of ``items``, where it is not UTF-8.

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
        LinkError: ``items`` lacks ids of the set, or repeats some.
        InputError: ``items`` without a set, or a column that the set has already.
    """
    opened = Study.open(study)
    if items is not None:
        names = _add_items(opened, name, Path(items), id_column, encoding)
        name = name if len(names) == 1 else None
    elif id_column or encoding:
        raise InputError("--id-column and --encoding of --items", "no --items", "name the table")
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


def _add_items(
    study: Study, name: str | None, file: Path, id_column: str | None, encoding: str | None
) -> tuple[str, ...]:
    """Give sets the columns of a table; all are checked before the first is written."""
    if name is None:
        raise InputError(
            "the set whose items get the columns",
            "none",
            f"name it, or several: {', '.join(study.sets[:2]) or 'SET'}",
        )
    names = (name,) if name in study else split_words(name)
    columns = read_items(file, id_column or "id", encoding)
    key = id_column or "id"
    if key not in columns or len(columns) < 2:
        raise UnknownNameError(
            f"a column {key!r} of ids, and others, in {file}", name_some(columns), "name it with --id-column"
        )
    columns["id"] = columns.pop(key)
    joined = {}
    for one in names:
        there = study[one]
        bare = Incoming(one, np.empty((there.n, 0)), {"id": there.items.column("id")})
        joined[one] = {
            column: values
            for column, values in join_items(bare, columns, str(file)).columns.items()
            if column != "id"
        }
        refuse_taken(there, joined[one])
    for one in names:
        add_columns(study, one, joined[one], f"{as_json(file, 'file')}")
    return names


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
