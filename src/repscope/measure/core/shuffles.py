"""Random pairings of two sets that never part a cluster: what a permutation null is drawn from.

Rows of one image are alike in both sets. A permutation of single rows destroys that likeness and calls it
similarity: two sets that share nothing but which rows belong to one image are then always "similar". Whole
clusters are exchangeable, and are permuted among clusters of the same size, their rows in order (restricted
permutation; Winkler et al., NeuroImage 2015). Where too few clusters have a size, rows of the larger ones are
left aside (seeded) until they have the next smaller size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.grouping import chosen_rows

Ints = NDArray[np.int64]

FEWEST = 5
"""Clusters of one size that are enough to be permuted among themselves."""

_SPREAD = 20
"""Clusters that a sample of rows is spread over, at least, where there are as many."""


@dataclass(frozen=True)
class Shuffles:
    """Rows, and random pairings of them.

    Attributes:
        rows: [R] rows that are permuted, ascending.
        pairings: each [R]; position i of x goes with position ``pairing[i]`` of y.
        method: what was permuted and left aside; empty where all rows were, each on its own.
    """

    rows: Ints
    pairings: tuple[Ints, ...]
    method: str

    def codes(self, clusters: ArrayLike | None) -> Ints:
        """[R] codes of the rows that are permuted."""
        return self.rows if clusters is None else np.asarray(clusters)[self.rows]


def shuffles(
    n_rows: int, clusters: ArrayLike | None, *, seed: int, permutations: int, most_rows: int
) -> Shuffles:
    """Random pairings of ``n_rows`` rows, the same for the same seed; more of them begin with the fewer.

    Args:
        n_rows: N.
        clusters: [N] integer codes of rows that are not independent; every row its own by default.
        seed: of the rows and the pairings.
        permutations: pairings.
        most_rows: rows permuted at most; beyond, a seeded sample.

    Raises:
        InputError: fewer than 1 permutation.
        VectorError: not one code a row, or a single cluster, which has nothing to be exchanged with.
    """
    if permutations < 1:
        raise InputError("at least 1 permutation", f"{permutations}", "raise permutations")
    codes = np.arange(n_rows) if clusters is None else np.asarray(clusters)
    if codes.shape != (n_rows,):
        raise VectorError(f"one cluster for each of {n_rows:,} rows", f"shape {codes.shape}", "pass codes")
    names, codes = np.unique(codes, return_inverse=True)
    if len(names) == n_rows:
        rows = chosen_rows(n_rows, most_rows, seed)
        rng = np.random.default_rng(seed)
        pairings = tuple(rng.permutation(len(rows)) for _ in range(permutations))
        return Shuffles(rows, pairings, _sampled(len(rows), n_rows, seed))
    if len(names) < 2:
        raise VectorError("at least 2 clusters to permute", "1", "leave the null out, or give finer clusters")
    rng = np.random.default_rng(seed)
    strata = _strata(_blocks(codes.ravel(), len(names), most_rows, rng), rng)
    rows = np.sort(np.concatenate([stratum.ravel() for stratum in strata]))
    places = [np.searchsorted(rows, stratum) for stratum in strata]
    method = f"whole clusters among those of one size, {sum(map(len, strata)):,} in {len(strata)} sizes"
    sampled = _sampled(len(rows), n_rows, seed)
    return Shuffles(
        rows,
        tuple(_shuffled(places, len(rows), rng) for _ in range(permutations)),
        f"{method}; {sampled}" if sampled else method,
    )


def _blocks(codes: Ints, n_clusters: int, most_rows: int, rng: np.random.Generator) -> list[Ints]:
    """Rows of each cluster, ascending; a seeded sample of clusters where there are too many rows."""
    order = np.argsort(codes, kind="stable")
    blocks = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    if len(codes) <= most_rows:
        return blocks
    longest = max(1, most_rows // min(n_clusters, _SPREAD))
    chosen, taken = [], 0
    for cluster in rng.permutation(n_clusters):
        block = _cut(blocks[cluster], longest, rng)
        if taken + len(block) > most_rows:
            break
        chosen.append(block)
        taken += len(block)
    return chosen


def _strata(blocks: list[Ints], rng: np.random.Generator) -> list[Ints]:
    """[C, m] rows of clusters of one size m, for each size; larger ones are cut where a size is rare."""
    blocks = sorted(blocks, key=len, reverse=True)
    strata: list[Ints] = []
    waiting: list[Ints] = []
    for number, block in enumerate(blocks):
        waiting.append(block)
        last_of_size = number + 1 == len(blocks) or len(blocks[number + 1]) < len(block)
        if last_of_size and len(waiting) >= FEWEST:
            strata.append(np.stack([_cut(one, len(block), rng) for one in waiting]))
            waiting = []
    # A few small clusters that are left can only stay in their places; alone, they are all there is.
    if waiting and not strata:
        strata.append(np.stack([_cut(one, len(waiting[-1]), rng) for one in waiting]))
    return strata


def _cut(block: Ints, size: int, rng: np.random.Generator) -> Ints:
    return block if len(block) <= size else np.sort(rng.choice(block, size, replace=False))


def _shuffled(places: list[Ints], n_rows: int, rng: np.random.Generator) -> Ints:
    pairing = np.empty(n_rows, np.int64)
    for stratum in places:
        pairing[stratum] = stratum[rng.permutation(len(stratum))]
    return pairing


def _sampled(used: int, n_rows: int, seed: int) -> str:
    return "" if used == n_rows else f"{used:,} of {n_rows:,} rows, seed {seed}"
