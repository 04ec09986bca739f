"""From the samples of a measure at every stage to its series: estimates, changes between stages, split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import Difference, Estimate, Replicates, Undefined
from repscope.measure.core.resample import (
    bootstrap_means,
    cluster_sums,
    difference_replicates,
    estimate_replicates,
    percentile_interval,
    q_values,
    sign_flip_p,
)
from repscope.measure.drift.changepoint import change_point
from repscope.measure.drift.frame import DriftFrame
from repscope.measure.drift.infos import READ
from repscope.measure.drift.logs import exponential, log_replicates
from repscope.measure.drift.records import PairChange, Scale, Series

StageSample = Replicates | Undefined


def replicate_series(
    frame: DriftFrame,
    name: str,
    samples: Sequence[StageSample],
    *,
    scale: Scale = "difference",
    shuffled: Float64 | None = None,
    gaussian: tuple[float, float] | None = None,
    floor: float | None = None,
) -> Series:
    """A series of jackknifed measures; all stages left out the same groups, so changes are paired.

    Args:
        frame: the stages.
        name: of the measure, perhaps with "@real".
        samples: one a stage.
        scale: "ratio" compares logarithms; values and intervals then stay positive.
        shuffled: [S] value on stages in random order.
        gaussian, floor: see :class:`~repscope.measure.drift.records.Series`.
    """
    n = frame.n_clusters
    known = tuple(None if isinstance(sample, Undefined) else sample for sample in samples)
    values = [
        Estimate(None, n=n, why=sample.why)
        if isinstance(sample, Undefined)
        else _estimate(name, sample, n, scale)
        for sample in samples
    ]
    pairs = [
        PairChange(first, second, _change(samples[first], samples[second], n, scale))
        for first, second in frame.pairs
    ]
    return Series(
        name,
        tuple(values),
        tuple(pairs),
        scale,
        change_point(
            known,
            frame.positions,
            logarithm=scale == "ratio",
            resamples=frame.resamples,
            seed=frame.seed + 5,
        ),
        gaussian,
        floor,
        None if shuffled is None else tuple(float(value) for value in shuffled),
        known,
    )


def table_series(
    frame: DriftFrame,
    name: str,
    table: Float64,
    *,
    scale: Scale = "difference",
    shuffled: Float64 | None = None,
) -> Series:
    """:func:`replicate_series` from [1 + G, S] values: of all rows, then without each group."""
    samples = [Replicates(float(column[0]), column[1:], frame.n) for column in table.T]
    return replicate_series(frame, name, samples, scale=scale, shuffled=shuffled)


def item_series(frame: DriftFrame, name: str, values: Float64, valid: NDArray[np.bool_]) -> Series:
    """A series of means over items: bootstrapped over clusters, the same resamples in every stage.

    Args:
        frame: the stages.
        name: of the measure.
        values: [T, S] of the items that have one.
        valid: [N] which items those are.
    """
    codes = np.unique(frame.clusters[valid], return_inverse=True)[1].astype(np.int64)
    sums = cluster_sums(values, codes)
    c = sums.clusters
    means = sums.means()
    method = f"bootstrap over {c:,} clusters, {frame.resamples:,} resamples"
    groups = np.stack(
        [
            values[frame.groups[valid] != g].mean(axis=0)
            if (frame.groups[valid] != g).any()
            else np.full(values.shape[1], np.nan)
            for g in range(frame.n_groups)
        ]
    )
    known = tuple(Replicates(float(means[s]), groups[:, s], len(values)) for s in range(len(means)))
    if c < 2:
        why = "one cluster has no spread to resample"
        return Series(name, tuple(Estimate(float(mean), n=c, why=why) for mean in means), samples=known)
    draws = bootstrap_means(sums, resamples=frame.resamples, seed=frame.seed)
    estimates = [
        Estimate(float(means[s]), *percentile_interval(draws[:, s], c), n=c, method=method)
        for s in range(len(means))
    ]
    first, second = (np.array([pair[side] for pair in frame.pairs]) for side in (0, 1))
    p = sign_flip_p(
        sums.sums[:, second] - sums.sums[:, first], resamples=frame.resamples, seed=frame.seed + 1
    )
    pairs = []
    for number, (a, b) in enumerate(frame.pairs):
        low, high = percentile_interval(draws[:, b] - draws[:, a], c)
        change = Difference(
            float(means[b] - means[a]), low, high, n=c, method=f"{method}; sign-flip p", p=float(p[number])
        )
        pairs.append(PairChange(a, b, change))
    point = change_point(known, frame.positions, resamples=frame.resamples, seed=frame.seed + 5)
    return Series(name, tuple(estimates), tuple(pairs), "difference", point, samples=known)


def with_q(series: Mapping[str, Series]) -> dict[str, Series]:
    """The series with q-values over all of their changes between stages."""
    q = iter(q_values([pair.change.p for single in series.values() for pair in single.pairs]))
    return {
        name: replace(
            single,
            pairs=tuple(replace(pair, change=replace(pair.change, q=next(q))) for pair in single.pairs),
        )
        for name, single in series.items()
    }


def _estimate(name: str, sample: Replicates, n: int, scale: Scale) -> Estimate:
    logs = log_replicates(sample) if scale == "ratio" else None
    if logs is not None:
        estimate = replace(exponential(estimate_replicates(logs, n)), value=sample.value)
    else:
        estimate = estimate_replicates(sample, n)
    return estimate.within(READ[name.partition("@")[0]].bounds)


def _change(first: StageSample, second: StageSample, n: int, scale: Scale) -> Difference:
    if isinstance(first, Undefined) or isinstance(second, Undefined):
        reasons = dict.fromkeys(sample.why for sample in (first, second) if isinstance(sample, Undefined))
        return Difference(None, n=n, why=" and ".join(reasons))
    if scale == "difference":
        return difference_replicates(first, second, n)
    return ratio_of(first, second, n)


def ratio_of(first: Replicates, second: Replicates, n: int) -> Difference:
    """second / first, with an interval made on logarithms and the p-value of a ratio of 1."""
    if first.value <= 0:
        return Difference(None, n=n, why="nothing to compare with: the earlier value is 0")
    if second.value <= 0:
        return Difference(0.0, n=n, why="the later value is exactly 0")
    logs = log_replicates(first), log_replicates(second)
    if logs[0] is None or logs[1] is None:
        return Difference(second.value / first.value, n=n, why="not defined when some rows are left out")
    return exponential(difference_replicates(logs[0], logs[1], n))
