"""Rows sorted into groups, and sums over groups, for measures with each group left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import group_codes
from repscope.measure.core.cosines import Floats, Ints, unit_block

CHUNK = 2048
"""Groups, and rows, whose float64 vectors are held at once."""


@dataclass(frozen=True)
class Grouping:
    """Rows in the order of their codes.

    Attributes:
        order: rows with a code of at least 0, sorted by code (stable).
        starts: [G + 1] where each code begins in ``order``.
    """

    order: Ints
    starts: Ints

    @property
    def counts(self) -> Ints:
        """[G] rows of each code."""
        return np.diff(self.starts)

    def sums(self, vectors: Floats, name: str, first: int, last: int) -> NDArray[np.float64]:
        """Sums of N(x) over the rows of codes ``first`` to ``last``, [last − first, D], in float64."""
        sums = np.zeros((last - first, vectors.shape[1]))
        stop = int(self.starts[last])
        for begin in range(int(self.starts[first]), stop, CHUNK):
            end = min(begin + CHUNK, stop)
            units = unit_block(vectors, name, np.dtype(np.float64), self.order[begin:end])
            codes = np.searchsorted(self.starts, np.arange(begin, end), side="right") - 1
            heads = np.flatnonzero(np.diff(codes, prepend=-1))
            sums[codes[heads] - first] += np.add.reduceat(units, heads, axis=0)
        return sums


def group_rows(codes: Ints, n_groups: int) -> Grouping:
    """Sort rows by code; negative codes are left aside."""
    order = np.argsort(codes, kind="stable").astype(np.int64)
    order = order[np.count_nonzero(codes < 0) :]
    starts = np.searchsorted(codes[order], np.arange(n_groups + 1)).astype(np.int64)
    return Grouping(order, starts)


def dense_codes(codes: Ints) -> Ints:
    """Codes 0…C−1 in place of any non-negative codes.

    Raises:
        InputError: an item without a cluster.
    """
    if (codes < 0).any():
        raise InputError("a cluster for every item", "items without one", "fill the cluster column")
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def check_groups(groups: Ints, n_rows: int, n_groups: int) -> Ints:
    """Group codes, if there is one for each row and at least two groups.

    Raises:
        VectorError: not one code a row, a code out of range, fewer than two groups.
    """
    codes = group_codes(groups, n_rows, n_groups)
    # No group at all asks for the value alone.
    if n_groups == 1 or (n_groups == 0 and len(codes) and codes.max() >= 0):
        raise VectorError(
            "at least two groups to leave out in turn", f"{n_groups}", "resample over more groups"
        )
    return codes


def chosen_rows(n_rows: int, most: int, seed: int) -> Ints:
    """All rows, or ``most`` of them drawn without replacement, in order."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, most, replace=False)).astype(np.int64)


def sampling_note(used: int, n_rows: int, seed: int, what: str = "rows") -> str:
    """What to say of a sample in a method line; empty where every row was used."""
    return "" if used == n_rows else f"{used:,} of {n_rows:,} {what} drawn with seed {seed}"
