"""The result of a description: its record, which writes its own report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.report.files import write_report
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.common.class_tables import values_csv
from repscope.verbs.describe.csv import metrics_csv
from repscope.verbs.describe.document import description_document
from repscope.verbs.describe.record import DescriptionRecord


@dataclass(frozen=True)
class Description(DescriptionRecord):
    """One set, described; see :class:`~repscope.verbs.describe.record.DescriptionRecord`."""

    def save(self, out: str | Path, *, formats: tuple[str, ...] = FIGURE_FORMATS) -> Path:
        """Write report.html, report.txt, metrics.json, metrics.csv, classes.csv, items.parquet and figures/.

        Args:
            out: folder; created. Files of an earlier report there are replaced.
            formats: of the figures.

        Returns:
            Path of report.html.

        Raises:
            StorageError: the disk or its permissions refuse.
            InputError: a value that JSON or Parquet cannot hold.
        """
        rows = (*self.classes, *self.class_groups)
        return write_report(
            Path(out),
            description_document(self),
            metrics=self.to_json(),
            table=metrics_csv(self),
            classes=values_csv(rows) if rows else "",
            items=self.items,
            figures=self.figures,
            captions=self.captions,
            formats=formats,
        )
