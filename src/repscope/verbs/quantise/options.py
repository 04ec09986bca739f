"""The options of ``quantise``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import InputError
from repscope.verbs.bridge.options import PARAMS
from repscope.verbs.common import options as shared
from repscope.verbs.common.options import REQUIRED, Options, option
from repscope.verbs.common.words import split_value, split_words


def parse_train(text: str) -> tuple[str, str]:
    """``COL=VALUE`` of ``--train``.

    Raises:
        InputError: there is no "=".
    """
    return split_value(text, "--train", "split=train")


def parse_sizes(text: str) -> tuple[int, ...]:
    """``16,64,256`` as numbers.

    Raises:
        InputError: not whole numbers above 0.
    """
    words = split_words(text)
    if not words or not all(word.isdecimal() and int(word) for word in words):
        raise InputError("whole numbers N,N,…", repr(text), "write 16,64,256")
    return tuple(map(int, words))


def _sizes_text(sizes: tuple[int, ...]) -> str:
    return ",".join(map(str, sizes))


@dataclass(frozen=True, kw_only=True)
class QuantiseOptions(Options):
    """The options of ``repscope quantise``."""

    replayed = (
        "method codebook bottleneck quantizers params as_ apply_to train hold_out share cluster classes "
        "curve codebooks bottlenecks show palette resamples seed"
    )

    method: str = option(REQUIRED, "vq, fsq, lfq, rvq or kmeans.")
    as_: str = option(REQUIRED, "Name of the quantised set, and of its bridge.", "--as", metavar="SET2")
    codebook: int = option(512, "Codes of a codebook, K.", least=2, always=True)
    bottleneck: int | None = option(
        None, "Quantise so many leading principal axes; rows as they are by default.", least=1
    )
    quantizers: int | None = option(None, "Codebooks in stages, of rvq; 4 by default.", least=1)
    params: Mapping[str, Any] | None = PARAMS()
    apply_to: str | None = option(
        None, "Quantise this set instead of SET, which is fitted on.", metavar="SET"
    )
    train: tuple[str, str] | None = option(
        None, "Fit only on rows with this value.", metavar="COL=VALUE", parse=parse_train, text="=".join
    )
    hold_out: str = option("clusters", "What the fit must not see: clusters or none.", "--hold-out --holdout")
    share: float = option(0.2, "Share of the clusters held out.")
    cluster: str | None = shared.CLUSTER()
    classes: str | None = shared.CLASSES(
        help="Column of what codes may tell of an item; label by default, where there is one.",
        flags="--classes --label",
    )
    curve: bool = option(False, "Fit smaller codebooks too: distortion against bits.")
    codebooks: tuple[int, ...] = option(
        (), "K of the curve; 4, 16, 64, … by default.", metavar="K,…", parse=parse_sizes, text=_sizes_text
    )
    bottlenecks: tuple[int, ...] = option(
        (), "Bottlenecks of the curve.", metavar="D,…", parse=parse_sizes, text=_sizes_text
    )
    show: int = option(8, "Codes whose nearest items are drawn, the most used.", least=0)
    overwrite: bool = option(False, "Replace a set and a bridge of this name.")
    palette: str = shared.PALETTE()
    resamples: int = shared.RESAMPLES()
    out: Path | None = shared.OUT("Folder for the report; STUDY/results/quantise/… by default.")
    figures: tuple[str, ...] = shared.FIGURES()
    seed: int = shared.SEED(always=True)
