"""The study: the directory that holds sets, transforms and results."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import CorruptError, MissingError, StudyError, name_some
from repscope.study.embeddings import EmbeddingSet
from repscope.study.manifest import FILE_NAME, Manifest, load_manifest
from repscope.study.names import check_name, inside
from repscope.study.provenance import describe_environment
from repscope.study.reader import open_complete, verify_folder
from repscope.study.storage import make_folder, write_bytes
from repscope.study.writer import SetWriter

SCHEMA = "repscope.study/1"
SHARD_ROWS = 65_536


class Study:
    """A directory of embedding sets that belong together.

    ``study["name"]`` opens a set memory-mapped, ``study.add("name", vectors, items)`` writes one.

    Args:
        path: the directory. A path that does not exist yet is created on first write.

    Raises:
        StudyError: the directory exists, holds other things, and is not a study.
        CorruptError: its study.toml cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self.settings: dict[str, Any] = {}
        file = self.path / "study.toml"
        if file.is_file():
            try:
                self.settings = tomllib.loads(file.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise CorruptError(f"TOML in {file}", str(error), "correct the file") from error
            if self.settings.get("schema") != SCHEMA:
                raise CorruptError(
                    f"schema {SCHEMA!r} in {file}", repr(self.settings.get("schema")), "upgrade repscope"
                )
        elif self.path.is_dir():
            if any(not entry.name.startswith(".") for entry in self.path.iterdir()):
                raise StudyError(
                    f"a study or an empty folder at {self.path}",
                    "a folder with other things and no study.toml",
                    "choose a folder of its own for the study",
                )
        elif self.path.exists():
            raise StudyError(f"a folder at {self.path}", "a file", "give the path of a study's folder")

    @classmethod
    def open(cls, path: str | Path) -> Study:
        """Open a study that must exist.

        Raises:
            MissingError: there is no study at ``path``.
        """
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

    def create(self) -> Study:
        """Write study.toml if it is not there yet.

        Raises:
            StorageError: the disk refuses.
        """
        make_folder(self.path)
        if not self.settings:
            self.settings = {"schema": SCHEMA, "name": self.name}
            lines = [f"{key} = {_toml_string(value)}" for key, value in self.settings.items()]
            write_bytes(self.path / "study.toml", ("\n".join(lines) + "\n").encode())
        return self

    @property
    def sets(self) -> list[str]:
        """Names of all sets, complete or not, sorted."""
        folder = self.path / "sets"
        return sorted(path.parent.name for path in folder.glob(f"*/{FILE_NAME}")) if folder.is_dir() else []

    def folder(self, name: str) -> Path:
        """Folder of a set, whether it exists or not."""
        return inside(self.path, self.path / "sets" / check_name(name))

    def results(self, verb: str, name: str) -> Path:
        """Folder for the results of a verb."""
        return self.path / "results" / verb / check_name(name, "result")

    def manifest(self, name: str) -> Manifest:
        """The manifest of a set, complete or not.

        Raises:
            MissingError: there is no such set; near names are offered.
        """
        folder = self.folder(name)
        if not (folder / FILE_NAME).is_file():
            near = difflib.get_close_matches(name, self.sets, n=3) or self.sets
            raise MissingError(
                f"a set named {name!r} in study {self.path}",
                "no such set",
                f"choose one of: {name_some(near, 12)}" if near else f"add one: repscope import FILE --study {self.path}",
            )
        return load_manifest(folder)

    def __getitem__(self, name: str) -> EmbeddingSet:
        self.manifest(name)
        return open_complete(self.folder(name))

    def __contains__(self, name: object) -> bool:
        return name in self.sets

    def __iter__(self) -> Iterator[str]:
        return iter(self.sets)

    def verify(self, name: str) -> EmbeddingSet:
        """Open a set after re-hashing every byte of it.

        Raises:
            CorruptError: something differs from what was committed.
        """
        self[name]
        return verify_folder(self.folder(name))

    def writer(
        self,
        name: str,
        *,
        recipe: str = "",
        resume: str = "",
        provenance: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> SetWriter:
        """A shard-wise, resumable writer. See :class:`SetWriter`."""
        folder = self.folder(name)
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
        overwrite: bool = False,
        shard_rows: int = SHARD_ROWS,
    ) -> EmbeddingSet:
        """Write a whole set and open it.

        Args:
            name: of the new set.
            vectors: [N, D] floating, or an :class:`EmbeddingSet` whose items and provenance are kept.
            items: columns (``id`` and any other), one value for each row.
            provenance: where the vectors come from, as JSON values.
            overwrite: replace a set of that name.
            shard_rows: rows in one file.

        Raises:
            ExistsError: the name is taken.
            VectorError, InputError: see :class:`EmbeddingSet`.
        """
        if isinstance(vectors, EmbeddingSet):
            whole = vectors
        else:
            whole = EmbeddingSet(name, vectors, items)  # type: ignore[arg-type]
        # An interrupted add has nothing worth continuing: the rows are all in memory here.
        stale = name in self and not self.manifest(name).complete
        origin = {**describe_environment(), **whole.provenance, **(provenance or {})}
        writer = self.writer(name, provenance=origin, overwrite=overwrite or stale)
        start = 0
        for block in whole.blocks(shard_rows, dtype=whole.dtype):
            writer.write_shard(np.asarray(block), whole.items.slice(start, len(block)))
            start += len(block)
        writer.finish()
        return self[name]

    def __repr__(self) -> str:
        return f"Study({str(self.path)!r}, sets={self.sets})"


def _toml_string(value: object) -> str:
    # A TOML basic string escapes as JSON does.
    import json

    return json.dumps(str(value), ensure_ascii=False)
