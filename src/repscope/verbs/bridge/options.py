"""What ``bridge report`` writes, and how its options are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repscope.errors import InputError
from repscope.plot.base.style import palette as find_palette
from repscope.study.names import safe_name
from repscope.verbs.bridge import save as bridge_files
from repscope.verbs.bridge.record import BridgesRecord
from repscope.verbs.bridge.text_report import summary_lines

__all__ = ["check_palette", "parse_times", "report_name", "save_bridges", "summary_lines"]


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


def save_bridges(
    record: BridgesRecord,
    drawn: bridge_files.BridgeFigures | None,
    out: Path,
    *,
    formats: Sequence[str] = ("png", "svg", "pdf"),
) -> Path:
    """Write bridges.json, bridges.csv, report.txt, report.html and figures/; the path of the page.

    Raises:
        StorageError: the disk or its permissions refuse.
    """
    return bridge_files.save_bridges(record, drawn or bridge_files.BridgeFigures(), out, formats=formats)
