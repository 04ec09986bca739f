"""The record of a comparison: what was measured on which sets, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from repscope.errors import UnknownNameError, name_some
from repscope.measure.comparison.classes import ClassChange
from repscope.measure.core.results import MeasureResult, SimilarityResult
from repscope.measure.verdict.rules import Verdict
from repscope.text.json_record import JsonRecord
from repscope.verbs.common.unseen import HeldOut

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

SCHEMA = "repscope.comparison/1"

_KEYS = (
    "before after reference after_reference spaces on cluster views n clusters without_truth seed "
    "fingerprints replay version copies held_out measures undefined similarity change verdict classes "
    "class_groups classes_without_items notes"
)


@dataclass(frozen=True)
class ComparisonRecord(JsonRecord, schema=SCHEMA, keys=_KEYS):
    """Two stages of the same items against a reference.

    Attributes:
        before, after, reference: names of the sets.
        on: the link's key column, or None when the stages were compared as distributions only.
        cluster: column of the independent units, or None when items are.
        n: items in both stages.
        clusters: independent units among them.
        without_truth: items whose key is missing; left out of measures that need a truth.
        seed: of everything random.
        fingerprints: of the three sets, by name.
        replay: command that repeats the comparison.
        version: of repscope.
        measures: the table, in the order of the documentation.
        undefined: measures that could not be computed, with the reason.
        similarity: how alike the two stages are, beside shuffled pairs.
        change: what the change is made of (shares of the squared displacement), with its reasons.
        verdict: one word and its reasons.
        items: one row an item: truth, prediction, ranks, displacement, before and after.
        figures: by name.
        captions: of the figures, by the same names.
        classes, class_groups: how often the truth is found and what changed, by class and by group.
        classes_without_items: keys of the reference that no item has.
        notes: facts a reader should know, such as rows that were left out.
        provenance: of each set, by name.
        copies: items that are equal to an earlier one up to rounding.
        held_out: how many items were judged, and which.
        views: column of the things that rows are augmented views of, or None.
        after_reference: the reference of ``after`` where it has its own, in its own space; else None.
    """

    before: str
    after: str
    reference: str
    on: str | None
    cluster: str | None
    n: int
    clusters: int
    without_truth: int
    seed: int
    fingerprints: Mapping[str, str]
    replay: str
    version: str
    measures: tuple[MeasureResult, ...]
    undefined: Mapping[str, str]
    similarity: tuple[SimilarityResult, ...]
    change: Mapping[str, Any] | None
    verdict: Verdict
    items: pa.Table = field(repr=False)
    figures: Mapping[str, Figure] = field(default_factory=dict, repr=False)
    captions: Mapping[str, str] = field(default_factory=dict, repr=False)
    classes_without_items: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    views: str | None = None
    held_out: HeldOut | None = None
    copies: int = 0
    classes: tuple[ClassChange, ...] = ()
    class_groups: tuple[ClassChange, ...] = ()
    after_reference: str | None = None

    @property
    def spaces(self) -> int:
        """In how many spaces the stages are: two where each has its own reference."""
        return 1 if self.after_reference is None else 2

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the reference, or of both."""
        return (self.reference,) if self.after_reference is None else (self.reference, self.after_reference)

    def __getitem__(self, name: str) -> MeasureResult:
        """The row of one measure.

        Raises:
            UnknownNameError: it was not measured.
        """
        for row in self.measures:
            if row.name == name:
                return row
        why = self.undefined.get(name)
        raise UnknownNameError(
            "a measure of this comparison",
            f"{name!r}" + (f", undefined here: {why}" if why else ""),
            f"choose one of {name_some((row.name for row in self.measures), 12)}",
        )
