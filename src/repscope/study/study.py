"""The study: the directory that holds sets, transforms and results."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from repscope.errors import CorruptError, InputError, MissingError, NameNotAllowedError, StudyError, name_some
from repscope.study import settings as toml
from repscope.study.embeddings import EmbeddingSet
from repscope.study.locks import WriterLock
from repscope.study.manifest import FILE_NAME, Manifest, load_manifest
from repscope.study.names import check_name, inside, is_name
from repscope.study.provenance import derived, describe_environment
from repscope.study.reader import check_complete, open_complete, open_verified, verify_folder
from repscope.study.replacing import load_replacement, remove_replacement
from repscope.study.settings import SCHEMA, SetLink
from repscope.study.storage import make_folder, storage_errors, sync_folder
from repscope.study.writer import SetWriter

SHARD_ROWS = 65_536


class Study:
    """A directory of embedding sets that belong together.

    ``study["name"]`` opens a set memory-mapped, without reading its vectors; ``study.open_sets(["name"])``
    verifies it first; ``study.add("name", vectors, items)`` writes one.

    Args:
        path: the directory. A path that does not exist yet is created on first write.

    Attributes:
        path: the directory.
        settings: all keys of its ``study.toml``; {} before the first write.

    Raises:
        StudyError: the directory exists, holds other things, and is not a study.
        CorruptError: its study.toml cannot be understood.
        StorageError: it cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        if "\0" in str(path):
            raise NameNotAllowedError("a path of a study", repr(str(path)), "give one without NUL")
        self.path = Path(path).expanduser()
        with storage_errors(self.path, "read"):
            if self.path.exists() and not self.path.is_dir():
                raise StudyError(f"a folder at {self.path}", "a file", "give the path of a study's folder")
            self.settings = toml.load_settings(self.path) if self.path.is_dir() else {}
            if not self.settings and self.path.is_dir():
                others = [entry.name for entry in self.path.iterdir() if not entry.name.startswith(".")]
                if others:
                    raise StudyError(
                        f"a study or an empty folder at {self.path}",
                        f"a folder with other things ({name_some(sorted(others), 3)}) and no study.toml",
                        "choose a folder of its own for the study",
                    )

    @classmethod
    def open(cls, path: str | Path | Study) -> Study:
        """Open a study that must exist; one that is open is given back.

        Raises:
            MissingError: there is no study at ``path``.
        """
        if isinstance(path, Study):
            return path
        study = cls(path)
        if not study.settings:
            raise MissingError(
                f"a study at {path}",
                "an empty folder" if study.path.is_dir() else "no such folder",
                f"make one: repscope import FILE --study {path}",
            )
        return study

    @property
    def name(self) -> str:
        """The study's name: the folder's unless study.toml says otherwise."""
        return str(self.settings.get("name", self.path.resolve().name))

    @property
    def description(self) -> str:
        """What study.toml says that the study is about, or ""."""
        return str(self.settings.get("description", ""))

    @property
    def stages(self) -> dict[str, list[str]]:
        """Named orders of sets, from first to last."""
        return toml.stages_of(self.settings, self.path / toml.FILE_NAME)

    @property
    def links(self) -> list[SetLink]:
        """Which sets belong together, and by which column."""
        return toml.links_of(self.settings, self.path / toml.FILE_NAME)

    def create(self) -> Study:
        """Write study.toml if it is not there yet.

        Raises:
            StorageError: the disk refuses.
        """
        make_folder(self.path)
        if not self.settings:
            # Another process may have made the study since this object looked.
            self.settings = toml.load_settings(self.path)
        if not self.settings:
            self.settings = toml.save_settings(self.path, {"schema": SCHEMA, "name": self.name})
        return self

    def configure(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        stages: Mapping[str, list[str]] | None = None,
        links: Sequence[SetLink] | None = None,
    ) -> Study:
        """Change what study.toml says; the only thing that writes in it again.

        Other keys of the file, and comments, are kept. What is None stays as it is.

        Args:
            name: of the study, in words.
            description: what it is about.
            stages: named orders of sets, replacing all of them; the sets need not exist yet.
            links: which sets belong together, replacing all of them.

        Raises:
            InputError: a stage order of fewer than two different sets.
            StorageError: the disk refuses.
        """
        self.create()
        changed: dict[str, Any] = {}
        if name is not None:
            changed["name"] = name
        if description is not None:
            changed["description"] = description
        if stages is not None:
            changed["stages"] = toml.checked_stages(stages)
        if links is not None:
            changed["links"] = [
                {"left": check_name(pair.left), "right": check_name(pair.right), "on": pair.on}
                for pair in links
            ]
        self.settings = toml.load_settings(self.path)
        if changed:
            self.settings = toml.save_settings(self.path, changed)
        return self

    @property
    def sets(self) -> list[str]:
        """Names of all sets, complete or not, sorted."""
        folder = self.path / "sets"
        with storage_errors(folder, "read"):
            if not folder.is_dir():
                return []
            names = [entry.name for entry in folder.iterdir() if (entry / FILE_NAME).is_file()]
        return sorted(check_name(name) for name in names if is_name(name))

    def folder(self, name: str) -> Path:
        """Folder of a set, whether it exists or not.

        Raises:
            NameNotAllowedError: the name, or a symbolic link, leads out of the study.
        """
        return inside(self.path, self.path / "sets" / check_name(name))

    def results(self, verb: str, name: str) -> Path:
        """Folder for the results of a verb, whether it exists or not.

        Raises:
            NameNotAllowedError: the name, or a symbolic link, leads out of the study.
        """
        return inside(
            self.path, self.path / "results" / check_name(verb, "verb") / check_name(name, "result")
        )

    def manifest(self, name: str) -> Manifest:
        """The manifest of a set, complete or not.

        Raises:
            MissingError: there is no such set; near names are offered.
            CorruptError: it cannot be understood.
        """
        if name not in self:
            self.folder(name)
            near = difflib.get_close_matches(name, self.sets, n=3) or self.sets
            raise MissingError(
                f"a set named {name!r} in study {self.path}",
                "no such set",
                f"choose one of: {name_some(near, 12)}"
                if near
                else f"add one: repscope import FILE --study {self.path}",
            )
        return load_manifest(self.folder(name))

    def __getitem__(self, name: str) -> EmbeddingSet:
        self.manifest(name)
        return self._at_home(open_complete(self.folder(name)))

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and (self.folder(name) / FILE_NAME).is_file()
        except NameNotAllowedError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self.sets)

    def __len__(self) -> int:
        return len(self.sets)

    def open_sets(self, names: Iterable[str]) -> dict[str, EmbeddingSet]:
        """Open sets that are complete and, to the last byte, what was written: how every verb reads them.

        Bytes whose files have not changed since they were verified are not read again.

        Args:
            names: of sets; repeated ones are opened once.

        Raises:
            MissingError: there is no such set.
            IncompleteSetError: one is not finished.
            CorruptError: something differs from what was committed.
        """
        names = list(dict.fromkeys(names))
        # What costs nothing to refuse is refused before the first byte is read.
        for name in names:
            check_complete(self.manifest(name))
        return {name: self._at_home(open_verified(self.folder(name))) for name in names}

    def verify(self, name: str) -> EmbeddingSet:
        """Open a set after re-hashing every byte of it, whatever was verified before.

        Raises:
            IncompleteSetError: it is not finished; :meth:`verify_committed` checks what there is.
            CorruptError: something differs from what was committed.
        """
        self.manifest(name)
        return self._at_home(open_verified(self.folder(name), again=True))

    def _at_home(self, embeddings: EmbeddingSet) -> EmbeddingSet:
        embeddings.home = self.path
        return embeddings

    def verify_committed(self, name: str) -> Manifest:
        """Re-hash every committed byte of a set, complete or not.

        Raises:
            CorruptError: something differs from what was committed.
        """
        self.manifest(name)
        return verify_folder(self.folder(name))

    def replacement(self, name: str) -> Manifest | None:
        """The unfinished replacement of a set, which nobody reads until it is whole; None without one.

        Raises:
            MissingError: there is no such set.
        """
        return load_replacement(self.folder(name), self._readable(name))

    def discard_replacement(self, name: str) -> None:
        """Give up the unfinished replacement of a set; the set stays as it is.

        Raises:
            MissingError: there is no such set.
            StudyError: another process is writing it.
            StorageError: the disk refuses.
        """
        self._readable(name)
        folder = self.folder(name)
        lock = WriterLock(folder)
        try:
            with lock.held(), storage_errors(folder, "remove"):
                remove_replacement(folder, self._readable(name))
        finally:
            lock.release()

    def _readable(self, name: str) -> Manifest | None:
        """The manifest of a set that must be there; None if it cannot be understood."""
        try:
            return self.manifest(name)
        except CorruptError:
            return None

    def writer(
        self,
        name: str,
        *,
        recipe: str = "",
        resume: str = "",
        provenance: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> SetWriter:
        """A shard-wise, resumable writer. See :class:`SetWriter`.

        Raises:
            NameNotAllowedError: also when another set's name differs in case only, since the two
                would be one folder on many systems.
        """
        folder = self.folder(name)
        twins = [other for other in self.sets if other.casefold() == folder.name.casefold()]
        if twins and folder.name not in twins:
            raise NameNotAllowedError(
                f"a name that differs from {twins[0]!r} in more than case", repr(name), "choose another name"
            )
        self.create()
        return SetWriter(
            folder, name, recipe=recipe, resume=resume, provenance=provenance, overwrite=overwrite
        )

    def add(
        self,
        name: str,
        vectors: EmbeddingSet | ArrayLike,
        items: Mapping[str, Any] | Any = None,
        *,
        provenance: Mapping[str, Any] | None = None,
        parents: Sequence[EmbeddingSet] = (),
        overwrite: bool = False,
        shard_rows: int = SHARD_ROWS,
    ) -> EmbeddingSet:
        """Write a whole set and open it.

        Args:
            name: of the new set.
            vectors: [N, D] floating, or an :class:`EmbeddingSet` whose items and provenance are kept.
                One of another name, not itself derived, is recorded as the parent.
            items: columns (``id`` and any other), one value for each row.
            provenance: where the vectors come from, as JSON values.
            parents: sets that the vectors were made from; recorded with their fingerprints.
            overwrite: replace a set of that name. It stays as it is until the new one is whole.
            shard_rows: rows in one file.

        Raises:
            ExistsError: the name is taken, by a complete set or by an interrupted extraction.
            StudyError: another process is writing the set.
            VectorError, InputError: see :class:`EmbeddingSet`.
            StorageError: the disk refuses.
        """
        folder = self.folder(name)
        if isinstance(vectors, EmbeddingSet):
            if items is not None:
                raise InputError(
                    f"the items of set {vectors.name!r} itself",
                    "other items beside it",
                    "give its vectors instead",
                )
            whole, origin = vectors, dict(vectors.provenance)
            if whole.name != folder.name and "parents" not in origin:
                origin = derived(origin, whole.name, whole.fingerprint)
        else:
            whole, origin = EmbeddingSet(name, vectors, items), {}
        if parents:
            origin["parents"] = [{"name": of.name, "fingerprint": of.fingerprint} for of in parents]
        origin = {**describe_environment(), **origin, **(provenance or {})}
        # An interrupted add has nothing worth continuing: the rows are all in memory here.
        if not overwrite and name in self:
            there = self.manifest(name)
            overwrite = not there.complete and not there.recipe
        with self.writer(name, provenance=origin, overwrite=overwrite) as writer:
            start = 0
            for block in whole.blocks(shard_rows, dtype=whole.dtype):
                writer.write_shard(block, whole.items.slice(start, len(block)))
                start += len(block)
            writer.finish()
        return self[name]

    def remove(self, name: str) -> None:
        """Delete a set, whether complete, interrupted or corrupt. Arrays opened before stay readable.

        Raises:
            MissingError: there is no such set.
            StudyError: another process is writing it.
            StorageError: the disk refuses.
        """
        if name not in self:
            self.manifest(name)
        folder = self.folder(name)
        lock = WriterLock(folder)
        try:
            with lock.held(), storage_errors(folder, "remove"):
                # The manifest goes first: a folder without one is no set, whatever else is left of it.
                (folder / FILE_NAME).unlink()
                sync_folder(folder)
                shutil.rmtree(folder)
        finally:
            lock.release()

    def __repr__(self) -> str:
        return f"Study({str(self.path)!r}, sets={self.sets})"
