"""Inner cross-validation for a bridge's strength: who finds its own target row among all of them.

Sums of squared errors choose strengths that lose the ranking; these choose by the ranking itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64, unit_rows
from repscope.measure.core.folds import cluster_folds
from repscope.transform.inputs import FitData, Index

MOST_SOURCE, MOST_TARGET = 8192, 4096
"""Rows of each side that a strength is chosen on, drawn at random from more."""

LEAST_CLUSTERS = 10
"""Independent units below which a strength is not chosen from the data."""

Strength = float | Literal["cv"]


@dataclass(frozen=True, eq=False)
class Fold:
    """One fit of the cross-validation.

    Attributes:
        rest: [n] rows of the sample's source that the fit sees.
        seen: [m] rows of its target that it sees: all but those that belong to held-out rows alone.
        held: [h] source rows with a truth that it does not see.
    """

    rest: Index
    seen: Index
    held: Index


@dataclass(frozen=True, eq=False)
class TruthSample:
    """Unit rows of both sides, at most :data:`MOST_SOURCE` and :data:`MOST_TARGET`.

    Attributes:
        source: [n, D] unit rows.
        target: [m, E] unit rows.
        truth: [n, m] which belong together; None when nothing is known.
        clusters: [n] codes of source rows that are not independent.
    """

    source: Float64
    target: Float64
    truth: NDArray[np.bool_] | None
    clusters: Index

    def folds(self, folds: int, seed: int) -> Iterator[Fold]:
        """The fits; none where rows are unpaired or fewer than :data:`LEAST_CLUSTERS` are independent."""
        if self.truth is None:
            return
        linked = self.truth.any(axis=1)
        if len(np.unique(self.clusters[linked])) < LEAST_CLUSTERS:
            return
        numbers = cluster_folds(self.clusters, folds, seed)
        for number in range(int(numbers.max()) + 1):
            rest, held = np.flatnonzero(numbers != number), np.flatnonzero((numbers == number) & linked)
            seen = np.flatnonzero(self.truth[rest].any(axis=0) | ~self.truth[held].any(axis=0))
            if len(held) and len(seen) > 1:
                yield Fold(rest, seen, held)

    def reciprocal_ranks(self, scores: Float64, held: Index) -> Float64:
        """[h] 1 / rank of the best true target row of each held-out row, ties at their mean rank.

        Args:
            scores: [h, m] of the held-out rows with all target rows.
            held: [h] their numbers.
        """
        if self.truth is None:
            raise ValueError("rows without a truth have no rank")
        truth = self.truth[held]
        best = np.where(truth, scores, -np.inf).max(axis=1, keepdims=True)
        above = ((scores > best) & ~truth).sum(axis=1)
        level = ((scores == best) & ~truth).sum(axis=1)
        ranks: Float64 = 1 / (1.0 + above + level / 2)
        return ranks


def truth_sample(data: FitData, seed: int) -> TruthSample:
    """Unit rows to choose a strength on.

    Raises:
        InputError: no target.
        VectorError: a row of zeros has no direction.
    """
    if data.target is None:
        raise InputError("a target to move towards", "none", "give it")
    draw = np.random.default_rng(seed)
    source = _some(np.arange(data.source.n), MOST_SOURCE, draw)
    truth = None
    targets = np.arange(data.target.n)
    if data.pairs is not None:
        left, right = data.pairs
        here = np.isin(left, source)
        own = np.unique(right[here])
        others = np.setdiff1d(targets, own)
        room = MOST_TARGET - len(own)
        targets = np.sort(
            _some(own, MOST_TARGET, draw) if room <= 0 else np.concatenate([own, _some(others, room, draw)])
        )
        here &= np.isin(right, targets)
        truth = np.zeros((len(source), len(targets)), bool)
        truth[np.searchsorted(source, left[here]), np.searchsorted(targets, right[here])] = True
    else:
        targets = _some(targets, MOST_TARGET, draw)
    return TruthSample(
        unit_rows(data.source.take(source), data.source.name, source),
        unit_rows(data.target.take(targets), data.target.name, targets),
        truth,
        data.clusters[source],
    )


def check_strength(name: str, value: Strength) -> None:
    """Refuse what is neither "cv" nor a finite number of at least 0.

    Raises:
        InputError: it is.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    if value != "cv" and not number:
        raise InputError(f'{name}: a number of at least 0, or "cv"', repr(value), "choose one of these")


def _some(rows: Index, most: int, draw: np.random.Generator) -> Index:
    """``rows``, or so many of them in order."""
    return rows if len(rows) <= most else np.sort(draw.choice(rows, most, replace=False))
