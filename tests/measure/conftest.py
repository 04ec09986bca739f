"""Data that tests of several groups share."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.info import MeasureInfo
from repscope.measure.core.tables import ReplicateTable

Array = NDArray[np.floating]
Keys = NDArray[np.int64]


def unit(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def problem(
    seed: int, n: int = 40, m: int = 17, d: int = 8, keys: int = 9
) -> tuple[Array, Array, Keys, Keys]:
    """Items and reference with several linked rows, missing keys on both sides, and unlinked rows."""
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((n, d)) * rng.uniform(0.1, 9, (n, 1)),
        rng.standard_normal((m, d)),
        rng.integers(-1, keys, n),
        rng.integers(-1, keys + 2, m),
    )


def two_stages(collapse: bool) -> tuple[Array, Array]:
    """60 items before and after a small step, or nearly in one point and then anywhere."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 8)) * (np.geomspace(1, 1e-6, 8) if collapse else 1) + (5 if collapse else 0)
    return x, rng.standard_normal((60, 8)) if collapse else x + 0.1 * rng.standard_normal((60, 8))


def check_bounds(table: ReplicateTable, infos: Iterable[MeasureInfo]) -> None:
    """Values and leave-outs lie within the bounds of their measures."""
    bounds = {info.name: info.bounds for info in infos}
    assert table
    for name, replicates in table.items():
        low, high = bounds[name]
        assert low - 1e-9 <= replicates.value <= high + 1e-9, name
        assert (replicates.leave_out >= low - 1e-9).all(), name
        assert (replicates.leave_out <= high + 1e-9).all(), name
