"""The default denoiser: a residual MLP. An embedding has no neighbouring coordinates to convolve."""

from __future__ import annotations

import torch
from torch import nn

from repscope.transform.diffusion.denoisers.parts import Conditioning, Denoiser, zeroed


class MLPDenoiser(Denoiser):
    """Residual blocks on the whole row, each shifted and scaled by the time.

    A gate of the time, one number for each coordinate, passes the row itself on: the best denoiser of
    Gaussian data is such a gate (in the axes of its covariance), so the blocks learn only the rest.

    Args:
        width: D.
        hidden: width of the blocks.
        blocks: how many.
        classes: see :class:`Denoiser`.
    """

    def __init__(self, width: int, *, hidden: int = 256, blocks: int = 2, classes: int = 0) -> None:
        super().__init__(width, classes)
        self.conditioning = Conditioning(hidden, classes)
        self.enter = nn.Linear(width, hidden)
        self.blocks = nn.ModuleList(_Block(hidden) for _ in range(blocks))
        self.leave = nn.Linear(hidden, width)
        self.gate = zeroed(nn.Linear(hidden, width))

    def forward(self, x: torch.Tensor, t: torch.Tensor, classes: torch.Tensor | None = None) -> torch.Tensor:
        """See :class:`Denoiser`."""
        told = self.conditioning(t, classes)
        hidden = self.enter(x)
        for block in self.blocks:
            hidden = block(hidden, told)
        result: torch.Tensor = self.leave(hidden) + self.gate(told) * x
        return result


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.tell = zeroed(nn.Linear(width, 2 * width))
        self.first = nn.Linear(width, width)
        self.second = zeroed(nn.Linear(width, width))

    def forward(self, x: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        shift, scale = self.tell(told).chunk(2, dim=1)
        inner = self.first(self.norm(x) * (1 + scale) + shift)
        result: torch.Tensor = x + self.second(nn.functional.silu(inner))
        return result
