"""What masks really hide, over many samples: ratio, overlap, coverage, sizes, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.internals.masking.mask import Cells, Mask
from repscope.measure.core.estimate import Estimate
from repscope.measure.core.resample import cluster_sums, estimate_means
from repscope.text.json_record import JsonRecord

NAMES = {
    "masked.ratio": "share of tokens that are in a target",
    "context.ratio": "share of tokens that the context shows",
    "unused.ratio": "share of tokens that are in neither",
    "leaked.ratio": "share of target tokens that the context shows",
    "target.count": "targets",
    "target.size": "share of the tokens in a target",
    "target.aspect": "height over width of what surrounds a target",
    "target.overlap": "share of target tokens that are in more than one target",
    "target.overlapping": "share of samples in which targets overlap",
}
"""Statistics of a sampler, and what they say."""

UNBOUNDED = ("target.count", "target.aspect")
"""Those that are no shares."""


@dataclass(frozen=True)
class MaskStatistics(JsonRecord):
    """Of one level of a sampler.

    Attributes:
        samples: how many.
        measures: each of :data:`NAMES`, the mean over samples with its interval.
        coverage: share of positions that any sample masked.
        probability: of the grid's shape, the share of samples in which a position is masked.
        context: the same for the context.
        ratios: [samples] shares of tokens that are masked.
        sizes: tokens of every target of every sample.
    """

    samples: int
    measures: dict[str, Estimate]
    coverage: float
    probability: NDArray[np.float64]
    context: NDArray[np.float64]
    ratios: NDArray[np.float64]
    sizes: NDArray[np.int64]

    def to_json(self) -> dict[str, Any]:
        """Without what is drawn only."""
        return {
            "samples": self.samples,
            "measures": [{"name": name, "value": one.to_json()} for name, one in self.measures.items()],
            "coverage": self.coverage,
            "probability": self.probability.round(6).tolist(),
            "context_probability": self.context.round(6).tolist(),
        }


def mask_statistics(masks: Sequence[Mask], *, seed: int = 0) -> MaskStatistics:
    """Means over samples with 95 % intervals, and where the masks lie.

    Args:
        masks: of one sampler and level.
        seed: of the intervals.
    """
    rows = np.array([_of_one(mask) for mask in masks])
    sums = cluster_sums(rows, np.arange(len(rows)), np.isfinite(rows))
    bounds = [(0.0, 1.0) if name not in UNBOUNDED else None for name in NAMES]
    columns = range(rows.shape[1])
    found = [each[0] for each in estimate_means(sums, sums, seed=seed, bounds=bounds, exact=columns)]
    probability = np.mean([mask.masked for mask in masks], axis=0)
    return MaskStatistics(
        samples=len(masks),
        measures=dict(zip(NAMES, found, strict=True)),
        coverage=float((probability > 0).mean()),
        probability=probability,
        context=np.mean([mask.context for mask in masks], axis=0),
        ratios=rows[:, 0],
        sizes=np.array([target.sum() for mask in masks for target in mask.targets]),
    )


def _of_one(mask: Mask) -> list[float]:
    masked, depth = mask.masked, mask.depth
    several = int((depth > 1).sum())
    count = int(masked.sum())
    return [
        float(masked.mean()),
        float(mask.context.mean()),
        float((~masked & ~mask.context).mean()),
        float((masked & mask.context).sum() / count),
        float(len(mask.targets)),
        float(np.mean([target.mean() for target in mask.targets])),
        float(np.mean([_aspect(target) for target in mask.targets])),
        several / count,
        float(several > 0),
    ]


def _aspect(cells: Cells) -> float:
    plane: Cells = np.logical_or.reduce(cells, axis=0) if cells.ndim == 3 else cells
    rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
    return float((rows[-1] - rows[0] + 1) / (columns[-1] - columns[0] + 1))
