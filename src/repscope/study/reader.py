"""Opening a set from its folder: memory-mapped, in milliseconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repscope.errors import CorruptError, IncompleteSetError, InputError
from repscope.study.embeddings import EmbeddingSet, fingerprint_of
from repscope.study.items import check_ids
from repscope.study.manifest import Manifest, load_manifest
from repscope.study.shards import read_shard, verify_shard

if TYPE_CHECKING:
    import pyarrow as pa


def open_folder(folder: Path, manifest: Manifest | None = None) -> EmbeddingSet:
    """The rows that ``manifest`` has committed, memory-mapped.

    Raises:
        IncompleteSetError: there are none yet.
        CorruptError: a shard is missing, of another size or shape.
    """
    manifest = manifest or load_manifest(folder)
    parts = [
        read_shard(folder / shard.file, shard, manifest.d, manifest.dtype)
        for shard in manifest.shards
        if shard.rows
    ]
    if not parts:
        raise IncompleteSetError(f"rows in set {manifest.name!r}", "none yet", how_to_complete(manifest))
    return EmbeddingSet(
        manifest.name,
        [chunk for chunks, _ in parts for chunk in chunks],
        _join(folder, [items for _, items in parts], manifest.columns),
        provenance=manifest.provenance,
        fingerprint=manifest.fingerprint,
        trusted=True,
    )


def open_complete(folder: Path) -> EmbeddingSet:
    """The set in ``folder``, refused while it is incomplete.

    Raises:
        IncompleteSetError: with the command that completes it.
    """
    manifest = load_manifest(folder)
    if not manifest.complete:
        raise IncompleteSetError(
            f"a complete set {manifest.name!r}",
            f"one that stopped after {manifest.n:,} rows",
            how_to_complete(manifest),
        )
    return open_folder(folder, manifest)


def verify_folder(folder: Path) -> Manifest:
    """Read every byte that a set has committed; compare all checksums, ids and the fingerprint.

    Raises:
        CorruptError: something differs from what was committed.
    """
    manifest = load_manifest(folder)
    for shard in manifest.shards:
        if shard.rows:
            verify_shard(folder / shard.file, shard)
    if not manifest.n:
        return manifest
    embeddings = open_folder(folder, manifest)
    again = "restore the folder, or write the set again with --overwrite"
    try:
        check_ids(embeddings.items.column("id"), manifest.name)
    except InputError as error:
        raise CorruptError(f"{error.expected} in {folder}", error.got, again) from error
    if manifest.complete:
        found = fingerprint_of(embeddings)
        if found != manifest.fingerprint:
            raise CorruptError(f"fingerprint {manifest.fingerprint} of {folder}", found, again)
    return manifest


def how_to_complete(manifest: Manifest) -> str:
    """What to do about an incomplete set."""
    if manifest.resume:
        return f"complete it with: {manifest.resume}"
    return "run the command that wrote it again"


def _join(folder: Path, tables: list[pa.Table], columns: dict[str, str]) -> pa.Table:
    """The items of all shards; a column that is empty in one shard has the type of the others."""
    import pyarrow as pa

    found: object = [table.column_names for table in tables if table.column_names != list(columns)]
    if not found:
        try:
            joined = pa.concat_tables(tables, promote_options="default")
            found = {field.name: str(field.type) for field in joined.schema}
            if found == columns and columns["id"] == "string" and joined.column("id").null_count == 0:
                return joined
        except pa.ArrowException as error:
            found = error
    raise CorruptError(
        f"item columns {columns} in {folder}",
        str(found),
        "restore the files, or write the set again with --overwrite",
    )
