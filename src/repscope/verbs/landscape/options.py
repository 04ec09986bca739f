"""The options of ``landscape``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import REQUIRED, Options, option


@dataclass(frozen=True, kw_only=True)
class LandscapeOptions(Options):
    """The options of ``repscope landscape``."""

    replayed = "model weights grid span directions checkpoints biases train device seed"

    model: str = option(REQUIRED, "FILE.py:callable, which gives (module, loss); loss(module) is a number.")
    weights: Path | None = option(None, shared.WEIGHTS)
    grid: int = option(25, "Cells a side; odd, so that one is the trained weights.", least=3)
    span: float = option(1.0, "Reach to each side, in lengths of the weights.", least=1e-6)
    directions: Literal["random", "pca"] = option(
        "random",
        "random, each filter as long as the trained one; pca of --checkpoints, with their path.",
        metavar="random|pca",
    )
    checkpoints: tuple[Path, ...] = option(
        (), "Weights along the training, first to last. Repeatable.", metavar="FILE", repeated=True
    )
    biases: bool = option(False, "Move biases and weights of normalisations as well.")
    train: bool = option(False, "Training mode: BatchNorm takes the batch's own statistics.")
    device: str | None = option(None, shared.DEVICE)
    seed: int = shared.SEED()
    overwrite: bool = option(False, "Begin anew where --out holds another landscape.")
    out: Path | None = option(
        None, "Folder for landscape.json, the cells and the figures; resumable.", "--out -o"
    )
    figures: tuple[str, ...] = shared.FIGURES()
