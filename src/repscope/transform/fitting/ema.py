"""The moving average of weights, which samples better than the last weights of a noisy training."""

from __future__ import annotations

import copy

import torch
from torch import nn


class MovingAverage:
    """Exponential moving average of a network's weights (Polyak & Juditsky 1992).

    The first updates use a smaller decay, min(decay, (1 + n) / (10 + n)), so that the random start is
    soon forgotten.

    Args:
        network: whose weights are averaged; a copy is made.
        decay: share of the old average that stays at an update.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    def update(self, network: nn.Module) -> None:
        """Move the average towards the network's weights; buffers are copied."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        with torch.no_grad():
            for average, now in zip(self.network.parameters(), network.parameters(), strict=True):
                average.lerp_(now, 1 - decay)
            for held, new in zip(self.network.buffers(), network.buffers(), strict=True):
                held.copy_(new)
