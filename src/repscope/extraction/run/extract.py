"""``extract``: from a source of items, through a model, to embedding sets. Resumable, in one pass."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, name_some
from repscope.extraction.capture.engine import AUTOCAST
from repscope.extraction.capture.points import POOLS, CapturePoint, Pool, as_points, resolve_points
from repscope.extraction.models.load import load_model
from repscope.extraction.models.loaded import Kind
from repscope.extraction.models.preprocess import Preprocessing, Transform
from repscope.extraction.run.batch_sizes import BatchSizes
from repscope.extraction.run.loop import ExtractionLoop
from repscope.extraction.run.outputs import Output, recipe_of
from repscope.extraction.run.parts import Part, notes_on, points_of
from repscope.extraction.run.records import ExtractedSet, Extraction
from repscope.extraction.sources.base import Source, digest_items
from repscope.extraction.sources.open import open_source
from repscope.study import Study
from repscope.study.names import check_name, safe_name
from repscope.study.provenance import describe_environment
from repscope.text.progress import OnProgress

if TYPE_CHECKING:
    from torch import nn

SHARD_ROWS = 1024
BATCH_SIZE = 32
WORKERS = 2
AGAIN = "call repscope.extraction.extract again with the same arguments"


def extract(
    source: str | Path | Source,
    model: str | nn.Module,
    *,
    study: str | Path | Study,
    texts: Source | None = None,
    capture: str | Iterable[str | CapturePoint] | Mapping[str, str] = (),
    name: str | None = None,
    weights: str | Path | None = None,
    pool: Pool | None = None,
    preprocess: Preprocessing | Transform | None = None,
    batch_size: int = BATCH_SIZE,
    shard_rows: int = SHARD_ROWS,
    device: str | None = None,
    dtype: str | None = None,
    autocast: str | None = None,
    workers: int = WORKERS,
    limit: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
    seed: int = 0,
    resume: str = AGAIN,
    resume_replacing: str | None = None,
    progress: OnProgress | None = None,
) -> Extraction:
    """Run a model over a source of items and keep what its modules take and give, one set each.

    All capture points are read in one forward pass. Work is committed every ``shard_rows`` items; the
    same call again continues after the last committed one, and does nothing when all is there. The same
    items, model, weights and options give the same fingerprints, whether interrupted or not.

    Args:
        source: a folder of images, a file that :func:`repscope.extraction.sources.open.open_source` knows, or
            any :class:`repscope.extraction.sources.base.Source`, of images or of texts.
        model: a form of :data:`repscope.extraction.models.load.FORMS`, or a module, which is left exactly as
            it was found.
        study: the study, or its folder, which is created.
        texts: texts besides the images of ``source``, for both towers of a dual encoder in one run. A
            capture point of the text tower fills a set of texts, one of the image tower a set of images,
            and the model's own output both, named with ``_image`` and ``_text`` at the end.
        capture: points in the command line's form (``"adapter:input=before"``), or a mapping of set name
            to point. None takes the model's own output.
        name: set name when there is one point without its own.
        weights: a safetensors or weights-only file for a model from a file or folder.
        pool: how [B, T, D] outputs become rows: "cls", "mean", "max", "last" (padding left out) or
            "tokens" (images only); "none" refuses all but [B, D].
        preprocess: what is done to an RGB image; None for the model's own, or pixels in [0, 1].
        batch_size: items in a forward pass. Batches never span shards, so that they are the same after
            a resume. A batch that does not fit into memory is halved, and its shard begins again; the sets
            record from which shard on (``halved_batches`` in the provenance), and a run that continues
            them begins with the smaller size.
        shard_rows: items in a shard; rows too, except for tokens.
        device: None for CUDA where there is one, else the CPU.
        dtype: of the computation and of the stored rows (bfloat16 is stored as float32); float32 if None.
        autocast: "bf16" or "fp16" for torch's autocast around a float32 model.
        workers: threads that decode; 0 for none.
        limit: take only the first so many items of each source, in its order.
        strict: stop at the first item that cannot be read, in place of recording and skipping it.
        overwrite: replace sets of these names. A complete one stays as it is until the new one is whole.
        seed: of weights and models that draw at random.
        resume: the command that continues, for who tries to measure an incomplete set.
        resume_replacing: the command that continues the replacement of a complete set; ``resume`` if None.
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
    begun = time.monotonic()
    check_options(
        pool,
        batch_size=batch_size,
        shard_rows=shard_rows,
        workers=workers,
        limit=limit,
        autocast=autocast,
    )
    opened = study if isinstance(study, Study) else Study(study)
    points = named_points(as_points(capture), name)
    if isinstance(source, str | Path):
        source = open_source(source)
    parts = [Part(one, one.items[:limit]) for one in (source, texts) if one is not None]
    if texts is not None and [part.kind for part in parts] != ["image", "text"]:
        raise InputError(
            "a source of images, and texts= of texts",
            " and ".join(f"{part.kind}s" for part in parts),
            "give the images first; texts alone are the source itself",
        )
    loaded = load_model(
        model,
        takes=[part.kind for part in parts],
        weights=weights,
        device=device,
        dtype=dtype,
        seed=seed,
        given=preprocess,
    )
    if autocast and loaded.dtype != "float32":
        raise InputError("a float32 model for --autocast", f"{loaded.dtype}", "leave out one of the two")
    modules = [path for path, _ in loaded.module.named_modules(remove_duplicate=False)]
    points = resolve_points(points, modules, default=safe_name(loaded.name))
    environment = _environment()
    notes = list(notes_on(loaded, parts))
    with ExitStack() as stack:
        outputs: list[Output] = []
        for part in parts:
            decides = {
                "items": digest_items(part.items),
                "model": loaded.identity,
                "transform": part.transform(loaded).to_json(),
                "device": loaded.device.partition(":")[0],
                "dtype": loaded.dtype,
                "batch_size": batch_size,
                "shard_rows": shard_rows,
                "seed": seed,
                "versions": {key: environment["versions"].get(key) for key in _DECISIVE[part.kind]},
                **({"autocast": autocast} if autocast else {}),
            }
            origin = {
                **environment,
                "command": environment["command"] if resume == AGAIN else resume,
                "source": part.source.to_json(),
                "model": {**loaded.record, **loaded.identity},
                "preprocessing": decides["transform"],
                **{key: decides[key] for key in ("dtype", "batch_size", "shard_rows", "seed")},
                "autocast": autocast,
                "device": _device_name(loaded.device),
                "limit": limit,
            }
            if part.kind == "text":
                origin["texts_cut"] = part.cut = part.count_cut(loaded)
            part.outputs = []
            for point in points_of(part, points, len(parts) > 1, loaded):
                pooled = point.pool or pool
                if part.kind == "text" and pooled == "tokens":
                    raise InputError(
                        f"one row for each text in set {point.name!r}",
                        "--pool tokens, but texts have different numbers of tokens",
                        "choose --pool cls, mean, max or last",
                    )
                output = Output(
                    opened,
                    point,
                    recipe=recipe_of({**decides, "point": str(point), "pool": pooled}),
                    resume=resume,
                    resume_replacing=resume_replacing or resume,
                    provenance={**origin, "capture": {**point.to_json(), "pool": pooled}},
                    overwrite=overwrite,
                )
                stack.callback(output.close)
                part.outputs.append(output)
            outputs += part.outputs
        before = [output.rows_committed for output in outputs]
        behind = 0
        for part in parts:
            settings = (batch_size, shard_rows, workers, strict, seed, autocast, progress)
            total = sum(len(one.items) for one in parts)
            ExtractionLoop(part, loaded, pool, *settings, behind=behind, total=total).go()
            behind += len(part.items)
            if not overwrite:
                _finish(part)
        if overwrite:
            # Old and new sets of one run stand side by side for a moment only.
            for part in parts:
                _finish(part)
    return Extraction(
        study=str(opened.path),
        sets=tuple(_describe(opened, output, rows) for output, rows in zip(outputs, before, strict=True)),
        items=sum(len(part.items) for part in parts),
        ignored=int(source.to_json().get("ignored_files", 0)),
        seconds=time.monotonic() - begun,
        notes=(
            *notes,
            *(note for part in parts for note in part.notes(loaded)),
            *(note for part in parts for note in _halved(opened, part, batch_size, shard_rows)),
        ),
    )


_DECISIVE: dict[Kind, tuple[str, ...]] = {
    "image": ("torch", "pillow", "numpy"),
    "text": ("torch", "numpy", "tokenizers"),
}


def _environment() -> dict[str, Any]:
    return describe_environment("torch", "pillow", "transformers", "tokenizers", "safetensors")


def check_options(
    pool: str | None,
    *,
    batch_size: int,
    shard_rows: int,
    workers: int,
    limit: int | None,
    autocast: str | None,
) -> None:
    """Refuse options that no run can have; raises :class:`InputError`."""
    for option, value, least in (
        ("--batch-size", batch_size, 1),
        ("--shard-rows", shard_rows, 1),
        ("--workers", workers, 0),
        ("--limit", limit, 1),
    ):
        if value is not None and value < least:
            raise InputError(f"{option} of at least {least}", str(value), "give a larger number")
    if pool is not None and pool not in POOLS:
        raise InputError(f"--pool among {', '.join(POOLS)}", repr(pool), "choose one of them")
    if autocast is not None and autocast not in AUTOCAST:
        raise InputError(f"--autocast among {', '.join(AUTOCAST)}", repr(autocast), "choose one of them")


def named_points(points: Sequence[CapturePoint], name: str | None) -> list[CapturePoint]:
    """Points with ``name`` given to the only one that has none."""
    listed = list(points) or [CapturePoint("")]
    if name is None:
        return listed
    if len(listed) > 1 or listed[0].name:
        raise InputError(
            "--as with one capture point that has no set name of its own",
            f"{len(listed)} capture points" if len(listed) > 1 else f"{listed[0]}={listed[0].name}",
            "name each set in its capture point, for example adapter:output=after",
        )
    return [replace(listed[0], name=check_name(name))]


def _finish(part: Part) -> None:
    for output in part.outputs:
        output.finish()


def _halved(study: Study, part: Part, batch_size: int, shard_rows: int) -> Iterator[str]:
    """What the sets of a part say of batches that did not fit into memory."""
    said: dict[str, list[str]] = {}
    for output in part.outputs:
        name = output.point.name
        sizes = BatchSizes.of(batch_size, study.manifest(name).provenance, name)
        if sizes.halved:
            smaller = [
                f"then {size} from {part.kind} {shard * shard_rows + 1:,} on"
                for shard, size in sorted(sizes.halved.items())
            ]
            said.setdefault(", ".join(smaller), []).append(name)
    for smaller_ones, names in said.items():
        yield (
            f"memory was short: batches of {name_some(names)} had {batch_size} {part.kind}s at first, "
            f"{smaller_ones}; the last bits of a row depend on the size of its batch"
        )


def _describe(study: Study, output: Output, before: int) -> ExtractedSet:
    manifest = study.manifest(output.point.name)
    return ExtractedSet(
        name=output.point.name,
        capture=str(output.point),
        n=manifest.n,
        d=manifest.d,
        dtype=manifest.dtype,
        fingerprint=manifest.fingerprint,
        rows_before=before,
        found_complete=output.found_complete,
        skipped=manifest.skipped,
    )


def _device_name(device: str) -> str:
    if device.startswith("cuda"):
        import torch

        return f"{device} ({torch.cuda.get_device_name(device)})"
    return device
