"""Collapse: rows that hardly differ, or in hardly any direction, whatever their scale, N and D."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import VectorError
from repscope.measure.core.arrays import float_matrix
from repscope.measure.geometry.calibration import gaussian_bands
from repscope.measure.geometry.spectrum import rank_entropy, spectrum_rows
from repscope.text.json_record import JsonRecord

Kind = Literal["point", "directions", "none"]

LEAST_SHARE = 0.01
"""Of the mean square of the rows that their differences must hold."""

LEAST_RANK = 0.05
"""Of the way from one direction to a Gaussian of the same N and D that ``rank.entropy`` must go."""


@dataclass(frozen=True)
class Collapse(JsonRecord):
    """Whether rows have collapsed.

    Attributes:
        kind: "point" (they hardly differ), "directions" (in hardly any direction), or "none".
        share: of the mean square of the rows that lies in their differences, in [0, 1] up to sampling.
        rank: ``rank.entropy`` of their differences; None where there are none.
        gaussian: what a Gaussian of the same N and D reads.
        placed: differences are those between rows of one place.
    """

    kind: Kind
    share: float
    rank: float | None
    gaussian: float
    placed: bool = False

    def __str__(self) -> str:
        where = "rows of one place" if self.placed else "rows"
        share = f"the differences between {where} hold {100 * self.share:.2g} % of the mean square"
        if self.kind == "point":
            return f"collapsed: {share}"
        rank = f"rank.entropy {self.rank:.3g}, where a Gaussian of the same N and D reads {self.gaussian:.3g}"
        if self.kind == "directions":
            return f"collapsed onto few directions: {share}, with a {rank}"
        return f"no sign of collapse: {share}, with a {rank}"


def collapse(x: ArrayLike, places: ArrayLike | None = None, *, seed: int = 0) -> Collapse:
    """Whether the rows of ``x`` [N, D] have collapsed; the same for any scale of them.

    Args:
        x: features.
        places: [N] which place of an image each row is of. Differences are then those between images at one
            place: rows that say their place and nothing of the image have collapsed, too.
        seed: of the Gaussian that ``rank.entropy`` is read beside.

    Raises:
        VectorError: not a finite matrix, only zeros, or fewer than two rows of every place.
    """
    rows = float_matrix(x)
    codes = np.zeros(len(rows), np.int64) if places is None else np.unique(places, return_inverse=True)[1]
    counts = np.bincount(codes)
    kept = counts[codes] > 1
    rows, codes = rows[kept], codes[kept]
    if len(rows) < 2:
        raise VectorError("two rows or more of a place", "one of each", "give more images")
    sums = np.zeros((len(counts), rows.shape[1]))
    np.add.at(sums, codes, rows)
    away = rows - (sums / np.maximum(counts, 1)[:, None])[codes]
    degrees = len(rows) - len(np.unique(codes))
    size = float(np.square(rows).sum(axis=1).mean())
    if size == 0:
        raise VectorError("rows that are not all zero", "zeros", "look at the model")
    share = float(np.square(away).sum() / degrees / size)
    gaussian = float(np.mean(gaussian_bands(len(rows), rows.shape[1], seed)["rank.entropy"]))
    if share < LEAST_SHARE:
        # Rounding alone, in the limit: its directions say nothing.
        return Collapse("point", share, None, gaussian, placed=places is not None)
    rank = rank_entropy(spectrum_rows(away))
    few = rank < 1 + LEAST_RANK * (gaussian - 1)
    return Collapse("directions" if few else "none", share, rank, gaussian, placed=places is not None)
