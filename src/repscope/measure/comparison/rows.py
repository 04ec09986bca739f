"""From samples of two stages to rows of the table: estimates, paired differences, q-values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.estimate import Difference, Estimate, PerItem, Replicates, Sample, Undefined
from repscope.measure.core.grouping import dense_codes
from repscope.measure.core.resample import (
    benjamini_hochberg,
    cluster_sums,
    difference_replicates,
    estimate_means,
    estimate_replicates,
)
from repscope.measure.core.results import MeasureResult

Row = tuple[Estimate, Estimate, Difference]


def build_rows(
    before: Mapping[str, Sample], after: Mapping[str, Sample], clusters: int, resamples: int, seed: int
) -> dict[str, Row]:
    """Rows for every measure that at least one stage has; item means share their resamples."""
    rows: dict[str, Row] = {}
    batches: dict[bytes, list[str]] = {}
    for name, one in before.items():
        other = after.get(name, Undefined("not measured after"))
        if isinstance(one, PerItem) and isinstance(other, PerItem):
            batches.setdefault(one.clusters.tobytes(), []).append(name)
        elif isinstance(one, Replicates) and isinstance(other, Replicates):
            rows[name] = (
                estimate_replicates(one, clusters),
                estimate_replicates(other, clusters),
                difference_replicates(one, other, clusters),
            )
        elif not (isinstance(one, Undefined) and isinstance(other, Undefined)):
            rows[name] = _half_defined(one, other, clusters)
    for names in batches.values():
        first = [before[name] for name in names]
        second = [after[name] for name in names]
        rows.update(zip(names, mean_rows(first, second, resamples, seed), strict=True))
    return {name: _clipped(name, row) for name, row in rows.items()}


def mean_rows(before: list[Sample], after: list[Sample], resamples: int, seed: int) -> list[Row]:
    """Rows of several item means over the same items of two stages."""
    first, second = (
        [one for one in before if isinstance(one, PerItem)],
        [one for one in after if isinstance(one, PerItem)],
    )
    clusters = dense_codes(first[0].clusters)
    sums = [
        cluster_sums(np.stack([one.values for one in side], axis=1), clusters) for side in (first, second)
    ]
    return estimate_means(*sums, resamples=resamples, seed=seed)


def _half_defined(one: Sample, other: Sample, clusters: int) -> Row:
    why = " and ".join(sample.why for sample in (one, other) if isinstance(sample, Undefined))
    estimates = [
        Estimate(None, n=clusters, why=sample.why)
        if isinstance(sample, Undefined)
        else estimate_replicates(sample, clusters)
        if isinstance(sample, Replicates)
        else Estimate(sample.value, n=clusters, why="no interval: the other stage has no value")
        for sample in (one, other)
    ]
    return estimates[0], estimates[1], Difference(None, n=clusters, why=why)


def _clipped(name: str, row: Row) -> Row:
    """Intervals of a bounded measure do not leave its bounds."""
    low, high = MEASURES[name].bounds
    before, after = (
        one
        if one.low is None or one.high is None
        else replace(one, low=max(one.low, low), high=min(one.high, high))
        for one in row[:2]
    )
    return before, after, row[2]


def with_q(table: dict[str, MeasureResult]) -> dict[str, MeasureResult]:
    """The table with q-values over all of its tests."""
    tested = [name for name, row in table.items() if row.difference.p is not None]
    q = benjamini_hochberg(np.array([table[name].difference.p for name in tested], np.float64))
    return table | {
        name: replace(table[name], difference=replace(table[name].difference, q=float(one)))
        for name, one in zip(tested, q, strict=True)
    }


def value_of(sample: Sample | None) -> float | None:
    """The value of a sample, or None where there is none."""
    return None if sample is None or isinstance(sample, Undefined) else float(sample.value)
