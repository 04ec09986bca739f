"""The quantisers of ``vector-quantize-pytorch`` in our modules; importing this needs that package."""

from __future__ import annotations

from typing import Any

from vector_quantize_pytorch import FSQ, LFQ, ResidualVQ, VectorQuantize

from repscope.transform.quantise.modules import CodebookModule, GridModule


def vq_module(d: int, options: dict[str, Any], projection: tuple[int, int] | None) -> CodebookModule:
    """One codebook of vectors of width ``d``."""
    return CodebookModule(VectorQuantize(dim=d, **options), projection)


def rvq_module(
    d: int, stages: int, options: dict[str, Any], projection: tuple[int, int] | None
) -> CodebookModule:
    """Codebooks in stages."""
    return CodebookModule(ResidualVQ(dim=d, num_quantizers=stages, **options), projection)


def fsq_module(d: int, levels: list[int]) -> GridModule:
    """A few levels on each axis."""
    return GridModule(d, len(levels), FSQ(levels=levels))


def lfq_module(d: int, bits: int) -> GridModule:
    """Signs of the axes."""
    return GridModule(d, bits, LFQ(codebook_size=2**bits, dim=bits, entropy_loss_weight=0.0))
