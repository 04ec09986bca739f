"""How fast the rows draw together: a line through the logarithm of their total spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import Estimate, Replicates
from repscope.measure.core.resample import LEVEL, estimate_replicates, standard_error
from repscope.measure.drift.logs import exponential
from repscope.measure.drift.records import Rate


def rate(spread: Float64, positions: Sequence[float], n: int, clusters: int) -> Rate:
    """Fit log spread = a + slope · position by least squares, with a jackknife interval.

    Args:
        spread: [1 + G, S] total spread of all rows, then without each group.
        positions: [S] of the stages.
        n: items.
        clusters: independent units.

    Returns:
        The rate; extrapolated one mean step beyond the last stage, and as far again as the stages reach.
        A prediction adds the misfit of the line (S − 2 degrees of freedom) to the slope's uncertainty.
    """
    if (spread <= 0).any():
        why = "a stage without spread has no logarithm"
        nothing = Estimate(None, n=clusters, why=why)
        return Rate(nothing, nothing, nothing, why=why)
    x = np.asarray(positions, np.float64)
    logs = np.log(spread)
    centred = x - x.mean()
    slopes = logs @ centred / np.square(centred).sum()
    offsets = logs.mean(axis=1)
    slope = estimate_replicates(_replicates(slopes, n), clusters)
    misfit = logs[0] - offsets[0] - slopes[0] * centred
    ahead = []
    for position in (x[-1] + (x[-1] - x[0]) / (len(x) - 1), x[-1] + (x[-1] - x[0])):
        fitted = offsets + slopes * (position - x.mean()) - logs[:, 0]
        ahead.append((float(position), _ahead(fitted, misfit, position - x.mean(), centred, (n, clusters))))
    return Rate(
        slope=slope,
        factor=exponential(slope),
        half_life=_half_life(slope),
        residual=float(np.sqrt(np.square(misfit).mean())) if len(x) > 2 else None,
        ahead=tuple(ahead),
    )


def _half_life(slope: Estimate) -> Estimate:
    if slope.value is None or slope.low is None or slope.high is None:
        return Estimate(None, n=slope.n, why=slope.why or "no interval of the slope")
    if slope.high >= 0:
        return Estimate(
            None,
            n=slope.n,
            why=f"contraction is not sure: slope {slope.value:+.4f}, {slope.level:.0%} {slope.low:+.4f} "
            f"to {slope.high:+.4f}",
        )
    halves = [float(-np.log(2) / rate) for rate in (slope.value, slope.low, slope.high)]
    return replace(slope, value=halves[0], low=halves[1], high=halves[2])


def _ahead(
    fitted: Float64, misfit: Float64, away: float, centred: Float64, counts: tuple[int, int]
) -> Estimate:
    n, clusters = counts
    degrees = len(centred) - 2
    if degrees < 1:
        return Estimate(None, n=clusters, why="two stages fit any line: nothing to extrapolate from")
    from scipy.stats import t

    estimate = estimate_replicates(_replicates(fitted, n), clusters)
    if estimate.low is None or estimate.high is None or estimate.value is None:
        return estimate
    groups = len(fitted) - 1
    measured = standard_error(estimate.low, estimate.high, groups)
    lack = np.square(misfit).sum() / degrees * (1 + 1 / len(centred) + away**2 / np.square(centred).sum())
    # Each part keeps the degrees of freedom that it was estimated with.
    half = np.hypot(
        measured * t.ppf((1 + LEVEL) / 2, groups - 1), np.sqrt(lack) * t.ppf((1 + LEVEL) / 2, degrees)
    )
    method = f"{estimate.method}; with the misfit of the line over {len(centred)} stages"
    low, high = estimate.value - float(half), estimate.value + float(half)
    wide = replace(estimate, low=low, high=high, method=method)
    return exponential(wide)


def _replicates(values: Float64, n: int) -> Replicates:
    return Replicates(float(values[0]), values[1:], n)
