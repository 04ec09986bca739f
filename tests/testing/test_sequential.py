"""The sequential test of tests/helpers: its error rates, exactly and simulated."""

from __future__ import annotations

from itertools import count, repeat
from math import ceil, log

import numpy as np
import pytest

from helpers.sequential import RateTest

TESTS = [RateTest(0.03, 0.1), RateTest(0.05, 0.2, false_low=0.01), RateTest(0.2, 0.5, 0.05, 0.1)]


def exactly(test: RateTest, rate: float) -> tuple[float, float]:
    """Probabilities of "high" and of "low", from the distribution of hits among the undecided."""
    hit, miss = log(test.high / test.low), log((1 - test.high) / (1 - test.low))
    undecided, high, low = np.ones(1), 0.0, 0.0
    for n in count(1):
        if undecided.sum() < 1e-9:
            return high, low
        undecided = np.append(undecided * (1 - rate), 0) + np.append(0, undecided * rate)
        hits = np.arange(n + 1)
        ratio = hits * hit + (n - hits) * miss
        up, down = ratio >= -log(test.false_high), ratio <= log(test.false_low)
        high, low = high + undecided[up].sum(), low + undecided[down].sum()
        undecided[up | down] = 0
    raise AssertionError


@pytest.mark.parametrize("test", TESTS, ids=str)
def test_error_rates_are_below_what_is_promised_and_not_far_below(test: RateTest) -> None:
    wrong_high, right_low = exactly(test, test.low)
    right_high, wrong_low = exactly(test, test.high)
    assert 0.3 * test.false_high < wrong_high <= test.false_high
    assert 0.3 * test.false_low < wrong_low <= test.false_low
    assert right_low + wrong_high == pytest.approx(1)
    assert right_high + wrong_low == pytest.approx(1)
    # Rates beyond the two are told more surely.
    assert exactly(test, test.low / 2)[0] < wrong_high
    assert exactly(test, (1 + test.high) / 2)[1] < wrong_low


def test_it_answers_as_often_as_its_exact_probabilities() -> None:
    test, rng = TESTS[2], np.random.default_rng(0)
    for rate in (test.low, 0.33, test.high):
        says = [test.says_high(iter(rng.random(500) < rate)) for _ in range(3000)]
        expected = exactly(test, rate)[0]
        assert np.mean(says) == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 3000))


def test_it_takes_no_more_than_it_needs() -> None:
    test, taken = RateTest(0.03, 0.1), []

    def outcomes(value: bool):
        for _ in repeat(None):
            taken.append(value)
            yield value

    assert not test.says_high(outcomes(False))
    assert len(taken) == ceil(log(0.005) / log(0.9 / 0.97)) == 71
    taken.clear()
    assert test.says_high(outcomes(True))
    assert len(taken) == ceil(log(1000) / log(0.1 / 0.03)) == 6
    with pytest.raises(AssertionError, match="10 outcomes do not tell"):
        test.says_high([False] * 10)
