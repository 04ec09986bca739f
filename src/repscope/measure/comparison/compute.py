"""All measures of one stage against a reference."""

from __future__ import annotations

from collections.abc import Collection

from repscope.errors import InputError
from repscope.measure.alignment.compute import ALIGNMENT
from repscope.measure.comparison.stage import Sample, Stage, Undefined
from repscope.measure.geometry.compute import DISTRIBUTION, GEOMETRY


def measure_stage(stage: Stage, wanted: Collection[str], *, intervals: bool = True) -> dict[str, Sample]:
    """Compute the wanted measures of one stage.

    Args:
        stage: the rows and their frame.
        wanted: names of measures.
        intervals: False skips what only intervals need (for controls).

    Returns:
        Name → sample, for every wanted measure that applies to a stage.
    """
    samples: dict[str, Sample] = {}
    for names, provide in (*ALIGNMENT, *DISTRIBUTION, *GEOMETRY):
        needed = [name for name in names if name in wanted]
        if not needed:
            continue
        try:
            samples.update(provide(stage, intervals, needed))
        except InputError as error:
            # Expected: a measure that these rows do not have (rank of one point, one class, N too small).
            for name in needed:
                samples.setdefault(name, Undefined(f"expected {error.expected}; got {error.got}"))
    return samples
