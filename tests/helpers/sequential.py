"""Is a rate low or high? Asked of one outcome after the other, and answered once the answer is clear."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log


@dataclass(frozen=True)
class RateTest:
    """Wald's sequential probability ratio test of two rates, with Ville's bounds instead of Wald's.

    After each outcome, the likelihood of all outcomes so far under the high rate is divided by that under the
    low rate. At ``1 / false_high`` the answer is "high", at ``false_low`` it is "low". Under the low rate the
    ratio is a martingale of mean 1, and under the high rate its inverse is, so that both error rates hold
    exactly, however long it takes.

    Attributes:
        low, high: the two rates.
        false_high: most often "high" is answered when the rate is ``low`` or less.
        false_low: most often "low" is answered when it is ``high`` or more.
    """

    low: float
    high: float
    false_high: float = 0.001
    false_low: float = 0.005

    def says_high(self, outcomes: Iterable[bool]) -> bool:
        """Take outcomes until the answer is clear.

        Raises:
            AssertionError: the outcomes end before.
        """
        hit, miss = log(self.high / self.low), log((1 - self.high) / (1 - self.low))
        ratio, taken = 0.0, 0
        for taken, outcome in enumerate(outcomes, 1):  # noqa: B007
            ratio += hit if outcome else miss
            if ratio >= -log(self.false_high):
                return True
            if ratio <= log(self.false_low):
                return False
        raise AssertionError(f"{taken} outcomes do not tell a rate of {self.low} from one of {self.high}")
