"""The figures of ``predictions``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.internals.prediction.autoencoder import TRUE_MOMENTS
from repscope.measure.geometry.one_set import norms
from repscope.measure.geometry.spectrum import spectrum_rows
from repscope.plot.maps import plot_map
from repscope.plot.masks.grids import hide
from repscope.plot.neighbour_grid import Tile, plot_neighbours
from repscope.plot.predictions.distribution import Distribution, plot_distributions
from repscope.plot.predictions.levels import plot_levels
from repscope.plot.predictions.maps import Column, plot_prediction_maps, scale_of
from repscope.verbs.predictions.record import FeatureHealth, PredictionsRecord, ShownPrediction

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LEVELS = 3
"""Levels whose maps are drawn; of more, evenly chosen ones."""


def draw(found: PredictionsRecord) -> Iterator[tuple[str, Figure]]:
    """Names and figures: levels, maps, reconstruction, distribution, map, neighbours."""
    yield "levels", plot_levels([(_name(one.level, one.grid), one.measures) for one in found.levels])
    if found.shown:
        yield "maps", _maps(found)
    if any(one.reconstruction is not None for one in found.shown):
        yield "reconstruction", _reconstruction(found)
    kinds = [one for one in found.health if one.name.endswith("patches") and one.measures]
    if kinds:
        yield "distribution", plot_distributions([_distribution(one) for one in kinds])
    if found.map is not None:
        axes = plot_map(found.map, before="target", after="predicted")
        figure = axes.get_figure(root=True)
        assert figure is not None
        yield "map", figure
    if found.neighbours:
        yield "neighbours", _neighbours(found)


def _name(level: int, grid: Sequence[int]) -> str:
    return f"level {level} ({grid[0]}×{grid[1]})"


def _maps(found: PredictionsRecord) -> Figure:
    levels = np.linspace(0, len(found.levels) - 1, min(len(found.levels), MOST_LEVELS)).round().astype(int)
    cosines = scale_of(
        "cosine", "viridis", [one.cosines[at] for one in found.shown for at in levels], top=1.0
    )
    # The scale of an error is that of the features: each level has its own.
    columns = [
        Column("image", [one.picture for one in found.shown]),
        Column("context", [hide(one.picture, one.masks[0].context) for one in found.shown]),
    ]
    columns += [
        Column(f"cosine\nlevel {at}", [one.cosines[at] for one in found.shown], cosines) for at in levels
    ]
    for at in levels:
        values = [one.errors[at] for one in found.shown]
        columns.append(Column(f"error\nlevel {at}", values, scale_of(f"error, level {at}", "magma", values)))
    return plot_prediction_maps(
        columns,
        note="Predicted against target features of the patches that were hidden, a mean over the targets "
        "that a patch is in; pale where nothing was predicted. Context: what the model saw.",
    )


def _reconstruction(found: PredictionsRecord) -> Figure:
    drawn = [(one, one.reconstruction) for one in found.shown if one.reconstruction is not None]
    filled = [_filled(one, made) for one, made in drawn]
    columns = [
        Column("image", [one.picture for one, _ in drawn]),
        Column("context", [hide(one.picture, one.masks[0].context) for one, _ in drawn]),
        Column("hidden filled in", filled),
    ]
    # Of a masked autoencoder, whose features are the pixels, both are the same.
    if not all(np.allclose(one, made, atol=1e-4) for one, (_, made) in zip(filled, drawn, strict=True)):
        columns.append(Column("decoder's picture", [made for _, made in drawn]))
    return plot_prediction_maps(
        columns,
        note="Filled in: the decoder's pixels where a patch was hidden, the image's own elsewhere."
        + (f" {TRUE_MOMENTS[0].upper()}{TRUE_MOMENTS[1:]}." if TRUE_MOMENTS in found.notes else ""),
    )


def _filled(one: ShownPrediction, made: NDArray[np.float32]) -> NDArray[np.float32]:
    hidden = one.masks[0].masked
    rows, columns = (
        np.arange(made.shape[axis]) * hidden.shape[axis] // made.shape[axis] for axis in range(2)
    )
    return np.where(hidden[rows][:, columns][:, :, None], made, one.picture)


def _distribution(one: FeatureHealth) -> Distribution:
    gaussian = np.random.default_rng(0).standard_normal(one.rows.shape)
    return Distribution(one.name, norms(one.rows), _shares(one.rows), _shares(gaussian), one.measures)


def _shares(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    values = spectrum_rows(rows).centred
    shares: NDArray[np.float64] = values / (values.sum() or 1.0)
    return shares


def _neighbours(found: PredictionsRecord) -> Figure:
    def tile(index: int, score: float | None = None, *, right: bool | None = None) -> Tile:
        picture = found.pictures.get(index)
        name = found.labels[index] if found.labels and score is not None else found.ids[index]
        return Tile(
            name,
            None if picture is None else (255 * picture).round().astype(np.uint8),
            text="" if picture is not None else found.ids[index],
            score=score,
            right=right,
        )

    def same(query: int, other: int) -> bool | None:
        return found.labels[query] == found.labels[other] if found.labels else None

    return plot_neighbours(
        [
            (
                tile(one.query),
                [
                    tile(index, score, right=same(one.query, index))
                    for index, score in zip(one.near, one.scores, strict=True)
                ],
            )
            for one in found.neighbours
        ]
    )
