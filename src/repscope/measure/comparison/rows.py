"""From samples of two stages to rows of the table: estimates, paired differences, q-values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.estimate import Difference, Estimate, PerItem, Replicates, Sample, Undefined
from repscope.measure.core.grouping import dense_codes
from repscope.measure.core.rare import unseen_share
from repscope.measure.core.resample import (
    SMALLEST_P,
    cluster_sums,
    difference_replicates,
    estimate_means,
    estimate_replicates,
    q_values,
)
from repscope.measure.core.results import MeasureResult

Row = tuple[Estimate, Estimate, Difference]
E = TypeVar("E", Estimate, Difference)

ROUNDING = 1e-12
"""Width of an interval that is none."""


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
            rows[name] = _replicated(name, first, second, clusters)
        elif not (isinstance(first, Undefined) and isinstance(second, Undefined)):
            rows[name] = _half_defined(first, second, clusters)
    for names in batches.values():
        sides = [[stage[name] for name in names] for stage in (before, after)]
        limits = [_share_bounds(name) for name in names]
        rows.update(zip(names, mean_rows(sides[0], sides[1], resamples, seed, limits), strict=True))
    return {
        name: (first.within(MEASURES[name].bounds), second.within(MEASURES[name].bounds), difference)
        for name, (first, second, difference) in rows.items()
    }


def mean_rows(
    before: list[Sample],
    after: list[Sample],
    resamples: int,
    seed: int,
    bounds: Sequence[tuple[float, float] | None] = (),
) -> list[Row]:
    """Rows of several item means over the same items of two stages.

    Args:
        before, after: samples of the same items; one and the same sample has a difference of exactly 0.
        resamples, seed: of the bootstrap.
        bounds: of shares and ranks; see :func:`repscope.measure.core.resample.estimate_means`.
    """
    sides = [[sample for sample in side if isinstance(sample, PerItem)] for side in (before, after)]
    clusters = dense_codes(sides[0][0].clusters)
    sums = [cluster_sums(np.stack([sample.values for sample in side], axis=1), clusters) for side in sides]
    exact = [i for i, (one, other) in enumerate(zip(*sides, strict=True)) if one is other]
    rows = estimate_means(*sums, resamples=resamples, seed=seed, bounds=bounds, exact=exact)
    return [
        _without_intervals(row, one.alone) if one.alone else row
        for row, one in zip(rows, sides[0], strict=True)
    ]


def _share_bounds(name: str) -> tuple[float, float] | None:
    """Bounds of shares and reciprocal ranks, whose items have few values; None of all others."""
    bounds = MEASURES[name].bounds
    return bounds if bounds == (0.0, 1.0) else None


def _without_intervals(row: Row, why: str) -> Row:
    first, second = (replace(one, low=None, high=None, method="", why=why) for one in row[:2])
    return first, second, replace(row[2], low=None, high=None, p=None, method="", why=why)


def _replicated(name: str, first: Replicates, second: Replicates, clusters: int) -> Row:
    """A row of jackknifed measures; where no group of rows changes a share, of what could be unseen."""
    before, after = (estimate_replicates(side, clusters) for side in (first, second))
    difference = difference_replicates(first, second, clusters)
    low, high = MEASURES[name].bounds
    if high - low <= 1:
        before, after = (_seen_in_all(one, side) for one, side in ((before, first), (after, second)))
        if first is not second:
            difference = _tested(difference, _seen_in_all(difference, second))
    return before, after, difference


def _seen_in_all(one: E, side: Replicates) -> E:
    """An interval of no width, widened by what none of the clusters (or of the rows of a share) showed."""
    if one.value is None or one.low is None or one.high is None or one.high - one.low > ROUNDING:
        return one
    reach = unseen_share(min(one.n, side.share_of or one.n), one.level)
    method = f"{one.method}; no group changes it: exact interval of none in {one.n:,}"
    return replace(one, low=one.value - reach, high=one.value + reach, method=method)


def _tested(difference: Difference, widened: Difference) -> Difference:
    """A difference that no group changes has no error to be tested with: it is one beyond its width."""
    if widened is difference or widened.low is None or widened.high is None:
        return widened
    return replace(widened, p=1.0 if widened.low <= 0 <= widened.high else SMALLEST_P)


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


COPIES = {"recall@1": "top1.true", "recall@5": "top5.true", "cosine.mean": "spread.cosine"}
"""Measures that are another one under a second name, or 1 minus it: one test, not two."""


def with_q(table: dict[str, MeasureResult]) -> dict[str, MeasureResult]:
    """The table with q-values over all of its tests; a copy of another measure has that one's."""
    copies = {name: of for name, of in COPIES.items() if name in table and of in table}
    names = [name for name in table if name not in copies]
    q = dict(zip(names, q_values([table[name].difference.p for name in names]), strict=True))
    return {
        name: replace(row, difference=replace(row.difference, q=q[copies.get(name, name)]))
        for name, row in table.items()
    }


def value_of(sample: Sample | None) -> float | None:
    """The value of a sample, or None where there is none."""
    return None if sample is None or isinstance(sample, Undefined) else float(sample.value)


def sd_of(sample: Sample | None) -> float | None:
    """Standard deviation over items of a measure that is a mean over items; None of any other."""
    if not isinstance(sample, PerItem) or len(sample.values) < 2:
        return None
    return float(sample.values.std(ddof=1))


def sd_pair(before: Sample | None, after: Sample | None) -> tuple[float, float] | None:
    """The same of two stages; None where either has none."""
    first, second = sd_of(before), sd_of(after)
    return None if first is None or second is None else (first, second)
