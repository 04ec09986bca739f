"""The verb ``extract``: options as a person types them, and the command that continues the work."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from repscope.errors import InputError
from repscope.extraction import Extraction, Source, extract
from repscope.extraction.capture.points import Pool
from repscope.extraction.models.preprocess import preprocessing
from repscope.extraction.run.contact_sheet import FILE_NAME, save_sheet
from repscope.extraction.run.extract import BATCH_SIZE, SHARD_ROWS, WORKERS
from repscope.extraction.run.plan import Plan, plan_extraction
from repscope.extraction.sources.image_lists import ImageFiles
from repscope.extraction.sources.open import SourceOptions, open_source
from repscope.extraction.sources.stored_images import StoredImages
from repscope.text.progress import OnProgress


def extract_images(
    source: str | Path,
    *,
    study: str | Path,
    model: str,
    options: SourceOptions | None = None,
    weights: str | Path | None = None,
    capture: Iterable[str] = (),
    name: str | None = None,
    pool: Pool | None = None,
    batch_size: int = BATCH_SIZE,
    device: str | None = None,
    dtype: str | None = None,
    autocast: str | None = None,
    workers: int = WORKERS,
    limit: int | None = None,
    resize: str | None = None,
    crop: str | None = None,
    mean: str | None = None,
    std: str | None = None,
    interpolation: str | None = None,
    strict: bool = False,
    overwrite: bool = False,
    shard_rows: int = SHARD_ROWS,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> Extraction:
    """Extract a source with options in the command line's form.

    Args:
        source: a folder of images, where a sub-folder is a label, or a file that lists items.
        options: what is said of the source besides.
        study: folder of the study.
        model: a form of :data:`repscope.extraction.models.load.FORMS`.
        resize, crop, mean, std, interpolation: see :mod:`repscope.extraction.models.preprocess`.
        weights, capture, name, pool, batch_size, device, dtype, autocast, workers, limit, strict,
            overwrite, shard_rows, seed, progress: see :func:`repscope.extraction.extract`.

    Raises:
        RepscopeError: see :func:`repscope.extraction.extract`.
    """
    points = list(capture)
    images, texts = _open(source, options)
    given: dict[str, Any] = {
        **_spelt(options),
        "--weights": weights,
        "--capture": points,
        "--as": name,
        "--pool": pool,
        "--resize": resize,
        "--crop": crop,
        "--mean": mean,
        "--std": std,
        "--interpolation": interpolation,
        "--device": device,
        "--dtype": dtype,
        "--autocast": autocast,
        "--limit": limit,
        "--batch-size": None if batch_size == BATCH_SIZE else batch_size,
        "--shard-rows": None if shard_rows == SHARD_ROWS else shard_rows,
        "--workers": None if workers == WORKERS else workers,
        "--seed": seed or None,
    }
    command = ["repscope", "extract", str(source), "--study", str(study), "--model", model]
    for option, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            command += [] if one is None else [option, str(one)]
    if strict:
        command.append("--strict")
    # --overwrite stays out where it is not needed: given to complete sets, it would begin again.
    return extract(
        images,
        model,
        study=study,
        texts=texts,
        capture=points,
        name=name,
        weights=weights,
        pool=pool,
        preprocess=preprocessing(resize, crop, mean, std, interpolation),
        batch_size=batch_size,
        shard_rows=shard_rows,
        device=device,
        dtype=dtype,
        autocast=autocast,
        workers=workers,
        limit=limit,
        strict=strict,
        overwrite=overwrite,
        seed=seed,
        resume=shlex.join(command),
        resume_replacing=shlex.join([*command, "--overwrite"]),
        progress=progress,
    )


def plan_images(
    source: str | Path,
    *,
    model: str,
    out: str | Path | None = None,
    options: SourceOptions | None = None,
    weights: str | Path | None = None,
    capture: Iterable[str] = (),
    name: str | None = None,
    pool: Pool | None = None,
    batch_size: int = BATCH_SIZE,
    device: str | None = None,
    dtype: str | None = None,
    autocast: str | None = None,
    limit: int | None = None,
    resize: str | None = None,
    crop: str | None = None,
    mean: str | None = None,
    std: str | None = None,
    interpolation: str | None = None,
    seed: int = 0,
) -> Plan:
    """Say what :func:`extract_images` would do, and save the first batch as a contact sheet.

    Args:
        out: PNG file, or folder, of the contact sheet; None for ``contact_sheet.png`` here.
        source, model, options, weights, capture, name, pool, batch_size, device, dtype, autocast, limit,
            resize, crop, mean, std, interpolation, seed: see :func:`extract_images`.

    Raises:
        RepscopeError: see :func:`repscope.extraction.extract`; or the sheet cannot be saved.
    """
    images, texts = _open(source, options)
    plan = plan_extraction(
        images,
        model,
        texts=texts,
        capture=list(capture),
        name=name,
        weights=weights,
        pool=pool,
        preprocess=preprocessing(resize, crop, mean, std, interpolation),
        batch_size=batch_size,
        device=device,
        dtype=dtype,
        autocast=autocast,
        limit=limit,
        seed=seed,
    )
    if plan.sheet is None:
        return plan
    return plan.saved(save_sheet(plan.sheet, Path(FILE_NAME if out is None else out)))


def source_options(
    *,
    kind: str | None = None,
    path_column: str | None = None,
    id_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
    images: str | Path | None = None,
    regions: str | None = None,
    templates: Sequence[str] | None = None,
    array: str | None = None,
    id_rule: str | None = None,
    items: str | Path | None = None,
) -> SourceOptions:
    """Read the command line's options of a source; ``regions`` is comma-separated.

    Raises:
        InputError: ``regions`` names none.
    """
    listed = None if regions is None else tuple(part.strip() for part in regions.split(",") if part.strip())
    if listed == ():
        raise InputError("--regions with names", repr(regions), "write --regions human,object,union")
    return SourceOptions(
        kind=kind,
        path_column=path_column,
        id_column=id_column,
        text_column=text_column if isinstance(text_column, str) else _one_or_all(text_column),
        images=images,
        regions=listed,
        templates=tuple(templates) if templates else None,
        array=array,
        id=id_rule,
        items=items,
    )


def _one_or_all(names: Sequence[str] | None) -> str | tuple[str, ...] | None:
    """One name stays a name, as sets made before there could be several record it."""
    return (names[0] if len(names) == 1 else tuple(names)) if names else None


def _open(source: str | Path, options: SourceOptions | None) -> tuple[Source, Source | None]:
    """The source, and the texts beside its images if a column of them is asked for."""
    opened = open_source(source, options)
    asked = options is not None and options.text_column
    return opened, opened.texts if asked and isinstance(opened, ImageFiles | StoredImages) else None


def _spelt(options: SourceOptions | None) -> Mapping[str, Any]:
    """A source's options as they are typed."""
    one = options or SourceOptions()
    return {
        "--source-kind": one.kind,
        "--path-column": one.path_column,
        "--id-column": one.id_column,
        "--text-column": list(one.text_column) if isinstance(one.text_column, tuple) else one.text_column,
        "--images": one.images,
        "--regions": ",".join(one.regions) if one.regions else None,
        "--templates": list(one.templates or ()),
        "--array": one.array,
        "--id": one.id,
        "--items": one.items,
    }
