"""Simulated ordered studies whose drift is known: how often the verdict is right, how honest the intervals.

python -m repscope.testing.drifts --studies 100 --known 500 --seed 1000
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from repscope.measure.core.estimate import Estimate
from repscope.measure.drift import drift_arrays, margins, readings, verdict
from repscope.measure.drift.margins import WORDS
from repscope.measure.drift.result import DriftArrays
from repscope.testing import drift_studies
from repscope.testing.drift_studies import (
    DRIFTS,
    KNOWN_MOVES,
    KNOWN_RATIO,
    SimulatedDrift,
    simulate_drift,
)
from repscope.testing.stamp import stamp

__all__ = [
    "DESIGNS",
    "DRIFTS",
    "KNOWN_MOVES",
    "KNOWN_RATIO",
    "RULES",
    "DriftRow",
    "SimulatedDrift",
    "coverage_markdown",
    "covered",
    "drift_confusion",
    "main",
    "measure_drift",
    "simulate_drift",
    "verdict_markdown",
]

RULES = (margins, readings, verdict, drift_studies)
"""Modules that decide what the table of verdicts says; it is stamped with their hash."""

DESIGNS: dict[str, dict[str, Any]] = {
    "400 items": {"items": 400},
    "150 items, 4 rows each": {"items": 150, "rows_per_item": 4},
    "20 items": {"items": 20},
}
"""Sizes that every condition is simulated in; keywords of :func:`simulate_drift`."""

HARD_DESIGNS: dict[str, dict[str, Any]] = {
    "35 items of 1 to 40 rows": {"items": 35, "unequal": True},
    "150 items, heavy tails": {"items": 150, "heavy": True},
}
"""What intervals find hard; :data:`HARD_CONDITIONS` are simulated in these too."""

HARD_CONDITIONS = ("nothing", "redrawn")
EVERY_DESIGN = DESIGNS | HARD_DESIGNS


def measure_drift(study: SimulatedDrift, *, seed: int = 0, resamples: int = 500) -> DriftArrays:
    """What :func:`drift_arrays` finds, with as little as the verdict needs."""
    n = len(study.clusters)
    return drift_arrays(
        study.stages,
        reference=study.reference,
        item_keys=None if study.reference is None else np.arange(n),
        clusters=study.clusters,
        positions=study.positions,
        measures=("rank", "modes"),
        controls=False,
        seed=seed,
        resamples=resamples,
    )


def covered(study: SimulatedDrift, found: DriftArrays) -> Iterator[tuple[str, bool, float]]:
    """Each true value of a study: its key, whether the interval holds it, and the estimate."""
    for key, true in study.truth.items():
        one = _estimate(key, found)
        if one is not None and one.low is not None and one.high is not None and one.value is not None:
            yield key, one.low - 1e-12 <= true <= one.high + 1e-12, one.value


def _estimate(key: str, found: DriftArrays) -> Estimate | None:
    kind, *numbers = key.split(":")
    at = [int(one) for one in numbers]
    if kind in {"move", "relative"}:
        move = found.move(at[0], at[1])
        return None if move is None else move.distance if kind == "move" else move.relative
    if kind == "turn":
        return next((one.cosine for one in found.turns if one.stage == at[0]), None)
    if kind == "slope":
        return found.rate.slope
    if kind == "ratio":
        pair = found.series["spread.total"].pair(at[0], at[1])
        return None if pair is None else Estimate(pair.change.value, pair.change.low, pair.change.high)
    return found.series[kind].values[at[0]]


@dataclass
class DriftRow:
    """Verdicts and coverage on many studies of one condition and design.

    Attributes:
        condition: of :data:`DRIFTS`.
        design: of :data:`EVERY_DESIGN`.
        studies: how many were simulated.
        words: how often each verdict was given.
        right: verdicts that are true of the condition.
        coverage: share of intervals that held the truth, by key.
        bias: mean of estimate − truth, by key.
    """

    condition: str
    design: str
    studies: int
    words: dict[str, int]
    right: tuple[str, ...]
    coverage: dict[str, float]
    bias: dict[str, float]


def drift_confusion(condition: str, design: str, studies: int, *, seed: int = 0) -> DriftRow:
    """Simulate ``studies`` studies of one condition and count verdicts and intervals that hold the truth.

    Study number i is drawn and measured with the seed ``seed`` + i.
    """
    words: Counter[str] = Counter()
    held: dict[str, list[bool]] = {}
    off: dict[str, list[float]] = {}
    right: frozenset[str] = frozenset()
    for number in range(studies):
        study = simulate_drift(condition, **EVERY_DESIGN[design], seed=seed + number)
        found = measure_drift(study, seed=seed + number)
        words[found.verdict.word] += 1
        right = study.right
        for key, inside, value in covered(study, found):
            held.setdefault(key, []).append(inside)
            off.setdefault(key, []).append(value - study.truth[key])
    return DriftRow(
        condition,
        design,
        studies,
        dict(words),
        tuple(sorted(right)),
        {key: float(np.mean(one)) for key, one in held.items()},
        {key: float(np.mean(one)) for key, one in off.items()},
    )


def verdict_markdown(rows: list[DriftRow]) -> str:
    """The table of verdicts; those that are true of a condition are bold."""
    lines = ["| condition | design | " + " | ".join(WORDS) + " |", "|" + "---|" * (len(WORDS) + 2)]
    for row in rows:
        cells = [
            f"**{row.words.get(word, 0)}**" if word in row.right else str(row.words.get(word, 0))
            for word in WORDS
        ]
        lines.append("| " + " | ".join([row.condition, row.design, *cells]) + " |")
    return "\n".join(lines)


def coverage_markdown(rows: list[DriftRow]) -> str:
    """The table of coverage of nominal 95 % intervals."""
    lines = ["| condition | design | value | studies | covered | mean error |", "|---|---|---|---|---|---|"]
    for row in rows:
        lines += [
            f"| {row.condition} | {row.design} | {key} | {row.studies} | {share:.1%} | {row.bias[key]:+.4f} |"
            for key, share in row.coverage.items()
        ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print both tables and the stamp of their rules; ``--json`` prints the counts."""
    parser = argparse.ArgumentParser(prog="python -m repscope.testing.drifts", description=__doc__)
    parser.add_argument("--studies", type=int, default=100, help="studies of each condition and design")
    parser.add_argument("--known", type=int, help="the same of the condition with known moves")
    parser.add_argument("--conditions", nargs="*", default=list(DRIFTS), choices=list(DRIFTS))
    parser.add_argument("--designs", nargs="*", default=list(EVERY_DESIGN), choices=list(EVERY_DESIGN))
    parser.add_argument("--seed", type=int, default=0, help="of the first study; the next has the next")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = []
    for condition in options.conditions:
        for design in options.designs:
            if design in HARD_DESIGNS and condition not in HARD_CONDITIONS:
                continue
            known = condition == "known" and options.known is not None
            studies = options.known if known else options.studies
            row = drift_confusion(condition, design, studies, seed=options.seed)
            print(f"{condition}, {design}: {row.words}", file=sys.stderr)
            rows.append(row)
    if options.json:
        print(json.dumps([row.__dict__ for row in rows], indent=1))
    else:
        print(verdict_markdown(rows), coverage_markdown(rows), stamp(*RULES), sep="\n\n")


if __name__ == "__main__":
    main()
