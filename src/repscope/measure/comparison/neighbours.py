"""Neighbours of both stages of a comparison, searched once for all that reads them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repscope.measure.comparison.compare_arrays import ArrayComparison
from repscope.measure.core.neighbour_lists import NeighbourLists
from repscope.measure.core.stage import NEIGHBOURS
from repscope.measure.similarity.neighbours import neighbour_pair


def kept_neighbours(
    arrays: ArrayComparison, rows: NDArray[np.int64]
) -> tuple[NeighbourLists, NeighbourLists]:
    """Neighbours of both stages among the rows: those that the measures have searched, if they are these.

    Raises:
        InputError: no more rows than neighbours.
    """
    before, after = arrays.before, arrays.after
    if np.array_equal(rows, before.sampled_rows) and len(rows) > NEIGHBOURS:
        return before.neighbours, after.neighbours
    return neighbour_pair(before.unit[rows], after.unit[rows])
