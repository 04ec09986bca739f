"""Every measure and flag where nothing changed: how often is chance called a difference?

python -m repscope.testing.nulls --studies 100
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass

from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.testing.confusion import EVERY_DESIGN
from repscope.testing.studies import simulate

CONDITIONS = ("exchangeable", "exchangeable-small")
"""Of :data:`repscope.testing.studies.CONDITIONS`, those whose two stages have one distribution."""

ALPHA = 0.05


@dataclass(frozen=True)
class NullRow:
    """The whole table on many studies in which nothing changed.

    Attributes:
        condition: of :data:`CONDITIONS`.
        design: of :data:`repscope.testing.confusion.EVERY_DESIGN`.
        studies: how many were simulated.
        tested: studies in which a measure had a p, by measure.
        small: those with p ≤ .05.
        pointed: studies in which the interval of the difference had no width.
        any_q: studies with any q ≤ .05.
        flags: studies by flag.
    """

    condition: str
    design: str
    studies: int
    tested: dict[str, int]
    small: dict[str, int]
    pointed: dict[str, int]
    any_q: int
    flags: dict[str, int]


def null_study(condition: str, design: str, studies: int, *, seed: int = 0, resamples: int = 500) -> NullRow:
    """Measure all that applies on ``studies`` studies; number i is drawn and measured with seed + i."""
    tested: Counter[str] = Counter()
    small: Counter[str] = Counter()
    pointed: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    any_q = 0
    for number in range(studies):
        study = simulate(condition, **EVERY_DESIGN[design], seed=seed + number)
        found = compare_arrays(
            study.before,
            study.after,
            study.reference,
            item_keys=study.item_keys,
            clusters=study.clusters,
            controls=False,
            resamples=resamples,
            seed=seed + number,
        )
        changes = {name: row.difference for name, row in found.table.items()}
        tested.update(name for name, change in changes.items() if change.p is not None)
        small.update(name for name, change in changes.items() if change.p is not None and change.p <= ALPHA)
        pointed.update(
            name for name, change in changes.items() if change.low is not None and change.low == change.high
        )
        any_q += any(change.q is not None and change.q <= ALPHA for change in changes.values())
        flags.update(found.verdict.flags)
    return NullRow(condition, design, studies, dict(tested), dict(small), dict(pointed), any_q, dict(flags))


def null_markdown(rows: list[NullRow]) -> str:
    """Share of p ≤ .05 by measure and share of studies by flag, a column for each condition and design."""
    heads = [f"{row.condition}, {row.design}" for row in rows]
    lines = ["| | " + " | ".join(heads) + " |", "|" + "---|" * (len(heads) + 1)]
    for name in dict.fromkeys(name for row in rows for name in row.tested):
        cells = [_share(row.small.get(name, 0), row.tested.get(name, 0)) for row in rows]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("| any q ≤ .05 | " + " | ".join(_share(row.any_q, row.studies) for row in rows) + " |")
    for flag in sorted({flag for row in rows for flag in row.flags}):
        cells = [_share(row.flags.get(flag, 0), row.studies) for row in rows]
        lines.append(f"| flag `{flag}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _share(count: int, of: int) -> str:
    return "" if not of else f"{count / of:.1%}"


def main(arguments: list[str] | None = None) -> None:
    """Print the table; ``--json`` prints the counts."""
    parser = argparse.ArgumentParser(prog="python -m repscope.testing.nulls", description=__doc__)
    parser.add_argument("--studies", type=int, default=100, help="studies of each condition and design")
    parser.add_argument("--conditions", nargs="*", default=["exchangeable"], choices=CONDITIONS)
    parser.add_argument("--designs", nargs="*", default=list(EVERY_DESIGN), choices=list(EVERY_DESIGN))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = []
    for condition in options.conditions:
        for design in options.designs:
            rows.append(null_study(condition, design, options.studies, seed=options.seed))
            print(f"{condition}, {design}: flags {rows[-1].flags}", file=sys.stderr)
    print(json.dumps([row.__dict__ for row in rows], indent=1) if options.json else null_markdown(rows))


if __name__ == "__main__":
    main()
