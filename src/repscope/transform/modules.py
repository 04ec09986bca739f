"""Closed-form bridges as torch modules, for use inside a model's forward.

Each computes in the dtype of its buffers and answers in the dtype of what it was given. Rows do not
influence each other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from repscope.measure.core.arrays import Float64


def _buffer(values: Float64) -> Tensor:
    return torch.as_tensor(values.copy(), dtype=torch.float32)


class AffineModule(nn.Module):
    """y = (x − source_mean) @ matrix + target_mean.

    Args:
        source_mean: [D].
        target_mean: [E].
        matrix: [D, E], or None for the identity.
        unit: rows are brought to length 1 first.
    """

    source_mean: Tensor
    target_mean: Tensor
    matrix: Tensor | None

    def __init__(
        self, source_mean: Float64, target_mean: Float64, matrix: Float64 | None, *, unit: bool = False
    ) -> None:
        super().__init__()
        self.register_buffer("source_mean", _buffer(source_mean))
        self.register_buffer("target_mean", _buffer(target_mean))
        self.register_buffer("matrix", None if matrix is None else _buffer(matrix))
        self.unit = unit

    def forward(self, rows: Tensor) -> Tensor:
        """[..., D] → [..., E]."""
        given = rows.to(self.source_mean.dtype)
        if self.unit:
            given = functional.normalize(given, dim=-1)
        moved = given - self.source_mean
        if self.matrix is not None:
            moved = moved @ self.matrix
        return (moved + self.target_mean).to(rows.dtype)


class ChainModule(nn.Module):
    """z = scale · N(N(x) − mean), and :meth:`inverse`: :class:`repscope.transform.linear.normalise.Chain`.

    Args:
        mean: [D], shorter than 1.
        scale: length of every z.
        keep_length: z is longer by the length of x.
        leave_with: [D] mean with which rows leave the chain again, or None to stay in it.
    """

    mean: Tensor
    leave_with: Tensor | None

    def __init__(
        self, mean: Float64, scale: float, *, keep_length: bool = False, leave_with: Float64 | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("mean", _buffer(mean))
        self.register_buffer("leave_with", None if leave_with is None else _buffer(leave_with))
        self.scale = scale
        self.keep_length = keep_length

    def forward(self, rows: Tensor) -> Tensor:
        """[..., D] → [..., D]."""
        given = rows.to(self.mean.dtype)
        moved = self.scale * functional.normalize(functional.normalize(given, dim=-1) - self.mean, dim=-1)
        if self.keep_length:
            moved = moved * given.norm(dim=-1, keepdim=True)
        if self.leave_with is not None:
            moved = self._left(moved, self.leave_with)
        return moved.to(rows.dtype)

    def inverse(self, rows: Tensor) -> Tensor:
        """[..., D] → [..., D] rows that left the chain with its own mean."""
        return self._left(rows.to(self.mean.dtype), self.mean).to(rows.dtype)

    def _left(self, rows: Tensor, mean: Tensor) -> Tensor:
        direction = functional.normalize(rows, dim=-1)
        along = (direction * mean).sum(dim=-1, keepdim=True)
        reach = torch.sqrt(along.square() + (1 - mean.square().sum())) - along
        found = mean + reach * direction
        return found * (rows.norm(dim=-1, keepdim=True) / self.scale) if self.keep_length else found
