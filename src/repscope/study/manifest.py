"""The manifest of a set: what is in it, where it came from, and whether it is finished."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from repscope.errors import CorruptError, MissingError
from repscope.study.storage import write_bytes

SCHEMA = "repscope.set/1"
FILE_NAME = "manifest.json"


@dataclass(frozen=True)
class Shard:
    """One file of rows.

    Attributes:
        file: its name inside the set's folder.
        rows: rows in it; may be 0 when every item of the shard was unreadable.
        bytes: its size.
        sha256: of the whole file.
    """

    file: str
    rows: int
    bytes: int
    sha256: str


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
        skipped: items without a row.
        shards: in order.
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
    schema: str = SCHEMA

    def with_shard(self, shard: Shard, skipped: tuple[Skipped, ...], columns: dict[str, str]) -> Manifest:
        return replace(
            self,
            n=self.n + shard.rows,
            shards=(*self.shards, shard),
            skipped=self.skipped + skipped,
            columns=columns,
        )

    def save(self, folder: Path) -> None:
        """Replace the manifest in ``folder`` atomically."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False, default=str)
        write_bytes(folder / FILE_NAME, text.encode())


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest of the set in ``folder``.

    Raises:
        MissingError: there is none.
        CorruptError: it is not JSON, or of a schema this version does not know.
    """
    path = folder / FILE_NAME
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingError(f"a manifest at {path}", "no such file", "see what is there: repscope info") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise CorruptError(f"JSON in {path}", str(error), "restore the file, or write the set again") from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        found = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
        raise CorruptError(
            f"schema {SCHEMA!r} in {path}", repr(found), "upgrade repscope, or write the set again"
        )
    try:
        shards = tuple(Shard(**shard) for shard in raw.pop("shards"))
        skipped = tuple(Skipped(**one) for one in raw.pop("skipped"))
        return Manifest(**raw, shards=shards, skipped=skipped)
    except (TypeError, KeyError) as error:
        raise CorruptError(f"a whole manifest in {path}", str(error), "write the set again") from error
