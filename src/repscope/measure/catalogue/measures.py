"""Every measure there is, in the order of the documentation."""

from __future__ import annotations

from repscope.errors import check_known
from repscope.measure.alignment import compute as alignment
from repscope.measure.change import infos as change
from repscope.measure.core.info import MeasureInfo
from repscope.measure.core.stage import StageMeasure
from repscope.measure.distribution import compute as distribution
from repscope.measure.drift import infos as drift
from repscope.measure.geometry import compute as geometry
from repscope.measure.similarity import compute as similarity

STAGE_MEASURES: tuple[StageMeasure, ...] = (
    *alignment.MEASURES,
    *distribution.MEASURES,
    *geometry.MEASURES,
)
"""Measures of one stage, alone or against its reference; a comparison runs them all."""

MEASURES: dict[str, MeasureInfo] = {
    info.name: info for info in (*STAGE_MEASURES, *similarity.INFOS, *change.INFOS, *drift.INFOS)
}
"""All measures by name."""


def measure_info(name: str) -> MeasureInfo:
    """What one measure is.

    Raises:
        UnknownNameError: no measure has this name; the nearest names are listed.
    """
    check_known(name, MEASURES, "the name of a measure", listing="repscope measures")
    return MEASURES[name]
