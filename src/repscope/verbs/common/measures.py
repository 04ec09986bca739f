"""What stands in a table of measures, whatever the verb: names, numbers, notes, groups."""

from __future__ import annotations

import math
import string

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.estimate import Difference, Estimate
from repscope.report.document import Cell
from repscope.text.display import display_safe
from repscope.text.numbers import interval, number

OLDER_NUMBER = "cosine.max"
"""What the older summaries called similarity. Neither direction of it is better."""

_PLAIN = {
    "mrr.true": "mean reciprocal rank of the truth",
    "top1.true": "share of items nearest to their truth",
    "margin.true": "cosine to the truth minus best other",
    "cosine.true": "cosine to the truth",
    "cosine.max": "cosine to the nearest row, right or wrong: the older number",
    "gap.l2": "distance between the two means",
    "spread.cosine": "mean distance between items (1 − cosine)",
    "rank.entropy": "effective number of dimensions",
    "hub.share": "largest share of items with one nearest row",
    "energy": "energy distance to the reference",
    "frechet": "Fréchet distance to the reference",
}

GROUPS = {
    "alignment": ("Alignment", "How items stand to the reference."),
    "distribution": ("Distribution", "How far the items as a whole lie from the reference as a whole."),
    "geometry": (
        "Geometry",
        "The shape of each stage on its own. These depend on the number of rows and on the width, so "
        "each stands beside what a Gaussian cloud of the same size reads.",
    ),
    "similarity": ("Similarity", "How alike the two stages are."),
    "change": ("Change", "How the items moved."),
    "": ("Other", "Measures without a card."),
}
"""Title and one sentence for each group of measures."""

ARROWS = {"higher": "↑", "lower": "↓", "none": "·"}
"""Which way is better."""

_DIRECTIONS = {
    "higher": "higher is better",
    "lower": "lower is better",
    "none": "neither direction is better",
}


Cells = dict[str, Cell]
"""The cells of one measure, by the column that they stand in."""


class Notes:
    """Methods as lettered notes, in the order in which a reader meets them."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def letter(self, text: str) -> str:
        """The letter of a method; a new one when it was not met before."""
        if not text:
            return ""
        if text not in self._letters:
            position, letters = len(self._letters), ""
            while True:
                letters = string.ascii_lowercase[position % 26] + letters
                position = position // 26 - 1
                if position < 0:
                    break
            self._letters[text] = letters
        return self._letters[text]

    def listed(self) -> list[tuple[str, str]]:
        """(letter, method) of all that were met."""
        return [(letter, text) for text, letter in self._letters.items()]


def undefined_cells(name: str, why: str, column: str = "before") -> Cells:
    """The row of a measure that these sets do not have; the reason spans it from a column on."""
    direction = MEASURES[name].direction if name in MEASURES else "none"
    return {
        "measure": name_cell(display_safe(name), direction),
        column: Cell("undefined", below=(display_safe(why, 400),)),
    }


def name_cell(name: str, direction: str, note: str = "", below: tuple[str, ...] = ()) -> Cell:
    """The public name of a measure, and which way is better."""
    return Cell(term=name, sign=ARROWS[direction], direction=_DIRECTIONS[direction], note=note, below=below)


def cell(one: Estimate | Difference, places: int, *, signed: bool = False) -> Cell:
    """A number and its interval."""
    return Cell(
        number(one.value, places, signed=signed),
        interval(one.low, one.high, places, signed=signed),
        (_finite(one.value), _finite(one.low), _finite(one.high)),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def plain_name(name: str) -> str:
    """What a measure is, in a few words."""
    return _PLAIN.get(name) or (MEASURES[name].formula if name in MEASURES else "")
