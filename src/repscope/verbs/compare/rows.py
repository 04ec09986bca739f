"""The rows of a report's tables: every number already a string, every method a note."""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.info import MeasureInfo
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import Margins, Verdict
from repscope.text.display import visible
from repscope.text.numbers import interval, number, p_value, places_for, places_for_change, whole
from repscope.verbs.compare.forest import Forest, forest
from repscope.verbs.compare.words import (
    GROUPS,
    KEY_MEASURES,
    KEY_MEASURES_UNLINKED,
    OLDER_NUMBER,
    plain_name,
)

ARROWS = {"higher": "↑", "lower": "↓", "none": "·"}
"""Which way is better."""

_DIRECTIONS = {
    "higher": "higher is better",
    "lower": "lower is better",
    "none": "neither direction is better",
}


@dataclass(frozen=True)
class Cell:
    """One number of a table.

    Attributes:
        text: as it is read; "undefined" when there is none.
        interval: as it is read, or "".
        raw: (value, low, high) in full precision.
    """

    text: str
    interval: str = ""
    raw: tuple[float | None, float | None, float | None] = (None, None, None)


@dataclass(frozen=True)
class MeasureRow:
    """One measure, before and after.

    Attributes:
        name: public name.
        plain: the same in a few words.
        arrow, direction: which way is better, as a sign and in words.
        before, after, difference: the numbers; None in the row of an undefined measure.
        p, q: as they are read.
        n: independent units.
        controls: control → difference that it gives, as it is read.
        gaussian: what a Gaussian cloud of the same size reads, or "".
        reading: see :func:`reading`.
        note: letter of the method.
        why: reasons for what is undefined.
        forest: positions of the small drawing, or None.
        older: it is the number of the older summaries.
    """

    name: str
    plain: str
    arrow: str
    direction: str
    before: Cell | None = None
    after: Cell | None = None
    difference: Cell | None = None
    p: str = "–"
    q: str = "–"
    n: str = ""
    controls: Mapping[str, str] = field(default_factory=dict)
    gaussian: str = ""
    reading: str = "undefined"
    note: str = ""
    why: tuple[str, ...] = ()
    forest: Forest | None = None
    older: bool = False


@dataclass(frozen=True)
class MeasureGroup:
    """The measures of one chapter."""

    key: str
    title: str
    about: str
    rows: tuple[MeasureRow, ...]


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


def key_rows(
    table: Iterable[MeasureResult],
    undefined: Mapping[str, str],
    verdict: Verdict,
    notes: Notes,
    *,
    linked: bool,
) -> list[MeasureRow]:
    """The few rows that a verdict turns on, those that are undefined among them."""
    rows = {row.name: row for row in table}
    names = KEY_MEASURES if linked else KEY_MEASURES_UNLINKED
    cards = MEASURES
    return [
        measure_row(rows[name], cards.get(name), verdict, notes)
        if name in rows
        else undefined_row(name, undefined[name], cards.get(name))
        for name in names
        if name in rows or name in undefined
    ]


def measure_groups(
    table: Iterable[MeasureResult], undefined: Mapping[str, str], verdict: Verdict, notes: Notes
) -> list[MeasureGroup]:
    """All measures by group; the undefined ones at the end of theirs, with the reason."""
    cards = MEASURES
    found: dict[str, list[MeasureRow]] = {group: [] for group in GROUPS}
    for row in table:
        card = cards.get(row.name)
        found[card.group if card else ""].append(measure_row(row, card, verdict, notes))
    for name, why in undefined.items():
        card = cards.get(name)
        found[card.group if card else ""].append(undefined_row(name, why, card))
    return [MeasureGroup(group, *GROUPS[group], tuple(rows)) for group, rows in found.items() if rows]


def measure_row(row: MeasureResult, card: MeasureInfo | None, verdict: Verdict, notes: Notes) -> MeasureRow:
    """One measured row."""
    direction = card.direction if card else "none"
    places = places_for(row.before.value, row.after.value)
    change = row.difference
    change_places = places_for_change(places, change.value, change.low, change.high)
    return MeasureRow(
        name=row.name,
        plain=plain_name(row.name, card),
        arrow=ARROWS[direction],
        direction=_DIRECTIONS[direction],
        before=cell(row.before, places),
        after=cell(row.after, places),
        difference=cell(change, change_places, signed=True),
        p=p_value(change.p),
        q=p_value(change.q),
        n=whole(change.n),
        controls={
            name: number(value, places_for_change(places, value), signed=True)
            for name, value in row.controls.items()
        },
        gaussian="" if row.expected is None else interval(*row.expected, places),
        reading=reading(row, direction, verdict),
        note=notes.letter(_method(row)),
        why=_reasons(row),
        forest=forest(change, row.controls),
        older=row.name == OLDER_NUMBER,
    )


def undefined_row(name: str, why: str, card: MeasureInfo | None) -> MeasureRow:
    """The row of a measure that these sets do not have."""
    direction = card.direction if card else "none"
    return MeasureRow(
        visible(name),
        plain_name(name, card),
        ARROWS[direction],
        _DIRECTIONS[direction],
        why=(visible(why, 400),),
    )


def cell(one: Estimate | Difference, places: int, *, signed: bool = False) -> Cell:
    """A number and its interval."""
    return Cell(
        number(one.value, places, signed=signed),
        interval(one.low, one.high, places, signed=signed),
        (_finite(one.value), _finite(one.low), _finite(one.high)),
    )


def reading(row: MeasureResult, direction: str, verdict: Verdict) -> str:
    """One word for a difference.

    "same" when its interval lies within the margin of the verdict; else better or worse (rose or
    fell where neither is better) when the interval excludes zero and q, or p without one, is at
    most alpha; else "unclear". "misleads" for the older number where the verdict says so.
    """
    change, margins = row.difference, verdict.margins
    if change.value is None or not math.isfinite(change.value):
        return "undefined"
    if row.name == OLDER_NUMBER and "max-cosine-misleads" in verdict.flags:
        return "misleads"
    if change.low is None or change.high is None:
        return "unclear"
    margin = equal_margin(row.name, row.before.value, margins) or 0.0
    p = change.p if change.q is None else change.q
    if -margin <= change.low and change.high <= margin:
        word = "same"
    elif change.low <= 0 <= change.high or p is None or p > margins.alpha:
        word = "unclear"
    elif direction == "none":
        word = "rose" if change.value > 0 else "fell"
    else:
        word = "better" if (change.value > 0) == (direction == "higher") else "worse"
    return word


def equal_margin(name: str, before: float | None, margins: Margins) -> float | None:
    """Largest difference of a measure that counts as none, where the verdict has a margin for it."""
    if name in margins.equal_ratio and before is not None:
        return margins.equal_ratio[name] * abs(before)
    return margins.equal.get(name)


def control_names(groups: Iterable[MeasureGroup]) -> list[str]:
    """Controls that any row has, without identity, which is zero in every row."""
    seen = dict.fromkeys(name for group in groups for row in group.rows for name in row.controls)
    return [name for name in seen if name != "identity"]


def _method(row: MeasureResult) -> str:
    methods = dict.fromkeys((row.before.method, row.after.method, row.difference.method))
    kept = [one for one in methods if one and not any(one != other and one in other for other in methods)]
    return visible("; ".join(kept), 400)


def _reasons(row: MeasureResult) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    for part, one in (("before", row.before), ("after", row.after), ("difference", row.difference)):
        if one.why:
            reasons.setdefault(one.why, []).append(part)
    return tuple(visible(f"{', '.join(parts)}: {why}", 400) for why, parts in reasons.items())


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
