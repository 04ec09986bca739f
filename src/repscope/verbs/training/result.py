"""What ``training`` found, with how it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repscope.report.files import write_report
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.training.document import training_csv, training_document
from repscope.verbs.training.record import TrainingRecord


class Training(TrainingRecord):
    """Series of logs, and what they say; saves itself."""

    def save(self, out: str | Path, *, formats: Sequence[str] = FIGURE_FORMATS) -> Path:
        """Write report.html, report.txt, metrics.json, metrics.csv and figures/; return report.html.

        Args:
            out: folder; created. Files of an earlier report there are replaced.
            formats: of the figures; none of them without.

        Raises:
            StorageError: the disk refuses.
        """
        drawn = []
        if formats:
            from repscope.verbs.training.figures import draw

            drawn = list(draw(self))
        captions = {name: caption for name, _, caption in drawn}
        return write_report(
            Path(out),
            training_document(self, captions),
            metrics=self.to_json(),
            table=training_csv(self),
            figures={name: figure for name, figure, _ in drawn},
            captions=captions,
            formats=formats,
        )
