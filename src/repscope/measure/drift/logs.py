"""To logarithms and back: ratios have intervals that stay above zero."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from repscope.measure.core.estimate import Difference, Estimate, Replicates

E = TypeVar("E", Estimate, Difference)


def exponential(one: E) -> E:
    """The same record of exp(value), interval and all."""

    def of(value: float | None) -> float | None:
        return None if value is None else float(np.exp(value))

    return replace(one, value=of(one.value), low=of(one.low), high=of(one.high))


def log_replicates(one: Replicates) -> Replicates | None:
    """Logarithms of a positive measure; None where a value is not above zero."""
    if one.value <= 0 or not (one.leave_out > 0).all():
        return None
    return replace(one, value=float(np.log(one.value)), leave_out=np.log(one.leave_out))
