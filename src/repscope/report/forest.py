"""Where a difference lies beside zero and beside the controls: positions for a small drawing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from repscope.measure.core.estimate import Difference

WIDTH = 200.0
_MARGIN = 8.0

DRAWN = ("noise", "collapse", "snap", "floor")
"""Controls that have a sign of their own in the drawing; identity is the zero line."""


@dataclass(frozen=True)
class Forest:
    """Positions from 0 to :data:`WIDTH`.

    Attributes:
        zero: of no difference.
        value: of the difference.
        low, high: of its interval; equal to ``value`` without one.
        controls: (name, position) of each control that has a value.
    """

    zero: float
    value: float
    low: float
    high: float
    controls: tuple[tuple[str, float], ...]


def forest(difference: Difference, controls: Mapping[str, float | None]) -> Forest | None:
    """Positions for one row, on a scale of its own; None when the difference has no value."""
    if difference.value is None or not math.isfinite(difference.value):
        return None
    value = difference.value
    low, high = (
        value if end is None or not math.isfinite(end) else end for end in (difference.low, difference.high)
    )
    drawn = [(name, controls.get(name)) for name in DRAWN]
    marks = [(name, at) for name, at in drawn if at is not None and math.isfinite(at)]
    ends = [0.0, value, low, high, *(at for _, at in marks)]
    first, span = min(ends), max(ends) - min(ends)

    def place(at: float) -> float:
        if span == 0:
            return WIDTH / 2
        return round(_MARGIN + (WIDTH - 2 * _MARGIN) * (at - first) / span, 1)

    return Forest(
        place(0.0), place(value), place(low), place(high), tuple((name, place(at)) for name, at in marks)
    )
