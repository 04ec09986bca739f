"""What ``masks`` found, as a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.internals.masking.mask import Mask
from repscope.internals.masking.statistics import MaskStatistics
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
class MasksRecord:
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
