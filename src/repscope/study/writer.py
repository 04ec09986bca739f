"""Writing a set shard by shard, so that a kill at any moment loses no committed row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from repscope.errors import ExistsError, InputError, VectorError
from repscope.study.embeddings import check_vectors, fingerprint_of
from repscope.study.items import as_items, check_ids
from repscope.study.manifest import FILE_NAME, Manifest, Skipped, load_manifest
from repscope.study.names import check_name, inside
from repscope.study.reader import open_folder
from repscope.study.shards import shard_name, write_shard
from repscope.study.storage import make_folder, remove_leftovers


class SetWriter:
    """Writes one set, a shard at a time; continues where a killed writer stopped.

    A shard is committed when :meth:`write_shard` returns: its file is on disk and the manifest
    names it. The set may be measured only after :meth:`finish`.

    Args:
        folder: the set's own folder (``STUDY/sets/NAME``); created.
        name: of the set.
        recipe: a string that must be equal for an interrupted set to be continued: hash whatever
            decides the rows (source, weights, capture point, preprocessing, shard size).
        resume: the command that continues the set, shown to who tries to measure it too early.
        provenance: JSON values, stored as they are.
        overwrite: replace a set that is there, whether complete or not.

    Raises:
        ExistsError: a complete set, or an interrupted one with another recipe, has the name.
        StorageError: the disk refuses.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        recipe: str = "",
        resume: str = "",
        provenance: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> None:
        self.folder = inside(folder.parent, folder)
        self.name = check_name(name)
        self._fresh = Manifest(
            name, 0, 0, "", {}, recipe=recipe, resume=resume, provenance=dict(provenance or {})
        )
        self._manifest = self._fresh
        make_folder(folder)
        remove_leftovers(folder)
        if (folder / FILE_NAME).exists():
            self._continue_or_refuse(overwrite)

    def _continue_or_refuse(self, overwrite: bool) -> None:
        found = load_manifest(self.folder)
        if overwrite:
            # The manifest goes first: shards without a manifest are leftovers, never half a set.
            (self.folder / FILE_NAME).unlink()
            for shard in found.shards:
                (self.folder / shard.file).unlink(missing_ok=True)
            return
        if found.complete:
            raise ExistsError(
                f"a free name for the set {self.name!r}",
                f"a complete set of {found.n:,} rows in {self.folder}",
                "choose another name with --as, or pass --overwrite",
            )
        if not found.recipe or found.recipe != self._fresh.recipe:
            raise ExistsError(
                f"the same source, model and options as the interrupted set {self.name!r}",
                "different ones",
                f"continue it with: {found.resume or 'its own command'}; or pass --overwrite to start again",
            )
        self._manifest = found

    @property
    def shards_committed(self) -> int:
        """Shards that are safe; continue with this index."""
        return len(self._manifest.shards)

    @property
    def rows_committed(self) -> int:
        """Rows that are safe."""
        return self._manifest.n

    def write_shard(
        self,
        vectors: ArrayLike | None,
        items: Mapping[str, Any] | Any = None,
        *,
        skipped: Iterable[Skipped] = (),
    ) -> None:
        """Commit the next shard. Returns once the rows survive a kill.

        Args:
            vectors: [rows, D] floating, or None when no item of the shard could be read.
            items: columns or Arrow table of the same rows, with ``id``.
            skipped: items of this shard that have no row.

        Raises:
            VectorError: NaN, wrong dtype, or a width other than the earlier shards'.
            InputError: other columns than the earlier shards', or repeated ids.
            StorageError: the disk refuses; earlier shards stay committed.
        """
        manifest = self._manifest
        skipped = tuple(skipped)
        if vectors is None:
            # Nothing readable: the shard is an entry without a file, so that indices still count items.
            from repscope.study.manifest import Shard

            updated = manifest.with_shard(Shard("", 0, 0, ""), skipped, manifest.columns)
            updated.save(self.folder)
            self._manifest = updated
            return
        array = check_vectors(vectors, self.name)
        table = as_items(items, len(array), self.name)
        columns = {field.name: str(field.type) for field in table.schema}
        if manifest.d and (manifest.d != array.shape[1] or manifest.dtype != array.dtype.name):
            raise VectorError(
                f"{manifest.d}-wide {manifest.dtype} vectors in set {self.name!r}",
                f"{array.shape[1]}-wide {array.dtype.name}",
                "write rows of another width to a set of their own",
            )
        if manifest.columns and columns != manifest.columns:
            raise InputError(
                f"item columns {manifest.columns} in set {self.name!r}", str(columns), "give every shard the same columns"
            )
        shard = write_shard(self.folder / shard_name(len(manifest.shards)), array, table)
        updated = replace(manifest, d=array.shape[1], dtype=array.dtype.name).with_shard(shard, skipped, columns)
        updated.save(self.folder)
        self._manifest = updated

    def finish(self, provenance: Mapping[str, Any] | None = None) -> str:
        """Check ids over all shards, compute the fingerprint, mark the set complete.

        Returns:
            The fingerprint.

        Raises:
            VectorError: the set has no rows.
            InputError: an id occurs in two shards.
        """
        if not self._manifest.n:
            raise VectorError(
                f"at least one row in set {self.name!r}",
                f"none ({len(self._manifest.skipped):,} items skipped)",
                "see the reasons in the manifest, or choose another source",
            )
        embeddings = open_folder(self.folder, self._manifest)
        check_ids(embeddings.items.column("id"), self.name)
        merged = {**self._manifest.provenance, **(provenance or {})}
        self._manifest = replace(
            self._manifest, complete=True, fingerprint=fingerprint_of(embeddings), provenance=merged
        )
        self._manifest.save(self.folder)
        return self._manifest.fingerprint
