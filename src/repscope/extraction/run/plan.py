"""What an extraction would do, without doing it: items, preprocessing, sets, and the first batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import BatchTooLargeError
from repscope.extraction.capture.decode_ahead import Decoded, decode
from repscope.extraction.capture.engine import Engine
from repscope.extraction.capture.memory import release_memory
from repscope.extraction.capture.points import CapturePoint
from repscope.extraction.capture.trial import Dependence
from repscope.extraction.models.loaded import LoadedModel
from repscope.extraction.run.contact_sheet import contact_sheet
from repscope.extraction.run.extract import Prepared
from repscope.extraction.run.parts import Part, dependence_notes, notes_on, points_of
from repscope.extraction.run.settings import RunSettings
from repscope.extraction.run.unusual_images import notes_on_unusual, record_unusual
from repscope.study.manifest import Skipped
from repscope.text.json_record import JsonRecord

if TYPE_CHECKING:
    from PIL.Image import Image

SHOWN = 5
"""Ids that a plan names."""


@dataclass(frozen=True)
class PlannedSet:
    """A set that would be filled.

    Attributes:
        name, capture: as in :class:`repscope.extraction.run.records.ExtractedSet`.
        kind: "image" or "text".
        d: width of its rows.
        rows_per_item: 1, or the number of tokens.
        dtype: of its rows as captured.
    """

    name: str
    capture: str
    kind: str
    d: int
    rows_per_item: int
    dtype: str


@dataclass(frozen=True)
class PlannedSource:
    """A source that would be read.

    Attributes:
        kind: "image" or "text".
        record: what the provenance would say of it.
        items: how many would be taken.
        columns: of its items, besides ``id``.
        first: the first ids.
        skipped: items up to the end of the first batch that cannot be read, and why.
        preprocessing: what the provenance would say of it.
        shape: of the first batch.
    """

    kind: str
    record: Mapping[str, Any]
    items: int
    columns: tuple[str, ...]
    first: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    preprocessing: Mapping[str, Any]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Plan(
    JsonRecord,
    schema="repscope.extraction-plan/1",
    keys="model device dtype sources sets notes contact_sheet=sheet_file",
):
    """What an extraction would do.

    Attributes:
        model: what the provenance would say of it.
        device, dtype: where and in what it would compute.
        sources: images, texts, or both.
        sets: in the order of the capture points.
        notes: what a reader of the numbers should know.
        sheet: the first batch of images; None for texts, or where no image could be read.
        sheet_file: where the sheet was saved; empty until it is.
    """

    model: Mapping[str, Any]
    device: str
    dtype: str
    sources: tuple[PlannedSource, ...]
    sets: tuple[PlannedSet, ...]
    notes: tuple[str, ...]
    sheet: Image | None = field(default=None, repr=False, compare=False)
    sheet_file: str = ""

    def saved(self, file: Path) -> Plan:
        """The same plan, whose sheet lies in ``file``."""
        return replace(self, sheet_file=str(file))

    def to_json(self) -> dict[str, Any]:
        """The record ``repscope.extraction-plan/1``."""
        return super().to_json() | {"contact_sheet": self.sheet_file or None}


def plan_extraction(prepared: Prepared, settings: RunSettings) -> Plan:
    """Run the model on the first batch, and say what a run would do. Nothing is written.

    Args:
        prepared: source, model and capture points.
        settings: of the run.

    Raises:
        RepscopeError: the model cannot be used.
    """
    parts, loaded = prepared.parts, prepared.model
    sources: list[PlannedSource] = []
    sets: list[PlannedSet] = []
    notes = list(notes_on(loaded, parts))
    sheet = None
    for part in parts:
        batch, skipped = _first_batch(part, loaded, settings.batch_size)
        own = points_of(part, prepared.points, len(parts) > 1, loaded)
        filled, fitting, depends = _try(part, loaded, own, batch, settings)
        sets += filled
        notes += dependence_notes(depends)
        notes += part.notes(loaded)
        notes += notes_on_unusual(record_unusual({}, batch))
        if fitting < len(batch):
            notes.append(
                f"a batch of {len(batch)} {part.kind}s does not fit into memory; "
                f"the run would go on with {fitting}"
            )
        sources.append(_describe(part, loaded, batch, skipped))
        if not batch:
            notes.append(
                f"none of the {len(part.items):,} {part.kind}s can be read; the run would stop there"
            )
        if part.kind == "image" and batch:
            arrays = [one.array for one in batch if one.array is not None]
            sheet = contact_sheet(arrays, [one.item.id for one in batch], sources[-1].preprocessing)
    return Plan(
        model={**loaded.record, **loaded.identity},
        device=loaded.device,
        dtype=loaded.dtype,
        sources=tuple(sources),
        sets=tuple(sets),
        notes=tuple(notes),
        sheet=sheet,
    )


def _first_batch(part: Part, model: LoadedModel, size: int) -> tuple[list[Decoded], list[Skipped]]:
    """The first readable items, and those before them that are not."""
    batch: list[Decoded] = []
    skipped: list[Skipped] = []
    transform = part.transform(model)
    for item in part.items:
        one = decode(part.source, transform, item)
        if one.array is None:
            skipped.append(Skipped(item.id, one.reason))
        else:
            batch.append(one)
        if len(batch) == size:
            break
    return batch, skipped


def _try(
    part: Part,
    model: LoadedModel,
    points: Sequence[CapturePoint],
    batch: Sequence[Decoded],
    settings: RunSettings,
) -> tuple[list[PlannedSet], int, dict[str, Dependence]]:
    """One forward pass, for the widths; how many items fitted into memory at once; what rows depend on."""
    if not batch:
        return [PlannedSet(point.name, str(point), part.kind, 0, 0, "") for point in points], 0, {}
    fitting, rows = len(batch), None
    with Engine(
        model, points, settings.pool, settings.seed, kind=part.kind, autocast=settings.autocast
    ) as engine:
        while rows is None:
            try:
                rows = engine.rows(batch[:fitting], 0, 0)
            except BatchTooLargeError as error:
                fitting = error.items // 2
            if rows is None:
                release_memory(model.device)
    return (
        [
            PlannedSet(
                point.name,
                str(point),
                part.kind,
                rows[point.name][0].shape[1],
                rows[point.name][1].rows,
                str(rows[point.name][0].dtype),
            )
            for point in points
        ],
        fitting,
        engine.depends,
    )


def _describe(
    part: Part, model: LoadedModel, batch: Sequence[Decoded], skipped: Sequence[Skipped]
) -> PlannedSource:
    shapes = {one.array.shape for one in batch if one.array is not None}
    return PlannedSource(
        kind=part.kind,
        record=part.source.to_json(),
        items=len(part.items),
        columns=tuple(part.source.columns),
        first=tuple(item.id for item in part.items[:SHOWN]),
        skipped=tuple(skipped),
        preprocessing=part.transform(model).to_json(),
        # Texts differ in length; the longest is what the batch is padded to.
        shape=(len(batch), *max(shapes, default=())),
    )
