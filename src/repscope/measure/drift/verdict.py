"""From series over stages to one word and its reasons: the first rule that holds, read from the top.

A translation moves the centre and nothing else; a change of the lengths of all rows changes ``spread.total``
and not ``spread.cosine``. Collapse needs more than either: rows that draw together in both, a rank that
falls, or modes that lose their items beyond what a common scale explains; and no recovery afterwards. Recall
to the first stage falls under a translation too, so it is reported and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log

from repscope.measure.core.estimate import Difference
from repscope.measure.core.resample import detectable, needed, standard_error
from repscope.measure.drift.family import MODES, family_p
from repscope.measure.drift.margins import CENTRE, DriftEvidence, DriftMargins, DriftVerdict
from repscope.measure.drift.records import Move, PairChange, Series
from repscope.measure.drift.series import ratio_of
from repscope.measure.verdict.advice import open_question
from repscope.measure.verdict.reading import describe, p_text


def judge(evidence: DriftEvidence, margins: DriftMargins | None = None) -> DriftVerdict:
    """The verdict on ordered stages.

    Args:
        evidence: what was measured.
        margins: thresholds; the defaults are those that the documentation publishes.
    """
    return _Judge(evidence, margins or DriftMargins()).verdict()


class _Judge:
    """Each rule is a method that gives its reasons or None."""

    def __init__(self, evidence: DriftEvidence, margins: DriftMargins) -> None:
        self.evidence, self.margins = evidence, margins
        self.last = len(evidence.labels) - 1
        self.family = family_p(evidence, (*margins.equal_ratio, *margins.equal))

    def verdict(self) -> DriftVerdict:
        word, because = self._decide()
        return DriftVerdict(
            word,
            tuple(self._flags(word)),
            tuple(because),
            self._detectable(),
            self._needed() if word == "inconclusive" else None,
            self.margins,
        )

    def _decide(self) -> tuple[str, list[str]]:
        evidence = self.evidence
        if evidence.identical:
            return "stable", ["every stage holds the rows of the first, so every change is exactly 0"]
        if evidence.point:
            return "collapsing", ["all rows of the last stage are one point; in the first they were not"]
        if evidence.clusters < self.margins.clusters:
            return "inconclusive", [
                f"{evidence.clusters} independent clusters are too few for any claim; at least "
                f"{self.margins.clusters} are needed, and {self._needed_text()}"
            ]
        rules: list[tuple[str, Callable[[], list[str] | None]]] = [
            ("collapsing", self._collapsing),
            ("contracting", lambda: self._scaled(-1)),
            ("expanding", lambda: self._scaled(+1)),
            ("drifting", self._drifting),
            ("stable", self._stable),
        ]
        for word, rule in rules:
            because = rule()
            if because:
                return word, because
        return "inconclusive", self._inconclusive()

    def _collapsing(self) -> list[str] | None:
        margins = self.margins
        reasons: list[str] = []
        # Both are asked: a translation lowers one, shorter rows the other, and neither is a collapse.
        spreads = ("spread.total", "spread.cosine")
        if all(self._fell_below(name, margins.collapse_spread) for name in spreads):
            reasons += [
                f"{self._sentence(name)}, less than {margins.collapse_spread:.0%} of what it was"
                for name in spreads
            ]
        if self._fell_below("rank.entropy", margins.collapse_rank):
            reasons.append(
                f"{self._sentence('rank.entropy')}, less than {margins.collapse_rank:.0%} of what it was, "
                "at the same N and D"
            )
        if self._modes_lost() >= margins.collapse_modes:
            reasons.append(self._modes_sentence())
        if not reasons or self._recovered():
            return None
        if self.last > 1:
            reasons.append("and no later stage recovers")
        else:
            reasons.append("one step: with two stages nothing can be said of what comes after")
        return reasons

    def _scaled(self, sign: int) -> list[str] | None:
        if not self._changed("spread.total", sign):
            return None
        reasons = [self._sentence("spread.total")]
        if self._defined("spread.cosine"):
            reasons.append(self._sentence("spread.cosine"))
        back = self._recovered() if sign < 0 else None
        return [*reasons, back] if back else reasons

    def _drifting(self) -> list[str] | None:
        reasons = [
            self._move_sentence(move)
            for move in self.evidence.moves
            if self._moved(move) and not self._still(move)
        ]
        for name in (*self.margins.equal_ratio, *self.margins.equal):
            stages = [stage for stage in range(1, self.last + 1) if self._changed_at(name, stage)]
            if stages:
                reasons.append(self._sentence(name, stages[-1]))
        if self._modes_lost() > 0:
            reasons.append(self._modes_sentence())
        return reasons or None

    def _stable(self) -> list[str] | None:
        names = [name for name in (*self.margins.equal_ratio, *self.margins.equal) if self._defined(name)]
        if "spread.total" not in names or not all(self._still(move) for move in self.evidence.moves):
            return None
        if self._modes_lost() > 0:
            return None
        stages = range(1, self.last + 1)
        if not all(self._equivalent(name, stage) for name in names for stage in stages):
            return None
        farthest = max(self.evidence.moves, key=lambda move: move.relative.high or 0.0)
        return [
            f"every later stage lies within the margins of the first ({CENTRE}, {', '.join(names)})",
            self._move_sentence(farthest),
            self._sentence("spread.total"),
        ]

    def _inconclusive(self) -> list[str]:
        reasons = []
        open_moves = [move for move in self.evidence.moves if not self._still(move)]
        if open_moves:
            reasons.append(self._move_sentence(max(open_moves, key=lambda move: move.relative.high or 0.0)))
        names = [name for name in (*self.margins.equal_ratio, *self.margins.equal) if self._defined(name)]
        for name in names:
            for stage in range(1, self.last + 1):
                if not self._equivalent(name, stage):
                    reasons.append(self._sentence(name, stage))
                    break
        back = self._recovered()
        if back:
            reasons.append(back)
        return [*reasons, self._needed_text()]

    def _recovered(self) -> str | None:
        """The lowest stage lies inside, and the last one is well above it again, significantly.

        Any of the stages inside may be the lowest, so the test is shared by them.
        """
        series = self.evidence.series.get("spread.total")
        if series is None or self.last < 2:
            return None
        values = [estimate.value for estimate in series.values]
        known = [(value, stage) for stage, value in enumerate(values) if value is not None]
        if len(known) <= self.last:
            return None
        low, stage = min(known)
        end = known[-1][0]
        if stage in {0, self.last} or end <= self.margins.recovered * low:
            return None
        rise = self._rise(series, stage)
        if rise is None or rise.p is None or rise.p > self.margins.alpha / (self.last - 1):
            return None
        return (
            f"spread.total was lowest in {self.evidence.labels[stage]} ({low:.4g}) and is {end:.4g} in "
            f"{self.evidence.labels[self.last]}: a recovery"
        )

    def _rise(self, series: Series, stage: int) -> Difference | None:
        """The last stage against one inside, as a ratio; None where neither samples nor a pair tell."""
        pair = series.pair(stage, self.last)
        if pair is not None:
            return pair.change
        if not series.samples:
            return None
        low, end = series.samples[stage], series.samples[self.last]
        return None if low is None or end is None else ratio_of(low, end, self.evidence.clusters)

    def _flags(self, word: str) -> list[str]:
        evidence = self.evidence
        flags = []
        if evidence.clusters < self.margins.clusters:
            flags.append("few-clusters")
            return flags
        if word != "drifting" and any(self._moved(move) and not self._still(move) for move in evidence.moves):
            flags.append("moved")
        if self._rescaled():
            flags.append("rescaled")
        if self._significant("tail.ratio", -1) and self._significant("tail.share", -1):
            flags.append("tails-first")
        if evidence.modes.lost_share() > 0:
            flags.append("modes-lost")
        if self._recovered():
            flags.append("recovered")
        if word != "drifting" and any(
            self._changed(name, sign) for name in self.margins.equal for sign in (-1, 1)
        ):
            flags.append("reference-moved")
        if word != "collapsing" and self._changed("rank.entropy", -1):
            flags.append("rank-fell")
        return flags

    def _rescaled(self) -> bool:
        """Lengths changed, and directions kept their spread."""
        change = self._change("norm.mean")
        if change is None or change.value is None or not self._defined("norm.mean"):
            return False
        if not (self._significant("norm.mean", -1) or self._significant("norm.mean", +1)):
            return False
        return abs(change.value - 1) > self.margins.rescaled and self._equivalent("spread.cosine", self.last)

    def _change(self, name: str, stage: int | None = None) -> Difference | None:
        series = self.evidence.series.get(name)
        pair: PairChange | None = (
            None if series is None else series.pair(0, self.last if stage is None else stage)
        )
        return None if pair is None else pair.change

    def _defined(self, name: str) -> bool:
        change = self._change(name)
        return change is not None and change.value is not None

    def _significant(self, name: str, sign: int) -> bool:
        """First to last stage."""
        change = self._change(name)
        if change is None or change.low is None or change.high is None or change.p is None:
            # Exactly nothing left needs no test.
            return change is not None and change.value == 0.0 and sign < 0 and self._is_ratio(name)
        none = 1.0 if self._is_ratio(name) else 0.0
        outside = change.low > none if sign > 0 else change.high < none
        return outside and change.p <= self.margins.alpha and self._in_family(name)

    def _in_family(self, name: str) -> bool:
        """Changed in some stage, by the error rate of the verdict as a whole."""
        return self.family.get(name, 0.0) <= self.margins.alpha

    def _modes_lost(self) -> float:
        return self.evidence.modes.lost_share(shape=True) if self._in_family(MODES) else 0.0

    def _is_ratio(self, name: str) -> bool:
        series = self.evidence.series.get(name)
        return series is not None and series.scale == "ratio"

    def _equivalent(self, name: str, stage: int) -> bool:
        change = self._change(name, stage)
        if change is None or change.low is None or change.high is None:
            return False
        if self._is_ratio(name):
            margin = 1 + self.margins.equal_ratio.get(name, 0.0)
            return 1 / margin <= change.low and change.high <= margin
        margin = self._margin(name)
        return -margin <= change.low and change.high <= margin

    def _margin(self, name: str) -> float:
        """Of a difference: absolute, or a share of the first stage's value where that is more."""
        series = self.evidence.series.get(name)
        first = None if series is None else series.values[0].value
        return max(self.margins.equal.get(name, 0.0), self.margins.equal_share * abs(first or 0.0))

    def _changed(self, name: str, sign: int) -> bool:
        return self._significant(name, sign) and not self._equivalent(name, self.last)

    def _changed_at(self, name: str, stage: int) -> bool:
        """Changed from the first stage to this one; before the last, q counts, since there are many."""
        if stage == self.last:
            return self._changed(name, -1) or self._changed(name, +1)
        change = self._change(name, stage)
        if change is None or change.q is None or self._equivalent(name, stage):
            return False
        return change.q <= self.margins.alpha and self._in_family(name)

    def _fell_below(self, name: str, ratio: float) -> bool:
        change = self._change(name)
        return (
            change is not None
            and change.value is not None
            and change.value < ratio
            and self._significant(name, -1)
        )

    def _moved(self, move: Move) -> bool:
        q = move.q if move.q is not None else move.p
        significant = q is not None and q <= self.margins.alpha and self._in_family(CENTRE)
        return significant and (move.distance.low or 0.0) > 0

    def _still(self, move: Move) -> bool:
        return move.relative.high is not None and move.relative.high <= self.margins.move

    def _modes_sentence(self) -> str:
        modes, share = self.evidence.modes.modes, self.evidence.modes.lost_share(shape=True)
        count = sum(mode.shape_lost is not None for mode in modes)
        return (
            f"{count} of {len(modes)} modes of the first stage, {share:.0%} of its rows, lost their items "
            f"(less than {self.margins.mode_lost:.0%} left, q ≤ {self.margins.alpha}), beyond translation "
            "and scale"
        )

    def _move_sentence(self, move: Move) -> str:
        names = f"{self.evidence.labels[move.first]} → {self.evidence.labels[move.second]}"
        distance, relative = move.distance, move.relative
        text = f"centre moved by {_number(distance.value)} from {names}"
        if distance.low is not None and distance.high is not None:
            text += f" ({distance.level:.0%} {distance.low:.3g} to {distance.high:.3g}"
            text += "" if move.p is None else f", p {p_text(move.p)}"
            text += f", n = {distance.n:,})"
        if relative.value is not None and relative.high is not None:
            text += f", {relative.value:.3f} RMS radii of the first stage (at most {relative.high:.3f})"
        return text

    def _sentence(self, name: str, stage: int | None = None) -> str:
        at = self.last if stage is None else stage
        series = self.evidence.series[name]
        values = f"{_number(series.values[0].value)} → {_number(series.values[at].value)}"
        change = self._change(name, at)
        where = f"{name} {values} ({self.evidence.labels[0]} → {self.evidence.labels[at]}"
        if change is None:
            return f"{where})"
        return f"{where}; {_ratio(change) if series.scale == 'ratio' else describe(change)})"

    def _errors(self) -> dict[str, tuple[float, float, int]]:
        """By measure: standard error, margin that must be told from none, n; of first to last."""
        errors = {}
        for name in (*self.margins.equal_ratio, *self.margins.equal):
            change = self._change(name)
            if change is None or change.low is None or change.high is None or change.high == change.low:
                continue
            if self._is_ratio(name):
                if change.low <= 0:
                    continue
                low, high = log(change.low), log(change.high)
                margin = log(1 + self.margins.equal_ratio[name])
            else:
                low, high, margin = change.low, change.high, self._margin(name)
            errors[name] = (standard_error(low, high, change.n), margin, change.n)
        for move in self.evidence.moves[-1:]:
            relative = move.relative
            if relative.high is not None and relative.value is not None:
                # The squared distance is what is normal, and its lower end may have been cut at zero.
                half = relative.high**2 - relative.value**2
                error = standard_error(-half, half, relative.n)
                if error > 0:
                    errors[CENTRE] = (error, self.margins.move**2, move.relative.n)
        return errors

    def _detectable(self) -> dict[str, float]:
        smallest = {name: detectable(error, n) for name, (error, _, n) in self._errors().items()}
        if CENTRE in smallest:
            smallest[CENTRE] = smallest[CENTRE] ** 0.5
        return smallest

    def _needed(self) -> int | None:
        errors = self._errors()
        if not errors:
            return self.margins.clusters if self.evidence.clusters < self.margins.clusters else None
        counts = [needed(error, n, margin) for error, margin, n in errors.values()]
        return max(*counts, self.margins.clusters, self.evidence.clusters + 1)

    def _needed_text(self) -> str:
        count = self._needed()
        if count is None:
            return "no number of clusters follows from these rows"
        return f"{open_question(count, self.evidence.clusters)}"


def _ratio(change: Difference) -> str:
    if change.value is None:
        return f"undefined: {change.why}"
    if change.low is None or change.high is None:
        return f"× {change.value:.3g}, no interval: {change.why}"
    test = "" if change.p is None else f", p {p_text(change.p)}"
    interval = f"{change.level:.0%} {change.low:.3g} to {change.high:.3g}"
    return f"× {change.value:.3g}, {interval}{test}, n = {change.n:,}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"
