"""Intervals and tests by resampling clusters: bootstrap, sign flips, delete-group jackknife.

Rows that share a cluster (pairs of one image, patches of one picture) are not independent; every
function here resamples whole clusters, and ``n`` always counts clusters.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.measure.core.estimate import FIXED, Difference, Estimate, Replicates
from repscope.measure.core.power import found_errors
from repscope.measure.core.rare import at_least_exact

RESAMPLES = 2000
GROUPS = 20
LEVEL = 0.95
POWER = 0.8
SMALLEST_P = 1e-6
"""A t-test on twenty groups cannot speak of anything rarer."""

_CHUNK_BYTES = 64 * 2**20

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClusterSums:
    """Per-item values summed within clusters: all that a bootstrap of means needs.

    Attributes:
        sums: [C, K] sums of K columns of values.
        counts: [C, K] values that went into each sum.
    """

    sums: Floats
    counts: Floats

    @property
    def clusters(self) -> int:
        """Clusters with at least one value."""
        return int((self.counts > 0).any(axis=1).sum())

    def means(self) -> Floats:
        """[K] mean over all items."""
        means: Floats = self.sums.sum(axis=0) / self.counts.sum(axis=0)
        return means


def cluster_sums(
    values: Floats, clusters: NDArray[np.int64], valid: NDArray[np.bool_] | None = None
) -> ClusterSums:
    """Sum per-item values within clusters.

    Args:
        values: [N] or [N, K].
        clusters: [N] codes 0…C−1.
        valid: [N] or [N, K] False where an item has no value.
    """
    columns = np.asarray(values, np.float64).reshape(len(clusters), -1)
    mask = (
        np.ones_like(columns, bool)
        if valid is None
        else np.broadcast_to(np.asarray(valid).reshape(len(clusters), -1), columns.shape)
    )
    total = int(clusters.max()) + 1
    sums = np.stack(
        [
            np.bincount(clusters, np.where(mask[:, k], columns[:, k], 0.0), total)
            for k in range(columns.shape[1])
        ],
        1,
    )
    counts = np.stack(
        [np.bincount(clusters, mask[:, k].astype(np.float64), total) for k in range(columns.shape[1])], 1
    )
    used = (counts > 0).any(axis=1)
    return ClusterSums(sums[used].astype(np.float64), counts[used].astype(np.float64))


def bootstrap_means(sums: ClusterSums, *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """[resamples, K] means of K columns, the same resampled clusters for every column.

    Column differences therefore are paired. Memory is bounded: resamples are drawn in chunks.
    """
    rng = np.random.default_rng(seed)
    c, k = sums.sums.shape
    both = np.concatenate([sums.sums, sums.counts], axis=1)
    means = np.empty((resamples, k))
    chunk = max(1, min(resamples, _CHUNK_BYTES // (8 * c)))
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        draws = rng.integers(0, c, size=(rows, c), dtype=np.int32)
        weights = np.empty((rows, c))
        for row, drawn in enumerate(draws):
            weights[row] = np.bincount(drawn, minlength=c)
        totals = weights @ both
        # A resample without a single valid item of a column says nothing about it.
        empty = totals[:, k:] == 0
        means[start : start + rows] = np.where(
            empty, np.nan, totals[:, :k] / np.where(empty, 1.0, totals[:, k:])
        )
    return means


@lru_cache(maxsize=4096)
def t_quantile(share: float, degrees: float) -> float:
    """Quantile of Student's t; remembered, since a table asks for the same few many times."""
    from scipy.stats import t

    return float(t.ppf(share, degrees))


def percentile_interval(draws: Floats, clusters: int, level: float = LEVEL) -> tuple[float, float]:
    """Expanded percentile interval of a bootstrap distribution.

    Plain percentiles are too narrow when clusters are few; the nominal level is widened to what
    makes the interval of a normal mean exact (Hesterberg, The American Statistician 2015, §3.3).
    """
    from scipy.stats import norm

    tail = norm.cdf(t_quantile((1 - level) / 2, clusters - 1) * np.sqrt(clusters / (clusters - 1)))
    low, high = np.nanquantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def sign_flip_p(differences: Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """[K] two-sided p-values that paired differences have mean zero.

    The sign of each cluster's summed difference is exchangeable when nothing changed.

    Args:
        differences: [C, K] per-cluster sums of after minus before.
        resamples: random sign vectors; the smallest p is 1/(resamples + 1).
        seed: of the signs.
    """
    rng = np.random.default_rng(seed)
    c, k = differences.shape
    observed = np.abs(differences.sum(axis=0))
    # Equal sums must count as equal whatever the order of addition.
    threshold = observed * (1 - 1e-12) - 1e-300
    exceed = np.zeros(k)
    chunk = max(1, min(resamples, _CHUNK_BYTES // (8 * c)))
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        bits = np.unpackbits(
            np.frombuffer(rng.bytes(rows * ((c + 7) // 8)), np.uint8).reshape(rows, -1), axis=1
        )
        signs = bits[:, :c].astype(np.float64)
        signs *= 2
        signs -= 1
        exceed += (np.abs(signs @ differences) >= threshold).sum(axis=0)
    p: Floats = np.where(observed == 0, 1.0, (exceed + 1) / (resamples + 1))
    return p


def estimate_means(
    before: ClusterSums,
    after: ClusterSums,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
    bounds: Sequence[tuple[float, float] | None] = (),
    exact: Collection[int] = (),
) -> list[tuple[Estimate, Estimate, Difference]]:
    """Estimates of K item means in two stages of the same items, and their paired differences.

    Args:
        before, after: sums with the same clusters and columns.
        resamples: bootstrap resamples and sign flips.
        seed: of both.
        level: of the intervals.
        bounds: smallest and largest value of an item of each column, for shares and ranks: where few
            clusters differ from a bound, or between the stages, the interval is at least the exact one
            (:func:`repscope.measure.core.rare.at_least_exact`). None, or no bounds at all, for other values.
        exact: columns whose stages are one and the same, so that the difference is 0 and not an estimate.
    """
    c, k = before.sums.shape
    values = [before.means(), after.means()]
    method = f"bootstrap over {c:,} clusters, {resamples:,} resamples"
    if c < 2:
        why = "one cluster has no spread to resample"
        return [
            (
                Estimate(float(values[0][i]), n=c, why=why),
                Estimate(float(values[1][i]), n=c, why=why),
                Difference(float(values[1][i] - values[0][i]), n=c, why=why),
            )
            for i in range(k)
        ]
    both = ClusterSums(np.hstack([before.sums, after.sums]), np.hstack([before.counts, after.counts]))
    draws = bootstrap_means(both, resamples=resamples, seed=seed)
    p = sign_flip_p(after.sums - before.sums, resamples=resamples, seed=seed + 1)
    rows = []
    wider = partial(at_least_exact, level=level, resamples=resamples, seed=seed + 2)
    for i, limit in enumerate([*bounds, *[None] * (k - len(bounds))]):
        ends = []
        for j, side in ((i, before), (k + i, after)):
            interval = percentile_interval(draws[:, j], c, level)
            ends.append(wider(interval, side.sums[:, i], side.counts[:, i], limit, limit))
        low, high = percentile_interval(draws[:, k + i] - draws[:, i], c, level)
        if limit is not None and i not in exact:
            reach = limit[1] - limit[0]
            steps = after.sums[:, i] - before.sums[:, i]
            low, high = wider((low, high), steps, after.counts[:, i], (-reach, reach), (0.0,))
        rows.append(
            (
                Estimate(float(values[0][i]), *ends[0], level, c, method),
                Estimate(float(values[1][i]), *ends[1], level, c, method),
                Difference(
                    float(values[1][i] - values[0][i]),
                    low,
                    high,
                    level,
                    c,
                    f"{method}; sign-flip p",
                    float(p[i]),
                ),
            )
        )
    return rows


def jackknife_groups(
    clusters: NDArray[np.int64], *, groups: int = GROUPS, seed: int = 0
) -> tuple[NDArray[np.int64], int]:
    """Assign clusters at random to balanced groups for a delete-group jackknife.

    Returns:
        [N] group codes 0…G−1 of the rows, and G (at most ``groups``, at most the clusters).
    """
    total = int(clusters.max()) + 1
    count = min(groups, total)
    order = np.random.default_rng(seed).permutation(total)
    of_cluster = np.empty(total, np.int64)
    of_cluster[order] = np.arange(total) % count
    return of_cluster[clusters], count


def reference_groups(
    item_groups: NDArray[np.int64], item_keys: NDArray[np.int64], reference_keys: NDArray[np.int64]
) -> NDArray[np.int64]:
    """[M] groups of reference rows: the group of their linked items, where each row has just one.

    A caption that belongs to one image leaves with that image. Class texts, linked with items of
    many groups, are fixed, and so is every row then: half-fixed references have no meaning.
    """
    fixed = np.full(len(reference_keys), FIXED, np.int64)
    linked = item_keys >= 0
    if not linked.any():
        return fixed
    total = int(max(item_keys.max(), reference_keys.max())) + 1
    lowest = np.full(total, np.iinfo(np.int64).max)
    highest = np.full(total, -1)
    np.minimum.at(lowest, item_keys[linked], item_groups[linked])
    np.maximum.at(highest, item_keys[linked], item_groups[linked])
    has_items = (reference_keys >= 0) & (highest[np.maximum(reference_keys, 0)] >= 0)
    keys = np.maximum(reference_keys, 0)
    if (lowest[keys][has_items] != highest[keys][has_items]).any():
        return fixed
    fixed[has_items] = lowest[keys][has_items]
    return fixed


def estimate_replicates(sample: Replicates, clusters: int, level: float = LEVEL) -> Estimate:
    """Interval of a measure from its delete-group jackknife (t with G − 1 degrees of freedom).

    Of a length it is made on the unbiased square, so that a length of 0 is covered too.
    """
    squares = sample.squares
    half, groups, why = _jackknife_half_width(sample.leave_out if squares is None else squares[1:], level)
    method = _jackknife_method(sample, groups)
    if half is None or sample.alone:
        return Estimate(sample.value, n=clusters, method=method, why=sample.alone or why)
    low, high = sample.value - half, sample.value + half
    if squares is not None:
        low, high = (float(np.sqrt(max(squares[0] + end, 0.0))) for end in (-half, half))
    return Estimate(sample.value, low, high, level, clusters, method)


def difference_replicates(
    before: Replicates, after: Replicates, clusters: int, level: float = LEVEL
) -> Difference:
    """Paired difference of two jackknifed measures that left out the same groups."""
    from scipy.stats import t

    if len(before.leave_out) != len(after.leave_out):
        raise VectorError(
            "replicates made with the same groups",
            f"{len(before.leave_out)} and {len(after.leave_out)} groups",
            "use the same groups for both stages",
        )
    value = change = after.value - before.value
    changes = after.leave_out - before.leave_out
    lengths = before.squares is not None and after.squares is not None
    if before.squares is not None and after.squares is not None:
        squares = after.squares - before.squares
        change, changes = float(squares[0]), squares[1:]
    half, groups, why = _jackknife_half_width(changes, level)
    method = f"paired {_jackknife_method(after, groups)}; t-test p"
    if half is None:
        return Difference(value, n=clusters, method=method, why=why)
    error = half / t_quantile((1 + level) / 2, groups - 1)
    if error > 0:
        p = max(float(2 * t.sf(abs(change) / error, groups - 1)), SMALLEST_P)
    else:
        p = 1.0 if change == 0 else SMALLEST_P
    ends = _between_lengths(before, after, level) if lengths else (value - half, value + half)
    return Difference(value, *ends, level, clusters, method, p)


def _between_lengths(before: Replicates, after: Replicates, level: float) -> tuple[float, float]:
    """Interval of the difference of two paired lengths, from the interval of each and their correlation.

    Zou, Toward Using Confidence Intervals to Compare Correlations, Psychological Methods 2007 (MOVER): near
    0 an interval of a length is not symmetric, and that of a difference of lengths neither.
    """
    first, second = (estimate_replicates(side, 0, level) for side in (before, after))
    assert before.squares is not None
    assert after.squares is not None
    spread = [side - side.mean() for side in (before.squares[1:], after.squares[1:])]
    norms = float(np.linalg.norm(spread[0]) * np.linalg.norm(spread[1]))
    correlation = float(spread[0] @ spread[1]) / norms if norms > 0 else 0.0
    value = after.value - before.value

    def reach(of_after: float | None, of_before: float | None) -> float:
        a, b = abs(after.value - (of_after or 0.0)), abs(before.value - (of_before or 0.0))
        return float(np.sqrt(max(a * a + b * b - 2 * correlation * a * b, 0.0)))

    return value - reach(second.low, first.high), value + reach(second.high, first.low)


def benjamini_hochberg(p: Floats) -> Floats:
    """q-values: smallest false discovery rate at which each test is called (Benjamini & Hochberg 1995)."""
    p = np.asarray(p, np.float64)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def q_values(p: Sequence[float | None]) -> list[float | None]:
    """q-values over the tests that there are; None where there is no p-value."""
    tested = [number for number, value in enumerate(p) if value is not None]
    adjusted = benjamini_hochberg(np.array([p[number] for number in tested], np.float64))
    q: list[float | None] = [None] * len(p)
    for number, value in zip(tested, adjusted, strict=True):
        q[number] = float(value)
    return q


def standard_error(low: float, high: float, n: int, level: float = LEVEL) -> float:
    """Standard error that an interval of ``n`` clusters implies."""
    return float((high - low) / (2 * t_quantile((1 + level) / 2, max(n - 1, 1))))


def detectable(error: float, n: int, *, level: float = LEVEL, power: float = POWER) -> float:
    """Smallest true difference that a two-sided test at this ``n`` finds in ``power`` of repeats."""
    return found_errors(level, power, max(n - 1, 1)) * error


def needed(error: float, n: int, effect: float, *, level: float = LEVEL, power: float = POWER) -> int:
    """Clusters at which a true difference of ``effect`` would be found in ``power`` of repeats.

    The error is taken to shrink with the root of the number of clusters.
    """
    from scipy.stats import norm

    scale = norm.ppf((1 + level) / 2) + norm.ppf(power)
    return int(np.ceil(n * (scale * error / abs(effect)) ** 2))


def _jackknife_half_width(leave_out: Floats, level: float) -> tuple[float | None, int, str]:
    groups = len(leave_out)
    if groups < 2:
        return None, groups, "fewer than two groups to leave out"
    if not np.isfinite(leave_out).all():
        return None, groups, "not defined when some rows are left out"
    variance = (groups - 1) / groups * np.square(leave_out - leave_out.mean()).sum()
    return float(t_quantile((1 + level) / 2, groups - 1) * np.sqrt(variance)), groups, ""


def _jackknife_method(sample: Replicates, groups: int) -> str:
    return f"delete-group jackknife, {groups} groups" + (f"; {sample.method}" if sample.method else "")
