"""How the options of ``drift`` are read."""

from __future__ import annotations

from collections.abc import Sequence

from repscope.errors import InputError, UnknownNameError
from repscope.measure.drift.margins import WORDS
from repscope.study import Study
from repscope.study.names import safe_name
from repscope.verbs.drift.result import Drift


def check_drift_gate(words: str | None) -> tuple[str, ...]:
    """Verdicts of ``--fail-on``.

    Raises:
        UnknownNameError: one of them is no verdict.
    """
    chosen = tuple(word.strip() for word in (words or "").split(",") if word.strip())
    for word in chosen:
        if word not in WORDS:
            raise UnknownNameError(f"a verdict: {', '.join(WORDS)}", repr(word), "choose among them")
    return chosen


def parse_positions(text: str | None) -> tuple[float, ...] | None:
    """``0,4,10`` as numbers.

    Raises:
        InputError: not numbers.
    """
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError("--positions N,N,… in numbers", repr(text), "write --positions 0,4,10") from None


def parse_groups(
    study: Study, given: Sequence[str] | None, column: str | None
) -> str | dict[str, list[str]] | None:
    """``--groups COL``, or every ``--group NAME=SET,SET``; an option of the same name adds to it.

    A name with a comma is taken whole where the study has such a set.

    Raises:
        InputError: both are given, or there is no name, no "=" or no set.
    """
    if not given:
        return column
    if column is not None:
        raise InputError("--groups or --group", "both", "name a column, or the sets of each group")
    found: dict[str, list[str]] = {}
    for text in given:
        name, equals, sets = text.partition("=")
        parts = [sets] if sets in study else [part.strip() for part in sets.split(",") if part.strip()]
        if not equals or not name.strip() or not parts:
            raise InputError("--group NAME=SET,SET", repr(text), "write --group recursive=gen_0,gen_4,gen_10")
        found.setdefault(name.strip(), []).extend(parts)
    return found


def report_name(names: Sequence[str], found: Drift) -> str:
    """Name of the results folder: the stage order, the first and last stage, or the groups."""
    if len(names) == 1:
        return safe_name(names[0])
    if names:
        stages = next(iter(found.sets.values()))
        return safe_name(f"{stages[0]} - {stages[-1]}" + (f" by {found.by}" if found.by else ""))
    return safe_name(" - ".join(found.groups))
