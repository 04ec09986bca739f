"""The best single split of a short series, found by trying all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import Replicates
from repscope.measure.drift.records import ChangePoint

FEWEST = 4


def change_point(
    samples: Sequence[Replicates | None],
    positions: Sequence[float],
    *,
    logarithm: bool = False,
    resamples: int = 2000,
    seed: int = 0,
) -> ChangePoint:
    """Split a series where two means explain it best; ask whether a constant series would look like it.

    The series of a truth that never changes moves by its measured uncertainty alone: series are drawn
    with the covariance between stages that the jackknife gives (a t distribution with G − 1 degrees of
    freedom), and p is the share whose best split explains as much. A steady trend is a change too, so
    ``step`` says whether one step fits better than a line (by BIC, three parameters against two).

    Args:
        samples: one a stage, None where the measure has no value there.
        positions: of the stages.
        logarithm: split the logarithm of the values.
        resamples: series drawn.
        seed: of the draws.
    """
    known = [(number, sample) for number, sample in enumerate(samples) if sample is not None]
    if len(known) < FEWEST:
        return ChangePoint(None, why=f"{len(known)} stages with a value; a change-point needs {FEWEST}")
    values = np.array([sample.value for _, sample in known])
    left = np.stack([sample.leave_out for _, sample in known], axis=1)
    if logarithm:
        if (values <= 0).any() or not (left > 0).all():
            return ChangePoint(None, why="a value of zero has no logarithm")
        values, left = np.log(values), np.log(left)
    total = np.square(values - values.mean()).sum()
    if total <= 1e-24 * max(float(np.square(values).sum()), 1e-300):
        return ChangePoint(None, why="the series is constant")
    gains = _gains(values[None])[0]
    split = int(gains.argmax()) + 1
    before, after = values[:split].mean(), values[split:].mean()
    p, why = _p(float(gains.max()), left, resamples, seed)
    x = np.array([positions[number] for number, _ in known], np.float64)
    back = np.exp if logarithm else float
    return ChangePoint(
        known[split][0],
        float(back(before)),
        float(back(after)),
        float(gains.max() / total),
        p,
        _step_is_better(values, x, total - float(gains.max())),
        why,
    )


def _gains(series: Float64) -> Float64:
    """[R, S − 1] sum of squares that each split explains."""
    s = series.shape[1]
    sizes = np.arange(1, s)
    centred = series - series.mean(axis=1, keepdims=True)
    heads = np.cumsum(centred, axis=1)[:, :-1]
    # Both sides' sums are ± heads, since the centred series sums to zero.
    gains: Float64 = np.square(heads) * (1 / sizes + 1 / (s - sizes))
    return gains


def _p(observed: float, left: Float64, resamples: int, seed: int) -> tuple[float | None, str]:
    groups = len(left)
    if groups < 2 or not np.isfinite(left).all():
        return None, "no uncertainty to draw a constant series from"
    away = (left - left.mean(axis=0)) * np.sqrt((groups - 1) / groups)
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((resamples, groups)) @ away
    drawn *= np.sqrt((groups - 1) / rng.chisquare(groups - 1, size=(resamples, 1)))
    best = _gains(drawn).max(axis=1)
    return float((np.count_nonzero(best >= observed) + 1) / (resamples + 1)), ""


def _step_is_better(values: Float64, x: Float64, step: float) -> bool:
    slope, offset = np.polyfit(x, values, 1)
    line = float(np.square(values - slope * x - offset).sum())
    n = len(values)
    tiny = 1e-24 * max(float(np.square(values).sum()), 1e-300)
    scores = [
        n * np.log(max(rest, tiny) / n) + parameters * np.log(n)
        for rest, parameters in ((step, 3), (line, 2))
    ]
    return bool(scores[0] < scores[1])
