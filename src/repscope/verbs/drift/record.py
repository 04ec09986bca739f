"""The record of a drift analysis: what was measured on which stages, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from repscope.measure.comparison.classes import ClassChange
from repscope.measure.drift import DriftVerdict, GroupContrast
from repscope.measure.drift.records import Series
from repscope.measure.drift.result import DriftArrays
from repscope.verbs.common.unseen import HeldOut

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

SCHEMA = "repscope.drift/1"


@dataclass(frozen=True)
class DriftRecord:
    """Ordered stages of the same items.

    Attributes:
        groups: what was found, by name of the group; "" is the only name where there are no groups. The
            first group is the one that :attr:`verdict` is about.
        sets: names of the sets that are the stages of each group, in order.
        contrasts: differences between groups at every later stage.
        reference, real: names of the sets, or None.
        on: column that links items with reference rows, or None.
        pair: "id", or the column that said which rows of the stages are one item.
        cluster: column of the independent units, or None when items are.
        clusters_from: who says which items are not independent: ``how`` of
            :class:`~repscope.verbs.common.clusters.Clusters`.
        copies: items equal to an earlier one up to rounding.
        by: column of the groups, or None.
        seed: of everything random.
        fingerprints: of all sets, by name.
        replay: command that repeats the analysis; "" where there is none.
        version: of repscope.
        notes: facts a reader should know, such as items that were left out.
        classes, class_groups: how often the truth is found in the first and in the last stage, by class and
            by group of classes; by name of the group of stages.
        items: one row an item: its group, its path, its nearest neighbours first and last.
        projection: the map as JSON values with its faithfulness, or None. No number here is read from it.
        figures: by name.
        captions: of the figures, by the same names.
        provenance: of each set, by name.
        held_out: how many items of the first group were judged, and which.
    """

    groups: Mapping[str, DriftArrays]
    sets: Mapping[str, tuple[str, ...]]
    contrasts: tuple[GroupContrast, ...]
    reference: str | None
    real: str | None
    on: str | None
    pair: str
    cluster: str | None
    by: str | None
    seed: int
    fingerprints: Mapping[str, str]
    replay: str
    version: str
    notes: tuple[str, ...]
    items: pa.Table = field(repr=False)
    classes: Mapping[str, tuple[ClassChange, ...]] = field(default_factory=dict, repr=False)
    class_groups: Mapping[str, tuple[ClassChange, ...]] = field(default_factory=dict, repr=False)
    projection: Mapping[str, Any] | None = field(default=None, repr=False)
    figures: Mapping[str, Figure] = field(default_factory=dict, repr=False)
    captions: Mapping[str, str] = field(default_factory=dict, repr=False)
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    held_out: HeldOut | None = None
    clusters_from: str = "none"
    copies: int = 0

    @property
    def group(self) -> str:
        """Name of the group that the verdict is about; "" without groups."""
        return next(iter(self.groups))

    @property
    def arrays(self) -> DriftArrays:
        """What was found in that group."""
        return self.groups[self.group]

    @property
    def verdict(self) -> DriftVerdict:
        """One word and its reasons."""
        return self.arrays.verdict

    @property
    def verdicts(self) -> dict[str, str]:
        """The word of every group."""
        return {name: one.verdict.word for name, one in self.groups.items()}

    def __getitem__(self, name: str) -> Series:
        """One measure over the stages, of the first group.

        Raises:
            UnknownNameError: it was not measured.
        """
        from repscope.errors import UnknownNameError, name_some

        found = self.arrays.series.get(name)
        if found is None:
            why = self.arrays.undefined.get(name)
            raise UnknownNameError(
                "a measure of this drift",
                f"{name!r}" + (f", undefined here: {why}" if why else ""),
                f"choose one of {name_some(self.arrays.series, 20)}",
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """The content of ``metrics.json``: only JSON values, undefined ones null with a reason."""
        grouped = len(self.groups) > 1
        return {
            "schema": SCHEMA,
            "group": self.group if grouped else None,
            "reference": self.reference,
            "held_out": self.held_out and self.held_out.to_json(),
            "on": self.on,
            "real": self.real,
            "pair": self.pair,
            "cluster": self.cluster,
            "clusters_from": self.clusters_from,
            "copies": self.copies,
            "by": self.by,
            "fingerprints": dict(self.fingerprints),
            "replay": self.replay,
            "version": self.version,
            **self._group_json(self.group),
            "groups": {name: self._group_json(name) for name in self.groups} if grouped else {},
            "contrasts": [one.to_json() for one in self.contrasts],
            "map": None if self.projection is None else dict(self.projection),
            "notes": list(self.notes),
        }

    def ids(self, group: str) -> list[str]:
        """[n] ids of the items of a group, in the order of the rows that its record counts."""
        import pyarrow.compute as pc

        items = self.items
        if "group" in items.column_names and len(self.groups) > 1:
            items = items.filter(pc.equal(items.column("group"), group))
        return list(items.column("id").to_pylist())

    def _group_json(self, name: str) -> dict[str, Any]:
        record = self.groups[name].to_json()
        ids = self.ids(name)
        for stage, own in zip(record["stages"], self.sets[name], strict=True):
            stage["set"] = own
        for one in record["paths"]["moved_most"]:
            one["id"] = ids[one["row"]]
        for one in record["paths"]["converged"]:
            one["id"], one["with_id"] = ids[one["row"]], ids[one["with"]]
        for mode in record["modes"]["modes"]:
            mode["example_ids"] = [ids[row] for row in mode["examples"]]
            mode["leaver_ids"] = [ids[row] for row in mode["leavers"]]
        record["classes"] = [one.to_json() for one in self.classes.get(name, ())]
        record["class_groups"] = [one.to_json() for one in self.class_groups.get(name, ())]
        return record
