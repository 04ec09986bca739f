"""Whether two sets are on one scale: a standardiser leaves its marks on every dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.grouping import chosen_rows

Array = NDArray[np.floating[Any]]

ROWS = 5000
FEWEST = 100
"""Rows below which a mean and an SD are too uncertain to tell."""
MOST = 0.75
"""Dimensions that must look standardised; heavy tails move the SD of some."""
CLOSE = 0.05
ERRORS = 4.0
"""Standard errors of a mean and an SD that some rows of a larger, standardised set may be off by."""
FAR = 2.0
"""Times 1, or one over it, beyond which the usual SD of a dimension is another scale."""


def standardised_against(before: Array, reference: Array, *, seed: int = 0) -> bool:
    """Nearly every dimension of before has mean 0 and SD 1, and those of the reference are of another scale.

    Args:
        before: [N, D] rows as they were given.
        reference: [M, D] rows as they were given.
        seed: of the rows that are read of a large set.
    """
    rows = np.asarray(before[chosen_rows(len(before), ROWS, seed)], np.float64)
    n = len(rows)
    if n < FEWEST or len(reference) < 3:
        return False
    centred = np.abs(rows.mean(axis=0)) <= max(CLOSE, ERRORS / np.sqrt(n))
    scaled = np.abs(rows.std(axis=0) - 1) <= max(CLOSE, ERRORS / np.sqrt(2 * n))
    if (centred & scaled).mean() < MOST:
        return False
    others = np.asarray(reference[chosen_rows(len(reference), ROWS, seed)], np.float64)
    usual = float(np.median(others.std(axis=0)))
    return not 1 / FAR <= usual <= FAR
