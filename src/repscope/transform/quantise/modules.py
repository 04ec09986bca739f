"""The quantisers as torch modules: [B, D] → [B, D], in the dtype of what they are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import torch
from torch import Tensor, nn

from repscope.measure.core.arrays import Float64

_CHUNK = 8192
"""Rows whose distances to all codes are held at a time."""


class Freezable(nn.Module):
    """A module that, once frozen, stays so inside a model that is trained.

    Attributes:
        frozen: ``train()`` changes nothing any more, so that no codebook moves.
    """

    frozen = False

    def train(self, mode: bool = True) -> Self:
        """As of any module, unless frozen."""
        return super().train(mode and not self.frozen)

    def freeze(self) -> Self:
        """Stay in evaluation from now on."""
        self.frozen = True
        return self.eval()


class NearestCode(nn.Module):
    """A plain codebook, in the manner of the library's: [B, 1, d] → the nearest codes, and which they are.

    Attributes:
        centres: [K, d].
    """

    centres: Tensor

    def __init__(self, size: int, d: int) -> None:
        super().__init__()
        self.register_buffer("centres", torch.zeros(size, d))

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The nearest code of each row; of two as near, the first."""
        # Distances from the middle of the codebook: rows far from the origin keep their digits.
        middle = self.centres.mean(dim=0)
        codes = self.centres - middle
        half = codes.square().sum(dim=1) / 2
        parts = torch.split(rows[:, 0] - middle, _CHUNK)
        found = torch.cat([(half - part @ codes.T).argmin(dim=1) for part in parts])
        return self.centres[found][:, None], found[:, None]


class CodebookModule(Freezable):
    """A learnt codebook, or several in stages, of the rows or of their leading principal axes.

    Args:
        quantiser: of the library, or :class:`NearestCode`; returns quantised rows, codes, and losses that are
            not used.
        projection: widths of the rows and of the axes that are quantised; None to quantise rows as they are.
    """

    mean: Tensor | None
    axes: Tensor | None

    def __init__(self, quantiser: Any, projection: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.quantiser = quantiser
        self.register_buffer("mean", None if projection is None else torch.zeros(projection[0]))
        self.register_buffer("axes", None if projection is None else torch.zeros(projection))

    def project_with(self, mean: Float64, axes: Float64) -> None:
        """Set the projection: (x − mean) @ axes, and back."""
        assert self.mean is not None
        assert self.axes is not None
        self.mean.copy_(torch.from_numpy(mean))
        self.axes.copy_(torch.from_numpy(axes.copy()))

    def project(self, rows: Tensor) -> Tensor:
        """[B, d] what is quantised."""
        return rows if self.mean is None or self.axes is None else (rows - self.mean) @ self.axes

    def quantise(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """[B, D] rows and their [B] or [B, Q] codes."""
        # As a batch of sequences of one: the library treats two dimensions as one sequence.
        points, codes, *_ = self.quantiser(self.project(rows)[:, None])
        moved = points[:, 0]
        if self.mean is not None and self.axes is not None:
            moved = self.mean + moved @ self.axes.T
        return moved, codes[:, 0]

    def forward(self, rows: Tensor) -> Tensor:
        """[B, D] → [B, D]."""
        return self.quantise(rows.float())[0].to(rows.dtype)

    def parameters_of_decoder(self) -> Iterator[Tensor]:
        """The codebooks and the projection."""
        for name, one in self.named_buffers():
            if name in ("mean", "axes") or name.endswith(("._codebook.embed", ".centres")):
                yield one


class GridModule(Freezable):
    """A fixed grid between an encoder to K axes and a decoder from them.

    Args:
        d: width of rows.
        k: axes.
        quantiser: of the library.
    """

    mean: Tensor
    axes: Tensor
    centre: Tensor
    decoder: Tensor
    level: Tensor

    def __init__(self, d: int, k: int, quantiser: Any) -> None:
        super().__init__()
        self.quantiser = quantiser
        for name, shape in (
            ("mean", (d,)),
            ("axes", (d, k)),
            ("centre", (k,)),
            ("decoder", (k, d)),
            ("level", (d,)),
        ):
            self.register_buffer(name, torch.zeros(shape))

    def encode_with(self, mean: Float64, axes: Float64) -> None:
        """Set the encoder: (x − mean) @ axes."""
        self.mean.copy_(torch.from_numpy(mean))
        self.axes.copy_(torch.from_numpy(axes))

    def decode_with(self, centre: Float64, decoder: Float64, level: Float64) -> None:
        """Set the decoder: level + (point − centre) @ decoder."""
        self.centre.copy_(torch.from_numpy(centre))
        self.decoder.copy_(torch.from_numpy(decoder))
        self.level.copy_(torch.from_numpy(level))

    def grid(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """[B, K] points of the grid and their [B] codes."""
        points, codes, *_ = self.quantiser(((rows - self.mean) @ self.axes)[:, None])
        return points[:, 0], codes[:, 0]

    def quantise(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """[B, D] rows and their [B] codes."""
        points, codes = self.grid(rows)
        return self.level + (points - self.centre) @ self.decoder, codes

    def forward(self, rows: Tensor) -> Tensor:
        """[B, D] → [B, D]."""
        return self.quantise(rows.to(self.mean.dtype))[0].to(rows.dtype)

    def parameters_of_decoder(self) -> Iterator[Tensor]:
        """Encoder and decoder."""
        yield from (self.mean, self.axes, self.centre, self.decoder, self.level)
