"""One logged quantity of one run: steps, values as they were written, restarts, and a smooth curve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Restart:
    """Where a training was continued, mostly from an earlier step; the log says it or goes back.

    Attributes:
        run: whose.
        series: names of the series that show it.
        step: the last step before.
        resumed_at: the first step after.
    """

    run: str
    series: tuple[str, ...]
    step: float
    resumed_at: float

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "run": self.run,
            "series": list(self.series),
            "step": plain(self.step),
            "resumed_at": plain(self.resumed_at),
        }


@dataclass(frozen=True)
class Series:
    """A quantity that a run logged.

    Attributes:
        run: name of the run.
        name: of the quantity.
        steps: [N] as written.
        values: [N] as written; NaN where nothing, or NaN, was.
        starts: indices where the log was continued, in the order of writing.
    """

    run: str
    name: str
    steps: Floats
    values: Floats
    starts: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.steps.shape != self.values.shape or self.steps.ndim != 1:
            raise InputError(
                f"a step for each value of {self.name!r} in {self.run}",
                f"{self.steps.shape} steps, {self.values.shape} values",
                "correct the log",
            )
        back = tuple(int(at) + 1 for at in np.flatnonzero(np.diff(self.steps) < 0))
        object.__setattr__(self, "starts", tuple(sorted({*self.starts, *back})))

    @property
    def kept(self) -> NDArray[np.bool_]:
        """[N] what no later part wrote again: the curve of the run as it went on."""
        keep = np.ones(len(self.steps), bool)
        for start in self.starts:
            keep[:start] &= self.steps[:start] < self.steps[start]
        return keep

    @property
    def curve(self) -> tuple[Floats, Floats]:
        """Steps and finite values of what is kept."""
        good = self.kept & np.isfinite(self.values)
        return self.steps[good], self.values[good]

    def smoothed(self, weight: float) -> Floats:
        """[N] exponential means without the bias of the start; NaN where the value is.

        A part that continues an earlier step continues its mean there as well. A constant stays what it
        is, and nothing moves to earlier steps: each mean holds its own value and those before it.

        Args:
            weight: of the past, in [0, 1); 0 leaves everything as it is.

        Raises:
            InputError: another weight.
        """
        if not 0 <= weight < 1:
            raise InputError("a weight of the past in [0, 1)", f"{weight:g}", "write --smooth 0.9")
        made = np.full(len(self.values), np.nan)
        sums, shares = np.zeros(len(self.values) + 1), np.zeros(len(self.values) + 1)
        state = 0  # index into sums and shares of what the next value continues
        for at, (step, value) in enumerate(zip(self.steps, self.values, strict=True)):
            if at in self.starts:
                before = np.flatnonzero(self._kept_until(at) & (self.steps[:at] < step))
                state = int(before[-1]) + 1 if len(before) else 0
            mean, share = sums[state], shares[state]
            if np.isfinite(value):
                mean, share = weight * mean + (1 - weight) * value, weight * share + (1 - weight)
                made[at] = mean / share
            sums[at + 1], shares[at + 1] = mean, share
            state = at + 1
        return made

    def _kept_until(self, end: int) -> NDArray[np.bool_]:
        keep = np.ones(end, bool)
        for start in self.starts:
            if start < end:
                keep[:start] &= self.steps[:start] < self.steps[start]
        return keep

    def to_json(self, weight: float) -> dict[str, Any]:
        """As JSON values; what is not finite is null."""
        return {
            "run": self.run,
            "name": self.name,
            "steps": [plain(step) for step in self.steps],
            "values": [plain(value) for value in self.values],
            "smoothed": [plain(value) for value in self.smoothed(weight)],
        }


def restarts_of(series: list[Series]) -> list[Restart]:
    """Each restart once, with the series of a run that go back there."""
    found: dict[tuple[str, float, float], list[str]] = {}
    for one in series:
        for start in one.starts:
            key = (one.run, float(one.steps[start - 1]), float(one.steps[start]))
            found.setdefault(key, []).append(one.name)
    return [Restart(run, tuple(names), step, at) for (run, step, at), names in found.items()]


def plain(value: float) -> float | int | None:
    """A number as JSON has it: whole ones without a point, None for what is not finite."""
    if not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)
