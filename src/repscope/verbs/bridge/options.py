"""How the options of ``bridge report`` are read."""

from __future__ import annotations

from collections.abc import Sequence

from repscope.errors import InputError
from repscope.plot.base.style import palette as find_palette
from repscope.study.names import safe_name
from repscope.verbs.bridge.record import BridgesRecord


def check_palette(name: str) -> None:
    """Refuse an unknown palette before the work.

    Raises:
        UnknownNameError: there is none of that name.
    """
    find_palette(name)


def parse_times(text: str | None) -> tuple[int, ...] | None:
    """``50,200,600`` as times; () for "none", None where nothing was said.

    Raises:
        InputError: not whole numbers.
    """
    if text is None:
        return None
    if text.strip() == "none":
        return ()
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(
            "--entry-times T,T,… in steps of the schedule, or none", repr(text), "write 50,200"
        ) from None


def report_name(record: BridgesRecord, names: Sequence[str]) -> str:
    """Name of the results folder: the bridges, or the sets of a cross-validation."""
    return safe_name(" - ".join(names) if names else f"{record.source} - {record.target}")
