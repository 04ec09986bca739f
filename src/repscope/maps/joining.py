"""Several sets as the rows of one matrix: the only thing that a map is ever fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import float_matrix, matrix, unit_rows
from repscope.study.stored import StoredRows


@dataclass(frozen=True)
class Joined:
    """Rows of all sets, one under the other.

    Attributes:
        rows: [ΣN, D] float64; of unit length when asked for.
        taken: per set, [n] the row numbers that stand here, ascending.
    """

    rows: NDArray[np.float64]
    taken: Mapping[str, NDArray[np.int64]]

    def split(self, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Values of the joint rows [ΣN, …] back to each set."""
        return split(values, self.taken)


def split(values: NDArray[Any], taken: Mapping[str, NDArray[np.int64]]) -> dict[str, NDArray[Any]]:
    """Values of the joint rows [ΣN, …] by set, in the order of ``taken``."""
    ends = np.cumsum([len(rows) for rows in taken.values()])
    return dict(zip(taken, np.split(values, ends[:-1]), strict=True))


def sample_rows(n: int, max_rows: int | None, seed: int) -> NDArray[np.int64]:
    """Row numbers 0…n−1, or ``max_rows`` of them at random, ascending.

    Depends on n and the seed alone, so that stages of the same items keep the same rows.
    """
    if max_rows is None or n <= max_rows:
        return np.arange(n, dtype=np.int64)
    chosen = np.random.default_rng(seed).choice(n, size=max_rows, replace=False)
    return np.sort(chosen).astype(np.int64)


def join(
    sets: Mapping[str, NDArray[Any] | StoredRows], *, unit: bool, max_rows: int | None, seed: int
) -> Joined:
    """Put the rows of all sets under each other.

    Args:
        sets: name → [N, D], one D.
        unit: N(x), so that Euclidean distance orders pairs as the cosine does.
        max_rows: most rows of each set (see :func:`sample_rows`), or None for all.
        seed: of the sample.

    Raises:
        InputError: no sets, or ``max_rows`` below 1.
        VectorError: widths differ; a row is not finite or, with ``unit``, zero.
    """
    if not sets:
        raise InputError("at least one set to project", "none", "name the sets")
    if max_rows is not None and max_rows < 1:
        raise InputError("max_rows of at least 1", str(max_rows), "leave it out for the default")
    taken, parts = {}, []
    for name, vectors in sets.items():
        array = matrix(vectors, name)
        rows = sample_rows(len(array), max_rows, seed)
        chosen = array if len(rows) == len(array) else array[rows]
        parts.append(unit_rows(chosen, name, rows) if unit else float_matrix(chosen, name))
        taken[name] = rows
    widths = {name: part.shape[1] for name, part in zip(taken, parts, strict=True)}
    if len(set(widths.values())) > 1:
        raise VectorError(
            "sets of one width",
            ", ".join(f"{name} of {width}" for name, width in widths.items()),
            "project sets of one space; sets of different spaces have no joint map",
        )
    return Joined(np.concatenate(parts), taken)
