"""From estimates to one word and its reasons. The rules are read from the top; the first that holds wins.

True-match means rank: a mean shift lifts every cosine and tells no two classes apart, so only
``mrr.true`` (with ``top1.true`` beside it) can say that items are nearer to their own truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from repscope.measure.estimate import Difference, Estimate
from repscope.measure.resample import detectable, needed, standard_error
from repscope.measure.results import MeasureResult

WORDS = ("collapsed", "hub-captured", "damaged", "aligned", "closer", "unchanged", "inconclusive")
"""Verdicts of a linked comparison, in the order in which they are tried."""

UNLINKED_WORDS = ("collapsed", "closer", "farther", "unchanged", "inconclusive")
"""Verdicts of two stages against a reference without a link."""

TRUE_MATCH = "mrr.true"
"""The measure that decides whether true-match is better or worse."""

TOUCHSTONES = (
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
class Verdict:
    """One word and its reasons.

    Attributes:
        word: see :data:`WORDS`.
        flags: what else a reader must know, such as "max-cosine-misleads".
        because: sentences, each with its test, n and interval.
        detectable: per measure, the smallest true difference that this n finds in 80 % of repeats.
        needed: clusters that would decide an inconclusive comparison, or None.
        margins: the thresholds that were used.
    """

    word: str
    flags: tuple[str, ...]
    because: tuple[str, ...]
    detectable: Mapping[str, float]
    needed: int | None = None
    margins: Margins = field(default_factory=Margins)

    def __str__(self) -> str:
        return f"{self.word}: {'; '.join(self.because)}"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "word": self.word,
            "flags": list(self.flags),
            "because": list(self.because),
            "detectable": dict(self.detectable),
            "needed": self.needed,
            "margins": asdict(self.margins),
        }


def judge(table: Mapping[str, MeasureResult], evidence: Evidence, margins: Margins | None = None) -> Verdict:
    """The verdict on two stages.

    Args:
        table: results by name; those in :data:`TOUCHSTONES` are read where present, and without a
            link ``energy`` and ``frechet``.
        evidence: facts beside the table.
        margins: thresholds; the defaults are those that the documentation publishes.
    """
    return _Judge(table, evidence, margins or Margins()).verdict()


class _Judge:
    """Reads the table once; each rule is a method that gives its reason or None."""

    def __init__(self, table: Mapping[str, MeasureResult], evidence: Evidence, margins: Margins) -> None:
        self.table, self.evidence, self.margins = table, evidence, margins
        self.better = self._significant(TRUE_MATCH, +1) and not self._equivalent(TRUE_MATCH)
        self.worse = self._significant(TRUE_MATCH, -1) and not self._equivalent(TRUE_MATCH)

    def verdict(self) -> Verdict:
        word, because = self._decide()
        flags = self._flags(word)
        return Verdict(
            word,
            tuple(flags),
            tuple(because),
            self._detectable(),
            self._needed() if word == "inconclusive" else None,
            self.margins,
        )

    def _decide(self) -> tuple[str, list[str]]:
        evidence = self.evidence
        if evidence.same_directions:
            return "unchanged", [
                "every row after points exactly where it pointed before, so every difference is 0"
            ]
        if evidence.single_point:
            return "collapsed", ["all rows after are one point; before they were not"]
        if evidence.clusters < self.margins.clusters:
            return "inconclusive", [
                f"{evidence.clusters} independent clusters are too few for any claim; "
                f"at least {self.margins.clusters} are needed, and {self._needed_text()}"
            ]
        rules = (
            [("collapsed", self._collapsed), ("hub-captured", self._hub), ("damaged", self._damaged),
             ("aligned", self._aligned), ("closer", self._closer), ("unchanged", self._unchanged)]
            if evidence.linked
            else [("collapsed", self._collapsed), ("closer", self._nearer), ("farther", self._farther),
                  ("unchanged", self._unchanged)]
        )  # fmt: skip
        for word, rule in rules:
            because = rule()
            if because:
                return word, because
        return "inconclusive", self._inconclusive()

    def _collapsed(self) -> list[str] | None:
        if self.better:
            return None
        only_moved = self._only_moved()
        reasons = []
        for name, ratio in (("spread.cosine", self.margins.spread), ("rank.entropy", self.margins.rank)):
            row = self.table.get(name)
            if row is None or row.before.value is None or row.after.value is None:
                continue
            if only_moved and name == "spread.cosine":
                continue
            explained = row.expected is not None and row.after.value >= row.expected[0]
            if row.after.value < ratio * row.before.value and self._significant(name, -1) and not explained:
                reasons.append(f"{self._sentence(name)}, less than {ratio:.0%} of what it was")
        if reasons and self.evidence.linked:
            reasons.append(f"true-match is not better: {self._sentence(TRUE_MATCH)}")
        return reasons or None

    def _only_moved(self) -> bool:
        """A translation draws directions together and loses nothing.

        The rank is what it was, and the truth is found as often as before, well above chance.
        """
        row = self.table.get(TRUE_MATCH)
        if row is None or row.after.low is None or not self._equivalent("rank.entropy"):
            return False
        return self._equivalent(TRUE_MATCH) and row.after.low > self.evidence.chance + self.margins.inferior

    def _hub(self) -> list[str] | None:
        row = self.table.get("hub.share")
        if self.better or row is None or row.after.value is None or row.difference.value is None:
            return None
        rise, excess = row.difference.value, row.after.value - self.evidence.label_share
        if rise < self.margins.hub or excess < self.margins.hub or not self._significant("hub.share", +1):
            return None
        return [
            f"{self._sentence('hub.share')}, and the most frequent label explains only "
            f"{self.evidence.label_share:.3f}",
            f"true-match is not better: {self._sentence(TRUE_MATCH)}",
        ]

    def _damaged(self) -> list[str] | None:
        if self.worse:
            return [self._sentence(TRUE_MATCH), self._sentence("top1.true")]
        return None

    def _aligned(self) -> list[str] | None:
        if not self.better or not (
            self._beats(self.evidence.over_noise) and self._beats(self.evidence.over_snap)
        ):
            return None
        reasons = [self._sentence("top1.true"), self._sentence(TRUE_MATCH)]
        for name, over in (("noise", self.evidence.over_noise), ("snap", self.evidence.over_snap)):
            if over is not None:
                reasons.append(f"more than the {name} control gives: {describe(over)}")
        rank = "rank fell" if self._fell("rank.entropy") else "rank kept"
        reasons.append(f"{rank}: {self._sentence('rank.entropy')}")
        if not self._significant("hub.share", +1):
            reasons.append(f"no hub: {self._sentence('hub.share')}")
        return reasons

    def _closer(self) -> list[str] | None:
        row = self.table.get(TRUE_MATCH)
        low = row.difference.low if row else None
        if low is None or low < -self.margins.inferior:
            return None
        gained = [
            name
            for name, sign in (("gap.l2", -1), ("cosine.true", +1), ("energy", -1), ("frechet", -1))
            if self._significant(name, sign) and not self._equivalent(name)
        ]
        if not gained:
            return None
        return [
            *[self._sentence(name) for name in gained],
            f"true-match is not inferior by {self.margins.inferior}: {self._sentence(TRUE_MATCH)}",
        ]

    def _nearer(self) -> list[str] | None:
        return self._distance_moved(-1)

    def _farther(self) -> list[str] | None:
        return self._distance_moved(+1)

    def _distance_moved(self, sign: int) -> list[str] | None:
        names = [name for name in ("energy", "frechet", "gap.l2") if name in self.table]
        moved = [name for name in names if self._significant(name, sign) and not self._equivalent(name)]
        against = [name for name in names if self._significant(name, -sign) and not self._equivalent(name)]
        return [self._sentence(name) for name in moved] if moved and not against else None

    def _unchanged(self) -> list[str] | None:
        names = [name for name in (*self.margins.equal, *self.margins.equal_ratio) if name in self.table]
        defined = [name for name in names if self.table[name].difference.value is not None]
        if not defined or not all(self._equivalent(name) for name in defined):
            return None
        return [
            f"every difference lies within its margin of 0 ({', '.join(defined)})",
            self._sentence(defined[0]),
        ]

    def _inconclusive(self) -> list[str]:
        reasons = []
        if self.better and not self._beats(self.evidence.over_snap):
            reasons.append("true-match is better, but not more than snapping to the nearest reference gives")
        elif self.better and not self._beats(self.evidence.over_noise):
            reasons.append("true-match is better, but not more than random steps of the same lengths give")
        name = TRUE_MATCH if self.evidence.linked else "energy"
        if name in self.table:
            reasons.append(self._sentence(name))
        if self.evidence.linked and self._equivalent(TRUE_MATCH):
            moved = [name for name in self.margins.equal if name in self.table and not self._equivalent(name)]
            return [
                "true-match is the same within its margin, so nothing was aligned or damaged; what changed "
                "has no verdict of its own: " + "; ".join(self._sentence(name) for name in moved),
                *reasons,
            ]
        row = self.table.get(TRUE_MATCH)
        if row is not None and row.before.value is not None and row.before.value >= self.margins.ceiling:
            reasons.append("true-match was at its ceiling before, so no transform could improve it")
        else:
            reasons.append(self._needed_text())
        return reasons

    def _flags(self, word: str) -> list[str]:
        flags = []
        if self.evidence.clusters < self.margins.clusters:
            flags.append("few-clusters")
        if self._misled(word):
            flags.append("max-cosine-misleads")
        row = self.table.get(TRUE_MATCH)
        if row is not None and row.before.value is not None and row.before.value >= self.margins.ceiling:
            flags.append("ceiling")
        for name, flag in (("spread.cosine", "spread-fell"), ("rank.entropy", "rank-fell")):
            if word != "collapsed" and self._fell(name):
                flags.append(flag)
        norm = self.table.get("norm.mean")
        if norm is not None and norm.before.value and norm.difference.value is not None:
            flags += ["rescaled"] * (abs(norm.difference.value) > 0.01 * norm.before.value)
        for name, flag in (("mixed.recall@10", "mixed-search-gained"), ("cluster.v", "clustering-gained")):
            if self._significant(name, +1):
                flags.append(flag)
        if self._significant("margin.true", -1) and word in ("aligned", "closer"):
            flags.append("margin-fell")
        return flags

    def _misled(self, word: str) -> bool:
        """Max-cosine rose, and that the truth is found more often can be ruled out."""
        if not self.evidence.linked or self.better or self.evidence.clusters < self.margins.clusters:
            return False
        return self._significant("cosine.max", +1) and (
            word != "inconclusive" or self._equivalent(TRUE_MATCH)
        )

    def _significant(self, name: str, sign: int) -> bool:
        row = self.table.get(name)
        if (
            row is None
            or row.difference.value is None
            or row.difference.p is None
            or row.difference.low is None
        ):
            return False
        change = row.difference
        outside = change.low > 0 if sign > 0 else (change.high or 0.0) < 0  # type: ignore[operator]
        return change.p <= self.margins.alpha and outside  # type: ignore[operator]

    def _equivalent(self, name: str) -> bool:
        row = self.table.get(name)
        if row is None or row.difference.value is None:
            return False
        change = row.difference
        if name in self.margins.equal_ratio:
            margin = self.margins.equal_ratio[name] * abs(row.before.value or 0.0)
        else:
            margin = self.margins.equal.get(name, 0.0)
        if change.low is None or change.high is None:
            return False
        return -margin <= change.low and change.high <= margin

    def _fell(self, name: str) -> bool:
        row = self.table.get(name)
        if row is None or row.difference.value is None or row.before.value is None:
            return False
        return self._significant(name, -1) and -row.difference.value > 0.1 * row.before.value

    @staticmethod
    def _beats(over: Difference | None) -> bool:
        return over is None or (over.low is not None and over.low > 0)

    def _sentence(self, name: str) -> str:
        row = self.table.get(name)
        if row is None:
            return f"{name} was not measured"
        return f"{name} {_number(row.before)} → {_number(row.after)} ({describe(row.difference)})"

    def _error(self, name: str) -> float | None:
        row = self.table.get(name)
        if row is None or row.difference.low is None or row.difference.high is None:
            return None
        return standard_error(row.difference.low, row.difference.high, row.difference.n)

    def _detectable(self) -> dict[str, float]:
        found = {}
        for name in self.table:
            error = self._error(name)
            if error:
                found[name] = detectable(error, self.table[name].difference.n)
        return found

    def _needed(self) -> int | None:
        name = TRUE_MATCH if self.evidence.linked else "energy"
        error, row = self._error(name), self.table.get(name)
        if row is None or row.difference.value is None or not error:
            return self.margins.clusters if self.evidence.clusters < self.margins.clusters else None
        margin = self.margins.equal.get(name) or self.margins.equal_ratio.get(name, 0.1) * abs(
            row.before.value or 1.0
        )
        effect = max(abs(row.difference.value), margin)
        return max(needed(error, row.difference.n, effect), self.margins.clusters, self.evidence.clusters + 1)

    def _needed_text(self) -> str:
        count = self._needed()
        if count is None:
            return "no number of clusters follows from these rows"
        name = TRUE_MATCH if self.evidence.linked else "energy"
        row = self.table.get(name)
        seen = abs(row.difference.value) if row is not None and row.difference.value is not None else 0.0
        margin = self.margins.equal.get(name, 0.0)
        what = f"the difference seen in {name}" if seen > margin else f"a difference of {margin} in {name}"
        return f"about {count:,} clusters would decide {what}"


def describe(change: Difference) -> str:
    """A difference with its interval, test and n, as a reader of a paper expects it."""
    if change.value is None:
        return f"undefined: {change.why}"
    if change.low is None or change.high is None:
        return f"{change.value:+.3f}, no interval: {change.why}"
    test = ""
    if change.p is not None:
        test = f", p {'< .001' if change.p < 0.001 else f'= {change.p:.3f}'}"
    interval = f"{change.level:.0%} {change.low:+.3f} to {change.high:+.3f}"
    return f"{change.value:+.3f}, {interval}{test}, n = {change.n:,}"


def _number(one: Estimate) -> str:
    return "undefined" if one.value is None else f"{one.value:.3f}"
