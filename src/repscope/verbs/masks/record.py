"""What ``masks`` found, as a record that saves itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.internals.masking.mask import Mask
from repscope.internals.masking.statistics import MaskStatistics
from repscope.study.storage import make_folder, write_bytes
from repscope.text.figures import FIGURE_FORMATS
from repscope.text.json_record import JsonRecord
from repscope.text.numbers import number
from repscope.text.tables import table

SCHEMA = "repscope.masks/1"

HEAD = ("masked", "context", "size", "targets", "overlap", "overlapping", "coverage")
SHOWN = (
    "masked.ratio",
    "context.ratio",
    "target.size",
    "target.count",
    "target.overlap",
    "target.overlapping",
)


@dataclass(frozen=True)
class SampledMasks(JsonRecord, keys="name parameters levels"):
    """The masks of one sampler.

    Attributes:
        name: of the sampler.
        parameters: of it; {} of a user's own.
        levels: statistics, one a level; one of all samplers without levels.
        shown: the first samples, each with a mask a level.
    """

    name: str
    parameters: Mapping[str, Any]
    levels: tuple[MaskStatistics, ...]
    shown: tuple[tuple[Mask, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Masks:
    """What samplers of masks hide and show.

    Attributes:
        grid: rows and columns of tokens, with frames before them where there are any.
        samples: masks that were drawn of each sampler.
        samplers: in the order asked for.
        notes: what a reader should know.
        replay: the command that repeats it; "" where there is none.
        picture: [H, W, 3] in [0, 1], or None.
    """

    grid: tuple[int, ...]
    samples: int
    samplers: tuple[SampledMasks, ...]
    notes: tuple[str, ...] = ()
    replay: str = ""
    picture: NDArray[np.float32] | None = field(default=None, repr=False)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; ``sampler``, ``parameters`` and the rest of the head are the first sampler's."""
        first = self.samplers[0]
        return {
            "schema": SCHEMA,
            "sampler": first.name,
            "parameters": dict(first.parameters),
            "grid": list(self.grid),
            **first.levels[0].to_json(),
            "samplers": [one.to_json() for one in self.samplers],
            "notes": list(self.notes),
            "replay": self.replay,
        }

    def lines(self) -> Sequence[str]:
        """A row a sampler and level."""
        rows = []
        for one in self.samplers:
            for level, stats in enumerate(one.levels):
                name = one.name if len(one.levels) == 1 else f"{one.name}, level {level}"
                cells = [number(stats.measures[key].value, 3) for key in SHOWN]
                rows.append((name, *cells, number(stats.coverage, 3)))
        return table(("sampler", *HEAD), rows, left=[0], rule=False, width=None)

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
