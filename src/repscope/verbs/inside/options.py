"""The options of ``inside``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.errors import InputError
from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option
from repscope.verbs.common.words import split_words

PARTS = ("attention", "features", "masks", "predictions", "training", "landscape")
"""In the order of the report."""


def parse_parts(text: str) -> tuple[str, ...]:
    """Some of :data:`PARTS`.

    Raises:
        InputError: others.
    """
    parts = split_words(text)
    if not parts or set(parts) - set(PARTS):
        raise InputError(f"--parts among {', '.join(PARTS)}", repr(text), "choose some of them")
    return parts


@dataclass(frozen=True, kw_only=True)
class InsideOptions(Options):
    """The options of ``repscope inside``."""

    replayed = (
        "parts model predictor sampler logs landscape weights grid resize crop mean std show limit samples "
        "cells device seed"
    )

    parts: tuple[str, ...] = option(
        PARTS,
        f"Some of {','.join(PARTS)}; --all takes each that something was given for.",
        "--parts",
        metavar="PART,…",
        parse=parse_parts,
        text=",".join,
    )
    model: str | None = option(None, "Whose attention is seen: as for extract.", metavar="MODEL")
    predictor: str | None = option(
        None, "A JEPA or masked autoencoder, as for predictions.", metavar="FILE.py:callable"
    )
    sampler: tuple[str, ...] = option(
        ("multiblock", "hierarchical", "random", "blockwise"),
        "Of the masks, as for masks; the first of them also for predictions. Repeatable.",
        metavar="NAME",
        repeated=True,
    )
    logs: tuple[Path, ...] = option((), "Logs of the training. Repeatable.", metavar="LOG", repeated=True)
    landscape: str | None = option(None, "Module and loss, as for landscape.", metavar="FILE.py:callable")
    weights: Path | None = option(None, f"Of --model and --predictor: {shared.WEIGHTS}")
    grid: tuple[int, ...] = option(
        (14, 14),
        "Of the masks.",
        metavar="14,14",
        parse=lambda text: tuple(int(part) for part in text.split(",")),
        text=lambda grid: ",".join(map(str, grid)),
    )
    resize: str | None = option(None, "Of the images, as for extract.")
    crop: str | None = option(None, "As for extract.")
    mean: str | None = option(None, "As for extract.")
    std: str | None = option(None, "As for extract.")
    show: int = option(4, "Images whose maps are drawn.", least=0)
    limit: int | None = option(None, "Images at most.", least=1)
    samples: int = option(256, "Masks that are drawn.", least=1)
    cells: int = option(15, "Of the landscape, a side; odd.", least=3)
    device: str | None = option(None, shared.DEVICE)
    seed: int = shared.SEED()
    all: bool = option(False, "The same as without --parts; for scripts of the older toolkit.", shell=True)
    out: Path | None = shared.OUT("Folder of the report.")
    figures: tuple[str, ...] = shared.FIGURES()
