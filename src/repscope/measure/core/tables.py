"""Many measures of the same rows at once: what is defined, and why the rest is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import numpy as np

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import Replicates

T = TypeVar("T")


class MeasureTable(dict[str, T]):
    """Records by the name of the measure; a measure that is undefined here is in ``why`` instead.

    Attributes:
        why: reason by name, for the measures that have no value on these rows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.why: dict[str, str] = {}

    def take(self, name: str, compute: Callable[[], T]) -> None:
        """Compute one measure, or note why it cannot be."""
        self.take_all((name,), lambda: {name: compute()})

    def take_all(self, names: Iterable[str], compute: Callable[[], Mapping[str, T]]) -> None:
        """Compute several measures, or note why they cannot be; what a table leaves undefined is kept."""
        try:
            computed = compute()
        except InputError as undefined:
            self.why.update(dict.fromkeys(names, str(undefined)))
            return
        self.update(computed)
        if isinstance(computed, MeasureTable):
            self.why.update(computed.why)


ReplicateTable = MeasureTable[Replicates]


def each_left_out(compute: Callable[[T], float], rest: Iterable[T]) -> Float64:
    """[G] ``compute`` of each rest; NaN where it is undefined once some rows are gone.

    The jackknife then gives no interval, and says so.
    """
    values = []
    for remaining in rest:
        try:
            values.append(compute(remaining))
        except InputError:
            values.append(np.nan)
    return np.array(values, dtype=np.float64)


def others(sums: Float64, fixed: Float64) -> Float64:
    """[G, …] sums without group g, from [G, …] sums of groups and the sum of FIXED rows.

    Adding the others, rather than subtracting g from the total, keeps every digit.
    """
    others = 1.0 - np.eye(len(sums))
    return np.tensordot(others, sums, axes=1) + fixed
