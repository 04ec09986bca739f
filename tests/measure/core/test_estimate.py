"""Records of estimates: intervals within bounds, reasons in place of values."""

from __future__ import annotations

import numpy as np

from repscope.errors import InputError
from repscope.measure.core.estimate import Estimate, PerItem, Undefined


def test_an_interval_is_cut_off_at_the_bounds_and_the_value_is_not() -> None:
    kept = Estimate(0.97, 0.9, 1.04, n=30, method="jackknife").within((0.0, 1.0))
    assert (kept.value, kept.low, kept.high, kept.n, kept.method) == (0.97, 0.9, 1.0, 30, "jackknife")
    assert Estimate(0.02, -0.1, 0.1).within((0.0, 1.0)).low == 0.0
    bare = Estimate(2.0, why="one cluster")
    assert bare.within((0.0, 1.0)) is bare


def test_a_mean_over_items_has_the_mean_for_a_value() -> None:
    assert PerItem(np.array([0.0, 1.0, 0.5]), np.arange(3)).value == 0.5


def test_what_is_undefined_says_what_was_expected_and_what_there_is() -> None:
    assert Undefined.of(InputError("2 rows", "1", "give more")).why == "expected 2 rows; got 1"
