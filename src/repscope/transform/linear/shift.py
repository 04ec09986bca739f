"""The two bridges that turn nothing: identity, and a translation by the difference of the means."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64, unit_rows
from repscope.transform.base import LearnsFrom
from repscope.transform.inputs import FitData, Floats, Rows
from repscope.transform.linear.affine import AffineBridge


class Identity(AffineBridge):
    """Moves nothing: the control that every bridge must beat."""

    name: ClassVar[str] = "identity"
    learns_from: ClassVar[LearnsFrom] = "nothing"
    invertible: ClassVar[bool] = True

    @property
    def flops_per_row(self) -> int:
        """None."""
        return 0

    @property
    def n_parameters(self) -> int:
        """None."""
        return 0

    def _fit(self, data: FitData) -> None:
        self.source_mean_ = np.zeros(data.source.d)
        self.target_mean_ = np.zeros(data.source.d)
        self.matrix_ = None

    def _apply(self, rows: Floats) -> Floats:
        return rows

    def _unapply(self, rows: Floats) -> Floats:
        return rows


class MeanShift(AffineBridge):
    """y = x − mean(source) + mean(target).

    Paper:
        Liang et al., "Mind the Gap", NeurIPS 2022: the gap between modalities is mostly a translation.

    Args:
        unit: rows of both sides are brought to length 1 first; lengths are lost, and the way back
            gives rows of length 1.
    """

    name: ClassVar[str] = "mean-shift"
    learns_from: ClassVar[LearnsFrom] = "unpaired"
    invertible: ClassVar[bool] = True

    def __init__(self, unit: bool = False) -> None:
        self.unit = unit

    def _fit(self, data: FitData) -> None:
        if data.target is None:
            raise InputError(f"a target for {self.name}", "none", "give the set to move towards")
        of = unit_mean if self.unit else _mean
        self.source_mean_, self.target_mean_ = of(data.source), of(data.target)
        self.matrix_ = None
        for rows in (data.source, data.target):
            if rows.n == 1:
                self._warn(f"1 row of {rows.name}: its mean is that row")


def _mean(rows: Rows) -> Float64:
    total = np.zeros(rows.d)
    for block in rows.blocks():
        total += block.sum(axis=0, dtype=np.float64)
    return total / rows.n


def unit_mean(rows: Rows) -> Float64:
    """[D] mean of the rows brought to length 1.

    Raises:
        VectorError: a row of zeros has no direction.
    """
    total, start = np.zeros(rows.d), 0
    for block in rows.blocks():
        total += unit_rows(block, rows.name, start).sum(axis=0)
        start += len(block)
    return total / rows.n
