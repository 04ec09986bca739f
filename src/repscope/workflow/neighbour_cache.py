"""Neighbour graphs kept in the study: ``STUDY/cache/neighbors/FINGERPRINT-METRIC-K.arrow``.

A file is named after what it was computed from, checked against its own hash when it is read, and written
whole or not at all. A set that changes has another fingerprint, so that its old graphs are not found; they
are deleted when the next one is written.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import CorruptError, RepscopeError, StorageError
from repscope.neighbors import Neighbours
from repscope.study import Study
from repscope.study.names import inside
from repscope.study.storage import make_folder, read_bytes, write_bytes

SCHEMA = "repscope.neighbors-cache/1"

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_K = re.compile(r"-(\d+)\.arrow$")


@dataclass(frozen=True)
class Key:
    """What a graph was computed from.

    Attributes:
        queries: fingerprint of the set that was searched for.
        base: fingerprint of the set that was searched in; "" when it is the same, without itself.
        metric: of the search.
        how: "exact", or "approximate" with the seed.
        n: queries.
        m: base rows.
    """

    queries: str
    base: str
    metric: str
    how: str
    n: int
    m: int

    @property
    def stem(self) -> str:
        """File name up to k."""
        how = [] if self.how == "exact" else [self.how]
        return "-".join([self.queries, *([self.base] if self.base else []), *how, self.metric])


def folder_of(study: Study) -> Path:
    """Where the graphs of a study are, whether there are any or not."""
    return inside(study.path, study.path / "cache" / "neighbors")


def load(study: Study, key: Key, k: int) -> tuple[Neighbours, dict[str, Any]] | None:
    """A kept graph of at least k neighbours, cut to k, and what was noted beside it.

    A file that cannot be trusted is left aside with a warning: the caller computes the graph again.
    """
    for file in sorted(_candidates(study, key, k), key=_k_of):
        try:
            found, note = _read(file, key)
        except RepscopeError as error:
            warnings.warn(
                f"kept neighbours in {file} cannot be used ({error.got}); computing them again", stacklevel=2
            )
            continue
        return Neighbours(found.indices[:, :k], found.scores[:, :k], key.metric), note
    return None


def save(study: Study, key: Key, found: Neighbours, note: dict[str, Any]) -> Path | None:
    """Keep a graph; where the disk refuses, warn and go on without."""
    try:
        folder = make_folder(folder_of(study))
        file = folder / f"{key.stem}-{found.indices.shape[1]}.arrow"
        write_bytes(file, _encode(key, found, note))
        _forget_changed(study, folder)
    except StorageError as error:
        warnings.warn(f"neighbours are not kept: {error}", stacklevel=2)
        return None
    return file


def _candidates(study: Study, key: Key, k: int) -> Iterator[Path]:
    folder = folder_of(study)
    for file in folder.glob(f"{key.stem}-*.arrow") if folder.is_dir() else ():
        # The first k of more neighbours are the k nearest only where all were found.
        if _K.search(file.name) and (_k_of(file) == k or (_k_of(file) > k and key.how == "exact")):
            yield file


def _k_of(file: Path) -> int:
    found = _K.search(file.name)
    return int(found[1]) if found else 0


def _encode(key: Key, found: Neighbours, note: dict[str, Any]) -> bytes:
    import pyarrow as pa

    indices = np.ascontiguousarray(found.indices, dtype="<i8")
    scores = np.ascontiguousarray(found.scores, dtype="<f8")
    k = indices.shape[1]
    head = {"schema": SCHEMA, **vars(key), "k": k, "note": note, "sha256": _hash(indices, scores, note)}
    table = pa.table(
        {
            "indices": pa.FixedSizeListArray.from_arrays(pa.array(indices.ravel()), k),
            "scores": pa.FixedSizeListArray.from_arrays(pa.array(scores.ravel()), k),
        }
    ).replace_schema_metadata({"repscope": json.dumps(head)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _read(file: Path, key: Key) -> tuple[Neighbours, dict[str, Any]]:
    import pyarrow as pa

    try:
        table = pa.ipc.open_file(pa.BufferReader(read_bytes(file) or b"")).read_all()
        head = json.loads((table.schema.metadata or {})[b"repscope"])
        shape = (key.n, _k_of(file))
        # flatten() would drop what null lists hide; the hash below sees that too.
        indices, scores = (
            table.column(name).combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(shape)
            for name in ("indices", "scores")
        )
        if head["schema"] != SCHEMA or any(head[name] != value for name, value in vars(key).items()):
            raise ValueError("it is of other sets")
        if head["sha256"] != _hash(indices, scores, head["note"]):
            raise ValueError("its content differs from its hash")
        if len(indices) and not (indices.min() >= 0 and indices.max() < key.m):
            raise ValueError("it names rows that do not exist")
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError) as error:
        raise CorruptError(
            f"kept neighbours in {file}", str(error) or type(error).__name__, "delete it"
        ) from error
    return Neighbours(indices, scores, key.metric), head["note"]


def _hash(indices: NDArray[np.int64], scores: NDArray[np.float64], note: dict[str, Any]) -> str:
    content = hashlib.sha256(json.dumps(note, sort_keys=True).encode())
    content.update(np.ascontiguousarray(indices, dtype="<i8").data)
    content.update(np.ascontiguousarray(scores, dtype="<f8").data)
    return content.hexdigest()


def _forget_changed(study: Study, folder: Path) -> None:
    """Delete graphs of vectors that no set of the study has any more."""
    current = set()
    for name in study.sets:
        try:
            current.add(study.manifest(name).fingerprint)
        except RepscopeError:
            # A set that cannot be read may be repaired; nothing of it is thrown away.
            return
    for file in folder.glob("*.arrow"):
        if not set(_FINGERPRINT.findall(file.name)) <= current:
            file.unlink(missing_ok=True)
