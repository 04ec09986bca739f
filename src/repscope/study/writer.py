"""Writing a set shard by shard, so that a kill at any moment loses no committed row."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from repscope.errors import CorruptError, ExistsError, InputError, MissingError, StudyError, VectorError
from repscope.study.embeddings import fingerprint_of
from repscope.study.items import as_items, check_ids
from repscope.study.locks import WriterLock
from repscope.study.manifest import FILE_NAME, NEXT_NAME, Manifest, Shard, Skipped, load_manifest, shard_name
from repscope.study.names import check_name, inside
from repscope.study.provenance import ENVIRONMENT, as_json
from repscope.study.reader import open_folder
from repscope.study.replacing import (
    free_generation,
    load_replacement,
    remove_replacement,
    remove_shards,
    shards_of,
)
from repscope.study.shards import read_schema, verify_shard, write_shard
from repscope.study.storage import make_folder, remove_leftovers, storage_errors, sync_folder
from repscope.study.vectors import check_vectors

if TYPE_CHECKING:
    import pyarrow as pa


class SetWriter:
    """Writes one set, a shard at a time; continues where a killed writer stopped.

    A shard is committed when :meth:`write_shard` returns: its file is on disk and the manifest
    names it. The set may be measured only after :meth:`finish`. Another process that writes the same
    set is refused; see :class:`repscope.study.locks.WriterLock`.

    Args:
        folder: the set's own folder (``STUDY/sets/NAME``); created.
        name: of the set.
        recipe: a string that must be equal for an interrupted set to be continued: hash whatever
            decides the rows (source, weights, capture point, preprocessing, shard size).
        resume: the command that continues the set, shown to who tries to measure it too early.
        provenance: JSON values, stored as they are.
        overwrite: replace a set that is there. A complete one stays whole and readable until the new
            one is finished, and then gives way in one step. An interrupted one of the same recipe, or an
            interrupted replacement, is continued, so that a command with ``--overwrite`` also resumes.

    Raises:
        ExistsError: a complete set, or an interrupted one with another recipe, has the name.
        StudyError: another process is writing the set.
        InputError: the provenance is not JSON.
        StorageError: the disk refuses.

    Warns:
        UserWarning: committed shards of an interrupted set are damaged; it continues before them.
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
        origin = as_json(dict(provenance or {}), f"provenance of set {name!r}")
        self._manifest = Manifest(self.name, 0, 0, "", {}, recipe=recipe, resume=resume, provenance=origin)
        self._schema: pa.Schema | None = None
        self._current: Manifest | None = None
        self._replaces = False
        # Asked twice: a writer that is refused must not take the lock from one that is at work.
        self._look(overwrite)
        make_folder(folder)
        self._lock = WriterLock(folder)
        try:
            with self._lock.held():
                self._start(overwrite)
        except BaseException:
            self.close()
            raise

    def _start(self, overwrite: bool) -> None:
        """Continue what is there or make room for it; then remove what no manifest names."""
        interrupted = self._look(overwrite)
        remove_leftovers(self.folder)
        with storage_errors(self.folder):
            if interrupted is not None:
                self._manifest = self._continued(interrupted)
            elif self._replaces:
                generation = free_generation(self.folder, self._current)
                self._manifest = replace(self._manifest, generation=generation)
            if interrupted is None or not self._replaces:
                # Manifests go first: shards without one are leftovers, never half a set.
                (self.folder / NEXT_NAME).unlink(missing_ok=True)
            if interrupted is None and not self._replaces:
                (self.folder / FILE_NAME).unlink(missing_ok=True)
            sync_folder(self.folder)
            # Which shards are those of a set that cannot be understood, only its repair would tell.
            unknown = self._replaces and self._current is None
            named = shards_of(self._manifest, self._current if self._replaces else None)
            remove_shards(self.folder, named, self._manifest.generation if unknown else None)

    def _look(self, overwrite: bool) -> Manifest | None:
        """The interrupted set that this writer continues, or None; what is replaced is remembered.

        Raises:
            ExistsError: another set is there, and is not to be overwritten.
            CorruptError: what is there cannot be understood, and is not to be overwritten.
        """
        self._current, self._replaces = None, False
        try:
            self._current = load_manifest(self.folder)
        except MissingError:
            return None
        except CorruptError:
            if not overwrite:
                raise
        else:
            if self._continues(self._current):
                return self._current
            if not overwrite:
                self._refuse(self._current)
            if not self._current.complete:
                return None
        self._replaces = True
        interrupted = load_replacement(self.folder, self._current)
        return interrupted if interrupted is not None and self._continues(interrupted) else None

    def _continues(self, other: Manifest) -> bool:
        return not other.complete and bool(other.recipe) and other.recipe == self._manifest.recipe

    def _refuse(self, other: Manifest) -> None:
        if other.complete:
            raise ExistsError(
                f"a free name for the set {self.name!r}",
                f"a complete set of {other.n:,} rows in {self.folder}",
                "choose another name with --as, or pass --overwrite",
            )
        raise ExistsError(
            f"the same source, model and options as the interrupted set {self.name!r}",
            f"different ones; {other.n:,} rows are committed",
            f"continue it with: {other.resume or 'its own command'}; or pass --overwrite to start again",
        )

    def _continued(self, interrupted: Manifest) -> Manifest:
        """The interrupted set up to its first damaged shard, with what is different this time."""
        for index, shard in enumerate(interrupted.shards):
            if not shard.rows:
                continue
            path = self.folder / shard.file
            try:
                verify_shard(path, shard)
            except CorruptError as error:
                whole, interrupted = interrupted, interrupted.up_to(index)
                warnings.warn(
                    f"set {self.name!r} continues at row {interrupted.n:,} of {whole.n:,} committed: {error}",
                    stacklevel=4,
                )
                break
            self._schema = self._unified(read_schema(path))
        if self._schema is None:
            interrupted = replace(interrupted, d=0, dtype="", columns={})
        else:
            interrupted = replace(interrupted, columns=_types(self._schema))
        fresh = self._manifest
        before = {key: interrupted.provenance.get(key) for key in ENVIRONMENT}
        now = {key: value for key, value in fresh.provenance.items() if before.get(key, value) != value}
        provenance = dict(interrupted.provenance)
        if now:
            provenance["continued"] = [*provenance.get("continued", []), now]
        return replace(
            interrupted, name=self.name, resume=fresh.resume or interrupted.resume, provenance=provenance
        )

    @property
    def shards_committed(self) -> int:
        """Shards that are safe; continue with this index."""
        return len(self._manifest.shards)

    @property
    def rows_committed(self) -> int:
        """Rows that are safe."""
        return self._manifest.n

    @property
    def provenance(self) -> dict[str, Any]:
        """What the set says of its origin so far, an interrupted run's part included."""
        return dict(self._manifest.provenance)

    def write_shard(
        self,
        vectors: ArrayLike | None,
        items: Mapping[str, Any] | Any = None,
        *,
        skipped: Iterable[Skipped] = (),
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        """Commit the next shard. Returns once the rows survive a kill.

        Args:
            vectors: [rows, D] floating, or None when no item of the shard could be read.
            items: columns or Arrow table of the same rows, with ``id``.
            skipped: items of this shard that have no row.
            provenance: JSON values that this shard adds to those of the set, in the same step.

        Raises:
            VectorError: NaN, wrong dtype, or a width other than the earlier shards'.
            InputError: other columns than the earlier shards', or repeated ids.
            StudyError: the set is finished, or another writer took over.
            StorageError: the disk refuses; earlier shards stay committed.
        """
        self._must_be_open()
        skipped = tuple(skipped)
        origin = {**self._manifest.provenance, **(provenance or {})}
        if vectors is None:
            # Nothing readable: the shard is an entry without a file, so that indices still count items.
            with self._lock.held():
                manifest = replace(self._manifest, provenance=origin)
                self._commit(manifest.with_shard(Shard("", 0, 0, ""), skipped, manifest.columns))
            return
        array = self._checked(vectors)
        table = as_items(items, len(array), self.name)
        schema = self._unified(table.schema)
        with self._lock.held():
            manifest = self._manifest
            path = self.folder / shard_name(len(manifest.shards), manifest.generation)
            shard = write_shard(path, array, table.select(schema.names))
            sized = replace(manifest, d=array.shape[1], dtype=array.dtype.name, provenance=origin)
            self._commit(sized.with_shard(shard, skipped, _types(schema)))
        self._schema = schema

    def finish(self, provenance: Mapping[str, Any] | None = None) -> str:
        """Check ids over all shards, compute the fingerprint, mark the set complete, give the lock back.

        Returns:
            The fingerprint.

        Raises:
            VectorError: the set has no rows.
            InputError: an id occurs in two shards.
            StudyError: the set is finished already, or another writer took over.
        """
        self._must_be_open()
        if not self._manifest.n:
            raise VectorError(
                f"at least one row in set {self.name!r}",
                f"none ({len(self._manifest.skipped):,} items skipped)",
                "see the reasons in the manifest, or choose another source",
            )
        embeddings = open_folder(self.folder, self._manifest)
        check_ids(embeddings.items.column("id"), self.name)
        fingerprint = fingerprint_of(embeddings)
        merged = {**self._manifest.provenance, **(provenance or {})}
        with self._lock.held():
            self._commit(replace(self._manifest, complete=True, fingerprint=fingerprint, provenance=merged))
            # What is left of the old set does no harm, and the next writer removes it.
            with contextlib.suppress(OSError):
                (self.folder / NEXT_NAME).unlink(missing_ok=True)
                remove_shards(self.folder, shards_of(self._manifest))
        self.close()
        return fingerprint

    def close(self) -> None:
        """Give the set back without finishing it.

        What is committed stays, except for a replacement without a recipe: nobody could continue it.
        """
        own = self._manifest.generation
        # Generation 0 is no replacement's: this one failed before it began.
        doomed = self._replaces and own and not self._manifest.complete and not self._manifest.recipe
        if doomed and self._lock.release.alive:
            with contextlib.suppress(OSError, StudyError), self._lock.held():
                remove_replacement(self.folder, self._current)
                remove_shards(self.folder, (), own)
        self._lock.release()

    def __enter__(self) -> SetWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _commit(self, manifest: Manifest) -> None:
        unfinished = self._replaces and not manifest.complete
        manifest.save(self.folder, NEXT_NAME if unfinished else FILE_NAME)
        self._manifest = manifest

    def _must_be_open(self) -> None:
        if self._manifest.complete or not self._lock.release.alive:
            raise StudyError(
                f"an open writer of set {self.name!r}",
                "one that is finished or closed",
                "open another with Study.writer",
            )

    def _checked(self, vectors: ArrayLike) -> NDArray[Any]:
        array = check_vectors(vectors, self.name)
        known = self._manifest
        if known.d and (known.d != array.shape[1] or known.dtype != array.dtype.name):
            raise VectorError(
                f"{known.d}-wide {known.dtype} vectors in set {self.name!r}",
                f"{array.shape[1]}-wide {array.dtype.name}",
                "write rows of another width to a set of their own",
            )
        return array

    def _unified(self, schema: pa.Schema) -> pa.Schema:
        """The columns of all shards so far and this one; all-empty ones take the type of the others."""
        import pyarrow as pa

        known = self._schema
        if known is None:
            return schema
        if set(known.names) == set(schema.names):
            try:
                return pa.unify_schemas([known, schema], promote_options="default")
            except pa.ArrowException:
                pass
        raise InputError(
            f"item columns {_types(known)} in set {self.name!r}",
            f"{_types(schema)}",
            "give every shard the same columns",
        )


def _types(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}
