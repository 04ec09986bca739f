"""How far the centre of the rows moved between two stages, and whether it kept its direction.

The rows are used as given (not normalised), in the original space. ‖mean − mean‖² of two finite samples is
larger than the truth by the variance of the difference of the means. That term is estimated from the same
items and taken off, so that the squared distance is unbiased: zero on average where nothing moved. Items
that are paired between stages share noise, and the term knows it; clusters of items are its units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import Estimate, Replicates
from repscope.measure.core.resample import estimate_replicates
from repscope.measure.drift.frame import DriftFrame
from repscope.measure.drift.logs import root
from repscope.measure.drift.records import Move, Turn
from repscope.measure.drift.sums import StageSums

_ROUNDING = 1e-14


@dataclass(frozen=True)
class Movement:
    """Inner products of moves without their noise: [1 + G] of all rows, then without each group.

    Attributes:
        inner: unbiased δ·δ′.
        plain: δ·δ′ of the sample means.
        noise: what was taken off.
    """

    inner: Float64
    plain: Float64
    noise: Float64

    def replicates(self, n: int) -> Replicates:
        """As the raw material of a jackknife."""
        return Replicates(float(self.inner[0]), self.inner[1:], n)


def movement(sums: StageSums, first: tuple[int, int], second: tuple[int, int] | None = None) -> Movement:
    """The inner product of two moves, each from one stage to another; the squared length of one alone.

    Args:
        sums: of one pass over the stages.
        first: (from, to).
        second: (from, to); the same move when None.
    """
    a, b = first
    c, d = second or first
    keep = sums.keep
    n, clusters, squares = keep @ sums.rows, keep @ sums.clusters, keep @ sums.squares
    step = [sums.sums[:, t] - sums.sums[:, s] for s, t in ((a, b), (c, d))]
    heavy = [keep @ (sums.weighted[:, t] - sums.weighted[:, s]) for s, t in ((a, b), (c, d))]
    inner = [keep @ sums_of_step / n[:, None] for sums_of_step in step]
    full = [
        inner[0] + sums.origin[b] - sums.origin[a],
        inner[1] + sums.origin[d] - sums.origin[c],
    ]
    p = sums.products
    products = keep @ (p[:, b, d] - p[:, b, c] - p[:, a, d] + p[:, a, c])
    scatter = (
        products
        - np.einsum("kd,kd->k", inner[0], heavy[1])
        - np.einsum("kd,kd->k", inner[1], heavy[0])
        + squares * np.einsum("kd,kd->k", inner[0], inner[1])
    )
    noise = scatter / n**2 * clusters / np.maximum(clusters - 1, 1)
    plain = np.einsum("kd,kd->k", full[0], full[1])
    # Stages that are equal differ by the rounding of products that are as large as their scatter.
    size = keep @ (p[:, a, a] + p[:, b, b] + p[:, c, c] + p[:, d, d]) / n**2
    noise = np.where(np.abs(noise) <= _ROUNDING * size, 0.0, noise)
    return Movement(plain - noise, plain, noise)


def moves(frame: DriftFrame, sums: StageSums, shuffled: StageSums | None = None) -> list[Move]:
    """The move of the centre for each pair of the frame; q is left to the caller."""
    spread = sums.total_spread()[:, 0]
    moved = []
    for first, second in frame.pairs:
        step = movement(sums, (first, second))
        distance = root(estimate_replicates(step.replicates(frame.n), frame.n_clusters))
        if (spread > 0).all():
            scaled = step.inner / spread
            relative = root(
                estimate_replicates(Replicates(float(scaled[0]), scaled[1:], frame.n), frame.n_clusters)
            )
        else:
            relative = Estimate(
                None, n=frame.n_clusters, why="the first stage is a point: it has no radius to measure by"
            )
        chance = None
        if shuffled is not None:
            chance = float(np.sqrt(max(movement(shuffled, (first, second)).plain[0], 0.0)))
        moved.append(
            Move(
                first,
                second,
                replace(distance, method=f"unbiased squared distance; {distance.method}"),
                plain=float(np.sqrt(step.plain[0])),
                noise=float(np.sqrt(max(step.noise[0], 0.0))),
                relative=relative,
                p=flip_p(frame, sums, (first, second)),
                shuffled=chance,
            )
        )
    return moved


def turns(frame: DriftFrame, sums: StageSums) -> list[Turn]:
    """The cosine between the moves into and out of each interior stage, from unbiased inner products."""
    turned = []
    for stage in range(1, len(frame.stages) - 1):
        into, out = (stage - 1, stage), (stage, stage + 1)
        lengths = [movement(sums, pair) for pair in (into, out)]
        turned.append(Turn(stage, _turn(frame, lengths, movement(sums, into, out))))
    return turned


def _turn(frame: DriftFrame, lengths: list[Movement], inner: Movement) -> Estimate:
    n = frame.n_clusters
    for name, length in zip(("into", "out of"), lengths, strict=True):
        low = estimate_replicates(length.replicates(frame.n), n).low
        if low is None or low <= 0 or (length.inner <= 0).any():
            return Estimate(
                None, n=n, why=f"the move {name} the stage is within noise, so it has no direction"
            )
    cosines = np.clip(inner.inner / np.sqrt(lengths[0].inner * lengths[1].inner), -1.0, 1.0)
    return estimate_replicates(Replicates(float(cosines[0]), cosines[1:], frame.n), n).within((-1.0, 1.0))


def flip_p(frame: DriftFrame, sums: StageSums, pair: tuple[int, int]) -> float | None:
    """Chance of a move as long when the two stages of each item could as well have changed places.

    Whole groups of clusters change places, which is exact and needs G sums only: p is at least 2/2^G.
    """
    first, second = pair
    groups = frame.n_groups
    if groups < 2:
        return None
    steps = sums.sums[:, second] - sums.sums[:, first]
    steps += sums.rows[:, None] * (sums.origin[second] - sums.origin[first])
    gram = steps @ steps.T
    observed = gram.sum()
    # Exactly equal stages, or rounding of them.
    if observed <= _ROUNDING * float(sums.products[:, [first, second], [first, second]].sum()):
        return 1.0
    signs = np.random.default_rng(frame.seed + 3).choice([-1.0, 1.0], size=(frame.resamples, groups))
    flipped = np.einsum("rg,gh,rh->r", signs, gram, signs)
    return float((np.count_nonzero(flipped >= observed * (1 - 1e-12)) + 1) / (frame.resamples + 1))


def split_floor(sums: StageSums) -> float:
    """‖mean − mean‖ of two random halves of the first stage: what the plain distance reads for nothing."""
    half = np.arange(len(sums.rows)) % 2 == 0
    means = [sums.sums[groups, 0].sum(axis=0) / sums.rows[groups].sum() for groups in (half, ~half)]
    return float(np.linalg.norm(means[0] - means[1]))
