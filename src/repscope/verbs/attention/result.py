"""What ``attention`` found, with how it is saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from repscope.study.storage import make_folder, write_atomically, write_bytes
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.attention.record import AttentionRecord


class Attention(AttentionRecord):
    """What the heads of a model look at; saves itself."""

    def save_weights(self, path: str | Path) -> Path:
        """Write ``id`` and the arrays as npz; all or nothing.

        Raises:
            StorageError: the disk refuses.
        """
        path = Path(path)
        make_folder(path.parent)
        ids = np.array(self.ids, np.str_)

        def write(file: IO[bytes]) -> None:
            np.savez(file, **{"id": ids, **self.arrays})  # type: ignore[arg-type]  # numpy's stub

        write_atomically(path, write)
        return path

    def save(self, out: str | Path, *, formats: Sequence[str] = FIGURE_FORMATS) -> Path:
        """Write attention.json and the figures; return the folder.

        Raises:
            StorageError: the disk refuses.
        """
        from repscope.plot.base.save import save_figure
        from repscope.verbs.attention.figures import draw

        folder = make_folder(Path(out))
        for name, figure in draw(self):
            save_figure(figure, folder, name, formats=formats)
        record = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        write_bytes(folder / "attention.json", record.encode())
        return folder
