"""From samples of two stages to rows of the table: estimates, paired differences, q-values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.estimate import Difference, Estimate, PerItem, Replicates, Sample, Undefined
from repscope.measure.core.grouping import dense_codes
from repscope.measure.core.resample import (
    cluster_sums,
    difference_replicates,
    estimate_means,
    estimate_replicates,
    q_values,
)
from repscope.measure.core.results import MeasureResult

Row = tuple[Estimate, Estimate, Difference]


def build_rows(
    before: Mapping[str, Sample], after: Mapping[str, Sample], clusters: int, resamples: int, seed: int
) -> dict[str, Row]:
    """Rows for every measure that at least one stage has; item means share their resamples."""
    rows: dict[str, Row] = {}
    batches: dict[bytes, list[str]] = {}
    for name, first in before.items():
        second = after.get(name, Undefined("not measured after"))
        if isinstance(first, PerItem) and isinstance(second, PerItem):
            batches.setdefault(first.clusters.tobytes(), []).append(name)
        elif isinstance(first, Replicates) and isinstance(second, Replicates):
            rows[name] = (
                estimate_replicates(first, clusters),
                estimate_replicates(second, clusters),
                difference_replicates(first, second, clusters),
            )
        elif not (isinstance(first, Undefined) and isinstance(second, Undefined)):
            rows[name] = _half_defined(first, second, clusters)
    for names in batches.values():
        sides = [[stage[name] for name in names] for stage in (before, after)]
        rows.update(zip(names, mean_rows(sides[0], sides[1], resamples, seed), strict=True))
    return {
        name: (first.within(MEASURES[name].bounds), second.within(MEASURES[name].bounds), difference)
        for name, (first, second, difference) in rows.items()
    }


def mean_rows(before: list[Sample], after: list[Sample], resamples: int, seed: int) -> list[Row]:
    """Rows of several item means over the same items of two stages."""
    sides = [[sample for sample in side if isinstance(sample, PerItem)] for side in (before, after)]
    clusters = dense_codes(sides[0][0].clusters)
    sums = [cluster_sums(np.stack([sample.values for sample in side], axis=1), clusters) for side in sides]
    return estimate_means(*sums, resamples=resamples, seed=seed)


def _half_defined(first: Sample, second: Sample, clusters: int) -> Row:
    why = " and ".join(sample.why for sample in (first, second) if isinstance(sample, Undefined))
    estimates = [
        Estimate(None, n=clusters, why=sample.why)
        if isinstance(sample, Undefined)
        else estimate_replicates(sample, clusters)
        if isinstance(sample, Replicates)
        else Estimate(sample.value, n=clusters, why="no interval: the other stage has no value")
        for sample in (first, second)
    ]
    return estimates[0], estimates[1], Difference(None, n=clusters, why=why)


def with_q(table: dict[str, MeasureResult]) -> dict[str, MeasureResult]:
    """The table with q-values over all of its tests."""
    q = q_values([row.difference.p for row in table.values()])
    return {
        name: replace(row, difference=replace(row.difference, q=value))
        for (name, row), value in zip(table.items(), q, strict=True)
    }


def value_of(sample: Sample | None) -> float | None:
    """The value of a sample, or None where there is none."""
    return None if sample is None or isinstance(sample, Undefined) else float(sample.value)
