"""The way of each item through the stages, and which items drew together."""

from __future__ import annotations

import numpy as np

from repscope.measure.core.grouping import chosen_rows
from repscope.measure.drift.frame import DriftFrame, Ints
from repscope.measure.drift.records import Floats, Paths
from repscope.measure.drift.sums import StageSums

MAX_ROWS = 5000
NAMED = 20


def paths(frame: DriftFrame, sums: StageSums, *, neighbours: bool = True) -> Paths:
    """Path lengths of every item; nearest others in the first and the last stage of at most 5,000.

    Two items have converged when their distance shrank by more than the stages as wholes did: by the
    ratio of their RMS radii. Pairs are those of an item with its nearest other in the last stage.

    Args:
        frame: the stages.
        sums: of the first pass.
        neighbours: False leaves the nearest others out.
    """
    most = tuple(int(row) for row in np.argsort(-sums.net, kind="stable")[:NAMED])
    rows = chosen_rows(frame.n, MAX_ROWS, frame.seed + 19) if neighbours else np.zeros(0, np.int64)
    empty = np.zeros(0)
    nearest, partner = [empty, empty], np.zeros(0, np.int64)
    converged: tuple[tuple[int, int], ...] = ()
    ratios: tuple[float, ...] = ()
    if len(rows):
        nearest, partner, converged, ratios = _neighbours(frame, sums, rows)
    return Paths(
        sums.steps.sum(axis=0), sums.net, most, rows, nearest[0], nearest[1], partner, converged, ratios
    )


def _neighbours(
    frame: DriftFrame, sums: StageSums, rows: Ints
) -> tuple[list[Floats], Ints, tuple[tuple[int, int], ...], tuple[float, ...]]:
    from repscope.measure.core.neighbour_lists import NeighbourLists

    ends = [np.asarray(frame.stages[end][rows], np.float64) for end in (0, -1)]
    # Distances are the same off the centre, and keep their digits.
    ends = [stage - stage.mean(axis=0) for stage in ends]
    lists = [NeighbourLists.of(stage, 1, "l2", spare=0) for stage in ends]
    nearest = [np.asarray(neighbours.scores[:, 0], np.float64) for neighbours in lists]
    other = lists[1].indices[:, 0]
    spread = sums.total_spread()[0]
    if spread[0] <= 0:
        return nearest, rows[other], (), ()
    scale = np.sqrt(spread[-1] / spread[0])
    before = np.linalg.norm(ends[0] - ends[0][other], axis=1)
    after = np.linalg.norm(ends[1] - ends[1][other], axis=1)
    usable = (before > 0) & (scale > 0)
    relative = np.full(len(rows), np.inf)
    relative[usable] = after[usable] / (before[usable] * scale)
    seen: dict[tuple[int, int], float] = {}
    for at in np.argsort(relative, kind="stable"):
        if relative[at] >= 1 or len(seen) == NAMED:
            break
        row, partner = int(rows[at]), int(rows[other[at]])
        seen.setdefault((min(row, partner), max(row, partner)), float(relative[at]))
    return nearest, rows[other], tuple(seen), tuple(seen.values())
