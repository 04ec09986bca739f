"""Which denoiser, from a bridge's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repscope.errors import InputError, UnknownNameError, name_some
from repscope.transform.diffusion.denoisers.dit import DiTDenoiser
from repscope.transform.diffusion.denoisers.mlp import MLPDenoiser
from repscope.transform.diffusion.denoisers.parts import Denoiser
from repscope.transform.diffusion.denoisers.unet1d import HEADS, Unet1D, UnetShape

if TYPE_CHECKING:
    from repscope.transform.diffusion.bridge import DiffusionBridge

DENOISERS = ("mlp", "dit", "unet1d")
_SIZES = {
    "mlp": ("hidden", "depth"),
    "dit": ("hidden", "depth", "chunk", "attn_heads"),
    "unet1d": ("init_dim", "channels", "attn_heads", "attn_dim_head", "level_heads"),
}


def check_denoiser(bridge: DiffusionBridge) -> None:
    """Raise unless the parameters name a denoiser and give it sizes.

    Raises:
        UnknownNameError: no such denoiser.
        InputError: a size that is not a whole number of at least 1, or ``dim_mults`` that are no list.
    """
    if bridge.denoiser not in DENOISERS:
        raise UnknownNameError(f"a denoiser ({name_some(DENOISERS)})", repr(bridge.denoiser), "choose one")
    for name in _SIZES[bridge.denoiser]:
        value = getattr(bridge, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"{name}: a whole number of at least 1", repr(value), f"correct {name}")
    mults = bridge.dim_mults
    if (
        not isinstance(mults, list | tuple)
        or not mults
        or not all(isinstance(one, int | float) and not isinstance(one, bool) and one > 0 for one in mults)
    ):
        raise InputError("dim_mults: a list of numbers above 0", repr(mults), "give it as [1, 2, 4, 8]")


def make_denoiser(bridge: DiffusionBridge, width: int, classes: int) -> Denoiser:
    """The untrained denoiser for rows of one width.

    Raises:
        InputError: classes for ``unet1d``, which cannot be told any; sizes that do not fit each other.
        VectorError: a width that ``unet1d`` cannot halve.
    """
    if bridge.denoiser == "mlp":
        return MLPDenoiser(width, hidden=bridge.hidden, blocks=bridge.depth, classes=classes)
    if bridge.denoiser == "dit":
        return DiTDenoiser(
            width, chunk=bridge.chunk, hidden=bridge.hidden, blocks=bridge.depth, heads=bridge.attn_heads,
            classes=classes,
        )  # fmt: skip
    if classes:
        raise InputError("a denoiser that can be told a class", "unet1d", "choose mlp or dit")
    return Unet1D(width, unet_shape(bridge))


def unet_shape(bridge: DiffusionBridge) -> UnetShape:
    """Sizes of a bridge's ``unet1d``."""
    plain = UnetShape.of(
        bridge.init_dim,
        tuple(bridge.dim_mults),
        dim=bridge.dim,
        time_dim=bridge.time_dim,
        channels=bridge.channels,
    )
    return UnetShape(
        plain.init_dim, plain.widths, plain.time_code, plain.time_dim, plain.channels,
        (bridge.level_heads, HEADS[1]), (bridge.attn_heads, bridge.attn_dim_head),
    )  # fmt: skip
