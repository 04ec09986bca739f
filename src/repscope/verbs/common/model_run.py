"""What a run of a model over a source begins with, from the options of its verb."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from repscope.errors import InputError
from repscope.extraction.models.preprocess import Preprocessing, Transform, preprocessing
from repscope.extraction.run.extract import Captures, Prepared, prepare
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
