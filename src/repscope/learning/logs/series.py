"""One logged quantity of one run: steps, values as they were written, restarts, and a smooth curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
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
        step: the last step before, of all of them.
        resumed_at: the first step after, of all of them.
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
        steps: [N] as written, finite.
        values: [N] as written; NaN where nothing, or NaN, was.
        starts: indices where the log was continued, in the order of writing.
        unit: what the steps count: "step", "epoch", or "row" where the log names none.
    """

    run: str
    name: str
    steps: Floats
    values: Floats
    starts: tuple[int, ...] = field(default=())
    unit: str = "step"

    def __post_init__(self) -> None:
        if self.steps.shape != self.values.shape or self.steps.ndim != 1:
            raise InputError(
                f"a step for each value of {self.name!r} in {self.run}",
                f"{self.steps.shape} steps, {self.values.shape} values",
                "correct the log",
            )
        back = tuple(int(at) + 1 for at in np.flatnonzero(np.diff(self.steps) < 0))
        object.__setattr__(self, "starts", tuple(sorted({*self.starts, *back})))

    @cached_property
    def kept(self) -> NDArray[np.bool_]:
        """[N] what no later part wrote again: the curve of the run as it went on."""
        first = np.full(len(self.steps) + 1, np.inf)
        first[list(self.starts)] = self.steps[list(self.starts)]
        # The earliest step at which any later part begins.
        later = np.minimum.accumulate(first[::-1])[::-1][1:]
        kept: NDArray[np.bool_] = self.steps < later
        return kept

    @property
    def curve(self) -> tuple[Floats, Floats]:
        """Steps and finite values of what is kept."""
        good = self.kept & np.isfinite(self.values)
        return self.steps[good], self.values[good]

    def smoothed(self, weight: float, *, centred: bool = False) -> Floats:
        """[N] exponential means without the bias of the start; NaN where the value is.

        By default each mean holds its own value and those before it, as TensorBoard shows them: nothing moves
        to earlier steps, but a change is followed late, by up to weight / (1 − weight) values. A part that
        continues an earlier step continues its mean there as well. Centred means hold as many values after as
        before, so that a line stays where it is; what was written again later has none.

        Args:
            weight: of the past, in [0, 1); 0 leaves everything as it is.
            centred: whether values on both sides count.

        Raises:
            InputError: another weight.
        """
        check_weight(weight)
        made = np.full(len(self.values), np.nan)
        if centred:
            good = self.kept & np.isfinite(self.values)
            made[good] = _centred(self.values[good], weight)
            return made
        starts = set(self.starts)
        past: list[tuple[float, float, float]] = []  # step, sum and share of weights of what goes on
        for at, (step, value) in enumerate(zip(self.steps.tolist(), self.values.tolist(), strict=True)):
            if at in starts:
                while past and past[-1][0] >= step:
                    past.pop()
            _, total, share = past[-1] if past else (0.0, 0.0, 0.0)
            if math.isfinite(value):
                total, share = weight * total + (1 - weight) * value, weight * share + (1 - weight)
                made[at] = total / share
            past.append((step, total, share))
        return made

    def to_json(self, weight: float, *, centred: bool = False) -> dict[str, Any]:
        """As JSON values; what is not finite is null."""
        return {
            "run": self.run,
            "name": self.name,
            "step_unit": self.unit,
            "steps": [plain(step) for step in self.steps.tolist()],
            "values": [plain(value) for value in self.values.tolist()],
            "smoothed": [plain(value) for value in self.smoothed(weight, centred=centred).tolist()],
        }


def restarts_of(series: Sequence[Series]) -> list[Restart]:
    """Each restart of a run once, in the order of writing, with the series that show it.

    Quantities that are logged less often stop and resume at other steps: what overlaps is one restart, unless
    one series shows it twice.
    """
    found: dict[str, list[Restart]] = {}
    for one in sorted(series, key=lambda one: -len(one.steps)):
        known = found.setdefault(one.run, [])
        first = 0
        for start in one.starts:
            step, at = float(one.steps[start - 1]), float(one.steps[start])
            fits = (
                place
                for place in range(first, len(known))
                if step >= known[place].resumed_at and at <= known[place].step
            )
            place = next(fits, None)
            if place is None:
                known.append(Restart(one.run, (one.name,), step, at))
                first = len(known)
            else:
                same = known[place]
                known[place] = Restart(
                    one.run, (*same.series, one.name), max(same.step, step), min(same.resumed_at, at)
                )
                first = place + 1
    return [one for run in dict.fromkeys(one.run for one in series) for one in found[run]]


def check_weight(weight: float) -> None:
    """Refuse a weight of the past outside [0, 1); raises :class:`InputError`."""
    if not 0 <= weight < 1:
        raise InputError("a weight of the past in [0, 1)", f"{weight:g}", "write --smooth 0.9")


def _centred(values: Floats, weight: float) -> Floats:
    """[N] means weighted by weight^distance, over as many values after as before."""
    count = len(values)
    at = np.arange(count)
    reach = np.minimum(at, count - 1 - at)
    total = np.zeros(count)
    for way in (1, -1):
        # Sums over the past, less what lies farther back than the shorter side.
        sums = np.zeros(count + 1)
        sums[1:] = np.array(list(accumulate(values[::way].tolist(), lambda past, one: weight * past + one)))
        side = sums[1:] - weight ** (reach + 1.0) * sums[np.maximum(at - reach, 0)]
        total += side[::way]
    shares = (1 - weight ** (reach + 1.0)) / (1 - weight)
    made: Floats = (total - values) / (2 * shares - 1)
    return made


def plain(value: float) -> float | int | None:
    """A number as JSON has it: whole ones without a point, None for what is not finite."""
    if not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)
