"""The result of a drift analysis: its record, which writes its own report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from repscope.report.files import write_report
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.common.class_tables import grouped_csv
from repscope.verbs.drift.csv import drift_csv
from repscope.verbs.drift.document import drift_document
from repscope.verbs.drift.record import DriftRecord


@dataclass(frozen=True)
class Drift(DriftRecord):
    """Ordered stages of the same items; see :class:`~repscope.verbs.drift.record.DriftRecord`."""

    def save(self, out: str | Path, *, formats: tuple[str, ...] = FIGURE_FORMATS, page: str = "") -> Path:
        """Write report.html, report.txt, metrics.json, metrics.csv, classes.csv, items.parquet and figures/.

        Args:
            out: folder; created. Files of an earlier report there are replaced.
            formats: of the figures.
            page: file of the viewer's page beside the report, which links it; "" where there is none.

        Returns:
            Path of report.html.

        Raises:
            StorageError: the disk or its permissions refuse.
            InputError: a value that JSON or Parquet cannot hold.
        """
        rows = {name: (*self.classes.get(name, ()), *self.class_groups.get(name, ())) for name in self.groups}
        return write_report(
            Path(out),
            replace(drift_document(self), page=page),
            metrics=self.to_json(),
            table=drift_csv(self),
            classes=grouped_csv(rows) if any(rows.values()) else "",
            items=self.items,
            figures=self.figures,
            captions=self.captions,
            formats=formats,
        )
