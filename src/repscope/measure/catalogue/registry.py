"""Every measure's card: formula, direction, bounds, paper. The table of ``repscope measures``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from repscope.errors import UnknownNameError

Direction = Literal["higher", "lower", "none"]
Needs = Literal["link", "reference", "set", "pair", "stages"]
Group = Literal["alignment", "distribution", "geometry", "similarity", "change", "drift"]


@dataclass(frozen=True)
class MeasureCard:
    """What a measure is, apart from its code.

    Attributes:
        name: public name, such as "top1.true".
        group: chapter of the table.
        formula: one line of plain mathematics.
        direction: which way is better, or "none" when neither is.
        bounds: smallest and largest possible value (``inf`` where there is none).
        unit: unit of the value, or "" when it has none.
        needs: "link" (items linked to a reference), "reference" (two sets, no link),
            "set" (one set), "pair" (two stages of the same items), "stages" (two or more, in order).
        paper: citation, or "" for textbook quantities.
        function: dotted path of the pure function.
        note: what a reader should know before trusting it.
    """

    name: str
    group: Group
    formula: str
    direction: Direction
    bounds: tuple[float, float]
    needs: Needs
    function: str
    unit: str = ""
    paper: str = ""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "name": self.name,
            "group": self.group,
            "formula": self.formula,
            "direction": self.direction,
            "bounds": [None if abs(bound) == float("inf") else bound for bound in self.bounds],
            "unit": self.unit,
            "needs": self.needs,
            "paper": self.paper,
            "function": self.function,
            "note": self.note,
        }


def card(name: str) -> MeasureCard:
    """The card of one measure.

    Raises:
        UnknownNameError: no measure has this name; the nearest names are listed.
    """
    cards = all_cards()
    if name not in cards:
        near = difflib.get_close_matches(name, cards, n=3, cutoff=0.3)
        raise UnknownNameError(
            "the name of a measure",
            repr(name),
            f"choose one of {', '.join(near)}" if near else "list them with: repscope measures",
        )
    return cards[name]


def all_cards() -> dict[str, MeasureCard]:
    """All measures by name, in the order of the documentation."""
    from repscope.measure.catalogue.all_cards import CARDS

    return {one.name: one for one in CARDS}


def cards_text(cards: Sequence[MeasureCard]) -> str:
    """The cards for a terminal, by group."""
    lines: list[str] = []
    group = ""
    for one in cards:
        if one.group != group:
            group = one.group
            lines += ["", group.upper()]
        lines.append(f"{one.name:<20} {_ARROWS[one.direction]} {_interval(one.bounds):<12} {one.formula}")
        lines += [f"{'':<36}{text}" for text in (one.paper, one.note) if text]
    return "\n".join(lines).strip()


def cards_markdown(cards: Sequence[MeasureCard]) -> str:
    """The table of the documentation: one section a group."""
    lines: list[str] = []
    group = ""
    for one in cards:
        if one.group != group:
            group = one.group
            lines += [
                "",
                f"## {group}",
                "",
                "| measure | formula | better | bounds | paper |",
                "|---|---|---|---|---|",
            ]
        formula = _cell(one.formula) + (f"<br>*{_cell(one.note)}*" if one.note else "")
        lines.append(
            f"| `{one.name}` | {formula} | {one.direction} | {_interval(one.bounds)} | {_cell(one.paper)} |"
        )
    return "\n".join(lines).strip() + "\n"


_ARROWS = {"higher": "↑", "lower": "↓", "none": "·"}


def _interval(bounds: tuple[float, float]) -> str:
    infinite = {float("inf"): "∞", -float("inf"): "−∞"}
    return f"[{', '.join(infinite.get(bound, f'{bound:g}') for bound in bounds)}]"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
