"""Two sets made ready for measures whose cost grows with pairs of rows: capped, checked, grouped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import Float64, group_codes, matrix, refuse_non_finite
from repscope.measure.core.grouping import chosen_rows, sampling_note

MAX_ROWS = 5000
"""Rows of a set that measures on pairs of rows use; more are drawn at random, seeded."""


@dataclass(frozen=True)
class Sample:
    """Rows of one set and their groups.

    Attributes:
        rows: [n, D] in float64.
        groups: [n] codes 0 to G − 1, and G for rows that are never left out.
        counts: [G + 1] rows of each code.
        note: what was drawn, or "" when every row is here.
    """

    rows: Float64
    groups: NDArray[np.int64]
    counts: NDArray[np.int64]
    note: str

    def left(self, group: int | None) -> int:
        """Rows that remain without one group."""
        return len(self.rows) - (0 if group is None else int(self.counts[group]))


@dataclass(frozen=True)
class Grouped:
    """Group codes of both sets: 0 to ``n_groups`` − 1, or FIXED (−1) for rows never left out."""

    items: ArrayLike
    reference: ArrayLike
    n_groups: int


def sample_pair(
    items: ArrayLike,
    reference: ArrayLike,
    grouped: Grouped | None = None,
    *,
    max_rows: int | None,
    seed: int,
    min_rows: int = 2,
) -> tuple[Sample, Sample]:
    """At most ``max_rows`` rows of both sets; the same rows for every stage of the same length.

    Args:
        items: [N, D].
        reference: [M, D].
        grouped: codes of the rows; None when nothing is left out.
        max_rows: cap for each set, or None.
        seed: of the draw.
        min_rows: rows that each set must have.

    Raises:
        VectorError: not matrices, widths that differ, NaN or Inf, too few rows, codes that do not fit.
        InputError: a cap below ``min_rows``.
    """
    if max_rows is not None and max_rows < min_rows:
        raise InputError(f"max_rows of at least {min_rows}", str(max_rows), "raise it, or pass None")
    sets = matrix(items, "items", min_rows), matrix(reference, "reference", min_rows)
    check_widths(sets[0].shape[1], sets[1].shape[1])
    n_groups = 0 if grouped is None else grouped.n_groups
    codes = (None, None) if grouped is None else (grouped.items, grouped.reference)
    samples = []
    for number, (x, given, what) in enumerate(zip(sets, codes, ("items", "reference"), strict=True)):
        chosen = chosen_rows(len(x), len(x) if max_rows is None else max_rows, seed + number)
        rows = np.asarray(x[chosen], dtype=np.float64)
        if not np.isfinite(rows.sum()):
            refuse_non_finite(rows, what, chosen)
        fixed = np.full(len(x), -1) if given is None else group_codes(given, len(x), n_groups)
        groups = np.where(fixed < 0, n_groups, fixed)[chosen]
        counts = np.bincount(groups, minlength=n_groups + 1).astype(np.int64)
        note = sampling_note(len(chosen), len(x), seed + number, f"rows of {what}")
        samples.append(Sample(rows, groups, counts, note))
    return samples[0], samples[1]


def check_widths(items: int, reference: int) -> None:
    """Refuse sets of different widths.

    Raises:
        VectorError: they differ.
    """
    if items != reference:
        raise VectorError(
            "items and reference of the same width", f"{items} and {reference}", "compare sets of one space"
        )


def notes(*parts: str) -> str:
    """A method line from what there is to say."""
    return "; ".join(part for part in parts if part)
