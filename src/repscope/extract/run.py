"""``extract``: from a source of items, through a model, to embedding sets. Resumable, in one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, name_some
from repscope.extract.engine import Engine
from repscope.extract.loader import Decoded, decode_all
from repscope.extract.models import LoadedModel, load_model
from repscope.extract.outputs import Output, ShardRows, recipe_of
from repscope.extract.points import POOLS, CapturePoint, Pool, as_points, resolve_points
from repscope.extract.preprocess import Preprocessing, Transform
from repscope.extract.records import ExtractedSet, Extraction, Progress
from repscope.extract.sources import ImageFolder, Item, Source, digest_items
from repscope.study import Skipped, Study
from repscope.study.names import check_name, safe_name
from repscope.study.provenance import describe_environment

if TYPE_CHECKING:
    from torch import nn

SHARD_ROWS = 1024
BATCH_SIZE = 32
WORKERS = 2
AGAIN = "call repscope.extract.extract again with the same arguments"


def extract(
    source: str | Path | Source,
    model: str | nn.Module,
    *,
    study: str | Path | Study,
    capture: str | Iterable[str | CapturePoint] | Mapping[str, str] = (),
    name: str | None = None,
    weights: str | Path | None = None,
    pool: Pool | None = None,
    preprocess: Preprocessing | Transform | None = None,
    batch_size: int = BATCH_SIZE,
    shard_rows: int = SHARD_ROWS,
    device: str | None = None,
    dtype: str | None = None,
    workers: int = WORKERS,
    limit: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
    seed: int = 0,
    resume: str = AGAIN,
    progress: Callable[[Progress], None] | None = None,
) -> Extraction:
    """Run a model over a source of items and keep what its modules take and give, one set each.

    All capture points are read in one forward pass. Work is committed every ``shard_rows`` items; the
    same call again continues after the last committed one, and does nothing when all is there. The same
    items, model, weights and options give the same fingerprints, whether interrupted or not.

    Args:
        source: a folder of images, or any :class:`repscope.extract.sources.Source`.
        model: ``FILE.py:callable``, ``hf:DIR``, or a module, which is left exactly as it was found.
        study: the study, or its folder, which is created.
        capture: points in the command line's form (``"adapter:input=before"``), or a mapping of set name
            to point. None takes the model's own output.
        name: set name when there is one point without its own.
        weights: a safetensors or weights-only file for a model from a file or folder.
        pool: how [B, T, D] outputs become rows: "cls", "mean", "tokens"; "none" refuses all but [B, D].
        preprocess: what is done to an RGB image; None for the model's own, or pixels in [0, 1].
        batch_size: images in a forward pass. Batches never span shards, so that they are the same after
            a resume.
        shard_rows: items in a shard; rows too, except for tokens.
        device: None for CUDA where there is one, else the CPU.
        dtype: of the computation and of the stored rows (bfloat16 is stored as float32); float32 if None.
        workers: threads that decode; 0 for none.
        limit: take only the first so many items, in the order of their ids.
        strict: stop at the first item that cannot be read, in place of recording and skipping it.
        overwrite: replace sets of these names.
        seed: of weights and models that draw at random.
        resume: the command that continues, for who tries to measure an incomplete set.
        progress: called after every batch.

    Raises:
        MissingError, InputError: no such source, nothing in it, nothing readable; or bad options.
        ModelError: the model, its weights or a capture point cannot be used.
        VectorError: NaN or Inf; the items are named.
        ExistsError: a set is there that was made differently.
        StudyError: another process is writing one of the sets.
        StorageError: the disk refuses; what was committed stays.
        DependencyError: transformers is needed and not there.
    """
    begun = time.monotonic()
    _check_options(pool, batch_size, shard_rows, workers, limit)
    opened = study if isinstance(study, Study) else Study(study)
    points = _named(as_points(capture), name)
    if isinstance(source, str | Path):
        source = ImageFolder.scan(source)
    items = source.items[:limit]
    loaded = load_model(model, weights=weights, device=device, dtype=dtype, seed=seed, given=preprocess)
    modules = [path for path, _ in loaded.module.named_modules(remove_duplicate=False)]
    points = resolve_points(points, modules, default=safe_name(loaded.name))
    environment = _environment()
    decides = {
        "items": digest_items(items),
        "model": loaded.identity,
        "transform": loaded.transform.to_json(),
        "device": loaded.device.partition(":")[0],
        "dtype": loaded.dtype,
        "batch_size": batch_size,
        "shard_rows": shard_rows,
        "seed": seed,
        "versions": {key: value for key, value in environment["versions"].items() if key in _DECISIVE},
    }
    origin = {
        **environment,
        "command": environment["command"] if resume == AGAIN else resume,
        "source": source.to_json(),
        "model": {**loaded.record, **loaded.identity},
        "preprocessing": loaded.transform.to_json(),
        **{key: decides[key] for key in ("dtype", "batch_size", "shard_rows", "seed")},
        "device": _device_name(loaded.device),
        "limit": limit,
    }
    with ExitStack() as stack:
        outputs = []
        for point in points:
            pooled = point.pool or pool
            output = Output(
                opened,
                point,
                recipe=recipe_of({**decides, "point": str(point), "pool": pooled}),
                resume=resume,
                provenance={**origin, "capture": {**point.to_json(), "pool": pooled}},
                overwrite=overwrite,
            )
            stack.callback(output.close)
            outputs.append(output)
        before = [output.rows_committed for output in outputs]
        _Run(
            source, items, loaded, outputs, pool, batch_size, shard_rows, workers, strict, seed, progress
        ).go()
        for output in outputs:
            output.finish()
    return Extraction(
        study=str(opened.path),
        sets=tuple(_describe(opened, output, rows) for output, rows in zip(outputs, before, strict=True)),
        items=len(items),
        ignored=int(source.to_json().get("ignored_files", 0)),
        seconds=time.monotonic() - begun,
        notes=tuple(_notes(loaded)),
    )


@dataclass
class _Run:
    """The loop over shards and batches."""

    source: Source
    items: Sequence[Item]
    model: LoadedModel
    outputs: Sequence[Output]
    pool: Pool | None
    batch_size: int
    shard_rows: int
    workers: int
    strict: bool
    seed: int
    progress: Callable[[Progress], None] | None
    done: int = 0
    skipped: int = 0

    def go(self) -> None:
        """Fill what is not committed yet."""
        committed = [
            output.shards_committed for output in self.outputs if output.shards_committed is not None
        ]
        shards = range(min(committed), -(-len(self.items) // self.shard_rows)) if committed else range(0)
        if not shards:
            return
        first = shards.start * self.shard_rows
        self.done = first
        decoded = decode_all(
            self.source,
            self.model.transform,
            self.items[first:],
            workers=self.workers,
            ahead=2 * max(self.batch_size, self.workers),
        )
        reasons: list[Skipped] = []
        # Points of sets that are complete are captured too: hooks on one may not change another's bits.
        points = [output.point for output in self.outputs]
        with closing(decoded), Engine(self.model, points, self.pool, self.seed) as engine:
            for index in shards:
                count = min(self.shard_rows, len(self.items) - index * self.shard_rows)
                reasons += self._shard(engine, index, islice(decoded, count), first)
        if not any(output.rows_committed for output in self.outputs):
            examples = name_some([f"{one.id}: {one.reason}" for one in reasons], 3)
            raise InputError(
                f"at least one readable image among {len(self.items):,}",
                f"none ({examples})",
                "give readable images",
            )

    def _shard(self, engine: Engine, index: int, decoded: Iterator[Decoded], first: int) -> list[Skipped]:
        rows = {output.point.name: ShardRows(self.source.columns) for output in self.outputs}
        skipped: list[Skipped] = []
        batch: list[Decoded] = []
        number = 0

        def run_batch() -> None:
            for name, (vectors, layout) in engine.rows(batch, index, number).items():
                rows[name].add([one.item for one in batch], vectors, layout)
            batch.clear()

        for one in decoded:
            self.done += 1
            if one.pixels is None:
                if self.strict:
                    raise InputError(
                        "images that can all be read (--strict)",
                        f"{one.item.id}: {one.reason}",
                        "repair or remove it, or leave out --strict to record and skip it",
                    )
                skipped.append(Skipped(one.item.id, one.reason))
                self.skipped += 1
                continue
            batch.append(one)
            if len(batch) == self.batch_size:
                run_batch()
                number += 1
                self._report(first)
        if batch:
            run_batch()
        for output in self.outputs:
            output.write(index, rows[output.point.name], skipped)
        self._report(first)
        return skipped

    def _report(self, first: int) -> None:
        if self.progress:
            self.progress(Progress(self.done, len(self.items), first, self.skipped))


_DECISIVE = ("torch", "pillow", "numpy")


def _environment() -> dict[str, Any]:
    return describe_environment("torch", "pillow", "transformers", "safetensors")


def _check_options(
    pool: str | None, batch_size: int, shard_rows: int, workers: int, limit: int | None
) -> None:
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


def _named(points: Sequence[CapturePoint], name: str | None) -> list[CapturePoint]:
    """Points with ``name`` given to the only one that has none."""
    from dataclasses import replace

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


def _notes(model: LoadedModel) -> Iterator[str]:
    transform = model.transform
    if isinstance(transform, Preprocessing) and transform.mean is None and transform.std is None:
        yield "pixels are in [0, 1]: no --mean and --std were given; most trained models expect theirs"
    if model.record.get("weights", "its own") is None:
        yield f"no --weights were given: the model is as {model.record['spec']} made it"
    if model.absent:
        yield f"the weights lack {name_some(model.absent)}; no row depends on them"


def _device_name(device: str) -> str:
    if device.startswith("cuda"):
        import torch

        return f"{device} ({torch.cuda.get_device_name(device)})"
    return device
