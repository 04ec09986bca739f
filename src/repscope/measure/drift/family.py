"""One error rate for the verdict as a whole: the tests behind its words are one family."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from repscope.measure.core.resample import benjamini_hochberg
from repscope.measure.drift.margins import CENTRE, DriftEvidence

MODES = "modes"


def family_p(evidence: DriftEvidence, names: Iterable[str]) -> dict[str, float]:
    """Adjusted p by what may have changed: the centre, each measure, the modes.

    The p of each is that of no change in any later stage (Simes 1986, valid for tests that rise and fall
    together, as those of the same items do); over them Holm's step-down (1979), which holds whatever their
    dependence. A word that asks for an adjusted p of at most alpha is false in at most alpha of studies in
    which nothing changed. What has no test is not in the family.

    Args:
        evidence: what was measured.
        names: measures that can decide a word.
    """
    last = len(evidence.labels) - 1
    tests: dict[str, list[float | None]] = {CENTRE: [move.p for move in evidence.moves]}
    for name in names:
        series = evidence.series.get(name)
        pairs = [] if series is None else [series.pair(0, stage) for stage in range(1, last + 1)]
        tests[name] = [None if pair is None else pair.change.p for pair in pairs]
    # They are adjusted over modes and stages already; the smallest is Simes' p of all.
    shapes = [q for mode in evidence.modes.modes for q in mode.shape_q if q is not None]
    tests[MODES] = [min(shapes)] if shapes else []
    known = {name: [p for p in values if p is not None] for name, values in tests.items()}
    return _holm({name: float(benjamini_hochberg(np.array(p)).min()) for name, p in known.items() if p})


def _holm(p: dict[str, float]) -> dict[str, float]:
    adjusted, largest = {}, 0.0
    for place, name in enumerate(sorted(p, key=lambda one: p[one])):
        largest = max(largest, min(p[name] * (len(p) - place), 1.0))
        adjusted[name] = largest
    return adjusted
