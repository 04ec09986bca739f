"""Which rows are held out: whole clusters, or whole classes, never a part of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError

Index = NDArray[np.int64]


def hold_out(groups: ArrayLike, share: float, seed: int = 0, *, what: str = "cluster") -> tuple[Index, Index]:
    """Row numbers to train on and row numbers held out, both ascending.

    Args:
        groups: [N] codes; rows of one code stay together.
        share: of the groups to hold out, from 0 to below 1. Above 0, at least one group is held out and
            at least one is trained on.
        seed: of the choice.
        what: the groups are, for the message.

    Raises:
        VectorError: fewer than two groups to split.
    """
    codes = np.asarray(groups)
    rows = np.arange(len(codes))
    if share == 0:
        return rows, rows[:0]
    names, group_of_row = np.unique(codes, return_inverse=True)
    if len(names) < 2:
        raise VectorError(
            f"at least 2 {what} codes to hold some out",
            f"{len(names)}",
            f"give more, or set validation=0 (no {what} is held out)",
        )
    count = min(len(names) - 1, max(1, round(share * len(names))))
    held = np.zeros(len(names), bool)
    held[np.random.default_rng([seed, 17]).permutation(len(names))[:count]] = True
    mask = held[group_of_row.ravel()]
    return rows[~mask], rows[mask]
