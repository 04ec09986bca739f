"""The options of ``masks``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import InputError
from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option
from repscope.verbs.common.params import params_texts, parse_params
from repscope.verbs.common.words import split_words

NAMES = ("multiblock", "hierarchical", "random", "blockwise", "tube")
"""Samplers of our own."""

ANIMATIONS = ("gif", "mp4")


def parse_grid(text: str) -> tuple[int, ...]:
    """``14,14`` or ``8,14,14`` as numbers.

    Raises:
        InputError: no whole numbers.
    """
    try:
        return tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        raise InputError(
            "--grid ROWS,COLUMNS or FRAMES,ROWS,COLUMNS", repr(text), "write --grid 14,14"
        ) from None


def parse_animations(text: str) -> tuple[str, ...]:
    """``gif,mp4`` as words; "none" for no animation.

    Raises:
        InputError: other words.
    """
    words = () if text.strip() == "none" else split_words(text)
    if set(words) - set(ANIMATIONS):
        raise InputError("--animate gif, mp4, gif,mp4 or none", repr(text), "choose one")
    return words


@dataclass(frozen=True, kw_only=True)
class MasksOptions(Options):
    """The options of ``repscope masks``."""

    replayed = "sampler grid samples params image allow_overlap seed"

    sampler: tuple[str, ...] = option(
        ("multiblock",),
        f"{', '.join(NAMES)}, or FILE.py:callable. Repeatable, to compare.",
        metavar="NAME",
        repeated=True,
    )
    grid: tuple[int, ...] = option(
        (14, 14),
        "Rows and columns of patches, frames before them.",
        metavar="14,14",
        parse=parse_grid,
        text=lambda grid: ",".join(map(str, grid)),
    )
    samples: int = option(256, "Masks that are drawn for the statistics.", least=1)
    params: Mapping[str, Any] | None = option(
        None,
        "A parameter of the samplers that have it: ratio=0.6, targets=4, scale=[.15,.2], levels=3.",
        "--param",
        metavar="NAME=VALUE",
        repeated=True,
        parse=parse_params,
        text=params_texts,
    )
    image: Path | None = option(None, "Picture that the masks are laid over.", metavar="FILE")
    allow_overlap: bool = option(False, "Accept targets that the context shows.")
    seed: int = shared.SEED()
    out: Path | None = shared.OUT("Folder for masks.json, the figures and the animation.")
    figures: tuple[str, ...] = shared.FIGURES()
    animate: tuple[str, ...] = option(
        ("gif",),
        "Formats of the animation: gif, mp4 (needs ffmpeg), both, or none.",
        metavar="gif|mp4|none",
        parse=parse_animations,
        text=lambda words: ",".join(words) or "none",
        shell=True,
    )
