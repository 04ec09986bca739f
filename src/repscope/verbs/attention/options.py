"""The options of ``attention``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repscope.errors import InputError
from repscope.verbs.common import options as shared
from repscope.verbs.common.model_options import ModelOptions
from repscope.verbs.common.options import option


def parse_layers(text: str) -> tuple[int, ...] | None:
    """``0,5,11`` as numbers; None for ``all``.

    Raises:
        InputError: neither.
    """
    if text.strip() == "all":
        return None
    try:
        layers = tuple(int(part) for part in text.split(","))
    except ValueError:
        layers = ()
    if not layers or min(layers) < 0:
        raise InputError("--layers N,N,… from 0, or all", repr(text), "write --layers 0,5,11")
    return layers


@dataclass(frozen=True, kw_only=True)
class AttentionOptions(ModelOptions):
    """The options of ``repscope attention``."""

    replayed = (
        "model layers source_kind path_column id_column text_column images regions templates array id_rule "
        "items encoding weights weights_key weights_prefix resize crop mean std interpolation fusion discard "
        "show device dtype autocast limit batch_size workers seed strict"
    )

    layers: tuple[int, ...] | None = option(
        None,
        "Which, in the order of computation; all by default.",
        metavar="0,5,11|all",
        parse=parse_layers,
        text=lambda layers: ",".join(map(str, layers)),
    )
    fusion: Literal["mean", "max", "min"] = option(
        "mean", "Of the heads in the rollout.", metavar="mean|max|min"
    )
    discard: float = option(0.0, "Smallest weights left out of the rollout, a share.", least=0.0, most=0.99)
    show: int = option(4, "Items whose maps are drawn, the first ones.", least=0)
    to: Path | None = option(
        None, "Write the weights of all items to FILE.npz.", metavar="FILE.npz", shell=True
    )
    out: Path | None = shared.OUT("Folder for attention.json and the figures.")
    figures: tuple[str, ...] = shared.FIGURES()
