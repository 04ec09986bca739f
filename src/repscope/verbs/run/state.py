"""What a recipe has done: STUDY/recipe-state.json, and the fingerprints that say whether it still holds."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from repscope.errors import CorruptError, RepscopeError
from repscope.study import Study
from repscope.study.storage import file_hash, json_hash, read_bytes, storage_errors, write_bytes
from repscope.transform.store import stored
from repscope.verbs.run.steps import Ref, Step

SCHEMA = "repscope.recipe-state/1"
FILE_NAME = "recipe-state.json"

MOST_BYTES = 2**30
"""Bytes of a folder that are read for its fingerprint; beyond, sizes and times of change stand for them."""


@dataclass(frozen=True)
class Done:
    """One step as it was last run.

    Attributes:
        definition: hash of the step.
        inputs, outputs: fingerprint by reference.
        finished: when, or "" for a step that began and did not end.
        seconds: that it took.
        command: that ran.
    """

    definition: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    finished: str = ""
    seconds: float = 0.0
    command: str = ""


class State:
    """The steps of one recipe that were run in a study.

    Args:
        study: folder of the study, which need not exist.
        recipe: name of the recipe.

    Raises:
        CorruptError: the file cannot be understood.
        StorageError: it cannot be read.
    """

    def __init__(self, study: Path, recipe: str) -> None:
        self.path = study / FILE_NAME
        self._study, self._recipe = study, recipe
        self._whole = _load(self.path)
        steps = self._whole["recipes"].get(recipe, {})
        try:
            self.steps = {str(name): Done(**one) for name, one in steps.items()}
        except (TypeError, AttributeError) as error:
            raise _corrupt(self.path, str(error)) from error

    def put(self, step: str, done: Done) -> None:
        """Record a step, atomically.

        Raises:
            StorageError: the disk refuses.
        """
        self.steps[step] = done
        # Another recipe of this study may have written meanwhile.
        self._whole = _load(self.path)
        self._whole["recipes"][self._recipe] = {name: asdict(one) for name, one in self.steps.items()}
        # A folder with this file and no study.toml would be taken for one with other things in it.
        Study(self._study).create()
        write_bytes(self.path, (json.dumps(self._whole, indent=1, ensure_ascii=False) + "\n").encode())


def definition_of(step: Step) -> str:
    """Hash of what a step does."""
    record = [step.verb, dict(step.options), [one.key for one in (*step.reads, *step.makes)]]
    return json_hash(record)[:32]


def fingerprint(ref: Ref, study: Path, folder: Path) -> str | None:
    """What something is now; None where it is not there, or not finished.

    Args:
        ref: what.
        study: folder of the study.
        folder: that relative paths start from.

    Raises:
        StorageError: it is there and cannot be read.
    """
    if ref.kind == "file":
        return _of_path(folder / Path(ref.name).expanduser())
    if ref.kind == "result":
        return _of_path(study / "results" / ref.name)
    try:
        opened = Study.open(study)
        if ref.kind == "bridge":
            return stored(opened, ref.name).fingerprint
        manifest = opened.manifest(ref.name)
    except RepscopeError:
        # Missing, or damaged: either way nothing that a step may rest on.
        return None
    return manifest.fingerprint if manifest.complete else None


def _of_path(path: Path) -> str | None:
    with storage_errors(path, "read"):
        if path.is_file():
            return file_hash(path)[:32]
        if not path.is_dir():
            return None
        files = sorted(one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts)
        sizes = [one.stat() for one in files]
        by_content = sum(size.st_size for size in sizes) <= MOST_BYTES
        digest = hashlib.sha256()
        for one, size in zip(files, sizes, strict=True):
            digest.update(os.fsencode(one.relative_to(path).as_posix()) + b"\0")
            looks = f"{size.st_size} {size.st_mtime_ns}".encode()
            digest.update(bytes.fromhex(file_hash(one)) if by_content else looks)
        return digest.hexdigest()[:32]


def _load(path: Path) -> dict[str, Any]:
    content = read_bytes(path)
    if content is None:
        return {"schema": SCHEMA, "recipes": {}}
    try:
        found = json.loads(content)
    except ValueError as error:
        raise _corrupt(path, str(error)) from error
    if (
        not isinstance(found, dict)
        or found.get("schema") != SCHEMA
        or not isinstance(found.get("recipes"), dict)
    ):
        raise _corrupt(path, "another schema")
    return found


def _corrupt(path: Path, got: str) -> CorruptError:
    return CorruptError(
        f"the state of recipes in {path}", got, "remove the file; finished steps are then run or found again"
    )
