"""The record of several bridges measured on the same held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from repscope.errors import check_known
from repscope.measure.comparison.compare_arrays import ArrayComparison
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import Verdict
from repscope.text.json_record import JsonRecord

SCHEMA = "repscope.bridges/1"

_KEYS = (
    "source target on cluster clusters_from copies folds seed replay version fingerprints parts failed "
    "entry_time=entry notes"
)
_OF_METHOD = (
    "label method params learns_from invertible cost warnings verdict measures undefined neighbours "
    "among_unseen_texts=gallery rank_kept improved worsened"
)


@dataclass(frozen=True)
class Cost:
    """What a bridge costs.

    Attributes:
        parameters: numbers learnt.
        flops_per_row: to move one row.
        fit_seconds: of one fit (the mean over folds).
        apply_seconds: to move a thousand rows.
    """

    parameters: int
    flops_per_row: int
    fit_seconds: float
    apply_seconds: float


@dataclass(frozen=True)
class TopChange:
    """An item whose truth moved far up or down the ranking.

    Attributes:
        id: of the item.
        truth: name of its reference row.
        rank_before, rank_after: mid-rank of the truth, from 1.
        top_before, top_after: names of the nearest reference rows, nearest first.
    """

    id: str
    truth: str
    rank_before: float
    rank_after: float
    top_before: tuple[str, ...]
    top_after: tuple[str, ...]


@dataclass(frozen=True)
class Gallery(JsonRecord):
    """Share of rows that find their truth among texts that no fit has seen.

    Among all texts, predictions are drawn to those that the fit knows; here each row is only asked to tell
    its truth from the other held-out texts of its fold.

    Attributes:
        before, after, difference: with intervals over clusters.
        rows: texts that a row chooses from, on average over rows.
    """

    before: Estimate
    after: Estimate
    difference: Difference
    rows: float


@dataclass(frozen=True)
class MethodResult(JsonRecord, keys=_OF_METHOD):
    """One bridge on the held-out rows of one part.

    Attributes:
        label: name of the bridge, or of the method that was fitted for this report.
        method: in the registry.
        params: its parameters.
        learns_from: what the method needs.
        invertible: rows can be moved back.
        cost: parameters, FLOPs, seconds.
        warnings: why the method itself says that it should not be trusted at this number of rows.
        measures: by name, in the order of the documentation.
        undefined: measures that these rows do not have, with the reason.
        neighbours: ``knn.jaccard`` and ``knn.recall`` of the rows before and after; "" → None with a why.
        verdict: one word and its reasons.
        improved, worsened: items whose truth moved most.
        gallery: top-1 among unseen texts; None where texts stand for classes, which the fit may know.
        arrays: the comparison itself, for figures.
    """

    label: str
    method: str
    params: Mapping[str, Any]
    learns_from: str
    invertible: bool
    cost: Cost
    warnings: tuple[str, ...]
    measures: Mapping[str, MeasureResult]
    undefined: Mapping[str, str]
    neighbours: Mapping[str, Estimate]
    verdict: Verdict
    improved: tuple[TopChange, ...] = ()
    worsened: tuple[TopChange, ...] = ()
    gallery: Gallery | None = None
    arrays: ArrayComparison | None = field(default=None, repr=False, compare=False)

    @property
    def rank_kept(self) -> float | None:
        """Effective rank after, as a share of before."""
        return self.ratio("rank.entropy")

    def ratio(self, name: str) -> float | None:
        """After as a share of before; None where either is undefined or before is 0."""
        row = self.measures.get(name)
        if row is None or not row.before.value or row.after.value is None:
            return None
        return row.after.value / row.before.value

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return super().to_json() | {"measures": [row.to_json() for row in self.measures.values()]}


@dataclass(frozen=True)
class Part(JsonRecord):
    """All bridges on one choice of held-out rows.

    Attributes:
        name: "held-out", "seen" (classes that the fits saw, other items) or "unseen" (classes that no
            fit saw).
        about: how the rows were held out, in a sentence.
        n: rows.
        clusters: independent units among them.
        methods: in the order in which they were asked for.
    """

    name: str
    about: str
    n: int
    clusters: int
    methods: tuple[MethodResult, ...]

    def __getitem__(self, label: str) -> MethodResult:
        """The result of one bridge.

        Raises:
            UnknownNameError: it is not in this report.
        """
        by_label = {one.label: one for one in self.methods}
        check_known(label, by_label, "a bridge of this report")
        return by_label[label]


@dataclass(frozen=True)
class EntryTime:
    """One diffusion bridge at several times of entry.

    Attributes:
        label: name of the bridge.
        part: whose rows.
        steps: of the schedule.
        times: t* of each result.
        results: measures at each time.
        neighbours: share of the neighbours kept at each time.
    """

    label: str
    part: str
    steps: int
    times: tuple[int, ...]
    results: tuple[Mapping[str, MeasureResult], ...]
    neighbours: tuple[Estimate, ...]
    words: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "label": self.label,
            "part": self.part,
            "steps": self.steps,
            "times": [
                {
                    "time": time,
                    "verdict": word,
                    "measures": [row.to_json() for row in table.values()],
                    "neighbours_kept": kept.to_json(),
                }
                for time, word, table, kept in zip(
                    self.times, self.words, self.results, self.neighbours, strict=True
                )
            ],
        }


@dataclass(frozen=True)
class BridgesRecord(JsonRecord, schema=SCHEMA, keys=_KEYS):
    """Several bridges on the same held-out rows.

    Attributes:
        source, target: names of the sets.
        on: the link's key column.
        cluster: what the independent units are, a column as a rule, or None when rows are.
        clusters_from: who says so: ``how`` of :class:`~repscope.verbs.common.clusters.Clusters`.
        copies: source rows equal to an earlier one up to rounding.
        folds: of the cross-validation; None where bridges of the study were judged on the rows that none
            of them saw.
        seed: of everything random.
        fingerprints: of sets and bridges, by name.
        replay: command that repeats the report, or "".
        version: of repscope.
        parts: held-out rows, or seen and unseen classes apart.
        failed: methods that could not be measured, with the reason.
        entry: the sweep over the time of entry of each diffusion bridge.
        notes: facts that a reader should know.
    """

    source: str
    target: str
    on: str
    cluster: str | None
    folds: int | None
    seed: int
    fingerprints: Mapping[str, str]
    replay: str
    version: str
    parts: tuple[Part, ...]
    failed: Mapping[str, str]
    entry: tuple[EntryTime, ...]
    notes: tuple[str, ...]
    clusters_from: str = "none"
    copies: int = 0

    def __getitem__(self, name: str) -> Part:
        """One part.

        Raises:
            UnknownNameError: there is none of that name.
        """
        by_name = {part.name: part for part in self.parts}
        check_known(name, by_name, "a part of this report")
        return by_name[name]
