"""Positions of the small drawing."""

from __future__ import annotations

import pytest

from repscope.measure.core.estimate import Difference
from repscope.report.forest import WIDTH, forest


def test_positions_keep_the_order_of_the_numbers_and_stay_inside() -> None:
    drawn = forest(Difference(0.2, 0.1, 0.3), {"identity": 0.0, "noise": -0.1, "collapse": None, "snap": 0.5})
    assert drawn is not None
    controls = dict(drawn.controls)
    assert list(controls) == ["noise", "snap"]
    places = [controls["noise"], drawn.zero, drawn.low, drawn.value, drawn.high, controls["snap"]]
    assert places == sorted(places)
    assert len(set(places)) == 6
    assert 0 < places[0] < places[-1] < WIDTH
    # Distances are true to scale: from −.1 to 0 as far as from .1 to .2.
    assert drawn.zero - controls["noise"] == pytest.approx(drawn.value - drawn.low, abs=0.2)


def test_without_an_interval_the_bar_is_a_point() -> None:
    drawn = forest(Difference(0.2), {})
    assert drawn is not None
    assert drawn.low == drawn.value == drawn.high


def test_nothing_that_differs_is_in_the_middle() -> None:
    drawn = forest(Difference(0.0, 0.0, 0.0), {"noise": 0.0})
    assert drawn is not None
    assert drawn.zero == drawn.value == WIDTH / 2


def test_an_undefined_difference_is_not_drawn() -> None:
    assert forest(Difference(None), {"noise": 1.0}) is None
    assert forest(Difference(float("nan")), {}) is None
