"""From estimates to one word and its reasons. The rules are read from the top; the first that holds wins.

True-match means rank: a mean shift lifts every cosine and tells no two classes apart, so only
``mrr.true`` (with ``top1.true`` beside it) can say that items are nearer to their own truth.
"""

from __future__ import annotations

from collections.abc import Mapping

from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.reading import Reading, describe
from repscope.measure.verdict.records import (
    TRUE_MATCH,
    UNLINKED_WORDS,
    VERDICT_MEASURES,
    WORDS,
    Evidence,
    Margins,
    Verdict,
)

__all__ = [
    "TRUE_MATCH",
    "UNLINKED_WORDS",
    "VERDICT_MEASURES",
    "WORDS",
    "Evidence",
    "Margins",
    "Verdict",
    "describe",
    "judge",
]


GOOD = ("aligned", "closer")
"""Words beside which a reader must know what got worse."""


def judge(table: Mapping[str, MeasureResult], evidence: Evidence, margins: Margins | None = None) -> Verdict:
    """The verdict on two stages.

    Args:
        table: results by name; those in :data:`VERDICT_MEASURES` are read where present, and without a
            link ``energy`` and ``frechet``.
        evidence: facts beside the table.
        margins: thresholds; the defaults are those that the documentation publishes.
    """
    return _Judge(table, evidence, margins or Margins()).verdict()


class _Judge(Reading):
    """Reads the table once; each rule is a method that gives its reason or None."""

    def __init__(self, table: Mapping[str, MeasureResult], evidence: Evidence, margins: Margins) -> None:
        super().__init__(table, evidence, margins)
        self.better = self.significant(TRUE_MATCH, +1) and not self.equivalent(TRUE_MATCH)
        self.worse = self.significant(TRUE_MATCH, -1) and not self.equivalent(TRUE_MATCH)

    def verdict(self) -> Verdict:
        word, because = self._decide()
        flags = self._flags(word)
        return Verdict(
            word,
            tuple(flags),
            tuple(because),
            self.detectable(),
            self.needed() if word == "inconclusive" else None,
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
        if evidence.one_reference:
            return "inconclusive", [
                f"all rows of {evidence.reference} point the same way, so no item can be nearer to its own "
                "than to another: ranks among them say nothing"
            ]
        if evidence.clusters < self.margins.clusters:
            return "inconclusive", [
                f"{evidence.clusters} independent clusters are too few for any claim; "
                f"at least {self.margins.clusters} are needed, and {self.needed_text()}"
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
            if row.after.value < ratio * row.before.value and self.significant(name, -1) and not explained:
                reasons.append(f"{self.sentence(name)}, less than {ratio:.0%} of what it was")
        if reasons and self.evidence.linked:
            reasons.append(f"true-match is not better: {self.sentence(TRUE_MATCH)}")
        return reasons or None

    def _only_moved(self) -> bool:
        """A translation draws directions together and loses nothing.

        The rank is what it was, and the truth is found as often as before, well above chance.
        """
        row = self.table.get(TRUE_MATCH)
        if row is None or row.after.low is None or not self.equivalent("rank.entropy"):
            return False
        return self.equivalent(TRUE_MATCH) and row.after.low > self.evidence.chance + self.margins.inferior

    def _hub(self) -> list[str] | None:
        row = self.table.get("hub.share")
        if self.better or row is None or row.after.value is None or row.difference.value is None:
            return None
        rise, excess = row.difference.value, row.after.value - self.evidence.label_share
        if rise < self.margins.hub or excess < self.margins.hub or not self.significant("hub.share", +1):
            return None
        return [
            f"{self.sentence('hub.share')}, and the most frequent label explains only "
            f"{self.evidence.label_share:.3f}",
            f"true-match is not better: {self.sentence(TRUE_MATCH)}",
        ]

    def _damaged(self) -> list[str] | None:
        if self.worse:
            return [self.sentence(TRUE_MATCH), self.sentence("top1.true")]
        return None

    def _aligned(self) -> list[str] | None:
        if not self.better or not (
            self.beats(self.evidence.over_noise) and self.beats(self.evidence.over_snap)
        ):
            return None
        reasons = [self.sentence("top1.true"), self.sentence(TRUE_MATCH)]
        for name, over in (("noise", self.evidence.over_noise), ("snap", self.evidence.over_snap)):
            if over is not None:
                reasons.append(f"more than the {name} control gives: {describe(over)}")
        rank = "rank fell" if self.fell("rank.entropy") else "rank kept"
        reasons.append(f"{rank}: {self.sentence('rank.entropy')}")
        if not self.significant("hub.share", +1):
            reasons.append(f"no hub: {self.sentence('hub.share')}")
        return reasons

    def _closer(self) -> list[str] | None:
        row = self.table.get(TRUE_MATCH)
        low = row.difference.low if row else None
        if low is None or low < -self.margins.inferior:
            return None
        gained = [
            name
            for name, sign in (("gap.l2", -1), ("cosine.true", +1), ("energy", -1), ("frechet", -1))
            if self.significant(name, sign) and not self.equivalent(name)
        ]
        if not gained:
            return None
        return [
            *[self.sentence(name) for name in gained],
            f"true-match is not inferior by {self.margins.inferior}: {self.sentence(TRUE_MATCH)}",
        ]

    def _nearer(self) -> list[str] | None:
        return self._distance_moved(-1)

    def _farther(self) -> list[str] | None:
        return self._distance_moved(+1)

    def _distance_moved(self, sign: int) -> list[str] | None:
        names = [name for name in ("energy", "frechet", "gap.l2") if name in self.table]
        moved = [name for name in names if self.significant(name, sign) and not self.equivalent(name)]
        against = [name for name in names if self.significant(name, -sign) and not self.equivalent(name)]
        return [self.sentence(name) for name in moved] if moved and not against else None

    def _unchanged(self) -> list[str] | None:
        names = [name for name in (*self.margins.equal, *self.margins.equal_ratio) if name in self.table]
        defined = [name for name in names if self.table[name].difference.value is not None]
        if not defined or not all(self.equivalent(name) for name in defined):
            return None
        return [
            f"every difference lies within its margin of 0 ({', '.join(defined)})",
            self.sentence(defined[0]),
        ]

    def _inconclusive(self) -> list[str]:
        reasons = []
        if self.better and not self.beats(self.evidence.over_snap):
            reasons.append("true-match is better, but not more than snapping to the nearest reference gives")
        elif self.better and not self.beats(self.evidence.over_noise):
            reasons.append("true-match is better, but not more than random steps of the same lengths give")
        name = TRUE_MATCH if self.evidence.linked else "energy"
        if name in self.table:
            reasons.append(self.sentence(name))
        if self.evidence.linked and self.equivalent(TRUE_MATCH):
            moved = [name for name in self.margins.equal if name in self.table and not self.equivalent(name)]
            return [
                "true-match is the same within its margin, so nothing was aligned or damaged; what changed "
                "has no verdict of its own: " + "; ".join(self.sentence(name) for name in moved),
                *reasons,
            ]
        row = self.table.get(TRUE_MATCH)
        if row is not None and row.before.value is not None and row.before.value >= self.margins.ceiling:
            reasons.append("true-match was at its ceiling before, so no transform could improve it")
        else:
            reasons.append(self.needed_text())
        return reasons

    def _flags(self, word: str) -> list[str]:
        row, evidence = self.table.get(TRUE_MATCH), self.evidence
        before = None if row is None else row.before.value
        raised = {
            "one-reference": evidence.one_reference,
            "standardised-before": evidence.standardised,
            "few-clusters": evidence.clusters < self.margins.clusters,
            "max-cosine-misleads": self._misled(word),
            "ceiling": before is not None and before >= self.margins.ceiling,
            "spread-fell": word != "collapsed" and self.fell("spread.cosine"),
            "rank-fell": word != "collapsed" and self.fell("rank.entropy"),
            "rescaled": self._rescaled(),
            "mixed-search-gained": self.significant("mixed.recall@10", +1),
            "mixed-search-lost": self.significant("mixed.recall@10", -1),
            "clustering-gained": self.significant("cluster.v", +1),
            "clustering-lost": self.significant("cluster.v", -1),
            "hub-rose": word in GOOD and self._rose("hub.share"),
            "margin-fell": word in GOOD and self.significant("margin.true", -1),
        }
        return [flag for flag, holds in raised.items() if holds]

    def _rose(self, name: str) -> bool:
        return self.significant(name, +1) and not self.equivalent(name)

    def _rescaled(self) -> bool:
        """The mean length changed: significantly, and by more than its margin."""
        row = self.table.get("norm.mean")
        if row is None or not row.before.value or row.difference.value is None:
            return False
        large = abs(row.difference.value) > self.margins.rescaled * abs(row.before.value)
        return large and (self.significant("norm.mean", +1) or self.significant("norm.mean", -1))

    def _misled(self, word: str) -> bool:
        """Max-cosine rose, and that the truth is found more often can be ruled out."""
        if not self.evidence.linked or self.better or self.evidence.clusters < self.margins.clusters:
            return False
        return self.significant("cosine.max", +1) and (word != "inconclusive" or self.equivalent(TRUE_MATCH))
