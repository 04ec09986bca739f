"""More columns for the items of a set that is there: the rows, their order and the fingerprint stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from repscope.errors import InputError, name_some
from repscope.study.embeddings import EmbeddingSet
from repscope.study.study import Study

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "added_columns"
"""Of a set's provenance: names of columns that were added, each with the file that it is from."""


def add_columns(study: Study, name: str, columns: Mapping[str, pa.Array], origin: str) -> EmbeddingSet:
    """Write a complete set again with more columns. It stays as it is until the new one is whole.

    Args:
        study: that holds it.
        name: of the set.
        columns: by name, one value for each row in the set's order.
        origin: where they are from, for the provenance.

    Raises:
        MissingError, StudyError, CorruptError: no such set, an incomplete or a damaged one.
        InputError: a column that it has already.
        StorageError: the disk refuses.
    """
    whole, manifest = study[name], study.manifest(name)
    refuse_taken(whole, columns)
    items = whole.items
    for column, values in columns.items():
        items = items.append_column(column, values)
    added = {**manifest.provenance.get(KEY, {}), **dict.fromkeys(columns, origin)}
    with study.writer(
        name,
        recipe=manifest.recipe,
        resume=manifest.resume,
        provenance={**manifest.provenance, KEY: added},
        overwrite=True,
    ) as writer:
        start, skipped = 0, list(manifest.skipped)
        # A block is a whole shard here, so that shards and what each skipped stay together.
        blocks = whole.blocks(max(whole.n, 1), whole.dtype)
        for shard in manifest.shards:
            own, skipped = skipped[: shard.skipped], skipped[shard.skipped :]
            rows = next(blocks) if shard.rows else None
            part = items.slice(start, shard.rows) if shard.rows else None
            writer.write_shard(rows, part, skipped=own)
            start += shard.rows
        writer.finish()
    return study[name]


def refuse_taken(embeddings: EmbeddingSet, columns: Iterable[str]) -> None:
    """Raise :class:`InputError` for columns that a set has already."""
    taken = [column for column in columns if column in embeddings.items.column_names]
    if taken:
        raise InputError(
            f"new columns for set {embeddings.name!r}", f"{name_some(taken)}, which it has", "rename them"
        )
