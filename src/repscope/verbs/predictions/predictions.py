"""``predictions``: what a model predicts of hidden patches, beside what needs no model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, name_some
from repscope.extraction.capture.decode_ahead import decode_all
from repscope.extraction.models.loaded import LoadedModel
from repscope.extraction.run.parts import Part, notes_on
from repscope.extraction.sources.base import Source
from repscope.internals.prediction.parts import parts_of
from repscope.internals.prediction.scores import level_grid
from repscope.knn import among
from repscope.maps import Projection, project
from repscope.study import Study
from repscope.text.progress import OnProgress, Progress
from repscope.verbs.common.model_run import computing, picture_of, prepared_run, readable_batches, settings_of
from repscope.verbs.common.words import map_method
from repscope.verbs.predictions.measuring import Codes, feature_health, level_measures, pixel_measures
from repscope.verbs.predictions.options import PredictionsOptions
from repscope.verbs.predictions.reading import read_level
from repscope.verbs.predictions.record import FeatureHealth, Neighbourhood, PredictedLevel
from repscope.verbs.predictions.result import Predictions
from repscope.verbs.predictions.sets import keep_sets, set_names
from repscope.verbs.predictions.tally import Tally, choose_sampler

if TYPE_CHECKING:
    from torch import nn

FEWEST_POINTS = 5
"""Images of a map."""

QUERIES, NEAR = 5, 7
"""Images with their neighbours, and how many of them."""


def predictions(
    source: str | Path | Source,
    model: str | nn.Module,
    *,
    sampler: str | None = None,
    levels: int | None = None,
    study: str | Path | Study | None = None,
    as_: str | None = None,
    source_kind: str | None = None,
    path_column: str | None = None,
    id_column: str | None = None,
    id_rule: str | None = None,
    items: str | Path | None = None,
    encoding: str | None = None,
    text_column: str | Sequence[str] = (),
    images: str | Path | None = None,
    regions: Sequence[str] | None = None,
    templates: Sequence[str] = (),
    array: str | None = None,
    weights: str | Path | None = None,
    weights_key: str | None = None,
    weights_prefix: str | None = None,
    resize: str | int | None = None,
    crop: str | int | None = None,
    mean: str | None = None,
    std: str | None = None,
    interpolation: str | None = None,
    method: str = PredictionsOptions.method,
    perplexity: float = PredictionsOptions.perplexity,
    show: int = PredictionsOptions.show,
    resamples: int = PredictionsOptions.resamples,
    batch_size: int = PredictionsOptions.batch_size,
    device: str | None = None,
    dtype: str | None = None,
    autocast: str | None = None,
    workers: int = PredictionsOptions.workers,
    limit: int | None = None,
    strict: bool = False,
    seed: int = PredictionsOptions.seed,
    overwrite: bool = False,
    progress: OnProgress | None = None,
) -> Predictions:
    """What a model predicts of hidden patches, against its targets, the mean of what is visible, and chance.

    For each image a mask is drawn. The context encoder gets the visible patches alone, and the predictor says
    what the target encoder makes of the hidden ones. Intervals are over images.

    Args:
        source: of images, as for :func:`repscope.verbs.extract.extract.extract`.
        model: ``FILE.py:callable`` or a module with the parts of
            :class:`repscope.internals.prediction.parts.Predictive`, or transformers' ViTMAE with its decoder.
        sampler: of the masks: a name as for ``masks``, or ``FILE.py:callable``; by default the model's own,
            or multiblock.
        levels: of the hierarchy; features are means over cells of 2^level × 2^level patches.
        study: keep the mean predicted and target features of each image and level as sets of it.
        as_: what the names of these sets begin with.
        source_kind, path_column, id_column, id_rule, items, text_column, images, regions, templates, array:
            what is said of the source, as for ``extract``.
        encoding: as for ``extract``.
        weights, weights_key, weights_prefix, resize, crop, mean, std, interpolation: of model and pixels.
        method, perplexity: of the map; "none" for no map.
        show: images whose maps are kept for figures, the first ones.
        resamples: of the bootstrap.
        batch_size, device, dtype, autocast, workers, limit, strict, seed: of the run.
        overwrite: replace sets of the names that are kept.
        progress: called after every batch.

    Raises:
        MissingError, InputError: no such source, nothing readable, bad options, masks that cannot be.
        ModelError: the model has not the parts, or they raise, or give other shapes, NaN or Inf.
        ExistsError: the study has sets of these names.
    """
    options = PredictionsOptions.of(locals())
    chosen_map = map_method(method)
    settings = settings_of(options, shard_rows=options.batch_size)
    begun = prepared_run(source, options, settings)
    part, loaded = begun.parts[0], begun.model
    if part.kind != "image":
        raise InputError("a source of images", "texts", "give images: what is hidden is patches of them")
    parts = parts_of(loaded.module)
    named = choose_sampler(sampler, parts)
    opened = None if study is None else set_names(study, as_, overwrite=overwrite)
    tally = Tally(
        loaded,
        parts,
        sampler=named,
        levels=levels,
        items=len(part.items),
        show=[one.id for one in part.items[:show]],
        seed=settings.seed,
    )
    ids = [one.id for one in part.items]
    # In random order, so that the other image of the shuffled control is any, whatever the order of a folder.
    order = np.random.default_rng(settings.seed).permutation(len(ids))
    part.items = [part.items[at] for at in order]
    with computing(loaded, settings):
        for batch in readable_batches(part, loaded, settings, tally.skipped):
            tally.add(batch)
            if progress is not None:
                progress(Progress("predictions", tally.done, len(part.items), skipped=len(tally.skipped)))
    if not tally.done:
        reasons = name_some([f"{name}: {why}" for name, why in tally.skipped.items()], 3)
        raise InputError("at least one readable image", f"none ({reasons})", "give readable ones")
    tally.sort(ids)
    clusters = _clusters(tally)
    replay = options.to_command("predictions", source) if isinstance(source, str | Path) else ""
    health, notes = _health(tally, clusters, resamples, seed)
    found_levels = _levels(tally, clusters, health, resamples, seed)
    near = _neighbours(np.stack(tally.targets))
    return Predictions(
        model=model if isinstance(model, str) else type(model).__name__,
        sampler=tally.sampler,
        ids=tuple(one.id for one in tally.items),
        grid=_grid(tally),
        levels=found_levels,
        health=health,
        labels=_labels(tally),
        reconstruction=pixel_measures(np.array(tally.pixels), clusters, resamples=resamples, seed=seed)
        if tally.pixels
        else {},
        map=None if chosen_map is None else _map(tally, chosen_map, perplexity, seed),
        neighbours=near,
        pictures=_pictures(part, loaded, tally, near),
        shown=tuple(tally.shown.values()),
        sets=() if opened is None else keep_sets(opened, tally, begun, options, replay),
        skipped=tally.skipped,
        notes=(*notes_on(loaded, begun.parts), *parts.notes, *notes),
        replay=replay,
    )


def _grid(tally: Tally) -> tuple[int, int]:
    assert tally.grid is not None
    return tally.grid


def _clusters(tally: Tally) -> Codes:
    """Images of the items: several regions of one image are not independent."""
    names = [str(one.columns.get("image_id", one.id)) for one in tally.items]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _labels(tally: Tally) -> tuple[str, ...]:
    if not all("label" in one.columns for one in tally.items):
        return ()
    return tuple(str(one.columns["label"]) for one in tally.items)


def _health(
    tally: Tally, clusters: Codes, resamples: int, seed: int
) -> tuple[tuple[FeatureHealth, ...], list[str]]:
    found, notes = [], []
    for name, sample in tally.patches.items():
        rows, images, places = sample.whole()
        found.append(feature_health(name, rows, clusters[images], places, resamples=resamples, seed=seed))
        if name == "target.patches":
            whole = np.stack(tally.targets)
            found.append(
                feature_health("target.images", whole, clusters, None, resamples=resamples, seed=seed)
            )
    notes = [note for _, note in found if note]
    return tuple(one for one, _ in found), notes


def _levels(
    tally: Tally, clusters: Codes, health: Sequence[FeatureHealth], resamples: int, seed: int
) -> tuple[PredictedLevel, ...]:
    levels = []
    for level in range(len(tally.scores[0])):
        scores = [each[level] for each in tally.scores]
        measures = level_measures(scores, clusters, resamples=resamples, seed=seed)
        predicts, reading = read_level(measures, health[0].collapse, leaks=tally.leaks)
        levels.append(
            PredictedLevel(
                level,
                level_grid(_grid(tally), level),
                sum(one.count for one in scores),
                len(scores[0].target),
                measures,
                predicts,
                reading,
            )
        )
    return tuple(levels)


def _map(tally: Tally, method: str, perplexity: float, seed: int) -> Projection | None:
    """Target and predicted features of the images, means over what was hidden, at the finest level."""
    if tally.done < FEWEST_POINTS:
        return None
    rows = {
        name: np.stack([getattr(each[0], name) for each in tally.scores]) for name in ("target", "predicted")
    }
    return project(rows, method=map_method(method, none=False), perplexity=perplexity, seed=seed)  # type: ignore[arg-type]  # never None here


def _neighbours(targets: NDArray[np.float32]) -> tuple[Neighbourhood, ...]:
    """The first images with their nearest others; none where a vector is zero or images are few."""
    if len(targets) < 3 or not np.abs(targets).max(axis=1).all():
        return ()
    queries = np.linspace(0, len(targets) - 1, min(QUERIES, len(targets))).round().astype(np.int64)
    found = among(targets, queries, k=min(NEAR, len(targets) - 1))
    return tuple(
        Neighbourhood(int(query), tuple(map(int, indices)), tuple(map(float, scores)))
        for query, indices, scores in zip(queries, found.indices, found.scores, strict=True)
    )


def _pictures(
    part: Part, model: LoadedModel, tally: Tally, near: Sequence[Neighbourhood]
) -> dict[int, NDArray[np.float32]]:
    """The images of the neighbourhoods, read again."""
    wanted = sorted({index for one in near for index in (one.query, *one.near)})
    items = [tally.items[index] for index in wanted]
    decoded = decode_all(part.source, part.transform(model), items, workers=1, ahead=2)
    return {
        index: picture_of(one.array)
        for index, one in zip(wanted, decoded, strict=True)
        if one.array is not None
    }
