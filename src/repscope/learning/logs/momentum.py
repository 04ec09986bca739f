"""The momentum of an exponential moving average beside the schedules that are in use."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from repscope.learning.logs.series import Floats, Series
from repscope.text.json_record import JsonRecord

MOMENTUM = re.compile(r"(^|[/_. -])(ema|momentum|tau)([/_. -]|$)", re.IGNORECASE)

NEAR = 0.02
"""Of the way from first to last: a schedule that is never farther away is the one."""


@dataclass(frozen=True)
class Momentum(
    JsonRecord, keys="run name first last schedule base final total_steps=total deviation deviation_step=at"
):
    """How the momentum of an average went, beside the nearest schedule.

    Attributes:
        run, name: of the series.
        first, last: values.
        schedule: "constant", "cosine" (BYOL: 1 − (1 − m₀)(1 + cos πt/T)/2) or "linear" (I-JEPA); "neither"
            where the nearest one is farther away than :data:`NEAR` of the way.
        nearest: the schedule that is drawn beside it.
        base, final: its ends.
        total: steps of the whole schedule, beyond the log where that ends before.
        deviation: largest distance to it.
        at: step of that distance.
        expected: [N] the schedule at the steps of the curve.
    """

    run: str
    name: str
    first: float
    last: float
    schedule: str
    nearest: str
    base: float
    final: float
    total: float
    deviation: float
    at: float
    expected: Floats


def momentum_of(series: Series) -> Momentum | None:
    """None unless it is called so, and lies between .5 and 1 as the momentum of an average does."""
    steps, values = series.curve
    if not MOMENTUM.search(series.name) or len(values) < 2 or values.min() < 0.5 or values.max() > 1:
        return None
    first, last = float(values[0]), float(values[-1])
    length = float(steps[-1] - steps[0])
    share = (steps - steps[0]) / max(length, 1e-12)
    candidates = [
        ("cosine", last, length, last - (last - first) * (1 + np.cos(np.pi * share)) / 2),
        ("linear", last, length, first + (last - first) * share),
    ]
    if first < last < 1:
        # A log that ends before the schedule does: both on their way to 1.
        part = float(np.arccos(1 - 2 * (last - first) / (1 - first)) / np.pi)
        onward = 1 - (1 - first) * (1 + np.cos(np.pi * share * part)) / 2
        candidates.append(("cosine", 1.0, length / part, onward))
    if first == last:
        candidates = [("constant", last, length, np.full(len(values), first))]
    far = [float(np.abs(values - one).max()) for *_, one in candidates]
    at = int(np.argmin(far))
    nearest, final, total, expected = candidates[at]
    schedule = nearest if far[at] <= NEAR * abs(last - first) else "neither"
    worst = float(steps[int(np.abs(values - expected).argmax())])
    return Momentum(
        series.run, series.name, first, last, schedule, nearest, first, final, total, far[at], worst, expected
    )
