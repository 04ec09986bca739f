"""The figures of a drift analysis, from its records and from the items' own pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.drift.result import DriftArrays
from repscope.report.figures import Drawn
from repscope.study import EmbeddingSet
from repscope.text.numbers import significant
from repscope.verbs.drift.cluster_map import DriftMap, draw_clusters
from repscope.verbs.drift.items import drift_items
from repscope.verbs.drift.rows import AlignedStages

if TYPE_CHECKING:
    import pyarrow as pa

    from repscope.maps import Projection
    from repscope.plot.drift.metrics import PairRow

EXAMPLES = 6
COLUMNS = 6
_SIDE = 256
_IMAGES = ("path", "image")


@dataclass(kw_only=True)
class DrawnDrift(Drawn):
    """Figures, and the table of ``items`` with one row an item."""

    items: pa.Table


def draw_drift(
    groups: Mapping[str, AlignedStages],
    found: Mapping[str, DriftArrays],
    reference: EmbeddingSet | None,
    projection: Projection | None,
    choice: DriftMap,
) -> DrawnDrift:
    """Every figure that these stages have, and the table of items."""
    from repscope.plot.drift.metrics import plot_drift_metrics
    from repscope.plot.drift.trajectories import plot_drift_trajectories

    drawn = DrawnDrift(items=drift_items(groups, found))
    if projection is not None:
        drawn.add("generation_clusters", *draw_clusters(groups, found, reference, projection, choice))
    rows = {name: _pair_rows(one) for name, one in found.items()}
    several = len(next(iter(found.values())).labels) > 2
    drawn.add(
        "generation_metrics",
        plot_drift_metrics(rows, last=int(several)),
        "Movement of the centre and change of the total spread, consecutive stages and first to last, with "
        "95 % intervals, in the original space.",
    )
    positions = next(iter(found.values())).positions
    drawn.add(
        "generation_trajectories",
        plot_drift_trajectories({name: one.series for name, one in found.items()}, positions),
        "Every measure over the stages, with 95 % intervals, change-points, and what chance or a Gaussian of "
        "the same size would read.",
    )
    _draw_examples(drawn, next(iter(groups)), groups, found)
    return drawn


def _pair_rows(arrays: DriftArrays) -> list[PairRow]:
    from repscope.plot.drift.metrics import PairRow

    last = len(arrays.labels) - 1
    pairs = [*pairwise(range(last + 1)), *([(0, last)] if last > 1 else [])]
    rows = []
    for first, second in pairs:
        move = arrays.move(first, second)
        spread = arrays.series["spread.total"].pair(first, second)
        rows.append(
            PairRow(
                f"{arrays.labels[first]} → {arrays.labels[second]}",
                move.distance if move else Estimate(None, why="not computed"),
                move.noise if move else None,
                spread.change if spread else Difference(None, why="not computed"),
            )
        )
    return rows


def _draw_examples(
    drawn: DrawnDrift, group: str, groups: Mapping[str, AlignedStages], found: Mapping[str, DriftArrays]
) -> None:
    """Pictures of the items that moved most, where the stages have any; else a note, never an empty panel."""
    from repscope.plot.drift.examples import ExampleRow, plot_drift_examples
    from repscope.plot.neighbour_grid import Tile
    from repscope.report.thumbnails import picture, source_folders

    aligned, arrays = groups[group], found[group]
    absent = "there is no figure of examples: "
    if not any(name in one.columns for one in aligned.stages for name in _IMAGES):
        drawn.notes.append(absent + "no stage has a column path or image")
        return
    count = len(aligned.stages)
    shown = np.unique(np.linspace(0, count - 1, min(count, COLUMNS)).round().astype(int)).tolist()
    folders = [source_folders({one.name: one.provenance}) for one in aligned.stages]
    rows = []
    for row in arrays.paths.moved_most[:EXAMPLES]:
        tiles = []
        for number in shown:
            image = _first(aligned.stages[number], _IMAGES, row)
            small = picture(image, folders[number], _SIDE)
            pixels = None if small is None else np.asarray(small, dtype=np.uint8)
            tiles.append(Tile("", pixels, "" if image is None else str(image)))
        text = _first(aligned.stages[0], ("caption", "text", "label", "id"), row)
        rows.append(ExampleRow(str(text), f"moved {significant(float(arrays.paths.net[row]))}", tuple(tiles)))
    if not any(tile.picture is not None for one in rows for tile in one.tiles):
        drawn.notes.append(absent + "none of the pictures in the column path could be read here")
        return
    which = "the items that moved farthest from the first stage to the last, in the original space"
    note = f"{which[0].upper()}{which[1:]}" + (f"; group {group}" if group else "")
    drawn.add(
        "generation_examples",
        plot_drift_examples(rows, [arrays.labels[number] for number in shown], note=note),
        f"Pictures of {which}" + (f", of group {group}." if group else "."),
    )


def _first(one: EmbeddingSet, columns: Sequence[str], row: int) -> Any:
    """The first of some cells that is not missing."""
    for name in columns:
        if name in one.columns:
            value = one.items.column(name)[row].as_py()
            if value not in (None, ""):
                return value
    return None
