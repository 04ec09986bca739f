"""The options of ``bridge fit``, ``apply``, ``report`` and the exchange of diffusion checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from repscope.errors import InputError
from repscope.verbs.common import options as shared
from repscope.verbs.common.options import REQUIRED, Options, option
from repscope.verbs.common.params import params_texts, parse_params
from repscope.verbs.common.words import split_value, split_words

ALL = ("all",)
"""Every method of the registry; those that cannot be fitted are listed with the reason."""


def parse_method_params(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """``METHOD.NAME=VALUE`` texts as parameters of several methods.

    Raises:
        InputError: a text of another form.
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        name, dot, rest = text.partition(".")
        if not dot or "=" in name or "=" not in rest:
            raise InputError("--param METHOD.NAME=VALUE", repr(text), "write --param ridge.penalty=0.1")
        found.setdefault(name, []).append(rest)
    return {name: parse_params(rest) for name, rest in found.items()}


def method_params_texts(params: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Parameters of several methods as they are typed."""
    return [f"{name}.{key}={value}" for name, own in params.items() for key, value in own.items()]


def parse_unseen(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """``COL=VALUE`` of ``--unseen`` as pairs.

    Raises:
        InputError: there is no "=".
    """
    return tuple(split_value(text, "--unseen", "split=unseen") for text in texts)


def parse_times(text: str) -> tuple[int, ...]:
    """``50,200,600`` as times; () for "none".

    Raises:
        InputError: not whole numbers.
    """
    try:
        return () if text.strip() == "none" else tuple(int(part) for part in split_words(text))
    except ValueError:
        raise InputError(
            "--entry-times T,T,… in steps of the schedule, or none", repr(text), "write 50,200"
        ) from None


PARAMS = partial(
    option,
    None,
    help="A parameter of the method, repeatable; see bridge methods NAME.",
    flags="--param",
    metavar="NAME=VALUE",
    repeated=True,
    parse=parse_params,
    text=params_texts,
)
_CLUSTER = partial(
    option, None, "Column of source rows that are not independent, such as image_id; id for none."
)
_UNSEEN = partial(
    option,
    (),
    "Rows with this value are never fitted on, and are judged as unseen. Repeatable.",
    metavar="COL=VALUE",
    repeated=True,
    parse=parse_unseen,
    text=lambda pairs: ["=".join(pair) for pair in pairs],
)
_DROP_UNLINKED = partial(shared.DROP_UNLINKED, help="Leave out source rows whose key the target lacks.")


@dataclass(frozen=True, kw_only=True)
class FitOptions(Options):
    """The options of ``repscope bridge fit``."""

    source: str = option(REQUIRED, "Rows to be moved.", metavar="SET")
    target: str = option(REQUIRED, "Rows to move towards.", metavar="SET")
    method: str = option(REQUIRED, "A name from: repscope bridge methods.")
    name: str = option(REQUIRED, "Name of the bridge in the study.", "--as", metavar="NAME")
    on: str | None = option(None, "'id' or a key column that says which rows belong together.", metavar="KEY")
    unpaired: bool = option(False, "Nothing is known of which rows belong together.")
    params: Mapping[str, Any] | None = PARAMS()
    cluster: str | None = _CLUSTER()
    hold_out: str = option(
        "clusters", "What the fit must not see, to be judged on: clusters, classes or none."
    )
    share: float = option(0.2, "Share of the clusters or classes held out.")
    unseen: tuple[tuple[str, str], ...] = _UNSEEN()
    amp: str | None = option(None, "Mixed precision of a training: bf16, fp16 or no.")
    accumulate: int | None = option(None, "Batches averaged into one update of a training.", least=1)
    patience: int | None = option(
        None, "Validations without a gain after which a training stops; needs a validation share.", least=1
    )
    device: str | None = option(None, "Where a network is trained: cpu, cuda, cuda:1, mps.")
    drop_unlinked: bool = _DROP_UNLINKED()
    overwrite: bool = option(False, "Replace a bridge of this name.")
    seed: int = shared.SEED()


@dataclass(frozen=True, kw_only=True)
class ApplyOptions(Options):
    """The options of ``repscope bridge apply``."""

    replayed = "to as_ params inverse"

    to: str = option(REQUIRED, "Set whose rows are moved.", metavar="SET")
    as_: str = option(REQUIRED, "Name of the new set.", "--as", metavar="SET2")
    params: Mapping[str, Any] | None = PARAMS(
        help="A parameter of a fitted diffusion bridge that needs no other fit: entry_time, sampling_steps, "
        "sampler, eta, entry_noise, clip, random_state. Repeatable.",
    )
    inverse: bool = option(False, "Move rows back, where the method has an inverse.")
    overwrite: bool = option(False, "Replace a set of this name.")
    shard_rows: int | None = option(None, "Rows committed at a time; 32 MiB by default.", least=1)


@dataclass(frozen=True, kw_only=True)
class JudgeOptions(Options):
    """The options of ``repscope bridge report``."""

    replayed = (
        "methods source target on cluster unseen folds measures params drop_unlinked entry_times "
        "resamples seed"
    )

    methods: tuple[str, ...] = option(
        (), "Methods to fit for this report, comma-separated, or all.", parse=split_words, text=",".join
    )
    source: str | None = option(None, "With --methods alone: rows to be moved.", metavar="SET")
    target: str | None = option(None, "With --methods alone: rows to move towards.", metavar="SET")
    on: str | None = option(None, "'id' or a key column that links them.", metavar="KEY")
    cluster: str | None = _CLUSTER()
    folds: int = option(5, "Of the cross-validation.", least=2)
    unseen: tuple[tuple[str, str], ...] = _UNSEEN()
    params: Mapping[str, Mapping[str, Any]] | None = option(
        None,
        "A parameter of one of --methods. Repeatable.",
        "--param",
        metavar="METHOD.NAME=VALUE",
        repeated=True,
        parse=parse_method_params,
        text=method_params_texts,
    )
    measures: tuple[str, ...] | None = option(
        None,
        "Names, comma-separated; those of the verdict by default.",
        parse=lambda text: split_words(text) or None,
        text=",".join,
    )
    entry_times: tuple[int, ...] | None = option(
        None,
        "Times of entry for diffusion bridges, or none; a range by default.",
        metavar="T,…",
        parse=parse_times,
        text=lambda times: ",".join(map(str, times)) or "none",
    )
    drop_unlinked: bool = _DROP_UNLINKED()
    resamples: int = shared.RESAMPLES()
    palette: str = shared.PALETTE(shell=True)
    figures: tuple[str, ...] = shared.FIGURES()
    out: Path | None = shared.OUT("Folder; STUDY/results/bridge/… by default.")
    seed: int = shared.SEED(always=True)


@dataclass(frozen=True, kw_only=True)
class ImportDiffusionOptions(Options):
    """The options of ``repscope bridge import-diffusion``."""

    name: str = option(REQUIRED, "Name of the bridge in the study.", "--as", metavar="NAME")
    source_mean: str | None = option(
        None,
        "What source rows were centred with; the target's mean where that alone is given.",
        metavar="SET|FILE",
    )
    target_mean: str | None = option(None, "What target rows were centred with.", metavar="SET|FILE")
    width: int | None = option(None, "Of the rows, where no mean tells it.", least=1)
    weights: str = option("ema", "ema, or raw as EZ-HOI used them.")
    params: Mapping[str, Any] | None = PARAMS()
    overwrite: bool = option(False, "Replace a bridge of this name.")
