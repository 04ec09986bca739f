"""Records that every measure returns: estimates, differences, replicates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.text.json_record import JsonRecord

FIXED = -1
"""Group code of a row that is never left out (a reference that does not vary with the items)."""


@dataclass(frozen=True)
class Estimate(JsonRecord, optional="why"):
    """A value with what is known about its uncertainty.

    Attributes:
        value: the point estimate, or None when the measure is not defined here.
        low: lower end of the interval, or None when none can be given.
        high: upper end.
        level: nominal coverage of the interval.
        n: independent units (clusters) behind it.
        method: how the interval was made, such as "bootstrap over 250 clusters".
        why: the reason when ``value`` or the interval is None.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int = 0
    method: str = ""
    why: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"undefined ({self.why})"
        if self.low is None or self.high is None:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} ({self.level:.0%} {self.low:.4g} to {self.high:.4g}, n = {self.n:,})"

    def within(self, bounds: tuple[float, float]) -> Estimate:
        """The same estimate, its interval cut off at the bounds of the measure."""
        if self.low is None or self.high is None:
            return self
        return replace(self, low=max(self.low, bounds[0]), high=min(self.high, bounds[1]))


@dataclass(frozen=True)
class Difference(JsonRecord, keys="value low high level n p q method why", optional="why"):
    """An after-minus-before difference on the same items.

    Attributes:
        value, low, high, level, n, method, why: as in :class:`Estimate`.
        p: two-sided p-value of no difference, or None.
        q: p after Benjamini-Hochberg over the table it stands in, or None.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int = 0
    method: str = ""
    p: float | None = None
    q: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Replicates:
    """A value and the same measure with each group of rows left out.

    The raw material of a delete-group jackknife; two of them made with the same groups give a
    paired difference.

    Attributes:
        value: the measure on all rows.
        leave_out: [G] the measure without group g.
        n: rows that ``value`` was computed on.
        method: what was done, when it is not the plain measure on all rows.
    """

    value: float
    leave_out: NDArray[np.float64]
    n: int
    method: str = ""


@dataclass(frozen=True)
class PerItem:
    """A measure that is a mean over items.

    Attributes:
        values: [T] the value of each item that has one.
        clusters: [T] their clusters.
    """

    values: NDArray[np.float64]
    clusters: NDArray[np.int64]

    @property
    def value(self) -> float:
        """The mean."""
        return float(self.values.mean())


@dataclass(frozen=True)
class Undefined:
    """A measure that this stage does not have."""

    why: str

    @classmethod
    def of(cls, error: InputError) -> Undefined:
        """With what the measure expected of the rows, and what they are, for a reason."""
        return cls(f"expected {error.expected}; got {error.got}")


Sample = PerItem | Replicates | Undefined
"""What a stage gives of a measure, before it is an estimate."""
