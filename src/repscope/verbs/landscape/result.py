"""What ``landscape`` found, with how it is saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from repscope.study.storage import make_folder, write_bytes
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.landscape.record import LandscapeRecord


class Landscape(LandscapeRecord):
    """The loss on a plane through the trained weights; saves itself."""

    def save(self, out: str | Path, *, formats: Sequence[str] = FIGURE_FORMATS) -> Path:
        """Write landscape.json and the figures; return the folder.

        Raises:
            StorageError: the disk refuses.
        """
        from repscope.plot.base.save import save_figure
        from repscope.plot.landscape.surface import plot_contours, plot_surface

        folder = make_folder(Path(out))
        contours = plot_contours(self.xs, self.ys, self.losses, path=self.path, explained=self.explained)
        save_figure(contours, folder, "contours", formats=formats)
        save_figure(plot_surface(self.xs, self.ys, self.losses), folder, "surface", formats=formats)
        record = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        write_bytes(folder / "landscape.json", record.encode())
        return folder
