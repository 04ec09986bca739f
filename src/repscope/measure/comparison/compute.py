"""All measures of one stage against a reference."""

from __future__ import annotations

from collections.abc import Collection

from repscope.errors import InputError
from repscope.measure.catalogue.measures import STAGE_MEASURES
from repscope.measure.core.estimate import Sample, Undefined
from repscope.measure.core.stage import Compute, Stage


def measure_stage(stage: Stage, wanted: Collection[str], *, intervals: bool = True) -> dict[str, Sample]:
    """Compute the wanted measures of one stage.

    Args:
        stage: the rows and their frame.
        wanted: names of measures.
        intervals: False skips what only intervals need (for controls).

    Returns:
        Name → sample, for every wanted measure that applies to a stage.
    """
    together: dict[Compute, list[str]] = {}
    for measure in STAGE_MEASURES:
        if measure.name in wanted:
            together.setdefault(measure.compute, []).append(measure.name)
    samples: dict[str, Sample] = {}
    for compute, names in together.items():
        try:
            samples.update(compute(stage, intervals, names))
        except InputError as error:
            # Expected: a measure that these rows do not have (rank of one point, one class, N too small).
            for name in names:
                samples.setdefault(name, Undefined.of(error))
    return samples
