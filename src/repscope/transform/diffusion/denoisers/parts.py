"""What all denoisers share: the signature, the time code, the class code, and their cost."""

from __future__ import annotations

import math
from abc import abstractmethod

import torch
from torch import nn

from repscope.errors import InputError

PERIOD = 10_000.0


class Denoiser(nn.Module):
    """(x_t [B, D], t [B], classes [B] or None) → [B, D].

    Args:
        width: D.
        classes: number of classes it can be told; 0 for none. The code ``classes`` means "not told".
    """

    def __init__(self, width: int, classes: int = 0) -> None:
        super().__init__()
        self.width = width
        self.classes = classes

    @abstractmethod
    def forward(self, x: torch.Tensor, t: torch.Tensor, classes: torch.Tensor | None = None) -> torch.Tensor:
        """What the denoiser says about rows at time steps; None for rows whose class is not told."""


class SinusoidalCode(nn.Module):
    """t [B] → [B, width]: sines, then cosines, of geometrically falling frequencies."""

    def __init__(self, width: int) -> None:
        super().__init__()
        if width < 4 or width % 2:
            raise InputError("an even width of at least 4 for the time code", f"{width}", "give such as 64")
        self.width = width

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        """The code of each time step, in float32."""
        half = self.width // 2
        step = math.log(PERIOD) / (half - 1)
        frequency = torch.exp(torch.arange(half, device=t.device, dtype=torch.float32) * -step)
        angle = t.to(torch.float32)[:, None] * frequency[None]
        return torch.cat([angle.sin(), angle.cos()], dim=1)


class Conditioning(nn.Module):
    """(t, classes) → [B, width]: what every block is told besides its rows."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.code = SinusoidalCode(64)
        self.network = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.table = nn.Embedding(classes + 1, width) if classes else None

    def forward(self, t: torch.Tensor, classes: torch.Tensor | None) -> torch.Tensor:
        """The code of time and class."""
        told: torch.Tensor = self.network(self.code(t).to(self.network[0].weight.dtype))
        if self.table is None:
            return told
        if classes is None:
            classes = torch.full_like(t, self.classes, dtype=torch.long)
        both: torch.Tensor = told + self.table(classes)
        return both


def flops(network: nn.Module, width: int) -> int:
    """Floating-point operations of the network for one row (a multiply and an add are two)."""
    from torch.utils.flop_counter import FlopCounterMode

    parameter = next(network.parameters())
    row = torch.zeros(1, width, dtype=parameter.dtype, device=parameter.device)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(row, torch.zeros(1, dtype=torch.long, device=parameter.device))
    return int(counter.get_total_flops())


def zeroed(layer: nn.Linear) -> nn.Linear:
    """The layer with weights of zero, so that a block starts as the identity."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
