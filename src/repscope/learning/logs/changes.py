"""When a quantity changed its course: one break of a line, with an error rate under correlated noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from repscope.learning.logs.series import Floats, Series, plain

DRAWS = 999
"""Simulated series without a break."""

LEAST = 12
"""Points that a test needs."""

MOST = 400
"""Points that are tested; of longer series, means of bins of equal counts."""

NORMAL = 1.4826
"""Standard deviation over median absolute residual, of normal noise."""

EDGE = 0.1
"""Share of the points at each end that hold no break."""


@dataclass(frozen=True)
class ChangePoint:
    """Where one line through a series is most clearly two.

    Attributes:
        run, name: of the series.
        step: the last one on the old course, the line through the half before it, within three standard
            deviations.
        before, after: means of as many values on both sides, at most a tenth of the series.
        last: mean of the last tenth.
        p: of a break as clear in a series with one line and the same correlated noise.
        points: that were tested.
    """

    run: str
    name: str
    step: float
    before: float
    after: float
    last: float
    p: float
    points: int

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "run": self.run,
            "name": self.name,
            "step": plain(self.step),
            "before": plain(self.before),
            "after": plain(self.after),
            "last": plain(self.last),
            "p": plain(self.p),
            "points": self.points,
        }


def find_change(series: Series, *, seed: int = 0, draws: int = DRAWS) -> ChangePoint | None:
    """The clearest break of level and slope, and its p-value; None of series too short or constant.

    The statistic is the largest F of two lines against one (Andrews, Econometrica 1993), over all breaks but
    for those near the ends. Its distribution without a break is simulated: one line, with noise of the
    residuals' first-order autocorrelation (corrected for its bias, which grows with the line's two
    parameters) and spread.

    Args:
        series: as it went on, restarts left out.
        seed: of the simulation.
        draws: simulated series.
    """
    steps, values = series.curve
    if len(values) < LEAST or np.ptp(values) == 0:
        return None
    steps, values = _thinned(steps, values)
    count = len(values)
    best, ratio = _breaks(values[None])
    slope_free = _residuals(values[None])[0]
    rho = _autocorrelation(slope_free)
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((draws, count))
    for at in range(1, count):
        noise[:, at] = rho * noise[:, at - 1] + np.sqrt(1 - rho**2) * noise[:, at]
    _, null = _breaks(noise)
    p = (1 + int((null >= ratio[0]).sum())) / (1 + draws)
    # What is still as it was ends where the second line begins, or where a gradual change leaves the first.
    at = _onset(values, int(best[0]))
    side = max(2, count // 10)
    return ChangePoint(
        series.run,
        series.name,
        float(steps[at - 1]),
        float(values[max(0, at - side) : at].mean()),
        float(values[at : at + side].mean()),
        float(values[-side:].mean()),
        p,
        count,
    )


def _onset(values: Floats, at: int) -> int:
    """Index behind the last value before ``at`` that lies on the old course: the line of what is before it.

    What is on its way already bends that line; it is fitted again without, until nothing is left out.
    """
    end = at
    while True:
        start = max(0, end - max(LEAST, end // 2))
        x = np.arange(start, at)
        slope, level = np.polyfit(x[: end - start], values[start:end], 1)
        far = np.abs(values[start:at] - (slope * x + level))
        noise = NORMAL * float(np.median(far[: end - start]))
        on = np.flatnonzero(far <= 3 * noise + 1e-9 * np.ptp(values))
        new = start + int(on[-1]) + 1 if len(on) else end
        if new >= end or new < LEAST // 2:
            return end
        end = new


def _thinned(steps: Floats, values: Floats) -> tuple[Floats, Floats]:
    """At most :data:`MOST` points: the last step and the mean value of bins of equal counts."""
    if len(values) <= MOST:
        return steps, values
    bins = np.array_split(np.arange(len(values)), MOST)
    return np.array([steps[one[-1]] for one in bins]), np.array([values[one].mean() for one in bins])


def _breaks(rows: Floats) -> tuple[Any, Floats]:
    """For each row [R, N] the best break and its F: two lines against one, by cumulative sums."""
    count = rows.shape[1]
    # A line less changes no residuals, and keeps the sums small.
    rows = rows - rows.mean(axis=1, keepdims=True)
    x = np.linspace(-1.0, 1.0, count)
    first = max(4, round(EDGE * count))
    places = np.arange(first, count - first + 1)
    sums = [np.cumsum(one, axis=-1) for one in (np.ones(count), x, x**2, rows, rows * x, rows**2)]
    before = [one[..., places - 1] for one in sums]
    after = [one[..., -1:] - part for one, part in zip(sums, before, strict=True)]
    totals = _squares(before) + _squares(after)
    whole = _squares([one[..., -1:] for one in sums])[:, 0]
    # Perfect lines leave rounding only; the ratio is then as large as it can be told.
    floor = 1e-12 * np.maximum((rows**2).sum(axis=1), 1e-300)
    best = totals.argmin(axis=1)
    least = np.maximum(np.take_along_axis(totals, best[:, None], axis=1)[:, 0], floor)
    return places[best], (np.maximum(whole, floor) - least) / least


def _squares(sums: Sequence[Floats]) -> Floats:
    """Squared residuals of lines, from sums of 1, x, x², y, xy and y² over their points."""
    n, x, xx, y, xy, yy = sums
    squares: Floats = yy - y**2 / n - (xy - x * y / n) ** 2 / (xx - x**2 / n)
    return np.maximum(squares, 0.0)


def _residuals(rows: Floats) -> Floats:
    x = np.linspace(-1.0, 1.0, rows.shape[1])
    centred = rows - rows.mean(axis=1, keepdims=True)
    made: Floats = centred - (centred @ x / (x @ x))[:, None] * x
    return made


def _autocorrelation(residuals: Floats) -> float:
    """Of first order, with Kendall's correction for a fitted line, below 1."""
    count = len(residuals)
    total = float(residuals @ residuals)
    if total == 0:
        return 0.0
    rho = float(residuals[1:] @ residuals[:-1]) / total
    return float(np.clip(rho + (2 + 4 * rho) / count, 0.0, 0.98))
