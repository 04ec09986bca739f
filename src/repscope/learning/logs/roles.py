"""What logged names mean: collapse, losses by level, settings."""

from __future__ import annotations

import re
from typing import Literal

Collapse = Literal["rank", "spread", "uniformity", "cosine"]

_WORDS = re.compile(r"[a-z]+|\d+")
_NOT_COLLAPSE = re.compile(
    r"loss(es)?|grads?|gradients?|acc|accuracy|reward|error|lr|time|mem\w*|param\w*|recall|mrr|median|local|"
    r"global|world|node|process|low|lora"
)
_ALIKE = re.compile(
    r"pos|positive\w*|pairs?|pred\w*|target\w*|align\w*|teacher|student|text|image|true|max|match\w*"
)
"""Of cosines between what should be alike."""
_SPREAD = {"std", "variance", "var", "spread"}
_COSINE = {"cos", "cosine", "cosines", "sim", "similarity", "redundancy"}
_CODES = {"code", "codes", "codebook", "vq"}

SETTING = re.compile(
    r"(^|[/_. -])(lr|learning[_ ]rate|epoch|weight[_ ]decay|wd|ema|momentum|tau)([/_. -]|$)", re.IGNORECASE
)
"""What a training was told, not what it found; without noise, so that smoothing would only delay it."""

LEVEL = re.compile(r"(?:level|hier(?:archy)?|scale|stage)[_\-/. ]?(\d+)", re.IGNORECASE)


def collapse_kind(name: str) -> Collapse | None:
    """What a quantity says of how many directions a representation uses; None of any other.

    Ranks, spreads and uniformity fall in a collapse, and the mean cosine between different items rises. The
    cosine of pairs that should be alike, ranks of retrieval and of processes, and perplexities of language
    are none of these.
    """
    words = _WORDS.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    if any(map(_NOT_COLLAPSE.fullmatch, words)) or re.search(
        r"rank[_ -]?\d|mean[_ -]?rank|ranking", name.lower()
    ):
        return None
    known = set(words)
    if known & {"rank", "erank", "rankme", "ranks"}:
        return "rank"
    if known & _SPREAD or ("perplexity" in known and known & _CODES):
        return "spread"
    if "uniformity" in known:
        return "uniformity"
    return "cosine" if known & _COSINE and not any(map(_ALIKE.fullmatch, words)) else None


def level_of(name: str) -> int | None:
    """The level of a hierarchy that a loss is of."""
    found = LEVEL.search(name)
    return int(found[1]) if found and "loss" in name.lower() else None
