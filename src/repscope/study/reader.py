"""Opening a set from its folder: memory-mapped, in milliseconds."""

from __future__ import annotations

from pathlib import Path

from repscope.errors import CorruptError, IncompleteSetError
from repscope.study.embeddings import EmbeddingSet, fingerprint_of
from repscope.study.manifest import Manifest, load_manifest
from repscope.study.shards import read_shard, verify_shard


def open_folder(folder: Path, manifest: Manifest | None = None) -> EmbeddingSet:
    """The rows that ``manifest`` has committed, memory-mapped.

    Raises:
        CorruptError: a shard is missing, of another size or shape.
    """
    import pyarrow as pa

    manifest = manifest or load_manifest(folder)
    parts = [
        read_shard(folder / shard.file, shard, manifest.d, manifest.dtype)
        for shard in manifest.shards
        if shard.rows
    ]
    if not parts:
        raise IncompleteSetError(
            f"rows in set {manifest.name!r}", "none yet", manifest.resume or "write the set first"
        )
    return EmbeddingSet(
        manifest.name,
        [vectors for vectors, _ in parts],
        pa.concat_tables([items for _, items in parts]),
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
            f"complete it with: {manifest.resume}" if manifest.resume else "run the command that wrote it again",
        )
    return open_folder(folder, manifest)


def verify_folder(folder: Path) -> EmbeddingSet:
    """Read every byte of a set and compare all checksums and the fingerprint.

    Raises:
        CorruptError: something differs from what was committed.
    """
    manifest = load_manifest(folder)
    for shard in manifest.shards:
        if shard.rows:
            verify_shard(folder / shard.file, shard)
    embeddings = open_folder(folder, manifest)
    if manifest.complete and fingerprint_of(embeddings) != manifest.fingerprint:
        raise CorruptError(
            f"fingerprint {manifest.fingerprint} of {folder}",
            fingerprint_of(embeddings),
            "restore the folder, or write the set again",
        )
    return embeddings
