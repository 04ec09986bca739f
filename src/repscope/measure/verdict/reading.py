"""What the rows of a table say, in the terms of a verdict: significant, equivalent, fallen, decidable."""

from __future__ import annotations

from collections.abc import Mapping

from repscope.measure.core import resample
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.records import TRUE_MATCH, Evidence, Margins

ENOUGH = 1.1
"""Times the clusters at hand that more of them must be to be worth saying; the estimate is no finer."""


class Reading:
    """A table read by the margins of a verdict; an absent or undefined row says nothing.

    Args:
        table: results by name.
        evidence: facts beside the table.
        margins: thresholds.
    """

    def __init__(self, table: Mapping[str, MeasureResult], evidence: Evidence, margins: Margins) -> None:
        self.table, self.evidence, self.margins = table, evidence, margins

    def significant(self, name: str, sign: int) -> bool:
        """The difference has this sign: p within alpha, and an interval that excludes zero."""
        row = self.table.get(name)
        if row is None:
            return False
        change = row.difference
        if change.value is None or change.p is None or change.low is None or change.high is None:
            return False
        outside = change.low > 0 if sign > 0 else change.high < 0
        return change.p <= self.margins.alpha and outside

    def equivalent(self, name: str) -> bool:
        """The whole interval of the difference lies within the measure's margin of zero."""
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

    def fell(self, name: str) -> bool:
        """Significantly lower, by more than a tenth of what it was."""
        row = self.table.get(name)
        if row is None or row.difference.value is None or row.before.value is None:
            return False
        return self.significant(name, -1) and -row.difference.value > 0.1 * row.before.value

    @staticmethod
    def beats(over: Difference | None) -> bool:
        """More than a control gives; so is anything where the control is not defined."""
        return over is None or (over.low is not None and over.low > 0)

    def sentence(self, name: str) -> str:
        """A measure before and after, with the test of its difference."""
        row = self.table.get(name)
        if row is None:
            return f"{name} was not measured"
        return f"{name} {_number(row.before)} → {_number(row.after)} ({describe(row.difference)})"

    def detectable(self) -> dict[str, float]:
        """Per measure with an interval, the smallest difference that this n finds in 80 % of repeats."""
        smallest = {}
        for name in self.table:
            error = self._error(name)
            if error:
                smallest[name] = resample.detectable(error, self.table[name].difference.n)
        return smallest

    def needed(self) -> int | None:
        """Clusters that would decide whether there is a difference; None where nothing tells.

        Nothing does where these clusters are as many: a difference of that size was looked for, with a fair
        chance to be found, and was not.
        """
        name = self._deciding()
        error, row = self._error(name), self.table.get(name)
        if row is None or row.difference.value is None or not error:
            return self.margins.clusters if self.evidence.clusters < self.margins.clusters else None
        margin = self.margins.equal.get(name) or self.margins.equal_ratio.get(name, 0.1) * abs(
            row.before.value or 1.0
        )
        effect = max(abs(row.difference.value), margin)
        count = max(resample.needed(error, row.difference.n, effect), self.margins.clusters)
        return count if count > ENOUGH * self.evidence.clusters else None

    def needed_text(self) -> str:
        """:meth:`needed` as part of a sentence."""
        count = self.needed()
        name = self._deciding()
        if count is None and not self._error(name):
            return "no number of clusters follows from these rows"
        if count is None:
            return (
                f"{self.evidence.clusters:,} clusters find a difference of this size in {name} in about "
                f"{resample.POWER:.0%} of repeats, so the open question is not one of more clusters alone"
            )
        row = self.table.get(name)
        seen = abs(row.difference.value) if row is not None and row.difference.value is not None else 0.0
        margin = self.margins.equal.get(name, 0.0)
        what = f"the difference seen in {name}" if seen > margin else f"a difference of {margin} in {name}"
        return f"about {count:,} clusters would decide {what}"

    def _deciding(self) -> str:
        return TRUE_MATCH if self.evidence.linked else "energy"

    def _error(self, name: str) -> float | None:
        row = self.table.get(name)
        if row is None or row.difference.low is None or row.difference.high is None:
            return None
        return resample.standard_error(row.difference.low, row.difference.high, row.difference.n)


def describe(change: Difference) -> str:
    """A difference with its interval, test and n, as a reader of a paper expects it."""
    if change.value is None:
        return f"undefined: {change.why}"
    if change.low is None or change.high is None:
        return f"{change.value:+.3f}, no interval: {change.why}"
    test = "" if change.p is None else f", p {p_text(change.p)}"
    interval = f"{change.level:.0%} {change.low:+.3f} to {change.high:+.3f}"
    return f"{change.value:+.3f}, {interval}{test}, n = {change.n:,}"


def p_text(p: float) -> str:
    """``= 0.012``, or ``< .001``."""
    return "< .001" if p < 0.001 else f"= {p:.3f}"


def _number(estimate: Estimate) -> str:
    return "undefined" if estimate.value is None else f"{estimate.value:.3f}"
