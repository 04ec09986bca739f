"""The words of a drift verdict, every threshold behind them, and what the rules read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repscope.measure.drift.records import Modes, Move, Series
from repscope.measure.verdict.base import Judgement

WORDS = ("collapsing", "contracting", "expanding", "drifting", "stable", "inconclusive")
"""Verdicts in the order in which they are tried."""

CENTRE = "drift.centre"


@dataclass(frozen=True)
class DriftMargins:
    """Every threshold of the verdict. Printed with it; change one with ``dataclasses.replace``.

    Attributes:
        alpha: two-sided level of a significant change.
        clusters: fewer independent clusters than this decide nothing but exact facts.
        move: move of the centre, in RMS radii of the first stage, that counts as none.
        equal_ratio: change of a ratio to the first stage that counts as none, up or down.
        equal: the same of a difference, where it is more than ``equal_share`` of the first stage's value.
        equal_share: change of a difference that counts as none, as a share of the first stage's value.
        collapse_spread: ``spread.total`` and ``spread.cosine`` below this share of the first stage's.
        collapse_rank: ``rank.entropy`` below this share of the first stage's.
        collapse_modes: share of the first stage's rows in modes that are lost beyond a common scale.
        mode_lost: a mode is lost below this share of its first share.
        recovered: rise of the last stage over the lowest one, as a ratio, that is a recovery.
        rescaled: change of ``norm.mean`` as a ratio that raises the flag.
    """

    alpha: float = 0.05
    clusters: int = 30
    move: float = 0.15
    equal_ratio: Mapping[str, float] = field(
        default_factory=lambda: {"spread.total": 0.15, "spread.cosine": 0.15, "rank.entropy": 0.1}
    )
    equal: Mapping[str, float] = field(default_factory=lambda: {"cosine.true": 0.02, "gap.rmg": 0.02})
    equal_share: float = 0.1
    collapse_spread: float = 0.25
    collapse_rank: float = 0.5
    collapse_modes: float = 0.2
    mode_lost: float = 0.25
    recovered: float = 1.5
    rescaled: float = 0.05


@dataclass(frozen=True)
class DriftEvidence:
    """What the verdict reads.

    Attributes:
        clusters: independent units.
        labels: names of the stages.
        series: measures by name, with q-values.
        moves: from the first stage to each later one.
        modes: of the first stage.
        identical: every stage is the first one, to the last bit.
        point: the last stage is a single point and the first is not.
    """

    clusters: int
    labels: Sequence[str]
    series: Mapping[str, Series]
    moves: Sequence[Move]
    modes: Modes
    identical: bool = False
    point: bool = False


@dataclass(frozen=True)
class DriftVerdict(Judgement):
    """One word and its reasons; the word is one of :data:`WORDS`.

    Flags are "few-clusters", "moved", "rescaled", "tails-first", "modes-lost", "recovered",
    "reference-moved", "rank-fell". ``detectable`` is of changes from the first to the last stage, on
    logarithms for ratios, in RMS radii for the centre.

    Attributes:
        margins: the thresholds that were used.
    """

    margins: DriftMargins = field(default_factory=DriftMargins)
