"""Any sequence of adding, interrupting, resuming, harming and removing, against a dictionary."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from repscope.errors import CorruptError, ExistsError, IncompleteSetError, MissingError
from repscope.study import EmbeddingSet, SetWriter, Skipped, Study

NAMES = st.sampled_from(["a", "b c", "日本"])
RECIPES = st.sampled_from(["one", "two"])
ROWS = 2


@dataclass
class Expected:
    """What a set must be."""

    shards: list[int] = field(default_factory=list)
    complete: bool = False
    recipe: str = ""
    harmed: set[int] = field(default_factory=set)


def rows(content: int) -> tuple[np.ndarray[Any, Any], dict[str, list[Any]]]:
    vectors = np.array([[content, 1], [content, 2]], np.float16)
    return vectors, {"id": [f"{content}.{k}" for k in range(ROWS)], "label": [None, f"{content}"]}


def whole(shards: list[int]) -> EmbeddingSet:
    """The same set, made in memory in one piece."""
    parts = [rows(content) for content in shards]
    ids = [one for _, items in parts for one in items["id"]]
    return EmbeddingSet("x", np.concatenate([vectors for vectors, _ in parts]), {"id": ids})


class StudyMachine(RuleBasedStateMachine):
    """A study and the dictionary that it should agree with."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="repscope-"))
        self.study = Study(self.folder / "study")
        self.model: dict[str, Expected] = {}
        self.pending: dict[str, Expected] = {}
        self.writers: dict[str, SetWriter] = {}

    def teardown(self) -> None:
        self.writers.clear()
        shutil.rmtree(self.folder)

    @rule()
    def reopen(self) -> None:
        """A new process: nothing is remembered but what is on disk."""
        for writer in self.writers.values():
            writer.close()
        self.writers.clear()
        self.study = Study(self.folder / "study")

    @rule(
        name=NAMES,
        shards=st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
        overwrite=st.booleans(),
    )
    def add(self, name: str, shards: list[int], overwrite: bool) -> None:
        vectors = np.concatenate([rows(content)[0] for content in shards])
        items = {key: [v for c in shards for v in rows(c)[1][key]] for key in ("id", "label")}
        known = self.model.get(name)
        if known and not overwrite and (known.complete or known.recipe):
            with pytest.raises(ExistsError):
                self.study.add(name, vectors, items, shard_rows=ROWS)
            return
        added = self.study.add(name, vectors, items, shard_rows=ROWS, overwrite=overwrite)
        assert added.fingerprint == whole(shards).fingerprint
        self.model[name] = Expected(shards, complete=True)
        self.pending.pop(name, None)
        self.writers.pop(name, None)

    @rule(name=NAMES, recipe=RECIPES, overwrite=st.booleans())
    def start_or_resume(self, name: str, recipe: str, overwrite: bool) -> None:
        known = self.model.get(name)
        resumes = known is not None and not known.complete and known.recipe == recipe
        if known and not resumes and not overwrite:
            with pytest.raises(ExistsError):
                self.study.writer(name, recipe=recipe)
            return
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            writer = self.study.writer(name, recipe=recipe, overwrite=overwrite)
        self.writers[name] = writer
        if known and resumes:
            good = min(known.harmed, default=len(known.shards))
            assert bool(warned) == bool(known.harmed)
            assert writer.shards_committed == good
            # What was harmed is forgotten on disk at the next commit; until then the same happens again.
            return
        assert not warned
        if known and known.complete:
            # The complete set stays; an interrupted replacement of the same recipe is continued.
            later = self.pending.get(name)
            if later is None or later.recipe != recipe:
                self.pending.pop(name, None)
                later = Expected()
            assert writer.shards_committed == len(later.shards)
        else:
            assert writer.shards_committed == 0
            self.model.pop(name, None)

    def target(self, name: str) -> dict[str, Expected]:
        """Where what a writer commits is kept: as the set, or as its replacement."""
        known = self.model.get(name)
        return self.pending if known and known.complete else self.model

    @precondition(lambda self: self.writers)
    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.writers)))
        writer, target = self.writers[name], self.target(name)
        known = target.get(name, Expected(recipe=writer._manifest.recipe))
        good = known.shards[: writer.shards_committed]
        content = data.draw(st.integers(0, 9).filter(lambda one: one not in good))
        writer.write_shard(*rows(content), skipped=[Skipped(f"skip {content}", "why")])
        later = {index for index in known.harmed if index < len(good)}
        target[name] = Expected([*good, content], recipe=known.recipe, harmed=later)

    @precondition(lambda self: self.writers)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.writers)))
        writer = self.writers[name]
        known = self.target(name).get(name)
        good = known.shards[: writer.shards_committed] if known else []
        if known and good and not known.harmed & set(range(len(good))):
            assert writer.finish() == whole(good).fingerprint
            self.pending.pop(name, None)
            self.model[name] = Expected(good, complete=True, recipe=known.recipe)
            del self.writers[name]

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.pending)))
        self.study.discard_replacement(name)
        del self.pending[name]
        self.writers.pop(name, None)

    @precondition(lambda self: any(one.shards for one in self.model.values()))
    @rule(data=st.data(), how=st.sampled_from(["delete", "shorten", "flip"]))
    def harm(self, data: st.DataObject, how: str) -> None:
        name = data.draw(st.sampled_from(sorted(name for name, one in self.model.items() if one.shards)))
        known = self.model[name]
        index = data.draw(st.sampled_from(range(len(known.shards))))
        path = self.study.folder(name) / self.study.manifest(name).shards[index].file
        if index in known.harmed or not path.exists():
            return
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= 0x10
        path.unlink()
        if how != "delete":
            path.write_bytes(content[:-1] if how == "shorten" else content)
        known.harmed.add(index)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        self.study.remove(name)
        del self.model[name]
        self.pending.pop(name, None)
        self.writers.pop(name, None)

    @rule(name=NAMES)
    def remove_nothing(self, name: str) -> None:
        if name not in self.model:
            with pytest.raises(MissingError):
                self.study.remove(name)

    @invariant()
    def agrees(self) -> None:
        assert self.study.sets == sorted(self.model)
        for name, known in self.model.items():
            manifest = self.study.manifest(name)
            assert (manifest.n, manifest.complete) == (len(known.shards) * ROWS, known.complete)
            later, replacement = self.pending.get(name), self.study.replacement(name)
            assert (replacement.n if replacement else 0) == (len(later.shards) * ROWS if later else 0)
            if known.harmed:
                with pytest.raises(CorruptError):
                    self.study.verify_committed(name)
            elif known.complete:
                found = self.study.verify(name)
                assert found.fingerprint == manifest.fingerprint == whole(known.shards).fingerprint
                assert found.column("label").tolist() == [
                    v for c in known.shards for v in rows(c)[1]["label"]
                ]
            else:
                assert len(self.study.verify_committed(name).skipped) == len(known.shards)
                with pytest.raises(IncompleteSetError):
                    self.study[name]


TestStudy = StudyMachine.TestCase
TestStudy.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
