"""The older systems' denoiser: a one-dimensional U-Net that slides over the coordinates of a row.

Names and shapes of the weights are those of lucidrains' ``Unet1D``, so that its files fit. There is
no reason to convolve an embedding, whose coordinates have no order; it is here to run what exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from repscope.errors import InputError, VectorError
from repscope.transform.diffusion.denoisers.parts import Denoiser, SinusoidalCode

HEADS = (4, 32)
"""Heads of an attention and the width of each, which no shape of a weight tells apart."""


@dataclass(frozen=True)
class UnetShape:
    """Sizes of a Unet1D; each can be read from the shapes of its weights.

    Attributes:
        init_dim: channels after the first convolution.
        widths: channels after each level.
        time_code: width of the sinusoidal code of t.
        time_dim: width of what the blocks are told about t.
        channels: of a row; D coordinates are ``channels`` × D / ``channels``.
        level_heads, middle_heads: (heads, width of a head) of the levels' linear attention and of the
            middle's attention.
    """

    init_dim: int = 32
    widths: tuple[int, ...] = (32, 64, 128, 256)
    time_code: int = 32
    time_dim: int = 128
    channels: int = 1
    level_heads: tuple[int, int] = HEADS
    middle_heads: tuple[int, int] = HEADS

    @classmethod
    def of(
        cls,
        init_dim: int = 32,
        dim_mults: tuple[float, ...] = (1, 2, 4, 8),
        *,
        dim: int | None = None,
        time_dim: int | None = None,
        channels: int = 1,
    ) -> UnetShape:
        """The shape from the older trainer's options.

        ``dim`` is the width of the time code there (512 for CLIP's embeddings, which makes the
        4,037,313 parameters of its checkpoints); the library itself has ``dim`` equal to ``init_dim``.

        Raises:
            InputError: a size that is not positive.
        """
        widths = tuple(round(init_dim * m) for m in dim_mults)
        if not widths or min(*widths, init_dim, channels) < 1:
            raise InputError(
                "positive init_dim, dim_mults and channels",
                f"init_dim={init_dim}, dim_mults={tuple(dim_mults)}, channels={channels}",
                "give such as init_dim=32, dim_mults=(1, 2, 4, 8)",
            )
        return cls(init_dim, widths, dim or init_dim, time_dim or 4 * init_dim, channels)


class Unet1D(Denoiser):
    """Down through the levels, through the middle, and up again with what each level left behind.

    Args:
        width: D, a multiple of ``channels`` · 2^(levels − 1).
        shape: the sizes.

    Raises:
        VectorError: the levels cannot halve the row evenly.
    """

    def __init__(self, width: int, shape: UnetShape | None = None) -> None:
        super().__init__(width)
        self.shape = shape = UnetShape() if shape is None else shape
        halvings = shape.channels * 2 ** (len(shape.widths) - 1)
        if width % halvings:
            raise VectorError(
                f"rows whose width is a multiple of {halvings}, for a unet1d of {len(shape.widths)} levels",
                f"width {width}",
                "choose the denoiser mlp or dit, or fewer levels",
            )
        inward = [shape.init_dim, *shape.widths]
        pairs = list(pairwise(inward))
        last, told = len(pairs) - 1, shape.time_dim
        self.init_conv = nn.Conv1d(shape.channels, shape.init_dim, 7, padding=3)
        self.time_mlp = nn.Sequential(
            SinusoidalCode(shape.time_code),
            nn.Linear(shape.time_code, told),
            nn.GELU(),
            nn.Linear(told, told),
        )
        self.downs = nn.ModuleList(
            nn.ModuleList(
                [
                    _Residual(a, a, told),
                    _Residual(a, a, told),
                    _around(a, _LinearAttention(a, shape.level_heads)),
                    nn.Conv1d(a, b, 3, padding=1) if level == last else nn.Conv1d(a, b, 4, 2, 1),
                ]
            )
            for level, (a, b) in enumerate(pairs)
        )
        middle = inward[-1]
        self.mid_block1 = _Residual(middle, middle, told)
        self.mid_attn = _around(middle, _Attention(middle, shape.middle_heads))
        self.mid_block2 = _Residual(middle, middle, told)
        self.ups = nn.ModuleList(
            nn.ModuleList(
                [
                    _Residual(a + b, b, told),
                    _Residual(a + b, b, told),
                    _around(b, _LinearAttention(b, shape.level_heads)),
                    nn.Conv1d(b, a, 3, padding=1) if level == 0 else _Doubling(b, a),
                ]
            )
            for level, (a, b) in reversed(list(enumerate(pairs)))
        )
        self.final_res_block = _Residual(2 * shape.init_dim, shape.init_dim, told)
        self.final_conv = nn.Conv1d(shape.init_dim, shape.channels, 1)

    def forward(self, x: torch.Tensor, t: torch.Tensor, classes: torch.Tensor | None = None) -> torch.Tensor:
        """See :class:`Denoiser`; it cannot be told a class."""
        told = self.time_mlp[0](t).to(self.init_conv.weight.dtype)
        for layer in list(self.time_mlp)[1:]:
            told = layer(told)
        hidden = first = self.init_conv(x.reshape(len(x), self.shape.channels, -1))
        left: list[torch.Tensor] = []
        for level in self.downs:
            one, two, attention, narrow = _parts(level)
            left.append(hidden := one(hidden, told))
            left.append(hidden := attention(two(hidden, told)))
            hidden = narrow(hidden)
        hidden = self.mid_block2(self.mid_attn(self.mid_block1(hidden, told)), told)
        for level in self.ups:
            one, two, attention, widen = _parts(level)
            hidden = one(torch.cat([hidden, left.pop()], dim=1), told)
            hidden = widen(attention(two(torch.cat([hidden, left.pop()], dim=1), told)))
        hidden = self.final_res_block(torch.cat([hidden, first], dim=1), told)
        result: torch.Tensor = self.final_conv(hidden)
        return result.reshape(len(x), -1)


def _parts(level: nn.Module) -> list[nn.Module]:
    assert isinstance(level, nn.ModuleList)
    return list(level)


class _Norm(nn.Module):
    """Channels of length √C, then scaled."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, width, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scaled: torch.Tensor = functional.normalize(x, dim=1) * self.g * x.shape[1] ** 0.5
        return scaled


class _Convolution(nn.Module):
    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.proj = nn.Conv1d(a, b, 3, padding=1)
        self.norm = _Norm(b)

    def forward(self, x: torch.Tensor, told: tuple[torch.Tensor, torch.Tensor] | None = None) -> torch.Tensor:
        x = self.norm(self.proj(x))
        if told is not None:
            x = x * (1 + told[0]) + told[1]
        return functional.silu(x)


class _Residual(nn.Module):
    """Two convolutions beside the identity; the first is told the time."""

    def __init__(self, a: int, b: int, told: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(told, 2 * b))
        self.block1 = _Convolution(a, b)
        self.block2 = _Convolution(b, b)
        self.res_conv = nn.Conv1d(a, b, 1) if a != b else nn.Identity()

    def forward(self, x: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        scale, shift = self.mlp(told)[:, :, None].chunk(2, dim=1)
        inner: torch.Tensor = self.block2(self.block1(x, (scale, shift)))
        both: torch.Tensor = inner + self.res_conv(x)
        return both


class _Heads(nn.Module):
    def __init__(self, width: int, heads: tuple[int, int]) -> None:
        super().__init__()
        self.heads = heads[0]
        self.scale = heads[1] ** -0.5
        self.to_qkv = nn.Conv1d(width, 3 * heads[0] * heads[1], 1, bias=False)

    def looks(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Queries, keys, values [B, heads, head_width, positions]."""
        return tuple(part.unflatten(1, (self.heads, -1)) for part in self.to_qkv(x).chunk(3, dim=1))


class _LinearAttention(_Heads):
    """Attention whose cost grows with the positions, not their square (Shen et al. 2021)."""

    def __init__(self, width: int, heads: tuple[int, int]) -> None:
        super().__init__(width, heads)
        self.to_out = nn.Sequential(nn.Conv1d(heads[0] * heads[1], width, 1), _Norm(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.looks(x)
        context = key.softmax(dim=-1) @ value.transpose(-1, -2)
        found = context.transpose(-1, -2) @ (query.softmax(dim=-2) * self.scale)
        result: torch.Tensor = self.to_out(found.flatten(1, 2))
        return result


class _Attention(_Heads):
    def __init__(self, width: int, heads: tuple[int, int]) -> None:
        super().__init__(width, heads)
        self.to_out = nn.Conv1d(heads[0] * heads[1], width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.looks(x)
        weight = ((query * self.scale).transpose(-1, -2) @ key).softmax(dim=-1)
        result: torch.Tensor = self.to_out((value @ weight.transpose(-1, -2)).flatten(1, 2))
        return result


class _Inside(nn.Module):
    def __init__(self, width: int, fn: nn.Module) -> None:
        super().__init__()
        self.fn = fn
        self.norm = _Norm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.fn(self.norm(x))
        return result


class _Around(nn.Module):
    def __init__(self, fn: nn.Module) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = x + self.fn(x)
        return result


def _around(width: int, attention: nn.Module) -> nn.Module:
    """x + attention(norm(x)), under the names that the files have."""
    return _Around(_Inside(width, attention))


class _Doubling(nn.Sequential):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv1d(a, b, 3, padding=1))
