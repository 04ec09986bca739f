"""The result of a quantisation: its record, which writes its own report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.report.files import write_report
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.quantise.csv import metrics_csv
from repscope.verbs.quantise.document import quantisation_document
from repscope.verbs.quantise.record import QuantisationRecord


@dataclass(frozen=True)
class Quantisation(QuantisationRecord):
    """One set as codes; see :class:`~repscope.verbs.quantise.record.QuantisationRecord`."""

    def save(self, out: str | Path, *, formats: tuple[str, ...] = FIGURE_FORMATS) -> Path:
        """Write report.html, report.txt, metrics.json, metrics.csv, items.parquet and figures/.

        Args:
            out: folder; created. Files of an earlier report there are replaced.
            formats: of the figures.

        Returns:
            Path of report.html.

        Raises:
            StorageError: the disk or its permissions refuse.
            InputError: a value that JSON or Parquet cannot hold.
        """
        return write_report(
            Path(out),
            quantisation_document(self),
            metrics=self.to_json(),
            table=metrics_csv(self),
            items=self.items,
            figures=self.figures,
            captions=self.captions,
            formats=formats,
        )
