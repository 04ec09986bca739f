"""``bridge report``: several bridges on the same held-out rows, through the same measures and verdict."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, LinkError, RepscopeError, StudyError, VectorError
from repscope.study import Study
from repscope.study.provenance import version
from repscope.text.progress import OnProgress, Progress
from repscope.transform.catalogue import LearnsFrom
from repscope.transform.catalogue import method as method_info
from repscope.transform.catalogue import methods as all_methods
from repscope.transform.store import SavedBridge, stored
from repscope.verbs.bridge.entry_time import entering_at, entry_times_of, sweep_entry
from repscope.verbs.bridge.evaluation import (
    Evaluation,
    EvaluationSplit,
    among_unseen_texts,
    evaluate_rows,
    evaluation_of_bridges,
    evaluation_of_folds,
    largest_rank_changes,
    neighbours_kept,
)
from repscope.verbs.bridge.fit import fit_rows
from repscope.verbs.bridge.options import ALL, JudgeOptions
from repscope.verbs.bridge.params import make_bridge
from repscope.verbs.bridge.record import BridgesRecord, Cost, EntryTime, MethodResult, Part
from repscope.verbs.common.holdout import Index, LinkedSets, Split, link_sets

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

Floats = NDArray[np.floating[Any]]

SHARED_FOLDS = (
    "each row was predicted by a fit that had not seen it, but any two fits share most of their rows, so "
    "intervals, which resample rows, are a little too narrow for what another sample of fits would give"
)

TRAINED_ELSEWHERE = (
    "{} was trained elsewhere: which of these rows it has seen is not known here, so its line says nothing "
    "about unseen rows unless you know that none of them was in its training"
)

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Candidate:
    """One bridge of a report: kept in the study, or fitted for it.

    Attributes:
        label: its name.
        method: in the catalogue.
        params: of a method that is fitted here.
        kept: the bridge of the study, or None.
    """

    label: str
    method: str
    params: dict[str, Any]
    kept: SavedBridge | None = None


def report_bridges(
    study: str | Path | Study,
    names: Sequence[str] = (),
    *,
    methods: Sequence[str] = (),
    source: str | None = None,
    target: str | None = None,
    on: str | None = None,
    cluster: str | None = None,
    unseen: tuple[tuple[str, str], ...] = (),
    folds: int = JudgeOptions.folds,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    measures: tuple[str, ...] | None = None,
    drop_unlinked: bool = False,
    entry_times: Sequence[int] | None = None,
    seed: int = JudgeOptions.seed,
    resamples: int = JudgeOptions.resamples,
    progress: OnProgress | None = None,
) -> BridgesRecord:
    """Judge bridges side by side on rows that none of them has seen.

    With ``names``, the rows are those that all these bridges held out, and ``methods`` are fitted
    without them; imported bridges, of which nobody knows here what they saw, move all rows that are judged,
    and a note says so. With ``methods`` or imported bridges alone, all rows are judged by cross-validation:
    folds of whole clusters, and, where the target has classes, folds of whole classes besides, for classes
    that no fit has seen.

    Args:
        study: folder of the study, or the study.
        names: bridges of the study.
        methods: names of the catalogue, fitted for this report; or "all", where a method that cannot be
            fitted is listed with its reason instead of stopping the report.
        source, target, on, cluster: as for :func:`repscope.verbs.bridge.fit.fit_bridge`; by default
            those of the bridges.
        unseen: values whose rows make the unseen part; see :class:`HoldOut`.
        folds: of the cross-validation.
        params: of ``methods``, by name.
        measures: names; those of the verdict by default.
        drop_unlinked: leave out rows whose key the target lacks.
        entry_times: times of entry that diffusion bridges are swept over; a default range when None, no
            sweep when empty.
        seed: of everything random.
        resamples: of the bootstrap.
        progress: told about what is done.

    Raises:
        InputError: nothing to report on.
        StudyError: bridges of other sets, or without held-out rows in common.
        LinkError: the sets are not linked: nothing can say whether a row found its truth.
        VectorError: source and target differ in width.
        RepscopeError: a method that was named refuses.
    """
    opened = Study.open(study)
    lenient = methods == "all" or tuple(methods) == ALL
    methods = [one.name for one in all_methods()] if lenient else list(dict.fromkeys(methods))
    _check_names(methods, params or {})
    kept = [stored(opened, name) for name in dict.fromkeys(names)]
    if not kept and not methods:
        raise InputError(
            "bridges to report on", "none", "name bridges of the study, or methods with --methods all"
        )
    about = _agreed(kept, {"source": source, "target": target, "on": on, "cluster": cluster})
    drop_unlinked = drop_unlinked or any(bridge.fit.get("drop_unlinked") for bridge in kept)
    opened_sets = opened.open_sets([about["source"], about["target"]])
    sets = link_sets(
        opened_sets[about["source"]],
        opened_sets[about["target"]],
        on=about["on"],
        cluster=about["cluster"],
        drop_unlinked=drop_unlinked,
    )
    own = [bridge for bridge in kept if not bridge.imported]
    _check_sets(sets, own)
    splits = evaluation_of_bridges(sets, own) if own else evaluation_of_folds(sets, unseen, folds, seed)
    candidates = [Candidate(bridge.name, bridge.method, dict(bridge.params), bridge) for bridge in kept]
    taken = {candidate.label for candidate in candidates}
    for name in methods:
        label = name if name not in taken else f"{name} (fitted here)"
        candidates.append(Candidate(label, name, dict((params or {}).get(name, {}))))
    evaluation = Evaluation(measures, seed, resamples)
    runner = _Runner(
        sets,
        evaluation,
        lenient=lenient,
        entry_times=entry_times,
        progress=progress,
        total=len(splits) * len(candidates),
    )
    parts = tuple(runner.part(evaluated, candidates) for evaluated in splits)
    if not any(part.methods for part in parts):
        first = next(iter(runner.failed.items()))
        raise StudyError("at least one bridge that can be fitted", f"{first[0]}: {first[1]}", "choose others")
    # What the bridges of the study were fitted with is said by them.
    theirs = ("source", "target", "on", "cluster", "folds", "drop_unlinked")
    asked = locals() | about | {"methods": ALL if lenient else tuple(methods), "measures": measures or None}
    options = JudgeOptions.of({key: value for key, value in asked.items() if not (own and key in theirs)})
    return BridgesRecord(
        source=sets.source.name,
        target=sets.target.name,
        on=sets.on or "",
        cluster=sets.units.name or None,
        clusters_from=sets.units.how,
        copies=sets.units.copies,
        folds=None if own else folds,
        seed=seed,
        fingerprints={
            **{rows.name: rows.fingerprint for rows in (sets.source, sets.target)},
            **{f"transforms/{bridge.name}": bridge.fingerprint for bridge in kept},
        },
        replay=options.to_command("bridge", "report", opened.path, *(one.name for one in kept)),
        version=version(),
        parts=parts,
        failed=runner.failed,
        entry=tuple(runner.entry),
        notes=(
            *sets.notes,
            *(() if own or not methods else (SHARED_FOLDS,)),
            *(TRAINED_ELSEWHERE.format(bridge.name) for bridge in kept if bridge.imported),
        ),
    )


class _Runner:
    """Fits, moves and judges, one bridge after the other."""

    def __init__(
        self,
        sets: LinkedSets,
        evaluation: Evaluation,
        *,
        lenient: bool,
        entry_times: Sequence[int] | None,
        progress: OnProgress | None,
        total: int,
    ) -> None:
        self.sets, self.evaluation, self.lenient = sets, evaluation, lenient
        self.entry_times, self.total = entry_times, total
        self.report = progress or (lambda state: None)
        self.failed: dict[str, str] = {}
        self.entry: list[EntryTime] = []
        self.done = 0

    def part(self, evaluated: EvaluationSplit, candidates: Sequence[Candidate]) -> Part:
        results = []
        for candidate in candidates:
            self.report(Progress(f"{evaluated.name}: {candidate.label}", self.done, self.total))
            self.done += 1
            if candidate.label in self.failed:
                continue
            try:
                results.append(self.method(evaluated, candidate))
            except RepscopeError as error:
                if not self.lenient or candidate.kept is not None:
                    raise
                self.failed[candidate.label] = f"expected {error.expected}; got {error.got}; do: {error.do}"
        self.report(Progress(f"{evaluated.name}: done", self.done, self.total))
        rows = evaluated.rows
        clusters = len(np.unique(self.sets.clusters[rows]))
        return Part(evaluated.name, evaluated.about, len(rows), clusters, tuple(results))

    def method(self, evaluated: EvaluationSplit, candidate: Candidate) -> MethodResult:
        fits = list(self._fits(evaluated, candidate))
        moved, seconds = _predict(self.sets, fits, evaluated.rows)
        first = fits[0][1]
        arrays = evaluate_rows(self.sets, evaluated.rows, moved, self.evaluation)
        improved, worsened = largest_rank_changes(self.sets, evaluated.rows, arrays)
        # Folds warn of the same with other numbers; one of them says enough.
        warned = {
            _NUMBER.sub("#", text): text for _, bridge, _ in reversed(fits) for text in bridge.warnings_
        }
        result = MethodResult(
            label=candidate.label,
            method=candidate.method,
            params=candidate.params,
            learns_from=_learnt_from(first),
            invertible=method_info(candidate.method).invertible,
            cost=Cost(
                first.n_parameters,
                first.flops_per_row,
                float(np.mean([spent for _, _, spent in fits])),
                1000 * seconds / len(evaluated.rows),
            ),
            warnings=tuple(warned.values()),
            measures=dict(arrays.table),
            undefined=dict(arrays.undefined),
            neighbours=neighbours_kept(arrays),
            verdict=arrays.verdict,
            improved=improved,
            worsened=worsened,
            gallery=None
            if candidate.kept is not None and candidate.kept.imported
            else among_unseen_texts(self.sets, evaluated.splits, evaluated.rows, moved, self.evaluation),
            arrays=arrays,
        )
        self._sweep(evaluated, candidate, fits)
        return result

    def _fits(
        self, evaluated: EvaluationSplit, candidate: Candidate
    ) -> Iterator[tuple[Split, Bridge, float]]:
        if candidate.kept is not None:
            cost = candidate.kept.fit.get("cost", {})
            bridge = candidate.kept.load()
            for split in evaluated.splits:
                yield split, bridge, float(cost.get("seconds", 0.0))
            return
        for split in evaluated.splits:
            bridge = make_bridge(candidate.method, candidate.params, seed=self.evaluation.seed)
            yield split, bridge, fit_rows(bridge, self.sets, split)

    def _sweep(
        self, evaluated: EvaluationSplit, candidate: Candidate, fits: list[tuple[Split, Bridge, float]]
    ) -> None:
        times = entry_times_of(fits[0][1], self.entry_times)
        if not times:
            return

        def predict(time_: int) -> Floats:
            return _predict(self.sets, fits, evaluated.rows, time_)[0]

        self.report(Progress(f"{evaluated.name}: {candidate.label}, times of entry", self.done, self.total))
        self.entry.append(
            sweep_entry(
                self.sets,
                evaluated.rows,
                fits[0][1],
                predict,
                times,
                labels=(candidate.label, evaluated.name),
                evaluation=self.evaluation,
            )
        )


def _learnt_from(bridge: Bridge) -> LearnsFrom:
    """The rows that a bridge learnt from; a diffusion may have been trained on those that it moves."""
    trained_on = bridge.get_params(deep=False).get("train_on")
    return "source" if trained_on == "source" else method_info(bridge.name).learns_from


def _predict(
    sets: LinkedSets, fits: list[tuple[Split, Bridge, float]], rows: Index, entry: int | None = None
) -> tuple[Floats, float]:
    """[n, E] each row moved by the fit that had not seen it, and the seconds."""
    begun = time.perf_counter()
    moved: Floats = np.empty((len(rows), sets.target.d), np.float32)
    for split, bridge, _ in fits:
        at = np.searchsorted(rows, split.held)
        vectors = sets.source.vectors[split.held]
        with entering_at(bridge, entry):
            moved[at] = bridge.transform(vectors)
    return moved, time.perf_counter() - begun


def _agreed(kept: Sequence[SavedBridge], given: dict[str, str | None]) -> dict[str, Any]:
    """Sets, key and clusters that all bridges were fitted with, or that were given."""
    agreed: dict[str, Any] = dict(given)
    for bridge in kept:
        for key, known in list(agreed.items()):
            recorded = bridge.fit.get(key)
            value = recorded["name"] if isinstance(recorded, dict) else recorded
            if value is None:
                continue
            if known is None:
                agreed[key] = value
            elif known != value:
                raise StudyError(
                    f"bridges of the same {key}",
                    f"{known!r}, and {value!r} for the bridge {bridge.name!r}",
                    "report on them apart, or fit them on the same sets",
                )
    for key in ("source", "target"):
        if agreed[key] is None:
            raise InputError(f"the {key} set", "none", f"name it with --{key} SET")
    if agreed["on"] is None:
        raise LinkError(
            "how held-out rows and the target belong together, to see who finds the truth",
            "no key",
            "name it with --on KEY",
        )
    return agreed


def _check_sets(sets: LinkedSets, kept: Sequence[SavedBridge]) -> None:
    if sets.source.d != sets.target.d:
        raise VectorError(
            "source and target of one width, so that there is a before",
            f"{sets.source.name!r} {sets.source.d}, {sets.target.name!r} {sets.target.d}",
            "apply the bridge, and measure the new set with: repscope compare",
        )
    for bridge in kept:
        for role, here in (("source", sets.source), ("target", sets.target)):
            recorded = bridge.fit.get(role) or {}
            if recorded.get("fingerprint") != here.fingerprint:
                raise StudyError(
                    f"the {role} that the bridge {bridge.name!r} was fitted on",
                    f"set {here.name!r}, which has changed since"
                    if recorded
                    else "a bridge that was not fitted in this study",
                    "fit it again with --overwrite",
                )


def _check_names(methods: Sequence[str], params: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse methods that are none, and parameters of methods that were not named."""
    for name in methods:
        method_info(name)
    for name in params:
        if name not in methods:
            raise InputError(
                "--param METHOD.NAME=VALUE, of a method in --methods",
                repr(name),
                f"begin it with one of {', '.join(methods)}" if methods else "name methods with --methods",
            )
