"""The quantisers as torch modules: [B, D] → [B, D], in the dtype of what they are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import torch
from torch import Tensor, nn
from vector_quantize_pytorch import FSQ, LFQ, ResidualVQ, VectorQuantize

from repscope.measure.core.arrays import Float64


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


class CodebookModule(Freezable):
    """A learnt codebook, or several in stages.

    Args:
        quantiser: of the library; returns quantised rows, codes, and losses that are not used.
    """

    def __init__(self, quantiser: Any) -> None:
        super().__init__()
        self.quantiser = quantiser

    def quantise(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """[B, D] rows and their [B] or [B, Q] codes."""
        # As a batch of sequences of one: the library treats two dimensions as one sequence.
        moved, codes, *_ = self.quantiser(rows[:, None])
        return moved[:, 0], codes[:, 0]

    def forward(self, rows: Tensor) -> Tensor:
        """[B, D] → [B, D]."""
        return self.quantise(rows.float())[0].to(rows.dtype)

    def parameters_of_decoder(self) -> Iterator[Tensor]:
        """The codebooks."""
        for name, one in self.named_buffers():
            if name.endswith("._codebook.embed"):
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


def vq_module(d: int, options: dict[str, Any]) -> CodebookModule:
    """One codebook."""
    return CodebookModule(VectorQuantize(dim=d, **options))


def rvq_module(d: int, stages: int, options: dict[str, Any]) -> CodebookModule:
    """Codebooks in stages."""
    return CodebookModule(ResidualVQ(dim=d, num_quantizers=stages, **options))


def fsq_module(d: int, levels: list[int]) -> GridModule:
    """A few levels on each axis."""
    return GridModule(d, len(levels), FSQ(levels=levels))


def lfq_module(d: int, bits: int) -> GridModule:
    """Signs of the axes."""
    return GridModule(d, bits, LFQ(codebook_size=2**bits, dim=bits, entropy_loss_weight=0.0))
