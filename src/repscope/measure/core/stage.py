"""One stage against a reference, and the frame that stages share: what every measure of it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.knn.repeated import rounding_of
from repscope.measure.core.cosines import unit_copy, working_dtype
from repscope.measure.core.estimate import FIXED, Sample
from repscope.measure.core.grouping import chosen_rows
from repscope.measure.core.info import Measure
from repscope.measure.core.matching import Match, match
from repscope.measure.core.neighbour_lists import NeighbourLists

Array = NDArray[np.floating[Any]]
Codes = NDArray[np.int64]

NEIGHBOUR_ROWS = 10_000
"""Rows whose neighbours are searched at most; one search serves every measure of a stage."""

NEIGHBOURS = 10


@dataclass(frozen=True)
class Frame:
    """What all stages of a comparison have in common, so that their differences are paired.

    Attributes:
        reference: [M, D] unit rows.
        item_keys: [N] link codes, or None without a link.
        reference_keys: [M], or None.
        clusters: [N] independent units, 0…C−1.
        groups: [N] groups of the delete-group jackknife.
        reference_groups: [M] groups that leave with the items, or FIXED.
        n_groups: G.
        seed: of every sample of rows.
        bandwidth: of the RBF kernel in ``mmd``, the same for every stage.
        views: [N] which item a row is one of several views of, or −1; None where rows are no views.
    """

    reference: Array
    item_keys: Codes | None
    reference_keys: Codes | None
    clusters: Codes
    groups: Codes
    reference_groups: Codes
    n_groups: int
    seed: int
    bandwidth: float | None = None
    views: Codes | None = None

    @property
    def linked(self) -> bool:
        """Items have a truth in the reference."""
        return self.item_keys is not None

    @cached_property
    def reference_clusters(self) -> Codes:
        """[M] independent units of the reference: its keys where it is linked, else its rows."""
        if self.reference_keys is None or (self.reference_keys < 0).any():
            return np.arange(len(self.reference))
        return np.unique(self.reference_keys, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def reference_distances(self) -> NeighbourLists:
        """Neighbours of the reference rows among themselves by distance, the same for every stage."""
        return _search(self.reference).by_distance()


class Stage:
    """One stage: raw rows, unit rows, and what several measures share.

    Args:
        rows: [N, D] as they were given.
        frame: shared by the stages.
    """

    def __init__(self, rows: Array, frame: Frame) -> None:
        self.rows = rows
        self.frame = frame
        self.unit: Array = unit_copy(rows, "items", working_dtype(rows, frame.reference))

    @cached_property
    def matched(self) -> Match:
        """Matches of the items in the reference; keys are all −1 without a link."""
        frame = self.frame
        unlinked = np.full(len(self.unit), -1), np.full(len(frame.reference), -1)
        keys = unlinked if frame.item_keys is None or frame.reference_keys is None else (
            frame.item_keys, frame.reference_keys
        )  # fmt: skip
        return match(self.unit, frame.reference, *keys)

    def groups(self, intervals: bool) -> tuple[Codes, Codes, int]:
        """Jackknife groups of items and reference, and their number; none where no interval is wanted."""
        frame = self.frame
        if intervals:
            return frame.groups, frame.reference_groups, frame.n_groups
        return np.full_like(frame.groups, FIXED), np.full_like(frame.reference_groups, FIXED), 0

    @cached_property
    def sampled_rows(self) -> Codes:
        """Rows whose neighbours are searched: all, or a seeded sample of a large set."""
        return chosen_rows(len(self.unit), NEIGHBOUR_ROWS, self.frame.seed)

    @cached_property
    def rounding(self) -> float:
        """Largest distance of unit rows that rounding explains, by the type that the rows were given in."""
        return rounding_of(self.rows)

    @cached_property
    def neighbours(self) -> NeighbourLists:
        """Neighbours of the sampled rows among themselves by cosine, :data:`NEIGHBOURS` and some to spare.

        Raises:
            InputError: fewer than two rows.
        """
        rows = self.unit if len(self.sampled_rows) == len(self.unit) else self.unit[self.sampled_rows]
        return _search(rows)

    @cached_property
    def distances(self) -> NeighbourLists:
        """The same neighbours by Euclidean distance."""
        return self.neighbours.by_distance()


Samples = Iterator[tuple[str, Sample]]
Compute = Callable[[Stage, bool, list[str]], Samples]
"""Gives the named measures of a stage, with what intervals need or without."""

StageMeasure = Measure[Compute]
"""A measure of one stage, alone or against its reference."""


def _search(unit: Array) -> NeighbourLists:
    return NeighbourLists.of(unit, min(NEIGHBOURS, max(1, len(unit) - 1)))
