"""What a study says about the stages that are viewed: their order, and the verdict on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repscope.errors import InputError, name_some
from repscope.study import EmbeddingSet, Study


@dataclass(frozen=True)
class Judged:
    """A verdict that a verb has left in the study.

    Attributes:
        verb: "compare" or "drift".
        stages: names of the sets, in order.
        reference: name of a set, or None.
        on: column that linked them, or None.
        fingerprints: of the sets, by name.
        word, flags, because: the verdict.
        replay: command that repeats it.
    """

    verb: str
    stages: tuple[str, ...]
    reference: str | None
    on: str | None
    fingerprints: Mapping[str, str]
    word: str
    flags: tuple[str, ...]
    because: tuple[str, ...]
    replay: str

    def to_json(self) -> dict[str, Any]:
        """For the page."""
        return {
            "verb": self.verb,
            "word": self.word,
            "flags": list(self.flags),
            "because": list(self.because),
            "replay": self.replay,
        }


def choose_stages(
    study: Study, names: Sequence[str], reference: str | None, on: str | None
) -> tuple[tuple[str, ...], str | None, str | None]:
    """Stages, reference and key: those given, else those of the newest result, else an order in study.toml.

    Raises:
        InputError: a set twice, or none given and nothing in the study says which.
    """
    if names:
        if len(set(names)) < len(names):
            raise InputError("each set once", ", ".join(names), "name every set one time")
        return tuple(names), reference, on
    for found in _results(study):
        if all(name in study for name in found.fingerprints):
            return found.stages, reference or found.reference, on or found.on
    for order in study.stages.values():
        return tuple(order), reference, on
    if len(study.sets) == 1:
        return (study.sets[0],), reference, on
    raise InputError(
        "sets to view, from first to last",
        f"none named, and no comparison in {study.path}",
        f"name some of {name_some(study.sets, 12)}: repscope view {study.path} SET SET",
    )


def verdict_on(study: Study, sets: Sequence[EmbeddingSet], reference: EmbeddingSet | None) -> Judged | None:
    """The newest verdict on these stages as they are now; None without one."""
    names = tuple(one.name for one in sets)
    for found in _results(study):
        same = found.stages == names or (found.verb == "compare" and found.stages == (names[0], names[-1]))
        if same and (reference is None or found.reference == reference.name):
            known = {one.name: one.fingerprint for one in [*sets, *([reference] if reference else [])]}
            if all(known.get(name, value) == value for name, value in found.fingerprints.items()):
                return found
    return None


def _results(study: Study) -> Iterator[Judged]:
    """Results of compare and drift, the newest first; those that cannot be read are passed over."""
    files = [
        *(study.path / "results" / "compare").glob("*/metrics.json"),
        *(study.path / "results" / "drift").glob("*/metrics.json"),
    ]
    for file in sorted(files, key=lambda one: -one.stat().st_mtime):
        try:
            yield judged(file.parents[1].name, json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            continue


def judged(verb: str, record: Mapping[str, Any]) -> Judged:
    """What the record of "compare" or "drift" says, as in metrics.json."""
    stages = (
        (record["before"], record["after"])
        if verb == "compare"
        else tuple(stage["set"] for stage in record["stages"])
    )
    verdict = record["verdict"]
    return Judged(
        verb=verb,
        stages=stages,
        reference=record["reference"],
        on=record["on"],
        fingerprints=record["fingerprints"],
        word=verdict["word"],
        flags=tuple(map(str, verdict["flags"])),
        because=tuple(map(str, verdict["because"])),
        replay=record["replay"],
    )
