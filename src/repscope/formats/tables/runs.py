"""Numbered columns: which of a table's columns are one vector, spread over columns by number.

``x0 x1 …``, ``dim_0 …``, ``A00 … A63``, ``emb_0001 …``, ``v[0] …``, ``0 1 2 …``, ``0_emb 1_emb …``: names
that are equal but for a number, which may be padded with zeros and begin anywhere.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repscope.errors import name_some

_DIGITS = re.compile(r"[0-9]+")
_SEPARATORS = "_.-: \t[]()"
LONGEST_NUMBER = 9
"""Digits of a number; longer ones are hashes, phone numbers and dates."""

FAR = 16
"""A step of this many numbers, and of this many times the usual step, parts a run in two."""

MINOR = 4
"""The largest part of a run is the run if it has this many times the columns of any other part."""


@dataclass(frozen=True)
class Run:
    """Columns that are equal but for a number.

    Attributes:
        key: what they are called: the name without the number.
        names: the columns, by number.
        numbers: their numbers, ascending.
        apart: columns of the same name whose numbers are far from these; no part of the vector.
        twins: columns with a number that another column has too (``x1`` and ``x01``).
        divided: the numbers fall into parts of like size, far from each other.
        spellings: what ``--vectors`` may call them.
    """

    key: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    apart: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    divided: bool = False
    spellings: frozenset[str] = frozenset()

    @property
    def proper(self) -> bool:
        """From 0 or 1, and no number missing."""
        return self.numbers[0] in (0, 1) and not self.missing and not self.apart

    @property
    def missing(self) -> list[int]:
        """Numbers that no column has, at most the first 100."""
        steps = itertools.pairwise(self.numbers)
        gaps = (number for low, high in steps for number in range(low + 1, min(high, low + 101)))
        return [number for number, _ in zip(gaps, range(100), strict=False)]

    def notes(self) -> tuple[str, ...]:
        """What the person who imports should know."""
        said = []
        if self.missing:
            lacking = self.numbers[-1] - self.numbers[0] + 1 - len(self.numbers)
            said.append(
                f"vectors are the {len(self.names):,} columns {self.names[0]} … {self.names[-1]}; between "
                f"them {lacking:,} numbers are missing ({name_some(self.missing)})"
            )
        elif self.numbers[0] not in (0, 1):
            said.append(f"vectors are the {len(self.names):,} columns {self.names[0]} … {self.names[-1]}")
        if self.apart:
            said.append(
                f"{name_some(self.apart)} stay columns: their numbers are far from those of "
                f"{self.names[0]} … {self.names[-1]}"
            )
        return tuple(said)


def find_runs(names: Sequence[str]) -> dict[str, Run]:
    """All runs of at least two columns, by key, in the order of their first column.

    The last number of a name counts; where no other column shares the rest, the first one.
    """
    groups: dict[tuple[str, str], dict[str, int]] = {}
    for place in (-1, 0):
        taken = {name for members in groups.values() if len(members) > 1 for name in members}
        for name in names:
            digits = list(_DIGITS.finditer(name))
            if name in taken or not digits or (place == 0 and len(digits) == 1):
                continue
            if len((found := digits[place]).group()) <= LONGEST_NUMBER:
                rest = (name[: found.start()], name[found.end() :])
                groups.setdefault(rest, {})[name] = int(found.group())
    grouped = {rest: members for rest, members in groups.items() if len(members) > 1}
    short = {rest: _short(*rest) for rest in grouped}
    runs = {}
    for rest, members in grouped.items():
        alone = list(short.values()).count(short[rest]) == 1
        run = _run(short[rest] if alone else f"{rest[0]}{rest[1]}", rest, members)
        if len(run.names) > 1:
            runs[run.key if run.key not in runs else f"{rest[0]}#{rest[1]}"] = run
    place_of = {name: at for at, name in enumerate(names)}
    return dict(sorted(runs.items(), key=lambda one: min(place_of[name] for name in one[1].names)))


def _short(before: str, after: str) -> str:
    return "_".join(part for part in (before.rstrip(_SEPARATORS), after.strip(_SEPARATORS)) if part)


def _run(key: str, rest: tuple[str, str], members: Mapping[str, int]) -> Run:
    by_number: dict[int, list[str]] = {}
    for name, number in members.items():
        by_number.setdefault(number, []).append(name)
    numbers = sorted(by_number)
    parts = sorted(_parts(numbers), key=len, reverse=True)
    divided = len(parts) > 1 and len(parts[0]) < MINOR * len(parts[1])
    kept = numbers if divided else sorted(parts[0])
    columns = tuple(by_number[number][0] for number in kept)
    return Run(
        key or f"{columns[0]}…{columns[-1]}",
        columns,
        tuple(kept),
        apart=tuple(by_number[number][0] for number in numbers if number not in set(kept)),
        twins=next((tuple(names) for names in by_number.values() if len(names) > 1), ()),
        divided=divided,
        spellings=frozenset((key, rest[0], rest[0].rstrip(_SEPARATORS), rest[1], _short(*rest))) - {""},
    )


def _parts(numbers: Sequence[int]) -> list[list[int]]:
    steps = [high - low for low, high in itertools.pairwise(numbers)]
    usual = sorted(steps)[len(steps) // 2] if steps else 1
    far = FAR * max(usual, 1)
    parts = [[numbers[0]]] if numbers else []
    for number, step in zip(numbers[1:], steps, strict=True):
        if step > far:
            parts.append([])
        parts[-1].append(number)
    return parts
