"""Noise of simulated studies: normal, or with heavy tails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HEAVY = 3
"""Degrees of freedom of Student's t whose tails are heavy: the fewest with a variance."""


def noise(rng: np.random.Generator, shape: tuple[int, int], *, heavy: bool = False) -> NDArray[np.float64]:
    """Independent values of mean 0 and variance 1."""
    if heavy:
        return np.asarray(rng.standard_t(HEAVY, shape) * np.sqrt((HEAVY - 2) / HEAVY))
    return rng.standard_normal(shape)
