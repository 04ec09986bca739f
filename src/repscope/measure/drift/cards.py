"""Drift: how ordered stages of the same items moved, spread and lost what the first one had."""

from __future__ import annotations

from repscope.measure.catalogue.registry import MeasureCard

_INF = float("inf")


def _card(
    name: str,
    formula: str,
    bounds: tuple[float, float],
    function: str,
    *,
    note: str = "",
    unit: str = "",
) -> MeasureCard:
    return MeasureCard(
        name=name,
        group="drift",
        formula=formula,
        direction="none",
        bounds=bounds,
        needs="stages",
        function=f"repscope.measure.drift.{function}",
        unit=unit,
        note=note,
    )


CARDS: tuple[MeasureCard, ...] = (
    _card(
        "drift.centre",
        "‖mean x_g − mean x_h‖ of the rows as given, from an unbiased squared distance: "
        "mean of (x_g − x_h)ᵢ·(x_g − x_h)ⱼ over i ≠ j",
        (0.0, _INF),
        "centres.movement",
        note="The plain distance of two means also reads noise; it is given beside it.",
    ),
    _card(
        "drift.persistence",
        "cosine between the move into a stage and the move out of it, from unbiased inner products",
        (-1.0, 1.0),
        "centres.turns",
        note="Undefined where a move is within noise, since it then has no direction.",
    ),
    _card(
        "spread.along",
        "variance along the net move of the centre from the first stage to the last",
        (0.0, _INF),
        "readings.readings",
        note="Undefined where the centre has not surely moved.",
    ),
    _card(
        "spread.across",
        "spread.total − spread.along",
        (0.0, _INF),
        "readings.readings",
    ),
    _card(
        "spread.axes",
        "geometric mean over the first stage's principal axes of (variance along it) / (the first stage's)",
        (0.0, _INF),
        "readings.readings",
        note="Axes that hold 95 % of the first stage's spread, 32 at most, found on half of the items and "
        "read on the other half.",
    ),
    _card(
        "tail.share",
        "share of rows farther from their stage's centre than 90 % of the first stage's rows are from theirs",
        (0.0, 1.0),
        "tails.tails",
        note="0.1 at the first stage.",
    ),
    _card(
        "tail.ratio",
        "90 % quantile of the distances to the stage's centre / their median",
        (1.0, _INF),
        "tails.tails",
        note="Falls when far items go first; a change of scale leaves it alone.",
    ),
)
