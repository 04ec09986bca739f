"""What a measure is: its description, alone and with its computation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Generic, Literal, TypeVar

from repscope.text.json_record import JsonRecord

Direction = Literal["higher", "lower", "none"]
Needs = Literal["link", "reference", "set", "pair", "stages"]
Group = Literal["alignment", "distribution", "geometry", "similarity", "change", "drift"]


@dataclass(frozen=True)
class MeasureInfo(
    JsonRecord, keys="name group formula direction bounds unit needs paper function note extra"
):
    """What a measure is, apart from its code.

    Attributes:
        name: public name, such as "top1.true".
        formula: one line of plain mathematics.
        bounds: smallest and largest possible value (``inf`` where there is none).
        function: the pure function on arrays.
        group: chapter of the table.
        direction: which way is better, or "none" when neither is.
        needs: "link" (items linked to a reference), "reference" (two sets, no link),
            "set" (one set), "pair" (two stages of the same items), "stages" (two or more, in order).
        unit: unit of the value, or "" when it has none.
        paper: citation, or "" for textbook quantities.
        note: what a reader should know before trusting it.
        extra: costly and not needed for the first answer: only where it is asked for.
    """

    name: str
    formula: str
    bounds: tuple[float, float]
    function: Callable[..., Any]
    _: KW_ONLY
    group: Group
    direction: Direction
    needs: Needs
    unit: str = ""
    paper: str = ""
    note: str = ""
    extra: bool = False

    def to_json(self) -> dict[str, Any]:
        """As JSON values; the function by its dotted path."""
        return super().to_json() | {
            "bounds": [None if abs(bound) == float("inf") else bound for bound in self.bounds],
            "function": f"{self.function.__module__}.{self.function.__qualname__}",
        }


C = TypeVar("C")


@dataclass(frozen=True)
class Measure(MeasureInfo, Generic[C]):
    """A measure's description with its computation: the one entry that adds a measure.

    Attributes:
        compute: how it is computed; measures that are computed together share one.
    """

    _: KW_ONLY
    compute: C
