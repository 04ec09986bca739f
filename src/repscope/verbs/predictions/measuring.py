"""Numbers with intervals over images: of the predictions of a level, and of the features themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from repscope.internals.prediction.scores import Scores
from repscope.measure.comparison.describe_arrays import describe_arrays
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.resample import (
    ClusterSums,
    bootstrap_means,
    cluster_sums,
    estimate_means,
    percentile_interval,
)
from repscope.measure.geometry.collapse import collapse
from repscope.verbs.predictions.record import FeatureHealth

Codes = NDArray[np.int64]
Rows = NDArray[np.float32]

HEALTH = (
    *("norm.mean", "norm.sd", "spread.cosine", "cosine.mean", "rank.entropy", "rank.rankme"),
    *("rank.participation", "rank.stable", "isotropy", "std.min"),
)
"""Measures of the features: those of ``repscope describe``."""


def level_measures(
    scores: Sequence[Scores], clusters: Codes, *, resamples: int, seed: int
) -> dict[str, Estimate | Difference]:
    """Cosines, errors and skills of one level.

    Args:
        scores: of each image.
        clusters: [N] which images are not independent.
        resamples, seed: of the bootstrap.
    """
    columns = {
        "cosine": [[one.cosine, one.trivial[0], one.shuffled[0]] for one in scores],
        "error": [[one.error, one.trivial[1], one.shuffled[1]] for one in scores],
    }
    return {
        name: one
        for kind, values in columns.items()
        for name, one in _beside(kind, np.array(values), clusters, resamples, seed).items()
    }


def pixel_measures(
    errors: NDArray[np.float64], clusters: Codes, *, resamples: int, seed: int
) -> dict[str, Estimate | Difference]:
    """Of a decoder: ``errors`` [N, 2] of its pixels, from predictions and from the mean visible feature."""
    whole = np.column_stack([errors, np.full(len(errors), np.nan)])
    found = _beside("error", whole, clusters, resamples, seed)
    return {name: one for name, one in found.items() if "shuffled" not in name}


def _beside(
    kind: str, values: NDArray[np.float64], clusters: Codes, resamples: int, seed: int
) -> dict[str, Estimate | Difference]:
    """A measure of the predictions, of the trivial predictor and of shuffled contexts [N, 3]."""
    found: dict[str, Estimate | Difference] = {}
    for at, control in ((1, "trivial"), (2, "shuffled")):
        known = np.isfinite(values[:, [0, at]]).all(axis=1)
        ending = ".difference" if control == "trivial" else ".difference.shuffled"
        skill = "skill" if control == "trivial" else "skill.shuffled"
        if not known.any():
            why = "no other image in its batch" if control == "shuffled" else "no target that is not zero"
            found |= {name: Estimate(None, why=why) for name in (f"{kind}.{control}", f"{kind}{ending}")}
            found |= {kind: Estimate(None, why=why)} if control == "trivial" else {}
            found |= {skill: Estimate(None, why=why)} if kind == "error" else {}
            continue
        own, codes = values[known], np.unique(clusters[known], return_inverse=True)[1]
        sums = [cluster_sums(own[:, [column]], codes) for column in (at, 0)]
        ((other, mine, difference),) = estimate_means(*sums, resamples=resamples, seed=seed)
        found |= {} if kind in found else {kind: mine}
        found |= {f"{kind}.{control}": other, f"{kind}{ending}": difference}
        if kind == "error":
            found[skill] = _skill(own[:, [0]], own[:, [at]], codes, resamples, seed)
    return found


def _skill(
    errors: NDArray[np.float64], controls: NDArray[np.float64], codes: Codes, resamples: int, seed: int
) -> Estimate:
    """1 − Σ errors / Σ controls: the share of the control's error that the predictions take away."""
    mine, other = cluster_sums(errors, codes), cluster_sums(controls, codes)
    n = len(mine.sums)
    total = float(other.sums.sum())
    if total == 0:
        return Estimate(None, n=n, why="the control makes no error")
    value = 1 - float(mine.sums.sum()) / total
    if n < 2:
        return Estimate(value, n=n, why="one cluster has no spread to resample")
    ratios = bootstrap_means(ClusterSums(mine.sums, other.sums), resamples=resamples, seed=seed)
    low, high = percentile_interval(1 - ratios[:, 0], n)
    return Estimate(value, low, high, n=n, method=f"bootstrap over {n:,} clusters, {resamples:,} resamples")


def feature_health(
    name: str, rows: Rows, clusters: Codes, places: Codes | None, *, resamples: int, seed: int
) -> tuple[FeatureHealth, str]:
    """The distribution of features, and what was left out of it.

    Args:
        name: of them.
        rows: [N, D].
        clusters: [N] the image of each.
        places: [N] the place in the image of each; None of whole images.
        resamples, seed: of intervals and of the Gaussian.
    """
    kept = np.abs(rows).max(axis=1) > 0
    left = int((~kept).sum())
    note = (
        f"{name}: {left:,} of {len(rows):,} rows are zero, and left out of the distribution" if left else ""
    )
    rows, clusters = rows[kept], np.unique(clusters[kept], return_inverse=True)[1]
    several = len(rows) > 1 and clusters.max() > 0
    if not several:
        return FeatureHealth(name, len(rows), rows.shape[1], None, (), rows), note
    described = describe_arrays(rows, clusters=clusters, measures=HEALTH, resamples=resamples, seed=seed)
    found = collapse(rows, None if places is None else places[kept], seed=seed)
    return FeatureHealth(name, len(rows), rows.shape[1], found, tuple(described.table.values()), rows), note
