"""What ``masks`` found, with how it is saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from repscope.study.storage import make_folder, write_bytes
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.masks.record import MasksRecord


class Masks(MasksRecord):
    """What samplers of masks hide and show; saves itself."""

    def save(
        self,
        out: str | Path,
        *,
        formats: Sequence[str] = FIGURE_FORMATS,
        animate: Sequence[str] = ("gif",),
    ) -> Path:
        """Write masks.json, the figures and the animation; return the folder.

        Raises:
            DependencyError: MP4 without ffmpeg.
            StorageError: the disk refuses.
        """
        from repscope.plot.base.save import save_figure
        from repscope.plot.masks.animation import ffmpeg, mask_frames, save_animation
        from repscope.verbs.masks.figures import draw

        if "mp4" in animate:
            ffmpeg()
        folder = make_folder(Path(out))
        for name, figure in draw(self):
            save_figure(figure, folder, name, formats=formats)
        frames = mask_frames([masks[0] for masks in self.samplers[0].shown], self.picture)
        for suffix in animate:
            save_animation(frames, folder / f"masks.{suffix}")
        record = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        write_bytes(folder / "masks.json", record.encode())
        return folder
