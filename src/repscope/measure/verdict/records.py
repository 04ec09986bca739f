"""What a verdict is made of: its words, its thresholds, the facts beside the table, and the record itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from repscope.measure.core.estimate import Difference
from repscope.measure.verdict.base import Judgement

WORDS = ("collapsed", "hub-captured", "damaged", "aligned", "closer", "unchanged", "inconclusive")
"""Verdicts of a linked comparison, in the order in which they are tried."""

UNLINKED_WORDS = ("collapsed", "closer", "farther", "unchanged", "inconclusive")
"""Verdicts of two stages against a reference without a link."""

TRUE_MATCH = "mrr.true"
"""The measure that decides whether true-match is better or worse."""

VERDICT_MEASURES = (
    "mrr.true", "top1.true", "margin.true", "cosine.true", "cosine.max",
    "gap.l2", "hub.share", "spread.cosine", "rank.entropy", "norm.mean",
)  # fmt: skip
"""Measures that a verdict reads; enough for it, and cheap."""


@dataclass(frozen=True)
class Margins:
    """Every threshold of the verdict. Printed with it; change one with ``dataclasses.replace``.

    Attributes:
        alpha: two-sided level of a significant difference.
        clusters: fewer independent clusters than this decide nothing but exact facts.
        spread: ``spread.cosine`` after / before below which the rows have drawn together.
        rank: the same for ``rank.entropy``.
        hub: rise of ``hub.share``, and excess over the most frequent label, that is a hub.
        inferior: loss of ``mrr.true`` that ``closer`` may not exceed.
        ceiling: ``mrr.true`` before above which there is nothing left to gain.
        equal: largest difference of each measure that counts as none.
        equal_ratio: the same, as a share of the value before.
    """

    alpha: float = 0.05
    clusters: int = 30
    spread: float = 0.5
    rank: float = 0.5
    hub: float = 0.1
    inferior: float = 0.02
    ceiling: float = 0.995
    equal: Mapping[str, float] = field(
        default_factory=lambda: {
            "mrr.true": 0.02,
            "top1.true": 0.02,
            "cosine.true": 0.02,
            "cosine.max": 0.02,
            "gap.l2": 0.02,
            "hub.share": 0.02,
        }
    )
    equal_ratio: Mapping[str, float] = field(
        default_factory=lambda: {"spread.cosine": 0.05, "rank.entropy": 0.05, "energy": 0.1, "frechet": 0.1}
    )


@dataclass(frozen=True)
class Evidence:
    """What a verdict needs beside the table.

    Attributes:
        clusters: independent units.
        linked: items are linked with the reference.
        same_directions: after equals before up to positive scaling of each row.
        single_point: all rows of after have one direction, and those of before have not.
        chance: true-match of a random order of the reference.
        label_share: largest share of items with one key: the hub that the labels explain.
        over_noise, over_snap: true-match of after minus that of the control, on the same items.
        reference: name of the reference, for the sentences.
    """

    clusters: int
    linked: bool
    same_directions: bool = False
    single_point: bool = False
    chance: float = 0.0
    label_share: float = 0.0
    over_noise: Difference | None = None
    over_snap: Difference | None = None
    reference: str = "the reference"


@dataclass(frozen=True)
class Verdict(Judgement):
    """One word and its reasons; the word is one of :data:`WORDS`, or of :data:`UNLINKED_WORDS`.

    Attributes:
        margins: the thresholds that were used.
    """

    margins: Margins = field(default_factory=Margins)
