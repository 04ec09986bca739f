"""Opening a set from its folder: memory-mapped, in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from repscope.errors import CorruptError, IncompleteSetError, InputError, StorageError
from repscope.study.embeddings import EmbeddingSet, fingerprint_of
from repscope.study.items import check_ids
from repscope.study.manifest import Manifest, load_manifest
from repscope.study.shards import read_shard, verify_shard
from repscope.study.verified import is_verified, verifying

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")


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


def check_complete(manifest: Manifest) -> None:
    """Refuse a set that is not finished.

    Raises:
        IncompleteSetError: with the command that completes it.
    """
    if not manifest.complete:
        raise IncompleteSetError(
            f"a complete set {manifest.name!r}",
            f"one that stopped after {manifest.n:,} rows",
            how_to_complete(manifest),
        )


def open_complete(folder: Path) -> EmbeddingSet:
    """The set in ``folder``, refused while it is incomplete; its vectors are not read.

    Raises:
        IncompleteSetError: with the command that completes it.
        CorruptError: a shard is missing, of another size or shape.
    """
    return _settled(folder, _open_complete)


def open_verified(folder: Path, *, again: bool = False) -> EmbeddingSet:
    """The complete set in ``folder``, every byte of which is what was committed.

    Args:
        folder: the set's own.
        again: read all bytes even if they were, and their files have not changed since.

    Raises:
        IncompleteSetError: it is not finished.
        CorruptError: something differs from what was committed.
    """

    def act(folder: Path, manifest: Manifest) -> EmbeddingSet:
        embeddings = _open_complete(folder, manifest)
        # Looked at after it was mapped, so that what is mapped is what looks unchanged.
        if again or not is_verified(folder, manifest):
            _verify(folder, manifest)
        return embeddings

    return _settled(folder, act)


def verify_folder(folder: Path) -> Manifest:
    """Read every byte that a set has committed; compare all checksums, ids and the fingerprint.

    Raises:
        CorruptError: something differs from what was committed.
    """
    return _settled(folder, _verify)


def _open_complete(folder: Path, manifest: Manifest) -> EmbeddingSet:
    check_complete(manifest)
    return open_folder(folder, manifest)


def _verify(folder: Path, manifest: Manifest) -> Manifest:
    with verifying(folder, manifest):
        for shard in manifest.shards:
            if shard.rows:
                verify_shard(folder / shard.file, shard)
        if manifest.n:
            _verify_content(folder, manifest)
    return manifest


def _verify_content(folder: Path, manifest: Manifest) -> None:
    embeddings = open_folder(folder, manifest)
    again = "restore the folder, or write the set again with --overwrite"
    try:
        check_ids(embeddings.items.column("id"), manifest.name)
    except InputError as error:
        raise CorruptError(f"{error.expected} in {folder}", error.got, again) from error
    if manifest.complete:
        fingerprint = fingerprint_of(embeddings)
        if fingerprint != manifest.fingerprint:
            raise CorruptError(f"fingerprint {manifest.fingerprint} of {folder}", fingerprint, again)


def _settled(folder: Path, act: Callable[[Path, Manifest], T]) -> T:
    """What ``act`` gives of a set that nobody replaces in the meantime."""
    manifest = load_manifest(folder)
    while True:
        try:
            return act(folder, manifest)
        except (CorruptError, StorageError):
            # A set that was replaced between its manifest and its shards has lost those of the old one.
            before, manifest = manifest, load_manifest(folder)
            if manifest.generation == before.generation:
                raise


def how_to_complete(manifest: Manifest) -> str:
    """What to do about an incomplete set."""
    if manifest.resume:
        return f"complete it with: {manifest.resume}"
    return "run the command that wrote it again"


def _join(folder: Path, tables: list[pa.Table], columns: dict[str, str]) -> pa.Table:
    """The items of all shards; a column that is empty in one shard has the type of the others."""
    import pyarrow as pa

    problem: object = [table.column_names for table in tables if table.column_names != list(columns)]
    if not problem:
        try:
            joined = pa.concat_tables(tables, promote_options="default")
            problem = {field.name: str(field.type) for field in joined.schema}
            if problem == columns and columns["id"] == "string" and joined.column("id").null_count == 0:
                return joined
        except pa.ArrowException as error:
            problem = error
    raise CorruptError(
        f"item columns {columns} in {folder}",
        str(problem),
        "restore the files, or write the set again with --overwrite",
    )
