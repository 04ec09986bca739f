"""A translation that takes from each target row what it finds by being a hub."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64
from repscope.transform.base import LearnsFrom
from repscope.transform.inputs import FitData
from repscope.transform.linear.affine import AffineBridge
from repscope.transform.linear.truth_folds import Strength, TruthSample, check_strength, truth_sample

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
NEIGHBOURS = (4, 16, 64, 256)
USUAL = (0.75, 16)
"""Strength and neighbours where nothing is known to choose them by."""

SHRINKAGE = 0.1
"""Of the regression of hubness on directions, in units of the mean squared length of a centred row."""

_BLOCK = 512


class HubShift(AffineBridge):
    """y = x / |x| − α w, with w so that w · t is how much of a hub the direction t is.

    The hubness b(t) of a target row is the mean of its k largest cosines to rows of the source, its own left
    out. Scores less α b(t) make every target row about as easy to find. That is the score of rows moved by
    −α w wherever b(t) = w · t up to a constant, so no second column of scores and no other width is needed: w
    is the ridge regression of b on t. It is exact for the target rows of the fit where they are linearly
    independent and the ridge is small, and carries over to target rows that the fit has not seen.

    Paper:
        After Chowdhury et al., "Nearest Neighbor Normalization Improves Multimodal Retrieval", EMNLP 2024.

    Args:
        strength: α; or "cv" to choose it by the mean reciprocal rank of held-out clusters. Without pairs, or
            with fewer than 10 clusters, "cv" is 0.75.
        neighbours: k; or "cv", which is 16 where nothing can choose it.
        folds: of "cv".
        random_state: seed of the folds, and of the rows that are drawn where either side has many.

    Attributes:
        strength_, neighbours_: what was used.
    """

    name: ClassVar[str] = "hub-shift"
    learns_from: ClassVar[LearnsFrom] = "unpaired"
    invertible: ClassVar[bool] = True
    unit = True
    strength_: float
    neighbours_: int

    def __init__(
        self,
        strength: Strength = "cv",
        neighbours: Strength = "cv",
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.strength = strength
        self.neighbours = neighbours
        self.folds = folds
        self.random_state = random_state

    def _fit(self, data: FitData) -> None:
        check_strength("strength", self.strength)
        check_strength("neighbours", self.neighbours)
        if self.neighbours != "cv" and (self.neighbours < 1 or self.neighbours != int(self.neighbours)):
            raise InputError("neighbours: a whole number of at least 1", repr(self.neighbours), "correct it")
        sample = truth_sample(data, self.random_state)
        self.strength_, self.neighbours_ = self._chosen(sample)
        used = min(self.neighbours_, len(sample.source))
        towards = hub_directions(sample.source, sample.target, (used,), sample.truth)[0]
        self.source_mean_ = self.strength_ * towards
        self.target_mean_ = np.zeros(data.source.d)
        self.matrix_ = None

    def _chosen(self, sample: TruthSample) -> tuple[float, int]:
        """Strength and neighbours: those given, else those of the cross-validation."""
        strengths = STRENGTHS if self.strength == "cv" else (float(self.strength),)
        counts = NEIGHBOURS if self.neighbours == "cv" else (int(self.neighbours),)
        if len(strengths) == len(counts) == 1:
            return strengths[0], counts[0]
        total, judged = np.zeros((len(strengths), len(counts))), 0
        for fold in sample.folds(self.folds, self.random_state):
            usable = tuple(min(count, len(fold.rest)) for count in counts)
            scores = sample.source[fold.held] @ sample.target.T
            own = None if sample.truth is None else sample.truth[np.ix_(fold.rest, fold.seen)]
            directions = hub_directions(sample.source[fold.rest], sample.target[fold.seen], usable, own)
            for column, pull in enumerate(directions @ sample.target.T):
                for row, strength in enumerate(strengths):
                    total[row, column] += sample.reciprocal_ranks(scores - strength * pull, fold.held).sum()
            judged += len(fold.held)
        if not judged:
            self._warn(
                "strength and neighbours were not chosen from the data: no pairs, or too few independent ones"
            )
            return (
                USUAL[0] if self.strength == "cv" else strengths[0],
                USUAL[1] if self.neighbours == "cv" else counts[0],
            )
        best, column = divmod(int(np.argmax(total)), total.shape[1])
        if strengths[best] == 0:
            self._warn("no strength was better than none on held-out rows: nothing is moved")
        return strengths[best], counts[column]

    def _state(self) -> dict[str, NDArray[Any]]:
        return {**super()._state(), "chosen": np.array([self.strength_, self.neighbours_], np.float64)}

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        super()._restore(state)
        self.strength_, self.neighbours_ = float(state["chosen"][0]), int(state["chosen"][1])


def hub_directions(
    source: Float64, target: Float64, neighbours: tuple[int, ...], own: NDArray[np.bool_] | None = None
) -> Float64:
    """[K, D] for each number of neighbours the direction whose product with a target row is its hubness.

    Args:
        source: [N, D] unit rows.
        target: [M, D] unit rows.
        neighbours: k, each from 1 to N.
        own: [N, M] which belong together: to be found by its own rows makes no hub. Were they counted, target
            rows of the fit would be taken down more than others.
    """
    most = max(neighbours)
    hubness = np.empty((len(neighbours), len(target)))
    for start in range(0, len(target), _BLOCK):
        block = slice(start, start + _BLOCK)
        cosines = target[block] @ source.T
        others = np.full(len(cosines), len(source))
        if own is not None:
            mine = own[:, block].T
            # A row that all of the source belongs to has no others; all count then.
            mine = mine & ~mine.all(axis=1, keepdims=True)
            cosines[mine] = -2.0
            others -= mine.sum(axis=1)
        largest = -np.partition(-cosines, most - 1, axis=1)[:, :most]
        running = np.cumsum(-np.sort(-largest, axis=1), axis=1)
        for row, count in enumerate(neighbours):
            used = np.minimum(count, others)
            hubness[row, block] = running[np.arange(len(used)), used - 1] / used
    centred = target - target.mean(axis=0)
    wanted = (hubness - hubness.mean(axis=1, keepdims=True)).T
    ridge = SHRINKAGE * float(np.square(centred).sum()) / len(centred)
    if ridge == 0:
        return np.zeros((len(neighbours), target.shape[1]))
    if len(centred) < centred.shape[1]:
        solved = centred.T @ np.linalg.solve(centred @ centred.T + ridge * np.eye(len(centred)), wanted)
    else:
        inner = centred.T @ centred + ridge * np.eye(centred.shape[1])
        solved = np.linalg.solve(inner, centred.T @ wanted)
    directions: Float64 = solved.T
    return directions
