"""The cluster map of ordered stages: a joint map, with sizes and distances computed in the space itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.measure.drift.result import DriftArrays
from repscope.study import EmbeddingSet
from repscope.text.numbers import significant
from repscope.verbs.drift.rows import AlignedStages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from repscope.maps import Projection
    from repscope.maps.fit import Method
    from repscope.plot.drift.clusters import Cloud

MOST_STAGES = 6
"""Stages on a cluster map; of more, the first, the middle and the last are drawn."""

MOST_POINTS = 15_000
_RESCALED = 1.25
"""Ratio of mean lengths beyond which the reference is drawn at the length of the stages."""

_REFERENCE = "reference"


@dataclass(frozen=True)
class DriftMap:
    """How the map is made and coloured.

    Attributes:
        method: None draws no map.
        perplexity: of t-SNE.
        palette: "default" or "classic".
        seed: of the map.
    """

    method: Method | None
    perplexity: float
    palette: str
    seed: int

    def shown(self, count: int) -> tuple[int, ...]:
        """Numbers of the stages that are drawn: all up to six, else first, middle and last."""
        if count <= MOST_STAGES:
            return tuple(range(count))
        return 0, (count - 1) // 2, count - 1

    def pairs(self, count: int) -> list[tuple[int, int]]:
        """Stages between which an arrow is drawn."""
        return list(pairwise(self.shown(count)))


def fit_drift_map(
    groups: Mapping[str, AlignedStages],
    reference: EmbeddingSet | None,
    choice: DriftMap,
    sets: Iterable[EmbeddingSet] = (),
) -> Projection | None:
    """The joint map of the drawn stages of all groups and the reference, or None when none is wanted.

    Rows are mapped as they are, so that the plane of a PCA has the units of the space. ``sets`` are those
    that they were taken from: the neighbours are kept in the study that they are of.

    Raises:
        DependencyError: the method's package is not installed.
    """
    if choice.method is None:
        return None
    from repscope.maps import project
    from repscope.maps.joining import sample_rows
    from repscope.maps.kept_graphs import kept_graphs

    rows: dict[str, Any] = {}
    for group, one in groups.items():
        for number in choice.shown(len(one.stages)):
            rows[_key(group, number)] = one.stages[number].rows
    most = max(500, min(5000, MOST_POINTS // (len(rows) + (reference is not None))))
    taken = {}
    if reference is not None:
        # The rows that the map would draw itself: drawn here, no others are read to be rescaled.
        taken[_REFERENCE] = sample_rows(reference.n, most, choice.seed)
        drawn = np.asarray(reference.rows[taken[_REFERENCE]], np.float32)
        rows[_REFERENCE] = drawn * np.float32(_reference_factor(groups, reference))
    found = project(
        rows,
        method=choice.method,
        seed=choice.seed,
        perplexity=choice.perplexity,
        unit=False,
        max_rows=most,
        neighbours=kept_graphs(sets),
    )
    return replace(found, rows={**found.rows, **taken})


def _key(group: str, number: int) -> str:
    return f"stage {number} of {group}"


def draw_clusters(
    groups: Mapping[str, AlignedStages],
    found: Mapping[str, DriftArrays],
    reference: EmbeddingSet | None,
    projection: Projection,
    choice: DriftMap,
) -> tuple[Figure, str]:
    """The figure and its caption."""
    from repscope.plot.drift.clusters import ClusterPanel, plot_drift_clusters

    linear = projection.method == "pca"
    scale = 1.0 if linear else _symbolic_scale(groups, found, projection)
    panels = []
    for group, one in groups.items():
        arrays = found[group]
        numbers = choice.shown(len(one.stages))
        clouds = tuple(
            _cloud(
                arrays,
                number,
                one.names[number],
                projection.coordinates[_key(group, number)],
                scale,
                linear=linear,
            )
            for number in numbers
        )
        panels.append(
            ClusterPanel(
                group,
                clouds,
                tuple(_distance(arrays, *two, brief=len(groups) > 1) for two in pairwise(numbers)),
            )
        )
    drawn_reference, factor = None, 1.0
    if reference is not None:
        factor = _reference_factor(groups, reference)
        drawn_reference = _reference_cloud(reference, projection, factor * scale, linear=linear)
    count = len(next(iter(found.values())).labels)
    notes = [
        f"{projection} · {projection.faithfulness}",
        _sizes_note(projection, linear=linear),
        *_shown_note(choice, count),
    ]
    if factor != 1.0 and reference is not None:
        notes.append(
            f"Rows of {reference.name} are {1 / factor:.3g} times as long as those of the first stage; they "
            "are drawn at its length, times one factor. Measures take them as they are."
        )
    most = max(len(points) for points in projection.coordinates.values())
    if most < next(iter(groups.values())).n:
        notes.append(f"Drawn: {most:,} rows of each stage, a seeded sample; sizes are of all rows.")
    figure = plot_drift_clusters(panels, reference=drawn_reference, notes=notes, colours=choice.palette)
    caption = (
        f"Joint map of the stages{' and the reference' if reference is not None else ''}: {projection}. "
        f"Faithfulness: {projection.faithfulness}. Discs, spreads and the distances on the arrows are "
        "computed in the original space; nothing in this report is computed from the map."
    )
    return figure, caption


def _cloud(
    arrays: DriftArrays, number: int, name: str, points: NDArray[np.float64], scale: float, *, linear: bool
) -> Cloud:
    from repscope.plot.drift.clusters import Cloud

    spread = arrays.series["spread.total"].values[number]
    radius = None if spread.value is None else float(np.sqrt(max(spread.value, 0.0)))
    text = f"spread {significant(spread.value)}"
    if spread.low is not None and spread.high is not None:
        text += f" [{significant(spread.low)}, {significant(spread.high)}]"
    if radius is not None:
        text += f"\nRMS radius {significant(radius)}"
    return Cloud(
        name,
        points,
        None if radius is None else radius * scale,
        text,
        ellipse=linear,
        stage=arrays.labels[number],
    )


def _reference_cloud(reference: EmbeddingSet, projection: Projection, scale: float, *, linear: bool) -> Cloud:
    from repscope.plot.drift.clusters import Cloud

    return Cloud(
        reference.name,
        projection.coordinates[_REFERENCE],
        _reference_radius(reference) * scale if reference.n > 1 else None,
        ellipse=linear,
    )


def _symbolic_scale(
    groups: Mapping[str, AlignedStages], found: Mapping[str, DriftArrays], projection: Projection
) -> float:
    """Map units for one unit of the space, so that the first stage's disc has its radius on the map."""
    group = next(iter(groups))
    spread = found[group].series["spread.total"].values[0].value
    on_map = _rms_radius(projection.coordinates[_key(group, 0)])
    return on_map / float(np.sqrt(spread)) if spread else 0.0


def _sizes_note(projection: Projection, *, linear: bool) -> str:
    common = "Discs: radius = root of the total spread (RMS distance to the centre) in the original space"
    if linear:
        return (
            f"{common}, drawn in its units; wider than the points where the plane misses variance. "
            "Dashed ellipses: 95 % of the covariance, projected onto this plane. Arrows: distances of the "
            "centres in the original space."
        )
    return (
        f"{common}; on a map that is not linear they are symbols, all to one scale (the first stage's disc "
        "has its radius on the map), and no ellipse has a meaning. Numbers on the arrows: distances of "
        "the centres in the original space; their length here means nothing."
    )


def _shown_note(choice: DriftMap, count: int) -> list[str]:
    shown = choice.shown(count)
    return [] if len(shown) == count else [f"Drawn: first, middle and last of {count} stages."]


def _distance(arrays: DriftArrays, first: int, second: int, *, brief: bool) -> str:

    move = arrays.move(first, second)
    if move is None or move.distance.value is None:
        return ""
    text = f"moved {significant(move.distance.value)}"
    low, high = move.distance.low, move.distance.high
    return (
        text if brief or low is None or high is None else f"{text} [{significant(low)}, {significant(high)}]"
    )


def _reference_factor(groups: Mapping[str, AlignedStages], reference: EmbeddingSet) -> float:
    """What the reference is multiplied by on the map: 1 unless its rows have another mean length."""
    stage = next(iter(groups.values())).stages[0]
    own, other = _mean_length(stage), _mean_length(reference)
    if not own or not other or max(own / other, other / own) < _RESCALED:
        return 1.0
    return own / other


def _mean_length(one: EmbeddingSet) -> float:
    return float(sum(np.linalg.norm(block, axis=1).sum(dtype=np.float64) for block in one.blocks()) / one.n)


def _reference_radius(reference: EmbeddingSet) -> float:
    """:func:`_rms_radius` of a set, a block at a time: its mean first, then what is left beside it."""
    blocks = partial(reference.blocks, dtype=np.float64)
    mean = sum(block.sum(axis=0) for block in blocks()) / reference.n
    total = sum(float(np.square(block - mean).sum()) for block in blocks())
    return float(np.sqrt(total / (reference.n - 1)))


def _rms_radius(rows: NDArray[Any]) -> float:
    return float(np.sqrt(rows.astype(np.float64, copy=False).var(axis=0, ddof=1).sum()))
