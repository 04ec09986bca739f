"""What all stages of a drift analysis share: the rows, their clusters, the groups that are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import integer_codes, matrix
from repscope.measure.core.grouping import dense_codes
from repscope.measure.core.resample import GROUPS, RESAMPLES, jackknife_groups

Array = NDArray[np.generic]
Ints = NDArray[np.int64]

BLOCK_BYTES = 48 * 2**20
"""Rows of all stages held at once in float64."""

FEWEST_CLUSTERS = 4


@dataclass(frozen=True)
class DriftFrame:
    """Ordered stages of the same items and how they are resampled, the same way in every stage.

    Attributes:
        stages: [N, D] each, as given: not copied, perhaps memory maps.
        labels: names of the stages.
        positions: where they stand.
        clusters: [N] independent units 0…C−1.
        n_clusters: C.
        groups: [N] groups of the delete-group jackknife.
        n_groups: G.
        order: [N] rows sorted by group, then by cluster.
        pairs: consecutive stages, the first with every later one, then those asked for.
        seed: of everything random.
        resamples: of bootstraps, sign flips and simulated series.
        block_rows: rows of every stage read at a time; chosen by memory when None.
    """

    stages: tuple[Array, ...]
    labels: tuple[str, ...]
    positions: tuple[float, ...]
    clusters: Ints
    n_clusters: int
    groups: Ints
    n_groups: int
    order: Ints = field(repr=False)
    pairs: tuple[tuple[int, int], ...]
    seed: int = 0
    resamples: int = RESAMPLES
    block_rows: int | None = None

    @property
    def n(self) -> int:
        """Items."""
        return len(self.clusters)

    @property
    def dimension(self) -> int:
        """Width of a row."""
        return int(self.stages[0].shape[1])

    def blocks(self) -> Iterator[tuple[int, Ints]]:
        """Every row once, as (group, row numbers), sorted by cluster within the group."""
        size = self.block_rows or max(16, BLOCK_BYTES // (8 * self.dimension * (len(self.stages) + 2)))
        ends = np.searchsorted(self.groups[self.order], np.arange(self.n_groups + 1))
        for group, (start, end) in enumerate(pairwise(ends)):
            for first in range(start, end, size):
                yield group, self.order[first : min(first + size, end)]


def drift_frame(
    stages: Sequence[ArrayLike],
    *,
    clusters: ArrayLike | None = None,
    labels: Sequence[str] | None = None,
    positions: Sequence[float] | None = None,
    pairs: Iterable[tuple[int, int]] = (),
    seed: int = 0,
    resamples: int = RESAMPLES,
    block_rows: int | None = None,
) -> DriftFrame:
    """Check ordered stages and assign their clusters to groups.

    Raises:
        InputError: fewer than two stages; labels, positions or pairs that do not fit; a cluster missing,
            fewer than 4 clusters.
        VectorError: not matrices, other widths or numbers of rows than the first stage, fewer than 4 rows.
    """
    if len(stages) < 2:
        raise InputError(
            "at least two stages in order", f"{len(stages)}", "give the first stage and a later one"
        )
    names = _labels(labels, len(stages))
    arrays = tuple(
        matrix(stage, f"stage {name!r}", min_rows=4) for stage, name in zip(stages, names, strict=True)
    )
    for name, stage in zip(names, arrays, strict=True):
        if stage.shape != arrays[0].shape:
            raise VectorError(
                f"the same items and width in every stage, {arrays[0].shape} as in {names[0]!r}",
                f"{stage.shape} in {name!r}",
                "pair the rows by id first, and capture every stage at the same layer",
            )
    n = len(arrays[0])
    codes = np.arange(n) if clusters is None else _clusters(clusters, n)
    if codes.max() + 1 < FEWEST_CLUSTERS:
        raise InputError(
            f"at least {FEWEST_CLUSTERS} independent clusters",
            f"{codes.max() + 1}",
            "give more items; with so few, nothing can be left out",
        )
    groups, n_groups = jackknife_groups(codes, groups=GROUPS, seed=seed)
    return DriftFrame(
        stages=arrays,
        labels=names,
        positions=_positions(positions, len(arrays)),
        clusters=codes,
        n_clusters=int(codes.max()) + 1,
        groups=groups,
        n_groups=n_groups,
        order=np.lexsort((codes, groups)).astype(np.int64),
        pairs=_pairs(pairs, len(arrays)),
        seed=seed,
        resamples=resamples,
        block_rows=block_rows,
    )


def _labels(labels: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if labels is None:
        return tuple(f"stage {number}" for number in range(count))
    if len(labels) != count:
        raise InputError(f"one label for each of {count} stages", f"{len(labels)}", "name every stage")
    return tuple(str(label) for label in labels)


def _positions(positions: Sequence[float] | None, count: int) -> tuple[float, ...]:
    if positions is None:
        return tuple(float(number) for number in range(count))
    places = np.asarray(positions, np.float64)
    if places.shape != (count,) or not np.isfinite(places).all():
        raise InputError(f"one finite position for each of {count} stages", f"{positions}", "number them")
    if (np.diff(places) <= 0).any():
        raise InputError(
            "positions that rise from stage to stage",
            ", ".join(f"{position:g}" for position in places),
            "give the stages in their order: 0, 4, 10",
        )
    return tuple(float(position) for position in places)


def _clusters(clusters: ArrayLike, n: int) -> Ints:
    do = "number the clusters from 0"
    return dense_codes(integer_codes(clusters, n, "cluster", do, rows="items", error=InputError))


def _pairs(extra: Iterable[tuple[int, int]], count: int) -> tuple[tuple[int, int], ...]:
    wanted = [*pairwise(range(count)), *((0, later) for later in range(1, count))]
    for first, second in extra:
        if not 0 <= first < second < count:
            raise InputError(
                f"pairs of stages (first, second) with 0 ≤ first < second < {count}",
                f"({first}, {second})",
                "number the stages from 0 in their order",
            )
        wanted.append((first, second))
    return tuple(dict.fromkeys(wanted))
