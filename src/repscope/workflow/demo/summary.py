"""What the demo says when it is done."""

from __future__ import annotations

from repscope.workflow.comparison import Comparison
from repscope.workflow.demo.tour import Tour

ROWS = ("cosine.max", "top1.true", "mrr.true", "gap.l2", "spread.cosine", "rank.entropy", "hub.share")


def tour_lines(tour: Tour) -> list[str]:
    """Lines for a person: both verdicts, the numbers side by side, where the reports are."""
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
        f"reports: {tour.reports[0]}",
        f"         {tour.reports[1]}",
        f"again:   {collapsing.replay}",
    ]
    return lines


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
