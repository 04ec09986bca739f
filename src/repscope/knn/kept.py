"""Neighbour graphs kept in the study: ``STUDY/cache/neighbors/FINGERPRINT-METRIC-K.arrow``.

A file is named after what it was computed from, checked against its own hash when it is read, and written
whole or not at all. A set that changes has another fingerprint, so that its old graphs are not found; they
are deleted when the next one is written. Graphs of a map, which is of several sets, are named after its rows
(``joint-…``) and say inside which sets those are of.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import CorruptError, RepscopeError, StorageError
from repscope.knn import Graph, Neighbours
from repscope.knn.graph import SearchMode
from repscope.study import Study
from repscope.study.names import inside
from repscope.study.storage import make_folder, read_bytes, write_bytes

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "repscope.neighbors-cache/1"

JOINT = "joint-"
"""What the name of a graph of joint rows begins with, before their digest."""

MOST_JOINT = 8
"""Graphs of maps that are kept; each new sample of large sets is another one, and the oldest goes."""

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Key:
    """What a graph was computed from.

    Attributes:
        queries: fingerprint of the set that was searched for; of joint rows :data:`JOINT` and their digest.
        base: fingerprint of the set that was searched in; "" when it is the same, where no row finds itself.
        metric: of the search.
        how: see :func:`label_of`.
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


def label_of(search: SearchMode, seed: int) -> str:
    """How a graph was searched, as a part of its key: "exact", or "approximate" with the seed."""
    return "exact" if search == "exact" else f"approximate{seed}"


def folder_of(study: Study) -> Path:
    """Where the graphs of a study are, whether there are any or not."""
    return inside(study.path, study.path / "cache" / "neighbors")


def fetch(study: Study, key: Key, k: int, find: Callable[[], Graph], *, made_of: Sequence[str] = ()) -> Graph:
    """The kept graph of k neighbours, or what ``find`` finds, kept from now on; see :func:`save`."""
    known = load(study, key, k)
    if known is None:
        save(study, key, known := find(), made_of=made_of)
    return known


def load(study: Study, key: Key, k: int) -> Graph | None:
    """A kept graph of at least k neighbours, cut to k.

    A file that cannot be trusted is left aside with a warning: the caller computes the graph again.
    """
    for file in sorted(_candidates(study, key, k), key=_k_of):
        try:
            found, search = _read(file, key)
        except RepscopeError as error:
            # Another process may have just put more neighbours in its place.
            if file.exists():
                why = f"kept neighbours in {file} cannot be used ({error.got}); computing them again"
                warnings.warn(why, stacklevel=2)
            continue
        return Graph(Neighbours(found.indices[:, :k], found.scores[:, :k], key.metric), search, kept=True)
    return None


def save(study: Study, key: Key, graph: Graph, *, made_of: Sequence[str] = ()) -> Path | None:
    """Keep a graph; where the disk refuses, warn and go on without.

    Args:
        study, key: where, and what it was computed from.
        graph: to keep.
        made_of: fingerprints of the sets that joint rows are of.
    """
    try:
        folder = make_folder(folder_of(study))
        file = folder / f"{key.stem}-{graph.neighbours.indices.shape[1]}.arrow"
        write_bytes(file, _encode(key, graph, made_of))
        _forget_fewer(folder, key, file)
        _forget_changed(study, folder)
        _forget_oldest(folder)
    except StorageError as error:
        warnings.warn(f"neighbours are not kept: {error}", stacklevel=2)
        return None
    return file


def _candidates(study: Study, key: Key, k: int) -> Iterator[Path]:
    folder = folder_of(study)
    # A k below 1 is left to the search, which refuses it.
    for file in _files_of(folder, key) if k >= 1 and folder.is_dir() else ():
        # The first k of more neighbours are the k nearest only where all were found.
        if _k_of(file) == k or (_k_of(file) > k and key.how == "exact"):
            yield file


def _files_of(folder: Path, key: Key) -> Iterator[Path]:
    """Graphs of this search, of any k."""
    named = re.compile(rf"{re.escape(key.stem)}-\d+\.arrow")
    return (file for file in folder.glob(f"{key.stem}-*.arrow") if named.fullmatch(file.name))


def _k_of(file: Path) -> int:
    return int(file.stem.rpartition("-")[2])


def _encode(key: Key, graph: Graph, made_of: Sequence[str]) -> bytes:
    import pyarrow as pa

    indices = np.ascontiguousarray(graph.neighbours.indices, dtype="<i8")
    scores = np.ascontiguousarray(graph.neighbours.scores, dtype="<f8")
    k = indices.shape[1]
    note = dict(graph.search)
    head = {"schema": SCHEMA, **vars(key), "k": k, "note": note, "sha256": _hash(indices, scores, note)}
    if made_of:
        head["made_of"] = list(made_of)
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
        head = _head(table.schema)
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
        if not _made_of(file) <= current:
            file.unlink(missing_ok=True)


def _forget_fewer(folder: Path, key: Key, written: Path) -> None:
    """Delete exact graphs of the same search with fewer neighbours: what was written has them too."""
    if key.how == "exact":
        for file in _files_of(folder, key):
            if _k_of(file) < _k_of(written):
                file.unlink(missing_ok=True)


def _forget_oldest(folder: Path) -> None:
    """Delete the joint graphs that were written before the last few."""
    for file in sorted(folder.glob(f"{JOINT}*.arrow"), key=_age)[:-MOST_JOINT]:
        file.unlink(missing_ok=True)


def _age(file: Path) -> tuple[int, str]:
    """Sorts the oldest first; what another process has just deleted before all."""
    try:
        return file.stat().st_mtime_ns, file.name
    except OSError:
        return 0, file.name


def _made_of(file: Path) -> set[str]:
    """Fingerprints of the sets that a graph is of; of a joint graph that cannot be read one of no set."""
    if not file.name.startswith(JOINT):
        return set(_FINGERPRINT.findall(file.name))
    import pyarrow as pa

    try:
        with pa.memory_map(str(file)) as source:
            return set(_head(pa.ipc.open_file(source).schema)["made_of"])
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError):
        return {"unreadable"}


def _head(schema: pa.Schema) -> dict[str, Any]:
    """What is written at the head of a file; KeyError or ValueError where there is nothing of the kind."""
    head: dict[str, Any] = json.loads((schema.metadata or {})[b"repscope"])
    return head
