"""Small networks that start as the identity, and what they cost.

FLOPs are those of the matrix products, a multiply and an add being two; normalisations and activations
are left out, as ``torch.utils.flop_counter`` leaves them out.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

TIME_FEATURES = 64
"""Numbers that a time is spread over."""

HIGHEST = 30.0
"""Highest frequency of these, in radians: what changes faster than the steps of a sampler misleads it."""


class ResidualMLP(nn.Module):
    """What a row changes by: A·[h, context], then blocks h ← h + W₂·gelu(W₁·norm(h) + C·context).

    A and W₂ start at zero, so an untrained network changes nothing. A is there because most of what lies
    between two modalities is linear, and blocks of this kind are slow to learn that.

    Args:
        width: of the rows.
        hidden: width inside a block.
        depth: blocks.
        context: width of what steers the blocks (a time, the row that one came from), 0 for nothing.
    """

    def __init__(self, width: int, hidden: int, depth: int, context: int = 0) -> None:
        super().__init__()
        self.straight = _silent(nn.Linear(width + context, width, bias=False))
        self.blocks = nn.ModuleList(_Block(width, hidden, context) for _ in range(depth))

    def forward(self, rows: Tensor, context: Tensor | None = None) -> Tensor:
        """[B, width] the change of each row, to be added to it."""
        seen = rows if context is None else torch.cat([rows, context], dim=1)
        change: Tensor = self.straight(seen)
        for block in self.blocks:
            change = change + block(rows + change, context)
        return change


class _Block(nn.Module):
    def __init__(self, width: int, hidden: int, context: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, hidden)
        self.steer = nn.Linear(context, hidden, bias=False) if context else None
        self.down = _silent(nn.Linear(hidden, width))

    def forward(self, rows: Tensor, context: Tensor | None) -> Tensor:
        inside = self.up(self.norm(rows))
        if self.steer is not None:
            inside = inside + self.steer(context)
        changed: Tensor = self.down(functional.gelu(inside))
        return changed


def _silent(layer: nn.Linear) -> nn.Linear:
    """The layer with all weights at zero."""
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    return layer


def time_features(time: Tensor, width: int = TIME_FEATURES) -> Tensor:
    """[B, width] cosines and sines of times from 0 to 1, at frequencies from 1 to 30 radians."""
    half = width // 2
    powers = torch.arange(half, dtype=time.dtype, device=time.device) / max(1, half - 1)
    angles = time[:, None] * torch.exp(math.log(HIGHEST) * powers)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def matmul_flops(network: nn.Module) -> int:
    """Floating-point operations of all linear layers of a network, each used once, for one row."""
    layers = (module for module in network.modules() if isinstance(module, nn.Linear))
    return sum(2 * layer.in_features * layer.out_features for layer in layers)
