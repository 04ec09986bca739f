"""One stage, alone or against a reference: the same measures as of two, with what known non-answers read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.measure.catalogue.measures import MEASURES, STAGE_MEASURES, measure_info
from repscope.measure.comparison.compare_arrays import (
    cluster_codes,
    floor_samples,
    gaussian_expected,
    make_frame,
)
from repscope.measure.comparison.compute import measure_stage
from repscope.measure.comparison.rows import build_rows, sd_of, value_of
from repscope.measure.core.controls import collapse
from repscope.measure.core.estimate import Estimate, Sample, Undefined
from repscope.measure.core.info import MeasureInfo
from repscope.measure.core.resample import RESAMPLES
from repscope.measure.core.stage import Frame, Stage

Array = NDArray[np.floating[Any]]
Codes = NDArray[np.int64]

COLLAPSED = ("cosine.true", "cosine.max", "top1.true", "mrr.true", "margin.true", "gap.l2", "hub.share")
SHUFFLED = (
    "cosine.true",
    "top1.true",
    "top5.true",
    "mrr.true",
    "margin.true",
    "recall@1",
    "recall@5",
    "recall@10",
)
"""Measures of which each control is read: those that a chapter about one stage turns on."""

WHERE = {"link": "items that are linked with a reference (--on)", "reference": "a reference (--reference)"}


@dataclass(frozen=True)
class StageResult:
    """One measure of one stage.

    Attributes:
        info: what the measure is.
        value: with its interval.
        controls: what known non-answers read: "collapse" (every row at the mean direction), "shuffled"
            (truths dealt out at random), "floor" (two halves of the reference against each other).
        expected: [low, high] that a Gaussian of the same N and D reads, for measures that depend on them.
        sd: standard deviation over items, of a measure that is a mean over items.
    """

    info: MeasureInfo
    value: Estimate
    controls: Mapping[str, float] = field(default_factory=dict)
    expected: tuple[float, float] | None = None
    sd: float | None = None

    @property
    def name(self) -> str:
        """Public name of the measure."""
        return self.info.name

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        described = self.info.to_json()
        record: dict[str, Any] = {
            "name": self.name,
            **{key: described[key] for key in ("group", "direction", "bounds", "unit")},
            "value": self.value.to_json(),
            "controls": dict(self.controls),
        }
        if self.sd is not None:
            record["sd"] = self.sd
        if self.expected is not None:
            record["gaussian"] = {"low": self.expected[0], "high": self.expected[1]}
        return record


@dataclass(frozen=True)
class ArrayDescription:
    """What :func:`describe_arrays` found.

    Attributes:
        table: results by measure, in the order of the documentation.
        undefined: measures that these rows do not have, with the reason.
        stage: the rows, with their matches in the reference.
        clusters: independent units.
    """

    table: Mapping[str, StageResult]
    undefined: Mapping[str, str]
    stage: Stage
    clusters: int


def describe_arrays(
    rows: Array,
    reference: Array | None = None,
    *,
    item_keys: Codes | None = None,
    reference_keys: Codes | None = None,
    clusters: Codes | None = None,
    views: Codes | None = None,
    measures: Collection[str] | None = None,
    all_measures: bool = False,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> ArrayDescription:
    """Measure one stage; the arguments are those of ``compare_arrays``, and so are values and intervals.

    Args:
        rows: [N, D] the items.
        reference: [M, D], or None for what a set has alone.
        item_keys, reference_keys: [N] and [M] link codes.
        clusters, views: [N] which items are not independent, and which are views of one thing.
        measures: names; by default all that apply but the costly ones.
        all_measures: the costly ones too.
        seed: of everything random.
        resamples: of the bootstrap.

    Raises:
        VectorError: shapes that do not fit, NaN, Inf or zero rows.
        LinkError: no item is linked with the reference.
        UnknownNameError: no such measure.
    """
    if len(rows) < 2:
        raise VectorError("at least 2 items", f"{len(rows)}", "give more items; one row has no distribution")
    if reference is not None and reference.shape[1:] != rows.shape[1:]:
        raise VectorError(
            f"a reference as wide as the items ({rows.shape[1]})",
            f"width {reference.shape[1]}",
            "capture both after their projection into the shared space",
        )
    given = rows[:0] if reference is None else reference
    codes = cluster_codes(clusters, views, len(rows))
    frame = replace(make_frame(rows, given, (item_keys, reference_keys), codes, seed), views=views)
    stage = Stage(rows, frame)
    wanted, missing = _wanted(measures, frame, all_measures)
    samples = measure_stage(stage, wanted)
    n = int(codes.max()) + 1
    # A stage beside itself: values and intervals are those of a comparison, to the last digit.
    estimates = {
        name: first for name, (first, _, _) in build_rows(samples, samples, n, resamples, seed).items()
    }
    controls = _controls(stage, wanted, samples, seed)
    expected = gaussian_expected(len(rows), rows.shape[1], list(estimates), seed)
    table = {
        name: StageResult(
            info, estimates[name], controls.get(name, {}), expected.get(name), sd_of(samples[name])
        )
        for name, info in MEASURES.items()
        if name in estimates
    }
    undefined = {name: one.why for name, one in samples.items() if isinstance(one, Undefined)}
    return ArrayDescription(table, missing | undefined, stage, n)


def _wanted(
    measures: Collection[str] | None, frame: Frame, all_measures: bool
) -> tuple[set[str], dict[str, str]]:
    """Measures that apply, and the reason of each that was named and does not."""
    has = {"set", *(("reference",) if len(frame.reference) else ()), *(("link",) if frame.linked else ())}
    if measures is None:
        names = {one.name for one in STAGE_MEASURES if all_measures or not one.extra}
        if frame.views is None:
            names.discard("lidar")
        return {name for name in names if MEASURES[name].needs in has}, {}
    named = {measure_info(name).name: measure_info(name).needs for name in measures}
    missing = {
        name: f"needs {WHERE.get(needs, 'two stages: repscope compare')}"
        for name, needs in named.items()
        if needs not in has
    }
    return named.keys() - missing.keys(), missing


def _controls(
    stage: Stage, wanted: set[str], samples: Mapping[str, Sample], seed: int
) -> dict[str, dict[str, float]]:
    """By measure, what each control that makes sense for it reads."""
    frame = stage.frame
    if not len(frame.reference):
        return {}
    read = {
        "collapse": measure_stage(Stage(collapse(stage.unit), frame), wanted & {*COLLAPSED}, intervals=False),
        "floor": floor_samples(frame, wanted, samples),
    }
    if frame.item_keys is not None:
        keys = np.random.default_rng(seed).permutation(frame.item_keys)
        shuffled = Stage(stage.rows, replace(frame, item_keys=keys))
        read["shuffled"] = measure_stage(shuffled, wanted & {*SHUFFLED}, intervals=False)
    found: dict[str, dict[str, float]] = {}
    for control, values in read.items():
        for name, sample in values.items():
            value = value_of(sample)
            if value is not None and name in samples:
                found.setdefault(name, {})[control] = value
    return found
