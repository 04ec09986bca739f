"""Drift: how ordered stages of the same items moved, spread and lost what the first one had."""

from __future__ import annotations

from functools import partial

from repscope.measure.alignment import compute as alignment
from repscope.measure.core.info import MeasureInfo
from repscope.measure.distribution import compute as distribution
from repscope.measure.drift.centres import movement, turns
from repscope.measure.drift.readings import readings
from repscope.measure.drift.tails import tails
from repscope.measure.geometry import compute as geometry

_INF = float("inf")


_info = partial(MeasureInfo, group="drift", direction="none", needs="stages")


INFOS: tuple[MeasureInfo, ...] = (
    _info(
        "drift.centre",
        "‖mean x_g − mean x_h‖ of the rows as given, from an unbiased squared distance: "
        "mean of (x_g − x_h)ᵢ·(x_g − x_h)ⱼ over i ≠ j",
        (0.0, _INF),
        movement,
        note="The plain distance of two means also reads noise; it is given beside it.",
    ),
    _info(
        "drift.persistence",
        "cosine between the move into a stage and the move out of it, from unbiased inner products",
        (-1.0, 1.0),
        turns,
        note="Undefined where a move is within noise, since it then has no direction.",
    ),
    _info(
        "spread.along",
        "variance along the net move of the centre from the first stage to the last",
        (0.0, _INF),
        readings,
        note="Undefined where the centre has not surely moved.",
    ),
    _info(
        "spread.across",
        "spread.total − spread.along",
        (0.0, _INF),
        readings,
    ),
    _info(
        "spread.axes",
        "geometric mean over the first stage's principal axes of (variance along it) / (the first stage's)",
        (0.0, _INF),
        readings,
        note="Axes that hold 95 % of the first stage's spread, 32 at most, found on half of the items and "
        "read on the other half.",
    ),
    _info(
        "tail.share",
        "share of rows farther from their stage's centre than 90 % of the first stage's rows are from theirs",
        (0.0, 1.0),
        tails,
        note="0.1 at the first stage.",
    ),
    _info(
        "tail.ratio",
        "90 % quantile of the distances to the stage's centre / their median",
        (1.0, _INF),
        tails,
        note="Falls when far items go first; a change of scale leaves it alone.",
    ),
)

READ: dict[str, MeasureInfo] = {
    info.name: info for info in (*alignment.MEASURES, *distribution.MEASURES, *geometry.MEASURES, *INFOS)
}
"""Every measure that a drift may read of its stages, by name, in the order of the documentation."""
