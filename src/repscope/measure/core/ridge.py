"""Ridge regression in the principal axes of its predictors, with the penalty that the data ask for."""

from __future__ import annotations

import numpy as np

from repscope.measure.core.arrays import Float64

PENALTIES = np.logspace(-6, 6, 25)
"""Penalties tried, in units of the mean scatter along an axis."""
_MOST_FREEDOM = 0.95


def principal_axes(scatter: Float64) -> tuple[Float64, Float64]:
    """Principal axes [D, R] and scatter along them [R], those at rounding level left out."""
    values, axes = np.linalg.eigh(scatter)
    real = values > len(values) * np.finfo(np.float64).eps * max(values[-1], 0.0)
    return axes[:, real], values[real]


def ridge_penalty(n: int, values: Float64, squares: Float64, spread: float) -> float:
    """The penalty of :data:`PENALTIES` with the least generalised cross-validation error.

    Args:
        n: training rows.
        values: [R] scatter of x along its axes.
        squares: [R] squared products of each axis with y.
        spread: total squared distance of y to its mean.
    """
    if not len(values):
        return 1.0
    penalties = PENALTIES * values.mean()
    kept = values / (values + penalties[:, None])
    freedom = 1.0 + kept.sum(axis=1)
    explained = (squares / values * kept * (2.0 - kept)).sum(axis=1)
    residual = np.maximum(spread - explained, 0.0)
    # With as many parameters as rows, numerator and denominator both vanish and say nothing.
    usable = freedom < max(_MOST_FREEDOM * n, freedom.min() + 1e-9)
    score = np.where(usable, residual / np.square(1.0 - np.minimum(freedom / n, _MOST_FREEDOM)), np.inf)
    return float(penalties[np.argmin(score)])
