"""The record of a description: what was measured of one set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from repscope.errors import UnknownNameError, name_some
from repscope.measure.comparison.classes import ClassValue
from repscope.measure.comparison.describe_arrays import StageResult
from repscope.text.json_record import JsonRecord

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

SCHEMA = "repscope.description/1"

_KEYS = (
    "set=name reference on cluster views n clusters without_truth seed fingerprints replay version measures "
    "undefined reference_norm classes class_groups classes_without_items notes"
)


@dataclass(frozen=True)
class DescriptionRecord(JsonRecord, schema=SCHEMA, keys=_KEYS):
    """One set, alone or against a reference.

    Attributes:
        name, reference: of the sets; ``reference`` may be None.
        on: the link's key column, or None without a link.
        cluster: column of the independent units, or None when items are.
        views: column of the things that rows are augmented views of, or None.
        n: items.
        clusters: independent units among them.
        without_truth: items whose key is missing.
        seed: of everything random.
        fingerprints: of the sets, by name.
        replay: command that repeats the description.
        version: of repscope.
        measures: the table, in the order of the documentation.
        undefined: measures that could not be computed, with the reason.
        reference_norm: mean and SD of the reference's lengths, or None.
        classes, class_groups: how often the truth is found, by class and by group of classes.
        classes_without_items: keys of the reference that no item has.
        notes: facts a reader should know.
        items: one row an item: cosines, rank, prediction, place on the map.
        figures, captions: by name.
        provenance: of each set, by name.
    """

    name: str
    reference: str | None
    on: str | None
    cluster: str | None
    views: str | None
    n: int
    clusters: int
    without_truth: int
    seed: int
    fingerprints: Mapping[str, str]
    replay: str
    version: str
    measures: tuple[StageResult, ...]
    undefined: Mapping[str, str]
    reference_norm: Mapping[str, float] | None
    classes: tuple[ClassValue, ...]
    class_groups: tuple[ClassValue, ...]
    classes_without_items: tuple[str, ...]
    notes: tuple[str, ...]
    items: pa.Table = field(repr=False)
    figures: Mapping[str, Figure] = field(default_factory=dict, repr=False)
    captions: Mapping[str, str] = field(default_factory=dict, repr=False)
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> StageResult:
        """The row of one measure.

        Raises:
            UnknownNameError: it was not measured.
        """
        for row in self.measures:
            if row.name == name:
                return row
        why = self.undefined.get(name)
        raise UnknownNameError(
            "a measure of this description",
            f"{name!r}" + (f", undefined here: {why}" if why else ""),
            f"choose one of {name_some((row.name for row in self.measures), 12)}",
        )
