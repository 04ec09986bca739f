"""Ordered stages of the same items: everything that changed, with intervals, controls and a verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import UnknownNameError, name_some
from repscope.measure.core.arrays import matrix
from repscope.measure.core.resample import RESAMPLES
from repscope.measure.drift import assemble
from repscope.measure.drift.centres import moves, turns
from repscope.measure.drift.frame import drift_frame
from repscope.measure.drift.margins import CENTRE, DriftEvidence, DriftMargins
from repscope.measure.drift.modes import LostAt, modes
from repscope.measure.drift.paths import paths
from repscope.measure.drift.rate import rate
from repscope.measure.drift.readings import readings
from repscope.measure.drift.records import Modes, Series
from repscope.measure.drift.relations import distances, to_reference
from repscope.measure.drift.result import DriftArrays
from repscope.measure.drift.series import with_q
from repscope.measure.drift.sums import stage_sums
from repscope.measure.drift.verdict import judge
from repscope.measure.verdict.advice import more_clusters

FAMILIES = ("rank", "frechet", "mmd", "manifold", "modes", "paths")
"""Calculations that cost more than two readings of the data, and may be left out."""


def drift_arrays(
    stages: Sequence[ArrayLike],
    *,
    reference: ArrayLike | None = None,
    item_keys: NDArray[np.int64] | None = None,
    reference_keys: NDArray[np.int64] | None = None,
    clusters: ArrayLike | None = None,
    real: ArrayLike | None = None,
    positions: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    pairs: Iterable[tuple[int, int]] = (),
    measures: Collection[str] | None = None,
    controls: bool = True,
    seed: int = 0,
    resamples: int = RESAMPLES,
    margins: DriftMargins | None = None,
    block_rows: int | None = None,
) -> DriftArrays:
    """Compare ordered stages of the same items in the original space.

    Rows are read in blocks, so stages may be memory maps of any float dtype, or the rows of several shards
    (:attr:`EmbeddingSet.rows <repscope.study.embeddings.EmbeddingSet.rows>`); so may the reference and the
    real rows. Nothing of the size of a stage is copied: at most 10,000 rows where neighbours or modes are
    sought.

    Args:
        stages: [N, D] each, the same items in the same order, first to last.
        reference: [M, D] captions or other targets.
        item_keys: [N] link codes; −1 without truth. None leaves matched measures out.
        reference_keys: [M]; 0…M−1 by default.
        clusters: [N] which items are not independent; every item its own by default.
        real: [R, D] real rows that every stage is measured to as well.
        positions: where the stages stand, rising (generations 0, 4, 10); 0, 1, 2, … by default.
        labels: names of the stages, for the sentences.
        pairs: (first, second) beside consecutive stages and the first with every later one.
        measures: which of :data:`FAMILIES`; all by default.
        controls: also read stages in random order and halves of the first stage.
        seed: of everything random.
        resamples: of bootstraps, sign flips and simulated series.
        margins: of the verdict.
        block_rows: rows of every stage read at a time; chosen by memory when None.

    Returns:
        Intervals are a delete-group jackknife over clusters (the same 20 groups in every stage), except
        those of means over items, which are bootstrapped.

    Raises:
        InputError: fewer than two stages, or labels, positions, pairs or clusters that do not fit.
        VectorError: shapes that differ, NaN or Inf; the stage and the row are named.
        LinkError: no item is linked with the reference.
        UnknownNameError: a family that is not in :data:`FAMILIES`.
    """
    wanted = _families(measures)
    frame = drift_frame(
        stages,
        clusters=clusters,
        labels=labels,
        positions=positions,
        pairs=pairs,
        seed=seed,
        resamples=resamples,
        block_rows=block_rows,
    )
    margins = margins or DriftMargins()
    sums = stage_sums(frame)
    shuffled = stage_sums(frame, shuffle=True) if controls else None
    all_moves = assemble.moves_with_q(moves(frame, sums, shuffled))
    net = next(move for move in all_moves if (move.first, move.second) == (0, len(frame.stages) - 1))
    second = readings(frame, sums, moved=assemble.surely_moved(net, margins.alpha))
    all_turns = turns(frame, sums)

    series, undefined = assemble.spreads(frame, sums, shuffled, second)
    series[CENTRE] = assemble.centre(frame, sums, all_moves, shuffled)
    series |= assemble.persistence(all_turns, len(frame.stages)) | assemble.far_rows(frame, second.radii)
    if "rank" in wanted:
        _take(series, undefined, assemble.ranks(frame))
    if reference is not None:
        targets = matrix(reference, "reference")
        _take(series, undefined, to_reference(frame, targets, item_keys, reference_keys))
    rows = None if real is None else matrix(real, "real")
    _take(series, undefined, distances(frame, wanted, rows, controls=controls))
    series = with_q(series)
    lost = LostAt(margins.mode_lost, margins.alpha)
    first_modes = modes(frame, sums, lost) if "modes" in wanted else Modes(why="not asked for")
    spread = sums.total_spread()
    evidence = DriftEvidence(
        frame.n_clusters,
        frame.labels,
        series,
        [move for move in all_moves if move.first == 0],
        first_modes,
        identical=not sums.steps.any(),
        point=bool(spread[0, -1] == 0 < spread[0, 0]),
    )
    verdict = judge(evidence, margins)
    return DriftArrays(
        labels=frame.labels,
        positions=frame.positions,
        n=frame.n,
        dimension=frame.dimension,
        clusters=frame.n_clusters,
        series={name: series[name] for name in assemble.order(series)},
        undefined=undefined,
        moves=tuple(all_moves),
        turns=tuple(all_turns),
        axes=assemble.axes(frame, sums, second),
        modes=first_modes,
        paths=paths(frame, sums, neighbours="paths" in wanted),
        rate=rate(spread, frame.positions, frame.n, frame.n_clusters),
        verdict=replace(verdict, needed=more_clusters(verdict.needed, evidence.clusters)),
        seed=seed,
    )


def _families(measures: Collection[str] | None) -> frozenset[str]:
    if measures is None:
        return frozenset(FAMILIES)
    unknown = [name for name in measures if name not in FAMILIES]
    if unknown:
        raise UnknownNameError("families of measures", name_some(unknown), f"choose of {', '.join(FAMILIES)}")
    return frozenset(measures)


def _take(
    series: dict[str, Series], undefined: dict[str, str], more: tuple[dict[str, Series], dict[str, str]]
) -> None:
    series.update(more[0])
    undefined.update(more[1])
