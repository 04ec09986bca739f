"""What ``predictions`` found, with how it is saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from repscope.study.storage import make_folder, write_bytes
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.predictions.record import PredictionsRecord


class Predictions(PredictionsRecord):
    """What a model predicts of hidden patches; saves itself."""

    def save(self, out: str | Path, *, formats: Sequence[str] = FIGURE_FORMATS) -> Path:
        """Write predictions.json and the figures; return the folder.

        Raises:
            StorageError: the disk refuses.
        """
        from repscope.plot.base.save import save_figure
        from repscope.verbs.predictions.figures import draw

        folder = make_folder(Path(out))
        for name, figure in draw(self):
            save_figure(figure, folder, name, formats=formats)
        record = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        write_bytes(folder / "predictions.json", record.encode())
        return folder
