"""A transformer over chunks of the row (Peebles & Xie, Scalable Diffusion Models, ICCV 2023)."""

from __future__ import annotations

import torch
from torch import nn

from repscope.errors import InputError
from repscope.transform.diffusion.denoisers.parts import Conditioning, Denoiser, zeroed


class DiTDenoiser(Denoiser):
    """The row cut into chunks, which are the tokens of a transformer.

    Args:
        width: D.
        chunk: coordinates of one token; a last chunk that is not full is padded with zeros.
        hidden: width of a token inside, a multiple of ``heads``.
        blocks: how many.
        heads: of the attention.
        classes: see :class:`Denoiser`.

    Raises:
        InputError: ``hidden`` is not a multiple of ``heads``.
    """

    def __init__(
        self,
        width: int,
        *,
        chunk: int = 32,
        hidden: int = 128,
        blocks: int = 3,
        heads: int = 4,
        classes: int = 0,
    ) -> None:
        super().__init__(width, classes)
        if hidden % heads:
            raise InputError("a hidden width that the heads divide", f"{hidden} / {heads}", "change one")
        self.chunk = min(chunk, width)
        self.tokens = -(-width // self.chunk)
        self.conditioning = Conditioning(hidden, classes)
        self.enter = nn.Linear(self.chunk, hidden)
        self.place = nn.Parameter(torch.randn(self.tokens, hidden) * 0.02)
        self.blocks = nn.ModuleList(_Block(hidden, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(hidden, elementwise_affine=False)
        self.tell = zeroed(nn.Linear(hidden, 2 * hidden))
        self.leave = nn.Linear(hidden, self.chunk)

    def forward(self, x: torch.Tensor, t: torch.Tensor, classes: torch.Tensor | None = None) -> torch.Tensor:
        """See :class:`Denoiser`."""
        told = self.conditioning(t, classes)
        padded = nn.functional.pad(x, (0, self.tokens * self.chunk - self.width))
        hidden = self.enter(padded.view(len(x), self.tokens, self.chunk)) + self.place
        for block in self.blocks:
            hidden = block(hidden, told)
        shift, scale = self.tell(told)[:, None].chunk(2, dim=2)
        said: torch.Tensor = self.leave(self.norm(hidden) * (1 + scale) + shift)
        return said.flatten(1)[:, : self.width]


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(2))
        self.tell = zeroed(nn.Linear(width, 6 * width))
        self.look = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.inner = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        parts = self.tell(told)[:, None].chunk(6, dim=2)
        attended = self._attend(self.norms[0](x) * (1 + parts[0]) + parts[1])
        x = x + parts[2] * attended
        result: torch.Tensor = x + parts[5] * self.inner(self.norms[1](x) * (1 + parts[3]) + parts[4])
        return result

    def _attend(self, x: torch.Tensor) -> torch.Tensor:
        rows, tokens, width = x.shape
        looks = self.look(x).view(rows, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        found = nn.functional.scaled_dot_product_attention(looks[0], looks[1], looks[2])
        joined: torch.Tensor = self.join(found.transpose(1, 2).reshape(rows, tokens, width))
        return joined
