"""How numbers read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.text.numbers import (
    compact,
    interval,
    number,
    p_equation,
    p_value,
    percent,
    places_for,
    places_for_change,
    significant,
    typeset,
)

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize(
    ("value", "places", "signed", "read"),
    [
        (0.4123, 3, False, "0.412"),
        (0.2494, 3, True, "+0.249"),
        (-0.02, 3, True, "−0.020"),
        (-0.0001, 3, True, "0.000"),
        (0.0, 3, True, "0.000"),
        (12345.6, 0, False, "12,346"),
        (-2.5e9, 0, False, "−2.50e+09"),
        (None, 3, False, "undefined"),
        (math.nan, 3, False, "undefined"),
        (-math.inf, 3, True, "undefined"),
    ],
)
def test_numbers(value: float | None, places: int, signed: bool, read: str) -> None:
    assert number(value, places, signed=signed) == read


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ((0.412, 0.661), 3),
        ((118.4, 121.9), 1),
        ((61.0, 60.5), 2),
        ((1500.0, 3.0), 0),
        ((0.0042, 0.0011), 4),
        ((0.00002, None), 6),
        ((0.0, None), 3),
        ((3e-17, 0.0), 3),
        ((math.nan, math.inf), 3),
    ],
)
def test_places_show_two_digits_of_the_largest(values: tuple[float | None, ...], places: int) -> None:
    assert places_for(*values) == places


def test_a_small_difference_gains_decimals_and_rounding_noise_does_not() -> None:
    assert places_for_change(3, 0.0004, 0.0001, 0.0007) == 4
    assert places_for_change(3, 0.0004, -0.2, 0.2) == 3
    assert places_for_change(3, 1e-16) == 3


@given(FLOATS, st.integers(0, 6), st.booleans())
@settings(deadline=None, max_examples=30)
def test_nothing_reads_as_nan(value: float, places: int, signed: bool) -> None:
    text = (
        number(value, places, signed=signed)
        + interval(value, value, places)
        + p_value(value)
        + percent(value)
    )
    assert "nan" not in text.lower()
    assert "inf" not in text.lower().replace("undefined", "")


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
@settings(deadline=None, max_examples=30)
def test_a_number_reads_back_within_its_decimals(value: float, places: int) -> None:
    read = float(number(value, places, signed=True).replace("−", "-").replace(",", ""))
    assert read == pytest.approx(value, abs=0.5 * 10.0**-places * (1 + 1e-9) + 1e-9)


def test_intervals() -> None:
    assert interval(0.384, 0.441) == "[0.384, 0.441]"
    assert interval(-0.1, 0.2, 2, signed=True) == "[−0.10, +0.20]"
    assert interval(None, 0.2) == interval(0.1, math.nan) == ""


def test_p_values() -> None:
    assert [p_value(p) for p in (0.0001, 0.001, 0.0499, 0.31, 1.0, None)] == [
        "< .001",
        ".001",
        ".050",
        ".310",
        "1.000",
        "–",
    ]


def test_percent() -> None:
    assert percent(0.4123) == "41.2%"
    assert percent(None) == "undefined"


def test_minus_signs_of_sentences_but_not_of_names() -> None:
    assert (
        typeset("x-2 (-0.340, 95% -0.1 to -0.2) item-0.5 -3") == "x-2 (−0.340, 95% −0.1 to −0.2) item-0.5 -3"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.250"),
        (-0.0341, "−0.0341"),
        (0.0, "0"),
        (12.345, "12.3"),
        (298.4, "298"),
        (12345.6, "12,346"),
        (123456.0, "1.2e5"),
        (-1.06e-5, "−1.1e−5"),
        (None, "–"),
        (float("nan"), "–"),
        (1.0, "1.00"),
    ],
)
def test_significant_digits(value: float | None, text: str) -> None:
    assert significant(value) == text


def test_signs_and_p_values_of_figures() -> None:
    assert (
        significant(0.2, signed=True),
        significant(-0.2, signed=True),
        significant(0.0, signed=True),
        significant(None, signed=True),
    ) == ("+0.200", "−0.200", "0", "–")
    assert (p_equation(0.0004), p_equation(0.012), p_equation(1.0)) == ("p < .001", "p = .012", "p = 1")


def test_counts_in_three_digits() -> None:
    counts = (0, 512, 4224, 262_656, 1_234_567, 10**12)
    assert list(map(compact, counts)) == ["0", "512", "4.22 k", "263 k", "1.23 M", "1 T"]
