"""The frame in which networks are trained: unit rows, centred on their own modality's mean, one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from repscope.errors import VectorError, name_some
from repscope.measure.core.arrays import Float64
from repscope.transform.inputs import FitData, Floats


@dataclass(frozen=True)
class Side:
    """What the frame knows of one modality.

    Attributes:
        mean: [D] of the unit rows.
        length: mean length of the rows.
        spread: root mean square distance of a coordinate of a unit row from the mean's.
    """

    mean: Float64
    length: float
    spread: float


def unit(rows: Floats, name: str) -> Floats:
    """Rows of length 1.

    Raises:
        VectorError: a row of length 0 has no direction.
    """
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    empty = np.flatnonzero(lengths[:, 0] == 0)
    if len(empty):
        raise VectorError(
            f"rows of {name} with a direction",
            f"only zeros in {len(empty):,} rows ({name_some(empty)})",
            "leave these rows out",
        )
    found: Floats = rows / lengths
    return found


def sides(data: FitData) -> tuple[Side, Side]:
    """Both modalities, each over its rows, or over the pairs where there are some.

    Raises:
        VectorError: a row of zeros, fewer than two rows, or rows that are all in one direction.
    """
    assert data.target is not None
    if data.pairs is not None:
        source, target = _Sums(data.source.name), _Sums(data.target.name)
        for left, right in data.pair_blocks():
            source.add(left)
            target.add(right)
        return source.side(), target.side()
    return _side(data.source.blocks(), data.source.name), _side(data.target.blocks(), data.target.name)


def _side(blocks: Iterable[Floats], name: str) -> Side:
    sums = _Sums(name)
    for block in blocks:
        sums.add(block)
    return sums.side()


class _Sums:
    def __init__(self, name: str) -> None:
        self._name, self._n, self._length = name, 0, 0.0
        self._total: Float64 | None = None

    def add(self, block: Floats) -> None:
        rows = block.astype(np.float64)
        found = unit(rows, self._name).sum(axis=0)
        self._total = found if self._total is None else self._total + found
        self._length += float(np.linalg.norm(rows, axis=1).sum())
        self._n += len(rows)

    def side(self) -> Side:
        if self._total is None or self._n < 2:
            raise VectorError(f"at least 2 rows of {self._name}", f"{self._n}", "give more items")
        mean = self._total / self._n
        # Unit rows: the mean square distance from their mean is 1 − ‖mean‖².
        variance = 1.0 - float(mean @ mean)
        if variance < 1e-10:
            raise VectorError(
                f"rows of {self._name} in more than one direction", "one direction", "give rows that differ"
            )
        return Side(mean, self._length / self._n, float(np.sqrt(variance / len(mean))))


class Frame(nn.Module):
    """Into the frame and out of it.

    A raw row x becomes (x/‖x‖ − mean)/scale. A row z of the target's side becomes the raw row
    (mean + scale·z)·length, so that it can be compared with raw target rows. One scale, that of the target,
    serves both sides: a network that changes nothing is then the mean shift of unit rows.

    Args:
        source: [D] the modality of the rows that go in.
        target: [E] the modality of the rows that come out.
    """

    source_mean: Tensor
    target_mean: Tensor
    scale: Tensor
    lengths: Tensor

    def __init__(self, source: Side, target: Side) -> None:
        super().__init__()
        for name, value in (
            ("source_mean", source.mean),
            ("target_mean", target.mean),
            ("scale", target.spread),
            ("lengths", [source.length, target.length]),
        ):
            self.register_buffer(name, torch.as_tensor(value, dtype=torch.float32))

    @classmethod
    def empty(cls, d_in: int, d_out: int) -> Frame:
        """A frame whose numbers are yet to be loaded."""
        return cls(Side(np.zeros(d_in), 1.0, 1.0), Side(np.zeros(d_out), 1.0, 1.0))

    def enter(self, rows: Tensor) -> Tensor:
        """[B, D] raw source rows → frame."""
        return (functional.normalize(rows, dim=1) - self.source_mean) / self.scale

    def enter_target(self, rows: Tensor) -> Tensor:
        """[B, E] raw target rows → frame."""
        return (functional.normalize(rows, dim=1) - self.target_mean) / self.scale

    def leave(self, rows: Tensor) -> Tensor:
        """[B, E] frame → raw target rows."""
        return (self.target_mean + self.scale * rows) * self.lengths[1]

    def back(self, rows: Tensor) -> Tensor:
        """[B, E] the inverse of :meth:`leave`."""
        return (rows / self.lengths[1] - self.target_mean) / self.scale

    def leave_source(self, rows: Tensor) -> Tensor:
        """[B, D] the inverse of :meth:`enter`, with the mean length in place of each row's own."""
        return (self.source_mean + self.scale * rows) * self.lengths[0]
