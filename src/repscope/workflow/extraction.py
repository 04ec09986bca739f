"""The verb ``extract``: options as a person types them, and the command that continues the work."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path

from repscope.extract import Extraction, Progress, extract
from repscope.extract.points import Pool
from repscope.extract.preprocess import preprocessing
from repscope.extract.run import BATCH_SIZE, SHARD_ROWS, WORKERS


def extract_images(
    folder: str | Path,
    *,
    study: str | Path,
    model: str,
    weights: str | Path | None = None,
    capture: Iterable[str] = (),
    name: str | None = None,
    pool: Pool | None = None,
    batch_size: int = BATCH_SIZE,
    device: str | None = None,
    dtype: str | None = None,
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
    progress: Callable[[Progress], None] | None = None,
) -> Extraction:
    """Extract a folder of images with options in the command line's form.

    Args:
        folder: of images; a sub-folder is a label.
        study: folder of the study.
        model: ``FILE.py:callable`` or ``hf:DIR``.
        resize, crop, mean, std, interpolation: see :func:`repscope.extract.preprocess.preprocessing`.
        weights, capture, name, pool, batch_size, device, dtype, workers, limit, strict, overwrite,
            shard_rows, seed, progress: see :func:`repscope.extract.extract`.

    Raises:
        RepscopeError: see :func:`repscope.extract.extract`.
    """
    points = list(capture)
    given = {
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
        "--limit": limit,
        "--batch-size": None if batch_size == BATCH_SIZE else batch_size,
        "--shard-rows": None if shard_rows == SHARD_ROWS else shard_rows,
        "--workers": None if workers == WORKERS else workers,
        "--seed": seed or None,
    }
    command = ["repscope", "extract", str(folder), "--study", str(study), "--model", model]
    for option, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            command += [] if one is None else [option, str(one)]
    if strict:
        command.append("--strict")
    # --overwrite stays out: continuing must not begin again.
    return extract(
        folder,
        model,
        study=study,
        capture=points,
        name=name,
        weights=weights,
        pool=pool,
        preprocess=preprocessing(resize, crop, mean, std, interpolation),
        batch_size=batch_size,
        shard_rows=shard_rows,
        device=device,
        dtype=dtype,
        workers=workers,
        limit=limit,
        strict=strict,
        overwrite=overwrite,
        seed=seed,
        resume=shlex.join(command),
        progress=progress,
    )
