"""What ``training`` found, as a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from repscope.errors import name_some
from repscope.learning.logs.changes import ChangePoint
from repscope.learning.logs.roles import GROWS, LayerGradient, Momentum
from repscope.learning.logs.series import Restart, Series
from repscope.text.numbers import p_equation, significant
from repscope.text.tables import clip, table

SCHEMA = "repscope.training/1"

ALPHA = 0.05
HALVED = 0.5
"""A rank or spread that falls below this share of what it was, at a break, has collapsed."""

CLOSE = 0.5
"""So has a mean cosine that covers this share of the way to 1."""

MOST_LINES, MOST_RESTARTS = 40, 10


@dataclass(frozen=True)
class TrainingRecord:
    """Series of logs, and what they say.

    Attributes:
        series: as written, in the order of the files.
        smooth: weight of the past in the smooth curves.
        restarts: where a log goes back.
        changes: the clearest break of each series that was searched.
        momentum: of exponential averages, beside their schedules.
        gradients: by layer.
        notes: what a reader should know.
        replay: the command that repeats it.
    """

    series: tuple[Series, ...]
    smooth: float
    restarts: tuple[Restart, ...] = ()
    changes: tuple[ChangePoint, ...] = ()
    momentum: tuple[Momentum, ...] = ()
    gradients: tuple[LayerGradient, ...] = ()
    notes: tuple[str, ...] = ()
    replay: str = ""

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of the runs."""
        return tuple(dict.fromkeys(one.run for one in self.series))

    @property
    def collapses(self) -> tuple[ChangePoint, ...]:
        """Breaks at which a rank or spread halved, or a mean cosine went half of the way to 1."""
        return tuple(one for one in self.changes if one.p <= ALPHA and _collapsed(one))

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        collapsed = set(map(id, self.collapses))
        return {
            "schema": SCHEMA,
            "runs": list(self.runs),
            "smooth": self.smooth,
            "series": [one.to_json(self.smooth) for one in self.series],
            "restarts": [one.to_json() for one in self.restarts],
            "change_points": [{**one.to_json(), "collapse": id(one) in collapsed} for one in self.changes],
            "momentum": [one.to_json() for one in self.momentum],
            "gradients": [one.to_json() for one in self.gradients],
            "notes": list(self.notes),
            "replay": self.replay,
        }

    def lines(self) -> Sequence[str]:
        """A row a series, and a line for whatever deserves one."""
        rows = []
        for one in self.series[:MOST_LINES]:
            steps, values = one.curve
            cells = (
                [significant(value) for value in (values[0], values[-1], values.min(), values.max())]
                if len(values)
                else ["–"] * 4
            )
            last = f"{steps[-1]:,.0f}" if len(steps) else "–"
            rows.append((clip(one.run, 30), clip(one.name, 40), f"{len(one.values):,}", last, *cells))
        head = ("run", "series", "values", "last step", "first", "last", "least", "most")
        lines = table(head, rows, left=[0, 1], rule=False, width=None)
        if len(self.series) > MOST_LINES:
            lines.append(f"and {len(self.series) - MOST_LINES:,} more; --json and --series tell all")
        for back in self.restarts[:MOST_RESTARTS]:
            lines.append(
                f"restart   {back.run}: stopped at step {back.step:,.0f}, continued at "
                f"{back.resumed_at:,.0f} ({name_some(back.series, 3)})"
            )
        if len(self.restarts) > MOST_RESTARTS:
            lines.append(f"restart   {len(self.restarts) - MOST_RESTARTS:,} more; --json tells all")
        for change in self.changes:
            if change.p <= ALPHA:
                word = "COLLAPSE" if change in self.collapses else "break"
                lines.append(
                    f"{word:<9} {change.run}: {change.name} at step {change.step:,.0f}, "
                    f"{significant(change.before)} → {significant(change.after)} ({p_equation(change.p)})"
                )
        for mean in self.momentum:
            lines.append(
                f"momentum  {mean.run}: {mean.name} {mean.first:.6g} → {mean.last:.6g}, {mean.schedule} "
                f"(largest distance {significant(min(mean.cosine, mean.linear), 2)})"
            )
        for layer in self.gradients:
            if layer.word:
                lines.append(
                    f"gradient  {layer.run}: {layer.name} is {layer.word} (median {layer.median:.2g}, "
                    f"largest {layer.largest:.2g})"
                )
        return lines


def _collapsed(change: ChangePoint) -> bool:
    if GROWS.search(change.name):
        return change.after - change.before >= CLOSE * (1 - change.before) > 0
    return abs(change.after) <= HALVED * abs(change.before) if np.isfinite(change.before) else False
