"""What a run of a model over a source begins with, from the options of its verb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.extraction.capture.decode_ahead import Decoded, decode_all
from repscope.extraction.capture.engine import AUTOCAST
from repscope.extraction.models.determinism import inference
from repscope.extraction.models.loaded import LoadedModel
from repscope.extraction.models.preprocess import Preprocessing, Transform, preprocessing
from repscope.extraction.run.extract import Captures, Prepared, prepare
from repscope.extraction.run.parts import Part
from repscope.extraction.run.settings import RunSettings
from repscope.extraction.sources.base import Source
from repscope.extraction.sources.image_lists import ImageFiles
from repscope.extraction.sources.open import SourceOptions, open_source
from repscope.extraction.sources.stored_images import StoredImages
from repscope.verbs.common.model_options import ModelOptions


def settings_of(options: ModelOptions, **more: Any) -> RunSettings:
    """How the run computes; ``more`` are settings that the verb has no option of.

    Raises:
        InputError: values that no run can have.
    """
    names = [one.name for one in fields(RunSettings) if hasattr(options, one.name)]
    return RunSettings(**{name: getattr(options, name) for name in names} | more)


def source_options(options: ModelOptions) -> SourceOptions:
    """What is said of the source."""
    texts = options.text_column
    return SourceOptions(
        kind=options.source_kind,
        path_column=options.path_column,
        id_column=options.id_column,
        # One name stays a name, as sets made before there could be several record it.
        text_column=(texts[0] if len(texts) == 1 else texts) or None,
        images=options.images,
        regions=options.regions and tuple(options.regions),
        templates=tuple(options.templates) or None,
        array=options.array,
        id=options.id_rule,
        items=options.items,
        encoding=options.encoding,
    )


def prepared_run(
    source: str | Path | Source,
    options: ModelOptions,
    settings: RunSettings,
    *,
    texts: Source | None = None,
    preprocess: Preprocessing | Transform | None = None,
    capture: Captures = (),
    name: str | None = None,
) -> Prepared:
    """What a run and its plan begin with: items, model, and what is captured.

    Args:
        source: as it was given.
        options, settings: of the run.
        texts, preprocess, capture, name: as for :func:`repscope.extraction.run.extract.prepare`.

    Raises:
        RepscopeError: as there.
    """
    about = source_options(options)
    if isinstance(source, str | Path):
        source = open_source(source, about)
        # The texts beside its images, if a column of them is asked for.
        if texts is None and about.text_column and isinstance(source, ImageFiles | StoredImages):
            texts = source.texts
    elif about != SourceOptions():
        raise InputError("options of a source that is a path", "a source", "make the source with them")
    pixels = (options.resize, options.crop, options.mean, options.std, options.interpolation)
    if preprocess is not None and any(step is not None for step in pixels):
        raise InputError("preprocess= or resize, crop, mean, …", "both", "leave one out")
    return prepare(
        source,
        options.model,
        settings,
        texts=texts,
        capture=capture,
        name=name,
        weights=options.weights,
        weights_key=options.weights_key,
        weights_prefix=options.weights_prefix,
        preprocess=preprocess or preprocessing(*pixels),
    )


@contextmanager
def computing(model: LoadedModel, settings: RunSettings) -> Iterator[None]:
    """The conditions under which the model of a run computes."""
    import torch

    with ExitStack() as stack:
        stack.enter_context(inference(model.module, model.device, settings.seed, borrowed=model.borrowed))
        if settings.autocast:
            number = getattr(torch, AUTOCAST[settings.autocast])
            stack.enter_context(torch.autocast(model.device.partition(":")[0], number, cache_enabled=False))
        yield


def readable_batches(
    part: Part, model: LoadedModel, settings: RunSettings, skipped: dict[str, str]
) -> Iterator[list[Decoded]]:
    """The items of a run in batches, decoded ahead; those that cannot be read go into ``skipped``.

    Raises:
        InputError: one cannot be read, and the run is strict.
    """
    size, workers = settings.batch_size, settings.workers
    decoded = decode_all(
        part.source, part.transform(model), part.items, workers=workers, ahead=2 * max(size, workers)
    )

    def readable() -> Iterator[Decoded]:
        for one in decoded:
            if one.array is not None:
                yield one
                continue
            if settings.strict:
                raise InputError(
                    f"{part.kind}s that can all be read (--strict)",
                    f"{one.item.id}: {one.reason}",
                    "repair or remove it, or leave out --strict to have it skipped",
                )
            skipped[one.item.id] = one.reason

    items = readable()
    while batch := list(islice(items, size)):
        yield batch


def picture_of(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """[H, W, 3] in [0, 1] of [3, H, W] as the model saw it, each picture stretched to its own range."""
    picture = np.moveaxis(np.asarray(pixels, np.float32), 0, -1)
    low, high = picture.min(), picture.max()
    shown: NDArray[np.float32] = (picture - low) / (high - low or 1.0)
    return shown
