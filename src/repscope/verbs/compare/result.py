"""The result of a comparison: its record, which writes its own report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from repscope.report.files import write_report
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.common.class_tables import changes_csv
from repscope.verbs.compare.csv import metrics_csv
from repscope.verbs.compare.document import comparison_document
from repscope.verbs.compare.record import ComparisonRecord


@dataclass(frozen=True)
class Comparison(ComparisonRecord):
    """Two stages against a reference; see :class:`~repscope.verbs.compare.record.ComparisonRecord`."""

    def save(self, out: str | Path, *, formats: tuple[str, ...] = FIGURE_FORMATS, page: str = "") -> Path:
        """Write report.html, report.txt, metrics.json, metrics.csv, classes.csv, items.parquet and figures/.

        Args:
            out: folder; created. Files of an earlier comparison there are replaced.
            formats: of the figures.
            page: file of the viewer's page beside the report, which links it; "" where there is none.

        Returns:
            Path of report.html.

        Raises:
            StorageError: the disk or its permissions refuse.
            InputError: a value that JSON or Parquet cannot hold.
        """
        rows = (*self.classes, *self.class_groups)
        return write_report(
            Path(out),
            replace(comparison_document(self), page=page),
            metrics=self.to_json(),
            table=metrics_csv(self),
            classes=changes_csv(rows) if rows else "",
            items=self.items,
            figures=self.figures,
            captions=self.captions,
            formats=formats,
        )
