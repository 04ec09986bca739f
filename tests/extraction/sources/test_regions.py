"""Boxes of annotations as whole pixels."""

from __future__ import annotations

import math

import pytest

from repscope.extraction.sources.regions import Region, corners, numbers, region_of


@pytest.mark.parametrize(
    ("box", "expected", "clipped", "problem"),
    [
        ((1.5, 2.5, 3.2, 4.0), (1, 2, 4, 4), False, ""),
        ((-0.4, 0, 10.4, 8), (0, 0, 10, 8), False, ""),
        ((-3, -3, 30, 30), (0, 0, 10, 8), True, ""),
        ((2, 3, 2, 4), (2, 3, 2, 4), False, "it is empty: 2, 3, 2, 4"),
        ((5, 3, 2, 4), (5, 3, 2, 4), False, "it is empty: 5, 3, 2, 4"),
        ((10, 3, 12, 4), (10, 3, 10, 4), True, "it is outside the image: 10, 3, 12, 4"),
        ((math.nan, 0, 1, 1), (0, 0, 0, 0), False, "it is no box of 4 finite numbers"),
        ((1, 1, 2), (0, 0, 0, 0), False, "it is no box of 4 finite numbers"),
    ],
)
def test_a_box_in_whole_pixels(
    box: tuple[float, ...], expected: tuple[int, ...], clipped: bool, problem: str
) -> None:
    assert region_of(box, (10, 8), "it") == Region(expected, clipped, problem)  # type: ignore[arg-type]


def test_numbers_of_a_box() -> None:
    assert numbers([1, 2.5, 10**400, -(10**400)]) == (1.0, 2.5, math.inf, math.inf)
    for wrong in (None, "1234", 4, [1, "2"], [True, 1]):
        assert numbers(wrong) == ()
    assert corners([1, 2, 3, 4]) == (1, 2, 4, 6)
    assert corners([1, 2, 3]) == ()
