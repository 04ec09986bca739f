"""To logarithms and back, and roots of squares: intervals that stay above zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from repscope.measure.core.estimate import Difference, Estimate, Replicates

E = TypeVar("E", Estimate, Difference)


def transformed(estimate: E, function: Callable[[float], float]) -> E:
    """The same record of ``function`` (rising) of its value, interval and all."""

    def of(value: float | None) -> float | None:
        return None if value is None else float(function(value))

    return replace(estimate, value=of(estimate.value), low=of(estimate.low), high=of(estimate.high))


def exponential(estimate: E) -> E:
    """The same record of exp(value), interval and all."""
    return transformed(estimate, np.exp)


def root(squared: E) -> E:
    """The record of a length from that of its square; a negative square is no length."""
    return transformed(squared, lambda value: np.sqrt(max(value, 0.0)))


def log_replicates(sample: Replicates) -> Replicates | None:
    """Logarithms of a positive measure; None where a value is not above zero."""
    if sample.value <= 0 or not (sample.leave_out > 0).all():
        return None
    return replace(sample, value=float(np.log(sample.value)), leave_out=np.log(sample.leave_out))
