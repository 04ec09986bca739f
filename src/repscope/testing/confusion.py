"""How often is a verdict right? The table that the documentation publishes.

python -m repscope.testing.confusion --studies 200
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.measure.verdict import reading, records, rules
from repscope.measure.verdict.records import VERDICT_MEASURES, WORDS, Verdict
from repscope.testing import studies as simulated
from repscope.testing.stamp import stamp
from repscope.testing.studies import CONDITIONS, SimulatedStudy, simulate

RULES = (records, reading, rules, simulated)
"""Modules that decide what the table says; it is stamped with their hash."""

DESIGNS: dict[str, dict[str, Any]] = {
    "150 images, 1 row each": {"images": 150},
    "150 images, 4 rows each": {"images": 150, "rows_per_image": 4},
    "15 images, 1 row each": {"images": 15},
}
"""Sizes that every condition is simulated in; keywords of :func:`repscope.testing.simulate`."""

HARD_DESIGNS: dict[str, dict[str, Any]] = {
    "12 images, 4 rows each": {"images": 12, "rows_per_image": 4},
    "40 images, 1 row each": {"images": 40},
    "35 images of 1 to 40 rows": {"images": 35, "unequal": True},
    "150 images, heavy tails": {"images": 150, "heavy": True},
    "150 images, Zipf classes": {"images": 150, "zipf": True},
}
"""What intervals find hard; :data:`HARD_CONDITIONS` are simulated in these too."""

HARD_CONDITIONS = ("exchangeable", "exchangeable-small", "mean-shift", "improved")
EVERY_DESIGN = DESIGNS | HARD_DESIGNS


@dataclass(frozen=True)
class ConfusionRow:
    """Verdicts on many studies of one condition.

    Attributes:
        condition: of :data:`repscope.testing.studies.CONDITIONS`.
        design: of :data:`EVERY_DESIGN`.
        words: how often each verdict was given.
        right: verdicts that are true of the condition.
        studies: how many were simulated.
    """

    condition: str
    design: str
    words: dict[str, int]
    right: tuple[str, ...]
    studies: int

    @property
    def false_aligned(self) -> float:
        """Share called aligned although they are not."""
        return 0.0 if "aligned" in self.right else self.words.get("aligned", 0) / self.studies

    @property
    def correct(self) -> float:
        """Share with a verdict that is true of the condition."""
        return sum(self.words.get(word, 0) for word in self.right) / self.studies


def judged(study: SimulatedStudy, *, seed: int = 0, clustered: bool = True) -> Verdict:
    """The verdict on one simulated study.

    Args:
        study: from :func:`repscope.testing.simulate`.
        seed: of the resampling.
        clustered: False treats rows as independent, to show what that costs.
    """
    comparison = compare_arrays(
        study.before,
        study.after,
        study.reference,
        item_keys=study.item_keys,
        clusters=study.clusters if clustered else None,
        measures=VERDICT_MEASURES,
        controls=False,
        seed=seed,
    )
    return comparison.verdict


def verdict_of(study: SimulatedStudy, *, seed: int = 0, clustered: bool = True) -> str:
    """The word of :func:`judged`."""
    return judged(study, seed=seed, clustered=clustered).word


def confusion(
    condition: str, design: str, studies: int, *, seed: int = 0, clustered: bool = True
) -> ConfusionRow:
    """Simulate ``studies`` studies of one condition and count the verdicts."""
    words: Counter[str] = Counter()
    right: frozenset[str] = frozenset()
    for number in range(studies):
        study = simulate(condition, **EVERY_DESIGN[design], seed=seed + number)
        words[verdict_of(study, seed=seed, clustered=clustered)] += 1
        right = study.right
    return ConfusionRow(condition, design, dict(words), tuple(sorted(right)), studies)


def as_markdown(rows: list[ConfusionRow]) -> str:
    """The table of the documentation."""
    head = ["condition", "design", *WORDS, "false aligned"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [
            f"**{row.words.get(word, 0)}**" if word in row.right else str(row.words.get(word, 0))
            for word in WORDS
        ]
        false = "" if "aligned" in row.right else f"{row.false_aligned:.1%}"
        lines.append("| " + " | ".join([row.condition, row.design, *cells, false]) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print the table and the stamp of its rules; ``--json`` prints the counts."""
    parser = argparse.ArgumentParser(prog="python -m repscope.testing.confusion", description=__doc__)
    parser.add_argument("--studies", type=int, default=200, help="studies of each condition and design")
    parser.add_argument("--conditions", nargs="*", default=list(CONDITIONS), choices=list(CONDITIONS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unclustered", action="store_true", help="treat rows of one image as independent")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = []
    for condition in options.conditions:
        for design in EVERY_DESIGN if condition in HARD_CONDITIONS else DESIGNS:
            row = confusion(
                condition, design, options.studies, seed=options.seed, clustered=not options.unclustered
            )
            print(f"{condition}, {design}: {row.words}", file=sys.stderr)
            rows.append(row)
    if options.json:
        print(json.dumps([row.__dict__ for row in rows], indent=1))
    else:
        print(as_markdown(rows), stamp(*RULES), sep="\n\n")


if __name__ == "__main__":
    main()
