"""Which denoiser, of which sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from repscope.errors import InputError, check_known
from repscope.transform.diffusion.denoisers.dit import DiTDenoiser
from repscope.transform.diffusion.denoisers.mlp import MLPDenoiser
from repscope.transform.diffusion.denoisers.parts import Denoiser
from repscope.transform.diffusion.denoisers.unet1d import HEADS, Unet1D, UnetShape
from repscope.transform.inputs import require_counts

DENOISERS = ("mlp", "dit", "unet1d")
_SIZES = {
    "mlp": ("hidden", "depth"),
    "dit": ("hidden", "depth", "chunk", "attn_heads"),
    "unet1d": ("init_dim", "channels", "attn_heads", "attn_dim_head", "level_heads"),
}


@dataclass(frozen=True)
class DenoiserSpec:
    """A kind of denoiser and its sizes, under the names of a diffusion bridge's parameters.

    Attributes:
        denoiser: ``mlp``, ``dit`` or ``unet1d``.
        hidden, depth: width inside ``mlp`` and ``dit``, and their blocks.
        chunk: coordinates of a token of ``dit``.
        attn_heads, attn_dim_head: of ``dit`` (heads only) and of the middle of ``unet1d``.
        level_heads: of the levels of ``unet1d``.
        init_dim, dim_mults, dim, time_dim, channels: of ``unet1d``; see :meth:`UnetShape.of`.

    Raises:
        UnknownNameError: no such denoiser.
        InputError: a size that is not a whole number of at least 1, or ``dim_mults`` that are no list.
    """

    denoiser: str
    hidden: int
    depth: int
    chunk: int
    attn_heads: int
    attn_dim_head: int
    level_heads: int
    init_dim: int
    dim_mults: tuple[float, ...]
    dim: int | None
    time_dim: int | None
    channels: int

    def __post_init__(self) -> None:
        check_known(self.denoiser, DENOISERS, "a denoiser")
        require_counts(self, *_SIZES[self.denoiser])
        mults: Any = self.dim_mults
        if (
            not isinstance(mults, list | tuple)
            or not mults
            or not all(isinstance(m, int | float) and not isinstance(m, bool) and m > 0 for m in mults)
        ):
            raise InputError("dim_mults: a list of numbers above 0", repr(mults), "give it as [1, 2, 4, 8]")

    def build(self, width: int, classes: int) -> Denoiser:
        """The untrained denoiser for rows of one width.

        Raises:
            InputError: classes for ``unet1d``, which cannot be told any; sizes that do not fit each other.
            VectorError: a width that ``unet1d`` cannot halve.
        """
        if self.denoiser == "mlp":
            return MLPDenoiser(width, hidden=self.hidden, blocks=self.depth, classes=classes)
        if self.denoiser == "dit":
            return DiTDenoiser(
                width, chunk=self.chunk, hidden=self.hidden, blocks=self.depth, heads=self.attn_heads,
                classes=classes,
            )  # fmt: skip
        if classes:
            raise InputError("a denoiser that can be told a class", "unet1d", "choose mlp or dit")
        shape = UnetShape.of(
            self.init_dim, tuple(self.dim_mults), dim=self.dim, time_dim=self.time_dim, channels=self.channels
        )
        heads = (self.level_heads, HEADS[1]), (self.attn_heads, self.attn_dim_head)
        return Unet1D(width, replace(shape, level_heads=heads[0], middle_heads=heads[1]))
