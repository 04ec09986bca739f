"""What a run says when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from repscope.study import Skipped
from repscope.text.json_record import JsonRecord


@dataclass(frozen=True)
class ExtractedSet:
    """One set after a run.

    Attributes:
        name: of the set.
        capture: where its rows come from.
        n, d, dtype, fingerprint: as in its manifest.
        rows_before: rows that were there when the run began.
        found_complete: the set was there whole, so nothing was done for it.
        skipped: items without a row, and why.
    """

    name: str
    capture: str
    n: int
    d: int
    dtype: str
    fingerprint: str
    rows_before: int
    found_complete: bool
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Extraction(
    JsonRecord,
    schema="repscope.extraction/1",
    keys="study items ignored_files=ignored already_there seconds notes sets",
):
    """What a run did.

    Attributes:
        study: folder of the study.
        sets: in the order of the capture points.
        items: items of the source.
        ignored: files of the source that are no items.
        seconds: how long it took, loading included.
        notes: what a reader of the numbers should know.
    """

    study: str
    sets: tuple[ExtractedSet, ...]
    items: int
    ignored: int
    seconds: float
    notes: tuple[str, ...]

    @property
    def already_there(self) -> bool:
        """Every set was complete before the run, which did nothing."""
        return all(extracted.found_complete for extracted in self.sets)

    def to_json(self) -> dict[str, Any]:
        """The record ``repscope.extraction/1``."""
        return super().to_json() | {"seconds": round(self.seconds, 3)}
