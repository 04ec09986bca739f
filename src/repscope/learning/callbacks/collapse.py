"""When a representation has collapsed: a rule without units that accounts for rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import float_matrix
from repscope.measure.geometry.spectrum import rank_entropy, spectrum_rows
from repscope.text.json_record import JsonRecord

POINT = 1e-6
"""Share of the rows' squared length that varies, below which they are one point up to rounding."""

POINT_LEFT = 0.01
"""The same as a share of the largest that was seen in this training."""

LINE = 0.02
"""Share of the directions that could be used, below which the rows lie on a line with some noise."""

LINE_LEFT = 0.1
"""The same as a share of the largest that was seen."""

PATIENCE = 2
"""Readings in a row that have to agree."""


@dataclass(frozen=True)
class Openness(JsonRecord):
    """How far from collapse some rows are: two shares in [0, 1]. A factor on all rows changes neither.

    Attributes:
        spread: Σ‖x − mean‖² over Σ‖x‖²: 0 where all rows are one point.
        directions: (r − 1) / (min(N − 1, D) − 1) of the rank r of :func:`rank_entropy`: 0 on a line, near 1
            for a Gaussian, whether 64 rows have 768 columns or 5,000 rows 32.
    """

    spread: float
    directions: float


@dataclass(frozen=True)
class Collapse(JsonRecord):
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


def openness(x: NDArray[np.floating]) -> Openness:
    """Of finite rows [N, D], N ≥ 2.

    Raises:
        VectorError: not a finite matrix of two rows or more.
    """
    rows = float_matrix(x)
    if len(rows) < 2:
        raise VectorError("two rows or more, to see a collapse", f"{len(rows)}", "give a larger probe")
    # The largest entry as the unit: squares of small numbers would vanish.
    unit = float(np.abs(rows).max())
    if unit == 0:
        return Openness(0.0, 0.0)
    rows = rows / unit
    spread = float(np.square(rows - rows.mean(axis=0)).sum() / np.square(rows).sum())
    most = min(len(rows) - 1, rows.shape[1])
    try:
        rank = rank_entropy(spectrum_rows(rows))
    except VectorError:
        return Openness(spread, 0.0)
    return Openness(spread, 1.0 if most < 2 else (rank - 1) / (most - 1))


class CollapseRule:
    """Reads one openness after the other, and says when a collapse is certain.

    Rows have collapsed to a point where their spread is below :data:`POINT`, or :data:`POINT_LEFT` of the
    largest so far; to a line where their directions are below :data:`LINE`, or :data:`LINE_LEFT` of the most
    so far. :data:`PATIENCE` readings in a row have to agree. NaN and Inf need no second reading.

    Args:
        at: whose rows, for the message.
        patience: readings in a row.
    """

    def __init__(self, at: str, patience: int = PATIENCE) -> None:
        self._at, self._patience = at, patience
        self._best = Openness(0.0, 0.0)
        self._since: int | None = None
        self._row = 0

    def see(self, step: int, now: Openness | None) -> Collapse | None:
        """One reading; None where rows were not finite."""
        if now is None:
            return Collapse(step, self._at, "rows are NaN or Inf")
        best = self._best = Openness(
            max(self._best.spread, now.spread), max(self._best.directions, now.directions)
        )
        reason = ""
        if now.spread <= max(POINT, POINT_LEFT * best.spread):
            reason = (
                f"{now.spread:.2g} of the rows' squared length varies, {best.spread:.2g} did at most: a point"
            )
        elif now.directions <= max(LINE, LINE_LEFT * best.directions):
            reason = (
                f"{now.directions:.2g} of the possible directions are used, {best.directions:.2g} were at "
                "most: a line"
            )
        if not reason:
            self._since, self._row = None, 0
            return None
        self._since = step if self._since is None else self._since
        self._row += 1
        return Collapse(self._since, self._at, reason) if self._row >= self._patience else None
