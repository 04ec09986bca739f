"""The manifest of a set: what is in it, where it came from, and whether it is finished."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from repscope.errors import CorruptError, MissingError
from repscope.study.names import inside
from repscope.study.provenance import as_json
from repscope.study.storage import read_bytes, write_bytes

SCHEMA = "repscope.set/1"
FILE_NAME = "manifest.json"
NEXT_NAME = "manifest.next.json"
"""Manifest of a set that is being written to replace the one that ``manifest.json`` names."""

DTYPES = ("float16", "float32")
FINGERPRINT = re.compile(r"[0-9a-f]{32}")

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Shard:
    """One file of rows.

    Attributes:
        file: its name inside the set's folder, see :func:`shard_name`; "" where there are no rows.
        rows: rows in it; may be 0 when every item of the shard was unreadable.
        bytes: its size.
        sha256: of the whole file.
        skipped: items of this shard that have no row.
    """

    file: str
    rows: int
    bytes: int
    sha256: str
    skipped: int = 0


@dataclass(frozen=True)
class Skipped:
    """An item that has no row, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """Everything about a set except its rows.

    Attributes:
        name: of the set.
        n: rows committed so far.
        d: width of the vectors.
        dtype: "float16" or "float32".
        columns: item columns with their Arrow types, ``id`` first.
        complete: False until the writer has finished; measures refuse the set until then.
        fingerprint: hash of ids and vectors in order; empty until complete.
        recipe: what must be equal for an interrupted writer to continue this set.
        resume: command that continues an incomplete set, or "".
        provenance: model, weights' hash, preprocessing, versions, command, parents.
        skipped: items without a row, in the order of the shards.
        shards: in order.
        generation: how often the set was replaced as a whole; part of its shards' names, so that those of
            an old set and of its replacement lie side by side.
    """

    name: str
    n: int
    d: int
    dtype: str
    columns: dict[str, str]
    complete: bool = False
    fingerprint: str = ""
    recipe: str = ""
    resume: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    shards: tuple[Shard, ...] = ()
    generation: int = 0
    schema: str = SCHEMA

    def with_shard(self, shard: Shard, skipped: tuple[Skipped, ...], columns: dict[str, str]) -> Manifest:
        """This manifest after one more shard."""
        return replace(
            self,
            n=self.n + shard.rows,
            shards=(*self.shards, replace(shard, skipped=len(skipped))),
            skipped=self.skipped + skipped,
            columns=columns,
        )

    def up_to(self, count: int) -> Manifest:
        """This manifest as it was after ``count`` shards, incomplete."""
        shards = self.shards[:count]
        return replace(
            self,
            n=sum(shard.rows for shard in shards),
            shards=shards,
            skipped=self.skipped[: sum(shard.skipped for shard in shards)],
            complete=False,
            fingerprint="",
        )

    def save(self, folder: Path, file: str = FILE_NAME) -> None:
        """Replace the manifest in ``folder`` atomically.

        Args:
            folder: the set's own.
            file: :data:`FILE_NAME`, or :data:`NEXT_NAME` of a replacement that is not finished.

        Raises:
            InputError: the provenance holds something that is not JSON.
            StorageError: the disk refuses.
        """
        record = as_json(asdict(self), f"manifest of set {self.name!r}")
        write_bytes(folder / file, json.dumps(record, indent=1, ensure_ascii=False).encode())


def shard_name(index: int, generation: int = 0) -> str:
    """File name of shard ``index`` of a set that was replaced ``generation`` times."""
    return f"shard-{index:05d}{f'.g{generation}' if generation else ''}.arrow"


def load_manifest(folder: Path, file: str = FILE_NAME) -> Manifest:
    """Read the manifest of the set in ``folder``, whose name is the folder's.

    Nothing in it is believed before it is checked: counts agree, and each shard is a file of the
    folder under the name that its index gives it.

    Raises:
        MissingError: there is none.
        CorruptError: it is not JSON, of a schema this version does not know, or contradicts itself.
        NameNotAllowedError: it is a symbolic link that leads out of the folder.
        StorageError: it cannot be read.
    """
    path = folder / file
    content = read_bytes(inside(folder, path))
    if content is None:
        raise MissingError(f"a manifest at {path}", "no such file", "see what is there: repscope info")
    again = "restore the file, or write the set again with --overwrite"
    try:
        raw = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"JSON in {path}", str(error), again) from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        schema = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
        raise CorruptError(f"schema {SCHEMA!r} in {path}", repr(schema), f"upgrade repscope, or {again}")
    try:
        shards = tuple(Shard(**shard) for shard in raw.pop("shards"))
        skipped = tuple(Skipped(**item) for item in raw.pop("skipped"))
        manifest = Manifest(**raw, shards=shards, skipped=skipped)
        problem = _contradiction(manifest)
    except (TypeError, KeyError, AttributeError) as error:
        problem = str(error)
    if problem:
        raise CorruptError(f"a whole manifest in {path}", problem, again)
    return replace(manifest, name=unicodedata.normalize("NFC", folder.name))


def _contradiction(manifest: Manifest) -> str:
    """What is wrong with a manifest, or ""."""
    records: list[Manifest | Shard | Skipped] = [manifest, *manifest.shards, *manifest.skipped]
    for record in records:
        problem = _wrong_type(record)
        if problem:
            return problem
    for index, shard in enumerate(manifest.shards):
        problem = _wrong_shard(manifest, index, shard)
        if problem:
            return problem
    rows = sum(shard.rows for shard in manifest.shards)
    skipped = sum(shard.skipped for shard in manifest.shards)
    if manifest.n != rows or len(manifest.skipped) != skipped:
        return (
            f"n {manifest.n:,} and {len(manifest.skipped):,} skipped, "
            f"but shards of {rows:,} rows and {skipped:,} skipped"
        )
    if manifest.n and (manifest.d < 1 or manifest.dtype not in DTYPES or "id" not in manifest.columns):
        return f"d {manifest.d}, dtype {manifest.dtype!r}, columns {list(manifest.columns)}"
    if manifest.complete and not (manifest.n and FINGERPRINT.fullmatch(manifest.fingerprint)):
        return f"complete, with {manifest.n} rows and fingerprint {manifest.fingerprint!r}"
    return ""


def _wrong_type(record: Manifest | Shard | Skipped) -> str:
    expected: dict[str, type[Any]] = {"int": int, "str": str, "bool": bool}
    for entry in fields(record):
        value = getattr(record, entry.name)
        kind = expected.get(str(entry.type))
        if kind is not None and (type(value) is not kind or (kind is int and value < 0)):
            return f"{entry.name} {value!r}"
    if isinstance(record, Manifest):
        types = record.columns.values()
        if not (isinstance(record.provenance, dict) and all(isinstance(kind, str) for kind in types)):
            return "columns or provenance of another form"
    return ""


def _wrong_shard(manifest: Manifest, index: int, shard: Shard) -> str:
    if not shard.rows:
        return f"shard {index} without rows, but with a file" if shard.file or shard.bytes else ""
    if shard.file != (name := shard_name(index, manifest.generation)):
        return f"file {shard.file!r} for shard {index}, which can only be {name!r}"
    if not _SHA256.fullmatch(shard.sha256):
        return f"sha256 {shard.sha256!r} of shard {index}"
    # An uncompressed file is never smaller than its vectors, so a lie about d or rows shows here.
    smallest: int = shard.rows * manifest.d * (2 if manifest.dtype == "float16" else 4)
    return f"{shard.rows:,} rows in {shard.bytes:,} bytes of shard {index}" if shard.bytes < smallest else ""
