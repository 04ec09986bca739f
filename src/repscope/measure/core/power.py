"""What a t-test finds how often."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

DRAWS = 400
SAME = 1000
"""Degrees of freedom beyond which an error is as good as known."""


@lru_cache(maxsize=4096)
def found_errors(level: float, power: float, degrees: float) -> float:
    """True difference, in *estimated* standard errors, that a two-sided t-test finds in ``power`` of repeats.

    The error was estimated from as few clusters as the test has. Where it came out too small, a difference of
    so many of it is missed more often: the power is averaged over what the error may be.

    Args:
        level: of the interval that must exclude 0.
        power: share of repeats.
        degrees: of freedom.
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2, nct, t

    degrees = min(degrees, SAME)
    errors = np.sqrt(chi2.ppf((np.arange(DRAWS) + 0.5) / DRAWS, degrees) / degrees)
    limit = t.ppf((1 + level) / 2, degrees)

    def missing(times: float) -> float:
        return float(np.mean(nct.sf(limit, degrees, times * errors)) - power)

    return float(brentq(missing, 0.0, 4 * (limit + t.ppf(power, degrees)) + 200 / degrees))
