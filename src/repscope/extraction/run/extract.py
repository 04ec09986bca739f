"""From a source of items, through a model, to embedding sets. Resumable, in one pass."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, name_some
from repscope.extraction.capture.points import CapturePoint, as_points, resolve_points
from repscope.extraction.capture.trial import Dependence
from repscope.extraction.models.load import load_model
from repscope.extraction.models.loaded import Kind, LoadedModel
from repscope.extraction.models.preprocess import Preprocessing, Transform
from repscope.extraction.run.batch_sizes import BatchSizes
from repscope.extraction.run.loop import ExtractionLoop
from repscope.extraction.run.outputs import Output, recipe_of
from repscope.extraction.run.parts import Part, dependence_notes, notes_on, points_of
from repscope.extraction.run.records import ExtractedSet, Extraction
from repscope.extraction.run.settings import RunSettings
from repscope.extraction.run.unusual_images import notes_on_unusual
from repscope.extraction.sources.base import Source, digest_items
from repscope.study import Study
from repscope.study.names import check_name, safe_name
from repscope.study.provenance import describe_environment
from repscope.text.progress import OnProgress

if TYPE_CHECKING:
    from torch import nn

AGAIN = "call rs.extract again with the same arguments"

Captures = str | Iterable[str | CapturePoint] | Mapping[str, str]


@dataclass(frozen=True)
class Prepared:
    """What a run, or its plan, begins with.

    Attributes:
        parts: the images, the texts, or both.
        model: loaded.
        points: resolved capture points.
        begun: when, on the monotonic clock.
    """

    parts: list[Part]
    model: LoadedModel
    points: list[CapturePoint]
    begun: float


def prepare(
    source: Source,
    model: str | nn.Module,
    settings: RunSettings,
    *,
    texts: Source | None = None,
    capture: Captures = (),
    name: str | None = None,
    weights: str | Path | None = None,
    weights_key: str | None = None,
    weights_prefix: str | None = None,
    preprocess: Preprocessing | Transform | None = None,
) -> Prepared:
    """Check what was asked for, load the model, and find its modules.

    Args:
        settings: how the run computes.
        source, model, texts, capture, name, weights, weights_key, weights_prefix, preprocess: see
            :func:`repscope.verbs.extract.extract.extract`.

    Raises:
        RepscopeError: as there.
    """
    begun = time.monotonic()
    points = named_points(as_points(capture), name)
    parts = [Part(one, one.items[: settings.limit]) for one in (source, texts) if one is not None]
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
        weights_key=weights_key,
        weights_prefix=weights_prefix,
        device=settings.device,
        dtype=settings.dtype,
        seed=settings.seed,
        given=preprocess,
    )
    if settings.autocast and loaded.dtype != "float32":
        raise InputError("a float32 model for --autocast", f"{loaded.dtype}", "leave out one of the two")
    modules = [path for path, _ in loaded.module.named_modules(remove_duplicate=False)]
    resolved = resolve_points(points, modules, default=safe_name(loaded.name))
    return Prepared(parts, loaded, resolved, begun)


def run(
    prepared: Prepared,
    study: Study,
    settings: RunSettings,
    *,
    resume: str = AGAIN,
    resume_replacing: str | None = None,
    progress: OnProgress | None = None,
) -> Extraction:
    """Fill the sets of an extraction; see :func:`repscope.verbs.extract.extract.extract`.

    Args:
        prepared: items, model and capture points.
        study: that holds the sets.
        settings: as they were prepared with.
        resume: the command that continues, for who tries to measure an incomplete set.
        resume_replacing: the command that continues the replacement of a complete set; ``resume`` if None.
        progress: called after every batch, and when a batch did not fit into memory.

    Raises:
        RepscopeError: as there.
    """
    parts, loaded, points = prepared.parts, prepared.model, prepared.points
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
                **{key: getattr(settings, key) for key in ("batch_size", "shard_rows", "seed")},
                "versions": {key: environment["versions"].get(key) for key in _DECISIVE[part.kind]},
                **({"autocast": settings.autocast} if settings.autocast else {}),
            }
            origin = {
                **environment,
                "command": environment["command"] if resume == AGAIN else resume,
                "source": part.source.to_json(),
                "model": {**loaded.record, **loaded.identity},
                "preprocessing": decides["transform"],
                **{key: decides[key] for key in ("dtype", "batch_size", "shard_rows", "seed")},
                "autocast": settings.autocast,
                "device": _device_name(loaded.device),
                "limit": settings.limit,
            }
            if part.kind == "text":
                origin["texts_cut"] = part.cut = part.count_cut(loaded)
            part.outputs = []
            for point in points_of(part, points, len(parts) > 1, loaded):
                pooled = point.pool or settings.pool
                if part.kind == "text" and pooled == "tokens":
                    raise InputError(
                        f"one row for each text in set {point.name!r}",
                        "--pool tokens, but texts have different numbers of tokens",
                        "choose --pool cls, mean, max or last",
                    )
                output = Output(
                    study,
                    point,
                    recipe=recipe_of({**decides, "point": str(point), "pool": pooled}),
                    resume=resume,
                    resume_replacing=resume_replacing or resume,
                    provenance={**origin, "capture": {**point.to_json(), "pool": pooled}},
                    overwrite=settings.overwrite,
                )
                stack.callback(output.close)
                part.outputs.append(output)
            outputs += part.outputs
        before = [output.rows_committed for output in outputs]
        behind = 0
        for part in parts:
            total = sum(len(one.items) for one in parts)
            ExtractionLoop(part, loaded, settings, progress, behind=behind, total=total).go()
            behind += len(part.items)
            if not settings.overwrite:
                _finish(part)
        if settings.overwrite:
            # Old and new sets of one run stand side by side for a moment only.
            for part in parts:
                _finish(part)
    records = {name: study.manifest(name).provenance for name in (output.point.name for output in outputs)}
    return Extraction(
        study=str(study.path),
        sets=tuple(_describe(study, output, rows) for output, rows in zip(outputs, before, strict=True)),
        items=sum(len(part.items) for part in parts),
        ignored=int(parts[0].source.to_json().get("ignored_files", 0)),
        seconds=time.monotonic() - prepared.begun,
        notes=(
            *notes,
            *(note for part in parts for note in part.notes(loaded)),
            *(note for part in parts for note in _halved(study, part, settings)),
            *dict.fromkeys(note for made in records.values() for note in notes_on_unusual(made)),
            *dependence_notes({name: Dependence.of(made) for name, made in records.items()}),
        ),
    )


_DECISIVE: dict[Kind, tuple[str, ...]] = {
    "image": ("torch", "pillow", "numpy"),
    "text": ("torch", "numpy", "tokenizers"),
}


def _environment() -> dict[str, Any]:
    return describe_environment("torch", "pillow", "transformers", "tokenizers", "safetensors")


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


def _halved(study: Study, part: Part, settings: RunSettings) -> Iterator[str]:
    """What the sets of a part say of batches that did not fit into memory."""
    said: dict[str, list[str]] = {}
    for output in part.outputs:
        name = output.point.name
        sizes = BatchSizes.of(settings.batch_size, study.manifest(name).provenance, name)
        if sizes.halved:
            smaller = [
                f"then {size} from {part.kind} {shard * settings.shard_rows + 1:,} on"
                for shard, size in sorted(sizes.halved.items())
            ]
            said.setdefault(", ".join(smaller), []).append(name)
    for smaller_ones, names in said.items():
        yield (
            f"memory was short: batches of {name_some(names)} had {settings.batch_size} {part.kind}s at "
            f"first, {smaller_ones}; the last bits of a row depend on the size of its batch"
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
