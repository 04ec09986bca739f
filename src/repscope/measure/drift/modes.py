"""Clusters of the first stage that lose their items.

k-means is fitted to the first stage of one half of the clusters of items; shares are read on the other half,
for the first stage as for the later ones. A fit and its own rows would lose rows to any fresh noise.

What all items did together is taken off each later stage first, so that a translation moves nothing out of
its mode: the spatial median of the items' displacements, which half of the items cannot pull away, while
their mean would follow the items of a lost mode. Shape shares also undo a common scale, the median ratio of
distances between random pairs of items.

k is one mode for 40 clusters of items, at most 32: about 20 held-out ones a mode, enough to see one empty.
Fewer than 320 clusters get up to eight modes, of 20 clusters each: ten held-out ones that all leave still
read p = .001, while two or three modes are so wide that each may hold something that is still there, and a
loss of most of the data then empties none. It is a partition fine enough to test, and not a claim about how
many modes there are.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.arrays import Float64
from repscope.measure.core.resample import benjamini_hochberg
from repscope.measure.drift.frame import DriftFrame, Ints
from repscope.measure.drift.records import Mode, Modes
from repscope.measure.drift.sums import StageSums

PER_MODE = 40
PER_FEW = 20
FEW = 8
"""Modes that fewer clusters of items are divided into, as long as each has :data:`PER_FEW`."""

MOST = 32
FIT_ROWS = 10_000
COMMON_ROWS = 5000
EXAMPLES = 5


@dataclass(frozen=True)
class LostAt:
    """When a mode counts as lost: its share below ``share`` of what it was, and q at most ``alpha``."""

    share: float = 0.25
    alpha: float = 0.05


def modes(frame: DriftFrame, sums: StageSums, lost: LostAt) -> Modes:
    """Find the modes of the first stage and follow their shares.

    Args:
        frame: the stages.
        sums: of the first pass; the first stage's mean is read from it.
        lost: when a mode counts as lost.
    """
    k = mode_count(frame.n_clusters)
    spread = sums.total_spread()[0]
    if frame.n_clusters < 2 * PER_MODE:
        return Modes(why=f"{frame.n_clusters} clusters of items; modes need {2 * PER_MODE}")
    if spread[0] <= 0:
        return Modes(why="the first stage is a point")
    rng = np.random.default_rng(frame.seed + 13)
    held = np.zeros(frame.n_clusters, bool)
    held[rng.permutation(frame.n_clusters)[: frame.n_clusters // 2]] = True
    held_rows = held[frame.clusters]
    centres, k, fitted = _fit(frame, sums, np.flatnonzero(~held_rows), k)
    kept = np.flatnonzero(held_rows)
    common = _common(frame, sums.means()[0, 0])
    plain, shaped = (np.empty((len(frame.stages), frame.n), np.int64) for _ in range(2))
    distance = np.empty(frame.n)
    for _, rows in frame.blocks():
        for number, stage in enumerate(frame.stages):
            x = np.asarray(stage[rows], np.float64)
            plain[number, rows], near = _nearest(x - common.middles[number], centres)
            shaped[number, rows] = _nearest(
                x / common.scales[number] - common.shape_middles[number], centres
            )[0]
            if number == 0:
                distance[rows] = near
    shares = _shares(plain[:, kept], k)
    order = np.argsort(-shares[0], kind="stable")
    tests = [_losses(labels[:, kept], frame.clusters[kept], k) for labels in (plain, shaped)]
    shape_shares = _shares(shaped[:, kept], k)
    modes = []
    for number, mode in enumerate(order):
        members = np.flatnonzero(plain[0] == mode)
        members = members[np.argsort(distance[members], kind="stable")]
        modes.append(
            Mode(
                number,
                tuple(float(value) for value in shares[:, mode]),
                tuple(float(value) for value in shape_shares[:, mode]),
                (None, *(float(value) for value in tests[0][0][:, mode])),
                (None, *(float(value) for value in tests[0][1][:, mode])),
                (None, *(float(value) for value in tests[1][1][:, mode])),
                _lost(shares[:, mode], tests[0][1][:, mode], lost),
                _lost(shape_shares[:, mode], tests[1][1][:, mode], lost),
                tuple(int(row) for row in members[:EXAMPLES]),
                tuple(int(row) for row in members[plain[-1, members] != mode][:EXAMPLES]),
            )
        )
    method = (
        f"k-means of {fitted:,} rows of the first stage into {k} modes (one for {PER_MODE} clusters, "
        f"or up to {FEW} of {PER_FEW}; at most {MOST}), shares on the other {len(kept):,} rows; one-sided "
        "sign test over clusters, q over modes and stages"
    )
    return Modes(tuple(modes), method)


def mode_count(clusters: int) -> int:
    """How many modes so many clusters of items are divided into."""
    return min(max(clusters // PER_MODE, min(FEW, clusters // PER_FEW), 2), MOST)


@dataclass(frozen=True)
class Common:
    """What all items did together, stage by stage.

    Attributes:
        middles: [S, D] where the first stage's mean went with most items.
        scales: [S] common scale; 1 for the first stage.
        shape_middles: [S, D] the same as ``middles`` once the scale is undone.
    """

    middles: Float64
    scales: Float64
    shape_middles: Float64


def _common(frame: DriftFrame, mean: Float64) -> Common:
    rng = np.random.default_rng(frame.seed + 23)
    rows = rng.permutation(frame.n)[:COMMON_ROWS]
    first = np.asarray(frame.stages[0][rows], np.float64)
    # Neighbours in a random order are random pairs.
    before = np.linalg.norm(first - np.roll(first, 1, axis=0), axis=1)
    middles, scales, shape_middles = [mean], [1.0], [mean]
    for stage in frame.stages[1:]:
        later = np.asarray(stage[rows], np.float64)
        middles.append(mean + spatial_median(later - first))
        after = np.linalg.norm(later - np.roll(later, 1, axis=0), axis=1)
        scale = float(np.median(after[before > 0] / before[before > 0])) if (before > 0).any() else 1.0
        # Items at one point have no scale to undo.
        scales.append(scale if scale > 0 else 1.0)
        # Not the middle divided by the scale: that would magnify the error of the middle as well.
        shape_middles.append(mean + spatial_median(later / scales[-1] - first))
    return Common(np.stack(middles), np.array(scales), np.stack(shape_middles))


def spatial_median(x: Float64, steps: int = 100) -> Float64:
    """The point of least mean distance to the rows [D], by Weiszfeld's iteration.

    Unlike the mean, fewer than half of the rows cannot move it far; unlike a median of each column, it
    turns with the rows.

    Paper: Vardi & Zhang, The multivariate L1-median and associated data depth, PNAS 2000.
    """
    point: Float64 = x.mean(axis=0)
    size = float(np.linalg.norm(x - point, axis=1).mean())
    for _ in range(steps if size > 0 else 0):
        weights = 1 / np.maximum(np.linalg.norm(x - point, axis=1), 1e-9 * size)
        moved = weights @ x / weights.sum()
        done = np.linalg.norm(moved - point) <= 1e-9 * size
        point = moved
        if done:
            break
    return point


def _fit(frame: DriftFrame, sums: StageSums, rows: Ints, k: int) -> tuple[Float64, int, int]:
    """[k, D] centres about the mean of the first stage."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    if len(rows) > FIT_ROWS:
        rows = np.sort(np.random.default_rng(frame.seed + 17).choice(rows, FIT_ROWS, replace=False))
    x = np.asarray(frame.stages[0][rows], np.float64) - sums.means()[0, 0]
    with warnings.catch_warnings():
        # Fewer distinct rows than modes: the modes that are there are enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(k, n_init=3, random_state=frame.seed).fit(x)
    return np.asarray(model.cluster_centers_, np.float64), k, len(rows)


def _nearest(x: Float64, centres: Float64) -> tuple[Ints, Float64]:
    """[B] nearest centre, and squared distance to it up to rounding."""
    squares = np.einsum("bd,bd->b", x, x)[:, None] + np.square(centres).sum(axis=1) - 2 * (x @ centres.T)
    nearest = squares.argmin(axis=1).astype(np.int64)
    return nearest, squares[np.arange(len(x)), nearest]


def _shares(labels: Ints, k: int) -> Float64:
    """[S, k] share of the rows in each mode."""
    shares: Float64 = np.stack([np.bincount(of_stage, minlength=k) for of_stage in labels]) / labels.shape[1]
    return shares


def _losses(labels: Ints, clusters: Ints, k: int) -> tuple[Float64, Float64]:
    """p and q [S − 1, k]: clusters of items that left a mode against those that came, by a sign test."""
    from scipy.stats import binom

    codes = np.unique(clusters, return_inverse=True)[1]
    total = int(codes.max()) + 1
    p = np.ones((len(labels) - 1, k))
    before = _counts(labels[0], codes, total, k)
    for number, later in enumerate(labels[1:]):
        change = _counts(later, codes, total, k) - before
        left, came = (change < 0).sum(axis=0), (change > 0).sum(axis=0)
        p[number] = binom.cdf(came, left + came, 0.5)
    return p, benjamini_hochberg(p.ravel()).reshape(p.shape)


def _counts(labels: Ints, codes: NDArray[np.int64], total: int, k: int) -> Ints:
    """[C, k] rows of each cluster of items in each mode."""
    counts: Ints = np.bincount(codes * k + labels, minlength=total * k).reshape(total, k)
    return counts


def _lost(shares: Float64, q: Float64, lost: LostAt) -> int | None:
    """The first stage from which on the mode stays lost."""
    gone = (shares[1:] < lost.share * shares[0]) & (q <= lost.alpha)
    if not gone[-1]:
        return None
    kept = np.flatnonzero(~gone)
    return int(kept[-1]) + 2 if len(kept) else 1
