"""The figure of the classes at both ends."""

from __future__ import annotations

from collections.abc import Sequence

from repscope.measure.comparison.classes import FEWEST, ClassChange, ClassValue
from repscope.report.figures import Drawn
from repscope.verbs.common.class_tables import both_ends, sorted_changes, sorted_values

DRAWN = 24
"""Classes that the figure shows; of more, half of them from each end."""

_SHARE = "Share of each class's items that lie nearest to their truth, with Wilson's 95 % interval"


def draw_classes(drawn: Drawn, rows: Sequence[ClassChange] | Sequence[ClassValue], colours: str) -> None:
    """Draw those with an interval, if any, at both ends of their order; nothing without classes."""
    from repscope.plot.classes import plot_classes

    changes = sorted_changes([row for row in rows if isinstance(row, ClassChange)])
    values = sorted_values([row for row in rows if isinstance(row, ClassValue)])
    changed = [row for row in changes if row.difference.low is not None]
    valued = [row for row in values if row.value.low is not None]
    if changed:
        shown, most = both_ends(changed, DRAWN), "that gained most and least for their size"
        split = _split(len(shown), len(changed))
        figure = plot_classes(shown, split=split, colours=colours)
        text = f"{_SHARE}, and the difference with Newcombe's; filled: q ≤ .05 over the classes"
    elif valued:
        best, most = both_ends(valued, DRAWN), "found most and least often"
        split = _split(len(best), len(valued))
        figure = plot_classes(best, split=split, colours=colours)
        text = _SHARE
    else:
        return
    known, few = len(changed) or len(valued), ""
    if split:
        few = f" The {split} {most}, of {known:,}."
    if left_out := len(rows) - known:
        few += f" {left_out:,} with fewer than {FEWEST} independent items are left out."
    drawn.add("classes", figure, f"{text}.{few}")


def _split(shown: int, known: int) -> int | None:
    return shown // 2 if shown < known else None
