"""How far rows are from their reconstructions, with intervals over independent units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.estimate import Estimate
from repscope.measure.core.resample import cluster_sums, estimate_means
from repscope.study import EmbeddingSet
from repscope.study.vectors import block_rows
from repscope.transform.base import Bridge

Floats = NDArray[np.float64]


def squared_distances(before: EmbeddingSet, after: EmbeddingSet | Bridge) -> Floats:
    """[N] squared distance of each row of ``before`` to its row of ``after``, or to itself when bridged."""
    size = block_rows(before.d)
    rows = before.blocks(size, np.float64)
    if isinstance(after, Bridge):
        parts = [np.square(after.transform(one) - one).sum(axis=1) for one in rows]
    else:
        both = zip(rows, after.blocks(size, np.float64), strict=True)
        parts = [np.square(one - other).sum(axis=1) for one, other in both]
    return np.concatenate(parts)


def mean_distance(values: Floats, clusters: NDArray[np.int64], *, resamples: int, seed: int) -> Estimate:
    """Mean of [N] squared distances, whose interval is no lower than 0."""
    sums = cluster_sums(values, np.unique(clusters, return_inverse=True)[1])
    found = estimate_means(sums, sums, resamples=resamples, seed=seed, exact=(0,))[0][0]
    return found.within((0.0, np.inf))


def over(estimate: Estimate, variance: float) -> Estimate:
    """The same in units of a variance, which is taken as known."""
    ends = (None if one is None else one / variance for one in (estimate.value, estimate.low, estimate.high))
    value, low, high = ends
    return replace(estimate, value=value, low=low, high=high)
