"""Intervals of shares where few clusters differ: what resampling does not see.

Where by chance no item of thirty fails, every resample says that none ever does, and its interval has no
width. The interval of Clopper and Pearson (1934), extended to any bounded value (Gaffke 2004), asks how
often an item of the worst kind could be there unseen. What was seen counts half, as in the mid-P interval
(Lancaster 1961; Berry & Armitage, The Statistician 1995): of none in n clusters, 3/n, the rule of three.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEW = 10
"""Clusters that differ below which the exact interval is asked too."""


def unseen_share(n: float, level: float) -> float:
    """Largest share of what none of n independent clusters showed: mid-P, about 3/n for 95 %."""
    return float(1 - (1 - level) ** (1 / n))


def rare_interval(
    sums: Floats,
    counts: Floats,
    usual: float,
    bounds: tuple[float, float],
    *,
    level: float,
    resamples: int,
    seed: int,
) -> tuple[float, float] | None:
    """Interval of a mean over items of which almost all clusters have one value; None where many differ.

    Quantiles of means with random (Dirichlet) weights of the clusters, and in half of the draws of one more
    cluster at a bound. Of 0 and 1 and clusters of one size this is the mid-P interval. Clusters of unequal
    size count as (Σn)² / Σn² of size Σn² / Σn.

    Args:
        sums: [C] sums of values within clusters.
        counts: [C] values that went into each.
        usual: the value that most clusters have throughout.
        bounds: smallest and largest possible value.
        level: of the interval.
        resamples: draws of weights.
        seed: of the draws.
    """
    size = float(np.square(counts).sum() / counts.sum())
    differing = np.flatnonzero(np.abs(sums - usual * counts) > 1e-12 * counts)
    if len(differing) >= FEW:
        return None
    if not len(differing):
        unseen = unseen_share(float(counts.sum()) / size, level)
        return usual + unseen * (bounds[0] - usual), usual + unseen * (bounds[1] - usual)
    rng = np.random.default_rng(seed)
    tail = (1 - level) / 2
    weights = rng.standard_exponential((resamples, len(differing) + 1))
    weights[:, -1] *= rng.random(resamples) < 0.5
    same = counts.sum() - counts[differing].sum()
    shape = max(same / size, np.finfo(np.float64).tiny)
    rest = rng.gamma(shape, size, resamples)
    total = rest + weights[:, :-1] @ counts[differing] + weights[:, -1] * size
    known = usual * rest + weights[:, :-1] @ sums[differing]
    low, high = (
        np.quantile((known + weights[:, -1] * size * bound) / total, share)
        for bound, share in zip(bounds, (tail, 1 - tail), strict=True)
    )
    return float(low), float(high)


def at_least_exact(
    interval: tuple[float, float],
    sums: Floats,
    counts: Floats,
    bounds: tuple[float, float] | None,
    usual: Sequence[float] | None,
    *,
    level: float,
    resamples: int,
    seed: int,
) -> tuple[float, float]:
    """An interval, widened to :func:`rare_interval` where almost all clusters have one of the usual values.

    Args:
        interval: of resampling.
        usual: values that most clusters may have throughout.
        sums, counts, bounds, level, resamples, seed: as in :func:`rare_interval`; no bounds, no change.
    """
    for value in () if bounds is None or usual is None else usual:
        assert bounds is not None
        exact = rare_interval(sums, counts, value, bounds, level=level, resamples=resamples, seed=seed)
        if exact is not None:
            interval = min(interval[0], exact[0]), max(interval[1], exact[1])
    return interval
