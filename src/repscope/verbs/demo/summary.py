"""What the demo says when it is done."""

from __future__ import annotations

from typing import Any

from repscope.text.numbers import significant
from repscope.verbs.compare.result import Comparison
from repscope.verbs.demo.tour import Tour
from repscope.verbs.drift.result import Drift

ROWS = ("cosine.max", "top1.true", "mrr.true", "gap.l2", "spread.cosine", "rank.entropy", "hub.share")

LEARNS = {
    "recursive": "the last images",
    "accumulate": "all, and real ones",
    "baseline": "real images",
}
"""What the next generator of each group learns from."""


def tour_lines(tour: Tour) -> list[str]:
    """Lines for a person: all verdicts, the numbers side by side, where the reports are."""
    honest, collapsing = tour.honest, tour.collapsing
    lines = [
        "",
        f"Two transforms of the same {honest.n:,} held-out images, measured against 10 class texts:",
        "",
        f"{'':<18}{'before':>9}{'ridge':>10}{'greedy':>10}",
    ]
    for name in ROWS:
        row, other = honest[name], collapsing[name]
        values = [row.before.value, row.after.value, other.after.value]
        cells = "".join(f"{'undefined' if value is None else f'{value:.3f}':>10}" for value in values)
        lines.append(f"{name:<17}{cells}{'   ← what older scripts report' if name == 'cosine.max' else ''}")
    lines += [
        f"{'verdict':<17}{'':>10}{honest.verdict.word:>10}{collapsing.verdict.word:>10}",
        "",
        *_why(honest, collapsing),
        "",
        *([] if tour.drift is None else _generations(tour.drift)),
        f"reports: {tour.reports[0]}",
        f"         {tour.reports[1]}",
        *([] if tour.drift_report is None else [f"         {tour.drift_report}"]),
        f"see it:  {tour.page}",
        f"again:   {collapsing.replay}",
    ]
    return lines


def tour_json(tour: Tour) -> dict[str, Any]:
    """The same as JSON values, with all measures."""
    return {
        "study": str(tour.study),
        "reports": [str(page) for page in tour.reports],
        "page": str(tour.page),
        "honest": tour.honest.to_json(),
        "collapsing": tour.collapsing.to_json(),
        "drift": None if tour.drift is None else tour.drift.to_json(),
        "drift_report": None if tour.drift_report is None else str(tour.drift_report),
    }


def _generations(drift: Drift) -> list[str]:
    """The chapter on drift: a line for each group."""
    last = len(drift.arrays.labels) - 1
    lines = [
        f"Generators of digits that learn from drawn digits, {last} times over; {drift.arrays.n:,} prompts:",
        "",
        f"{'learns from':<30}{'verdict':>13}   spread, last × first",
    ]
    for name, one in drift.groups.items():
        pair = one.series["spread.total"].pair(0, last)
        change = None if pair is None else pair.change
        text = significant(None if change is None else change.value)
        if change is not None and change.low is not None and change.high is not None:
            text += f" [{significant(change.low)}, {significant(change.high)}]"
        lines.append(f"{name + ': ' + LEARNS[name]:<30}{one.verdict.word:>13}   {text}")
    return [
        *lines,
        "",
        "What is learnt from its own images alone loses its variety. Nothing was turned down to make it so.",
        "",
    ]


def _why(honest: Comparison, collapsing: Comparison) -> list[str]:
    praised = collapsing if _after(collapsing, "cosine.max") > _after(honest, "cosine.max") else honest
    name = "the greedy bridge" if praised is collapsing else "the ridge bridge"
    other = honest if praised is collapsing else collapsing
    return [
        f"The mean max-cosine would have praised {name}: {_after(praised, 'cosine.max'):.3f} against "
        f"{_after(other, 'cosine.max'):.3f}.",
        f"Yet it finds the right class for {_after(praised, 'top1.true'):.1%} of the images, "
        f"the other for {_after(other, 'top1.true'):.1%}.",
    ]


def _after(comparison: Comparison, name: str) -> float:
    value = comparison[name].after.value
    return float("nan") if value is None else value
