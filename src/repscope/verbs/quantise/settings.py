"""Codebook, bottleneck and number of quantisers as the parameters of each method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2, prod
from typing import Any

from repscope.errors import InputError, check_known

METHODS = ("vq", "fsq", "lfq", "rvq", "kmeans")
STAGES = 4
"""Codebooks of rvq where nobody says how many."""

_BITS_OF_AN_AXIS = 2.5
"""What the published grids of fsq spend on an axis, about."""


@dataclass(frozen=True)
class Settings:
    """What a quantiser is asked for.

    Attributes:
        method: of :data:`METHODS`.
        params: of its bridge.
        codes: of a codebook, which a grid may have fewer of than were asked for.
        quantizers: codebooks.
        bottleneck: axes that are quantised, None for the rows as they are.
        notes: what was chosen.
    """

    method: str
    params: Mapping[str, Any]
    codes: int
    quantizers: int = 1
    bottleneck: int | None = None
    notes: tuple[str, ...] = ()


def settings(
    method: str,
    codebook: int,
    bottleneck: int | None,
    quantizers: int | None,
    params: Mapping[str, Any] | None = None,
) -> Settings:
    """What these options mean for a method.

    Raises:
        UnknownNameError: no such quantiser.
        InputError: sizes that the method does not have.
    """
    check_known(method, METHODS, "a quantiser")
    if method != "rvq" and quantizers not in (None, 1):
        raise InputError(
            f"one quantizer for {method}", f"--quantizers {quantizers}", "several stages are --method rvq"
        )
    if codebook < 2:
        raise InputError("a codebook of 2 codes or more", str(codebook), "choose a larger --codebook")
    found = {"fsq": _fsq, "lfq": _lfq}.get(method, _learnt)(method, codebook, bottleneck, quantizers)
    given = dict(params or {})
    if twice := sorted(set(given) & set(found.params)):
        raise InputError(
            "--codebook, --bottleneck and --quantizers for the sizes",
            f"--param {twice[0]}={given[twice[0]]}",
            "say it in one way",
        )
    return Settings(
        method, {**found.params, **given}, found.codes, found.quantizers, found.bottleneck, found.notes
    )


def grid_levels(codebook: int, axes: int) -> tuple[int, ...]:
    """Levels of a grid of at most so many codes: as even as they come, the strongest axes first.

    Raises:
        InputError: an axis would have fewer than 3 levels.
    """
    if 3**axes > codebook:
        raise InputError(
            f"at least {3**axes:,} codes for a grid of {axes} axes",
            f"{codebook:,}",
            "choose a smaller --bottleneck, or a larger --codebook",
        )
    even = round(codebook ** (1 / axes))
    levels = [max(3, even if even**axes <= codebook else even - 1)] * axes
    grown = True
    while grown:
        # The first of the axes that have the fewest levels grows, as long as any can.
        order = sorted(range(axes), key=lambda axis: (levels[axis], axis))
        grown = False
        for axis in order:
            if prod(levels) // levels[axis] * (levels[axis] + 1) <= codebook:
                levels[axis] += 1
                grown = True
                break
    return tuple(sorted(levels, reverse=True))


def _learnt(method: str, codebook: int, bottleneck: int | None, quantizers: int | None) -> Settings:
    params: dict[str, Any] = {"codebook_size": codebook, "bottleneck": bottleneck}
    if method != "rvq":
        return Settings(method, params, codebook, 1, bottleneck)
    stages = STAGES if quantizers is None else quantizers
    return Settings(method, {**params, "stages": stages}, codebook, stages, bottleneck)


def _fsq(method: str, codebook: int, bottleneck: int | None, _: int | None) -> Settings:
    axes = bottleneck or max(1, round(log2(codebook) / _BITS_OF_AN_AXIS))
    levels = grid_levels(codebook, axes)
    note = f"fsq: {' × '.join(map(str, levels))} = {prod(levels):,} codes on {axes} principal axes"
    return Settings(method, {"levels": levels}, prod(levels), 1, axes, (note,))


def _lfq(method: str, codebook: int, bottleneck: int | None, _: int | None) -> Settings:
    bits = codebook.bit_length() - 1
    if 2**bits != codebook:
        raise InputError(
            "a power of 2 as the codebook of lfq", str(codebook), f"take {2**bits} or {2 ** (bits + 1)}"
        )
    if bottleneck not in (None, bits):
        raise InputError(
            f"a bottleneck of {bits}, one axis a bit of {codebook} codes",
            str(bottleneck),
            f"leave --bottleneck out, or take --codebook {2**bottleneck}" if bottleneck else "leave it out",
        )
    return Settings(method, {"bits": bits}, codebook, 1, bits, (f"lfq: the signs of {bits} principal axes",))
