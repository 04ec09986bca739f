"""Points coloured by a column: a colour a value, or a scale for numbers that are measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.plot.base.style import GREY, PALE
from repscope.plot.base.text import printable
from repscope.text.numbers import significant

HUES = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442")
"""Okabe and Ito's, which every kind of colour vision tells apart; what is rarer than these is grey."""


@dataclass(frozen=True)
class Colouring:
    """Colours by set, and what they mean.

    Attributes:
        colours: of each set that has the column, [n] one a row.
        legend: (words, colour), in the order of the legend.
        rule: which colour means what, in words, for the caption.
    """

    colours: Mapping[str, NDArray[np.str_]]
    legend: tuple[tuple[str, str], ...]
    rule: str


def colouring(column: str, values: Mapping[str, Sequence[Any]]) -> Colouring:
    """Colours of a column's values, the same in every set.

    Fractions are measured: they have a scale from dark to light. Everything else is a kind, and the
    seven most frequent have a hue of their own.

    Args:
        column: its name.
        values: by set, one a row; None and NaN are missing, and pale.
    """
    present = [one for rows in values.values() for one in rows if not _missing(one)]
    if any(isinstance(one, float | np.floating) and not float(one).is_integer() for one in present):
        return _scale(column, values, np.array(present, np.float64))
    counts = Counter(_word(one) for one in present)
    kinds = [word for word, _ in counts.most_common(len(HUES))]
    hues = dict(zip(kinds, HUES, strict=False))
    rest = len(counts) - len(kinds)
    found = {
        name: np.array([PALE if _missing(one) else hues.get(_word(one), GREY) for one in rows])
        for name, rows in values.items()
    }
    legend = [(printable(word, 24), hue) for word, hue in hues.items()]
    legend += [(f"{rest:,} more", GREY)] if rest else []
    some = f"; the {len(kinds)} most frequent of {len(counts):,} values have a colour" if rest else ""
    return Colouring(found, (*legend, *_none(values)), f"Colour: {printable(column)}{some}.")


def _scale(column: str, values: Mapping[str, Sequence[Any]], present: NDArray[np.float64]) -> Colouring:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    low, high = np.quantile(present, [0.02, 0.98])
    reach = (high - low) or 1.0

    def colour(value: float) -> str:
        return str(to_hex(colormaps["viridis"](float(np.clip((value - low) / reach, 0, 1)))))

    found = {
        name: np.array([PALE if _missing(one) else colour(float(one)) for one in rows])
        for name, rows in values.items()
    }
    steps = [float(low + share * reach) for share in (0, 0.5, 1)]
    legend = [(f"{printable(column, 24)} {significant(step, 2)}", colour(step)) for step in steps]
    rule = f"Colour: {printable(column)}, dark for low, from its 2nd to its 98th percentile."
    return Colouring(found, (*legend, *_none(values)), rule)


def _none(values: Mapping[str, Sequence[Any]]) -> list[tuple[str, str]]:
    missing = any(_missing(one) for rows in values.values() for one in rows)
    return [("no value", PALE)] if missing else []


def _missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float | np.floating) and math.isnan(value))


def _word(value: Any) -> str:
    return str(int(value)) if isinstance(value, float | np.floating) else str(value)
