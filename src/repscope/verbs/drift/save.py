"""Writing the report of a drift analysis: all files or none, and its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from repscope.verbs.compare.page import Picture, page_style, page_template
from repscope.verbs.compare.save import json_bytes, parquet_bytes, utf8, write_report
from repscope.verbs.drift.content import DriftContent, build_drift_content
from repscope.verbs.drift.csv import drift_csv
from repscope.verbs.drift.protocol import DriftRecord
from repscope.verbs.drift.text_report import render_drift_text
from repscope.verbs.drift.words import TONES


def save_drift(record: DriftRecord, out: Path, *, formats: Sequence[str] = ("png", "svg", "pdf")) -> Path:
    """Write report.html, report.txt, metrics.json, metrics.csv, items.parquet and figures/ into ``out``.

    Returns:
        Path of report.html.

    Raises:
        StorageError: the disk or its permissions refuse.
        InputError: a value that JSON or Parquet cannot hold.
    """
    metrics, parquet = json_bytes(record.to_json()), parquet_bytes(record.items)
    content = build_drift_content(record)

    def files(pictures: Mapping[str, Picture]) -> dict[str, bytes]:
        return {
            "items.parquet": parquet,
            "metrics.csv": drift_csv(record).encode(),
            "metrics.json": metrics,
            "report.txt": utf8(render_drift_text(content)),
            "report.html": utf8(render_drift_page(content, pictures)),
        }

    return write_report(out, record.figures, record.captions, files, formats=formats)


def render_drift_page(content: DriftContent, pictures: Mapping[str, Picture]) -> str:
    """The whole page: one file that asks the network for nothing and runs no script."""
    return page_template("drift.html").render(
        c=content, pictures=pictures, tone=TONES.get(content.word, "calm"), **page_style()
    )
