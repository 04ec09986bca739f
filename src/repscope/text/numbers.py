"""Numbers as a reader of a paper expects them. Nothing here ever prints NaN."""

from __future__ import annotations

import math
import re

UNDEFINED = "undefined"
MINUS = "−"
PLACES = 3
_MOST_PLACES = 6


def places_for(*values: float | None) -> int:
    """Decimals that all values of one row share: three, fewer for large ones, more for small ones."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max(sizes, default=0.0)
    if largest >= 1000:
        return 0
    if largest >= 100:
        return 1
    if largest >= 10:
        return 2
    return _more_places(largest, PLACES)


def places_for_change(places: int, *values: float | None) -> int:
    """Decimals of a difference: those of its row, more where it would read as zero and is not."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    return _more_places(max(sizes, default=0.0), places, digits=1)


def number(value: float | None, places: int = PLACES, *, signed: bool = False) -> str:
    """``0.412``, ``−0.020``, ``+0.249``, ``12,345``; ``undefined`` for None, NaN and infinity."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    if abs(value) >= 1e7:
        return f"{value:{'+' if signed else ''}.2e}".replace("-", MINUS)
    text = f"{abs(value):,.{places}f}"
    if not text.strip("0.,"):
        return text
    sign = MINUS if value < 0 else "+" if signed else ""
    return sign + text


def significant(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """``0.0412``, ``1,234``, ``1.2e−5``: significant digits, for figures; a dash where undefined."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e5 or size < 1e-4:
        mantissa, _, exponent = f"{value:.{digits - 2}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
    elif size >= 10 ** (digits - 1):
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{max(0, digits - 1 - math.floor(math.log10(size)))}f}"
    return ("+" if signed and value > 0 else "") + text.replace("-", MINUS)


def interval(low: float | None, high: float | None, places: int = PLACES, *, signed: bool = False) -> str:
    """``[0.384, 0.441]``, or nothing when either end is missing."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"[{number(low, places, signed=signed)}, {number(high, places, signed=signed)}]"


def p_value(p: float | None) -> str:
    """``< .001``, ``.012``, ``.49``; a dash for None."""
    if p is None or not math.isfinite(p):
        return "–"
    if p < 0.001:
        return "< .001"
    text = f"{p:.3f}"
    return text[1:] if text.startswith("0") else text


def p_equation(p: float) -> str:
    """``p = .03``, or ``p < .001``."""
    return "p < .001" if p < 0.001 else f"p = {p:.2g}".replace("0.", ".", 1)


def percent(share: float | None, places: int = 1) -> str:
    """``41.2%``."""
    if share is None or not math.isfinite(share):
        return UNDEFINED
    return f"{number(100 * share, places)}%"


def percent_change(change: float) -> str:
    """``+24.1%``, ``−3.0%``, ``+1,240%``: a difference in percent of where it started."""
    return f"{number(change, 1 if abs(change) < 100 else 0, signed=True)}%"


def whole(count: int) -> str:
    """``12,345``."""
    return f"{count:,}"


def compact(count: int) -> str:
    """``512``, ``263 k``, ``1.2 M``: parameters and operations, in three digits."""
    size = float(count)
    for unit in ("", " k", " M", " G"):
        if size < 1000:
            return f"{size:.0f}{unit}" if not unit or size >= 100 else f"{size:.3g}{unit}"
        size /= 1000
    return f"{size:.3g} T"


def typeset(sentence: str) -> str:
    """A real minus before the decimals of a sentence, as the tables have it."""
    return re.sub(r"(?<=[\s(])-(?=\d[\d,]*\.\d)", MINUS, sentence)


def _more_places(largest: float, places: int, digits: int = 2) -> int:
    """Enough to show ``digits`` digits of the largest value."""
    wanted = places
    while 0 < largest < 10.0 ** (digits - 1 - wanted):
        wanted += 1
    # What is smaller still is rounding of the arithmetic more often than a finding.
    return wanted if wanted <= _MOST_PLACES else places
