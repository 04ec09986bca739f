"""The options of ``segment train`` and ``segment compare``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from repscope.errors import InputError
from repscope.verbs.common import options as shared
from repscope.verbs.common.model_options import MODELS
from repscope.verbs.common.options import REQUIRED, Options, option
from repscope.verbs.common.words import split_words


def parse_values(text: str) -> tuple[int, ...]:
    """``0,255`` as numbers; () for "none".

    Raises:
        InputError: no whole numbers.
    """
    try:
        return () if text.strip() == "none" else tuple(int(part) for part in split_words(text))
    except ValueError:
        raise InputError("--ignore VALUE,VALUE or none", repr(text), "write --ignore 255") from None


_CACHE = partial(option, None, help="Folder that keeps the features of frozen backbones, for all runs.")


@dataclass(frozen=True, kw_only=True)
class TrainOptions(Options):
    """The options of ``repscope segment train``."""

    replayed = (
        "backbone weights quantizer codebook bottleneck quantizers vq_weight head loss epochs batch_size lr "
        "limit_steps subset_size size classes ignore device seed"
    )

    backbone: str = option(REQUIRED, f"Frozen: {MODELS}")
    out: Path = option(REQUIRED, "Folder of the run; a killed training goes on there.", "--out -o")
    weights: Path | None = option(None, shared.WEIGHTS)
    quantizer: Literal["none", "identity", "vq", "fsq", "lfq", "rvq"] = option(
        "none", "Between backbone and head.", metavar="none|vq|fsq|lfq|rvq"
    )
    codebook: int = option(
        512, "Codes of one stage; fsq takes the nearest grid, lfq a power of two.", least=2
    )
    bottleneck: int = option(64, "Width between the projections of vq and rvq.", least=1)
    quantizers: int = option(4, "Stages of rvq.", least=1)
    vq_weight: float = option(0.1, "Of the quantiser's own loss.", least=0.0)
    head: Literal["linear", "conv"] = option("linear", "What is trained.", metavar="linear|conv")
    loss: Literal["ce", "dice", "focal", "combined"] = option(
        "ce", "Of the task; combined is ce + dice.", metavar="ce|dice|focal|combined"
    )
    epochs: int = option(10, "Passes over the training split.", least=1)
    batch_size: int = option(8, "Pictures in a step.", least=1)
    lr: float = option(1e-3, "Of AdamW.", least=1e-9)
    limit_steps: int | None = option(None, "Steps at most.", least=1)
    subset_size: int | None = option(None, "Pictures of each split at most, the first ones.", least=1)
    size: int = option(224, "Pixels of each side that pictures are resized to.", least=8)
    classes: tuple[str, ...] = option(
        (), "Names, where classes.txt does not say.", metavar="NAME,…", parse=split_words, text=",".join
    )
    ignore: tuple[int, ...] = option(
        (255,),
        "Values of masks that do not count, or none.",
        metavar="VALUE,…",
        parse=parse_values,
        text=lambda values: ",".join(map(str, values)) or "none",
    )
    cache: Path | None = _CACHE()
    device: str | None = option(None, shared.DEVICE)
    overwrite: bool = option(False, "Begin anew where --out holds another run.")
    seed: int = shared.SEED()


@dataclass(frozen=True, kw_only=True)
class SegmentCompareOptions(Options):
    """The options of ``repscope segment compare``."""

    replayed = "data split margin n_best n_worst device seed"

    data: Path | None = option(None, "Where the data is now; by default where the runs found it.")
    split: Literal["train", "val", "test"] = option("test", "That is compared.", metavar="train|val|test")
    margin: float = option(0.02, "Of mean IoU: a difference within it is equal.", least=0.0, most=1.0)
    n_best: int = option(5, "Rows of the grids of best and most gained.", least=1)
    n_worst: int = option(5, "Rows of the grids of worst and most lost.", least=1)
    cache: Path | None = _CACHE()
    device: str | None = option(None, shared.DEVICE)
    seed: int = shared.SEED()
    out: Path | None = shared.OUT("Folder for metrics.json, images.csv and the figures.")
    figures: tuple[str, ...] = shared.FIGURES()
