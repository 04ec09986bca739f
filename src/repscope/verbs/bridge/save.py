"""Writing the report of bridges: all files or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repscope.report.figures import Drawn
from repscope.report.files import write_report
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.bridge.csv import bridges_csv
from repscope.verbs.bridge.document import bridge_document
from repscope.verbs.bridge.record import BridgesRecord


def save_bridges(
    record: BridgesRecord, drawn: Drawn | None, out: Path, *, formats: Sequence[str] = FIGURE_FORMATS
) -> Path:
    """Write report.html, report.txt, metrics.json, metrics.csv and figures/; the path of the page.

    Raises:
        StorageError: the disk or its permissions refuse.
    """
    drawn = drawn or Drawn()
    return write_report(
        out,
        bridge_document(record, drawn),
        metrics=record.to_json(),
        table=bridges_csv(record),
        figures=drawn.figures,
        captions=drawn.captions,
        formats=formats,
    )
