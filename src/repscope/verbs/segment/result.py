"""What ``segment compare`` found, with how it is saved."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from repscope.study.storage import make_folder, write_bytes
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.segment.record import MEASURES, SegmentRecord


class SegmentComparison(SegmentRecord):
    """Two runs on the pictures of one split; saves itself."""

    def save(
        self,
        out: str | Path,
        *,
        formats: Sequence[str] = FIGURE_FORMATS,
        n_best: int = 5,
        n_worst: int = 5,
    ) -> Path:
        """Write metrics.json, images.csv, report.txt and the figures; return the folder.

        Raises:
            StorageError: the disk refuses.
        """
        from repscope.plot.base.save import save_figure
        from repscope.verbs.segment.figures import draw

        folder = make_folder(Path(out))
        for name, figure in draw(self, n_best, n_worst):
            save_figure(figure, folder, name, formats=formats)
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["id", *(f"{name}.{at}" for name in MEASURES for at in ("first", "second"))])
        for one in self.images:
            cells = one.to_json()
            rows.writerow([one.id, *(cells[name][at] for name in MEASURES for at in range(2))])
        write_bytes(folder / "images.csv", text.getvalue().encode())
        write_bytes(folder / "report.txt", ("\n".join(self.lines()) + "\n").encode())
        record = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        write_bytes(folder / "metrics.json", record.encode())
        return folder
