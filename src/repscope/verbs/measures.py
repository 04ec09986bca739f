"""The verb ``measures``: the table of measures."""

from __future__ import annotations

from repscope.measure.catalogue.measures import MEASURES, measure_info
from repscope.measure.core.info import MeasureInfo


def measures(name: str | None = None) -> list[MeasureInfo]:
    """What each measure is: formula, direction, bounds, paper.

    Args:
        name: of one measure; all of them without.

    Raises:
        UnknownNameError: no such measure.
    """
    return list(MEASURES.values()) if name is None else [measure_info(name)]
