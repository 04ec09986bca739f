"""``extract``: the rows that a model's modules take and give for the items of a source, as sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from repscope.extraction import Extraction, Source
from repscope.extraction.capture.points import CapturePoint, Pool
from repscope.extraction.models.preprocess import Preprocessing, Transform
from repscope.extraction.run.contact_sheet import FILE_NAME, save_sheet
from repscope.extraction.run.extract import AGAIN, run
from repscope.extraction.run.plan import Plan, plan_extraction
from repscope.study import Study
from repscope.text.progress import OnProgress
from repscope.verbs.common.model_run import prepared_run, settings_of
from repscope.verbs.extract.options import ExtractOptions

if TYPE_CHECKING:
    from torch import nn


def extract(
    source: str | Path | Source,
    model: str | nn.Module,
    *,
    study: str | Path | Study,
    texts: Source | None = None,
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
    capture: str | Iterable[str | CapturePoint] | Mapping[str, str] = (),
    name: str | None = None,
    pool: Pool | None = None,
    preprocess: Preprocessing | Transform | None = None,
    resize: str | int | None = None,
    crop: str | int | None = None,
    mean: str | None = None,
    std: str | None = None,
    interpolation: str | None = None,
    batch_size: int = ExtractOptions.batch_size,
    device: str | None = None,
    dtype: str | None = None,
    autocast: str | None = None,
    workers: int = ExtractOptions.workers,
    limit: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
    shard_rows: int = ExtractOptions.shard_rows,
    seed: int = ExtractOptions.seed,
    progress: OnProgress | None = None,
) -> Extraction:
    """Run a model over a source of items and keep what its modules take and give, one set each.

    All capture points are read in one forward pass. Work is committed every ``shard_rows`` items; the
    same call again continues after the last committed one, and does nothing when all is there. The same
    items, model, weights and options give the same fingerprints, whether interrupted or not.

    Args:
        source: a folder of images, where a sub-folder is a label, a file that
            :func:`repscope.extraction.sources.open.open_source` knows, or any
            :class:`repscope.extraction.sources.base.Source`, of images or of texts.
        model: a form of :data:`repscope.extraction.models.load.FORMS`, or a module, which is left exactly as
            it was found.
        study: the study, or its folder, which is created.
        texts: texts besides the images of ``source``, for both towers of a dual encoder in one run. A
            capture point of the text tower fills a set of texts, one of the image tower a set of images,
            and the model's own output both, named with ``_image`` and ``_text`` at the end.
        source_kind, path_column, id_column, id_rule, items, text_column, images, regions, templates, array:
            what is said of a source that is a path; see
            :class:`repscope.extraction.sources.open.SourceOptions`.
        encoding: of that path or ``items`` as text; UTF-8, and UTF-16 by its mark, are found.
        weights, weights_key, weights_prefix: a file of weights for a model from a file or folder; see
            :func:`repscope.extraction.models.weights.load_weights`.
        capture: points in the command line's form (``"adapter:input=before"``), or a mapping of set name
            to point. None takes the model's own output.
        name: set name when there is one point without its own.
        preprocess: what is done to an RGB image; None for the model's own, or pixels in [0, 1].
        resize, crop, mean, std, interpolation: the same in the command line's form; see
            :func:`repscope.extraction.models.preprocess.preprocessing`.
        pool, batch_size, shard_rows, device, dtype, autocast, workers, limit, strict, overwrite, seed: see
            :class:`repscope.extraction.run.settings.RunSettings`.
        progress: called after every batch, and when a batch did not fit into memory.

    Raises:
        MissingError, InputError: no such source, nothing in it, nothing readable; or bad options.
        ModelError: the model, its weights or a capture point cannot be used; or a batch of one item does
            not fit into memory.
        VectorError: NaN or Inf; the items are named.
        ExistsError: a set is there that was made differently.
        StudyError: another process is writing one of the sets.
        StorageError: the disk refuses; what was committed stays.
        DependencyError: transformers is needed and not there.
    """
    opened = study if isinstance(study, Study) else Study(study)
    plain = isinstance(source, str | Path) and isinstance(model, str) and texts is None and preprocess is None
    points = [capture] if isinstance(capture, str) else capture
    if not isinstance(points, Mapping):
        points = tuple(points)
        plain = plain and all(isinstance(point, str) for point in points)
    asked = {"study": opened.path, "capture": points, "text_column": _several(text_column)}
    options = ExtractOptions.of(locals() | asked)
    # --overwrite stays out where it is not needed: given to complete sets, it would begin again.
    command = options.to_command("extract", source) if plain and not isinstance(points, Mapping) else ""
    settings = settings_of(options)
    return run(
        prepared_run(
            source,
            options,
            settings,
            texts=texts,
            preprocess=preprocess,
            capture=options.capture,
            name=options.name,
        ),
        opened,
        settings,
        resume=command or AGAIN,
        resume_replacing=f"{command} --overwrite" if command else None,
        progress=progress,
    )


def plan(source: str | Path, options: ExtractOptions) -> Plan:
    """Say what :func:`extract` would do, and save the first batch as a contact sheet.

    Args:
        source: as for :func:`extract`.
        options: with the place of the sheet in ``out``: a PNG file, or a folder.

    Raises:
        RepscopeError: as :func:`extract`; or the sheet cannot be saved.
    """
    settings = settings_of(options)
    made = plan_extraction(
        prepared_run(source, options, settings, capture=options.capture, name=options.name), settings
    )
    if made.sheet is None:
        return made
    return made.saved(save_sheet(made.sheet, Path(options.out or FILE_NAME)))


def _several(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
