"""When a representation has collapsed in this training: each reading judged, and beside the best before."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from repscope.errors import VectorError
from repscope.measure.core.arrays import float_matrix
from repscope.measure.geometry.collapse import collapse
from repscope.text.json_record import JsonRecord

POINT, POINT_LEFT = 1e-6, 0.01
"""Share of the rows' mean square in their differences: nothing but rounding, and of the most so far."""

LINE, LINE_LEFT = 0.02, 0.1
"""Way from one direction to a Gaussian of the same N and D: next to nothing, and of the most so far."""

PATIENCE = 2
"""Readings in a row that have to agree."""


@dataclass(frozen=True)
class Openness(JsonRecord):
    """How far from collapse some rows are. A factor on all rows changes nothing.

    Attributes:
        kind: "point", "directions" or "none", of :func:`repscope.measure.geometry.collapse.collapse`.
        spread: share of the rows' mean square that lies in their differences: 0 where all are one point.
        directions: (r − 1) / (g − 1) of their rank.entropy r and that of a Gaussian of the same N and D:
            0 on a line; None at a point, whose directions are rounding.
    """

    kind: str
    spread: float
    directions: float | None


@dataclass(frozen=True)
class Collapsed(JsonRecord):
    """A representation collapsed.

    Attributes:
        step: the first of the readings that agreed.
        at: whose rows, by the name of their capture point.
        reason: what was seen there.
    """

    step: int
    at: str
    reason: str

    def __str__(self) -> str:
        return f"{self.at} collapsed at step {self.step:,}: {self.reason}"


def openness(x: ArrayLike) -> Openness:
    """Of rows [N, D], N ≥ 2.

    Raises:
        VectorError: not a finite matrix of two rows or more.
    """
    rows = float_matrix(x)
    if len(rows) < 2:
        raise VectorError("two rows or more, to see a collapse", f"{len(rows)}", "give a larger probe")
    # The largest entry is the unit: squares of small numbers would vanish.
    unit = abs(rows).max()
    if unit == 0:
        return Openness("point", 0.0, None)
    found = collapse(rows / unit)
    if found.rank is None or found.gaussian <= 1:
        return Openness(found.kind, found.share, None)
    return Openness(found.kind, found.share, (found.rank - 1) / (found.gaussian - 1))


class CollapseRule:
    """Reads one openness after the other, and says when a collapse is certain.

    Rows have collapsed where the measure says so of them alone, and this training had more: their spread is
    below :data:`POINT_LEFT` of the largest so far, or their directions below :data:`LINE_LEFT` of the most
    (or below :data:`POINT` and :data:`LINE`, whatever was before). :data:`PATIENCE` readings in a row have
    to agree. NaN and Inf need no second reading.

    Args:
        at: whose rows, for the message.
        patience: readings in a row.
    """

    def __init__(self, at: str, patience: int = PATIENCE) -> None:
        self._at, self._patience = at, patience
        self._spread = self._directions = 0.0
        self._since: int | None = None
        self._row = 0

    def see(self, step: int, now: Openness | None) -> Collapsed | None:
        """One reading; None where rows were not finite."""
        if now is None:
            return Collapsed(step, self._at, "rows are NaN or Inf")
        reason = self._reason(now)
        if not reason:
            self._since, self._row = None, 0
            return None
        self._since = step if self._since is None else self._since
        self._row += 1
        return Collapsed(self._since, self._at, reason) if self._row >= self._patience else None

    def _reason(self, now: Openness) -> str:
        self._spread = max(self._spread, now.spread)
        self._directions = max(self._directions, now.directions or 0.0)
        if now.kind == "point" and now.spread <= max(POINT, POINT_LEFT * self._spread):
            return (
                f"the rows' differences hold {now.spread:.2g} of their mean square, {self._spread:.2g} at "
                "most before: a point"
            )
        few = now.directions is not None and now.directions <= max(LINE, LINE_LEFT * self._directions)
        if now.kind == "directions" and few:
            return (
                f"{now.directions:.2g} of a Gaussian's directions are used, {self._directions:.2g} at most "
                "before: a line"
            )
        return ""
