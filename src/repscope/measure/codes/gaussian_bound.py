"""The least distortion that any code of a rate can have, for a Gaussian."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import VectorError


def gaussian_distortion(variances: ArrayLike, bits: float) -> float:
    """D(R) of a Gaussian with independent axes: reverse water-filling.

    Each axis is described down to the water level θ, and what lies below it is left out:
    D = Σ min(θ, λᵢ) where Σ max(0, ½ log₂(λᵢ / θ)) = R. No quantiser of a Gaussian goes below it. Of all
    distributions with this covariance the Gaussian is the hardest, so that rows in clusters can.

    Args:
        variances: [D] eigenvalues of the covariance, not negative.
        bits: R, of a row.

    Returns:
        Mean squared distance of a row to its description.

    Raises:
        VectorError: negative variances, or a negative rate.

    Paper: Cover & Thomas, Elements of Information Theory, 2nd ed., theorem 10.3.3.
    """
    found = np.sort(np.asarray(variances, np.float64))[::-1]
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all() or found[-1] < 0 or bits < 0:
        raise VectorError("variances and a rate of 0 or more", f"{found}, {bits} bits", "give the spectrum")
    found = found[found > 0]
    if not len(found):
        return 0.0
    nats = bits * np.log(2)
    logs = np.log(found)
    count = np.arange(1, len(found) + 1)
    # The level at which the first k axes share the rate; of these k the right one leaves the others below.
    levels = (np.cumsum(logs) - 2 * nats) / count
    k = int(np.flatnonzero(levels < logs)[-1]) if (levels < logs).any() else 0
    return float(np.minimum(np.exp(min(levels[k], logs[0])), found).sum())
