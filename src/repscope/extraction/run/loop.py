"""The loop of a run: decode, forward, commit; and begin a shard again when a batch does not fit."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from repscope.errors import BatchTooLargeError, InputError, name_some
from repscope.extraction.capture.decode_ahead import Decoded, decode_all
from repscope.extraction.capture.engine import Engine
from repscope.extraction.capture.memory import release_memory
from repscope.extraction.models.loaded import LoadedModel
from repscope.extraction.run.batch_sizes import BatchSizes
from repscope.extraction.run.outputs import ShardRows, column_types
from repscope.extraction.run.parts import Part, refuse_dependence
from repscope.extraction.run.settings import RunSettings
from repscope.study import Skipped
from repscope.text.progress import OnProgress, Progress


@dataclass
class ExtractionLoop:
    """The loop over shards and batches.

    All batches of a shard have one size. When one does not fit into memory, the size is halved and its
    shard begins again; the shards before it stay as they are.

    Attributes:
        part: the items, and the sets that they fill.
        model: that is run.
        settings: how.
        progress: called after every batch, and when a batch did not fit into memory.
        behind: items of the parts before this one.
        total: items of all parts.
    """

    part: Part
    model: LoadedModel
    settings: RunSettings
    progress: OnProgress | None
    behind: int
    total: int
    done: int = 0
    skipped: int = 0
    first: int = 0
    columns: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sizes = BatchSizes(self.settings.batch_size)

    def go(self) -> None:
        """Fill what is not committed yet.

        Raises:
            InputError: nothing can be read; or, when strict, something cannot.
            ModelError: the model cannot be used, or a batch of one item does not fit into memory; or, when
                strict, rows depend on more than their item.
            VectorError: NaN or Inf.
            StorageError: the disk refuses.
        """
        committed = [
            output.shards_committed for output in self.part.outputs if output.shards_committed is not None
        ]
        shards = (
            range(min(committed), -(-len(self.part.items) // self.settings.shard_rows))
            if committed
            else range(0)
        )
        if not shards:
            return
        self.first = shards.start * self.settings.shard_rows
        self.columns = column_types(self.part.items, self.part.source.columns)
        for output in self.part.outputs:
            self.sizes.take(output.batch_sizes(self.settings.batch_size))
        reasons: list[Skipped] = []
        # Points of sets that are complete are captured too: hooks on one may not change another's bits.
        points = [output.point for output in self.part.outputs]
        kind, how = self.part.kind, self.settings
        with Engine(self.model, points, how.pool, how.seed, kind=kind, autocast=how.autocast) as engine:
            while shards:
                shards = self._fill(engine, shards, reasons)
        if not any(output.rows_committed for output in self.part.outputs):
            examples = name_some([f"{one.id}: {one.reason}" for one in reasons], 3)
            raise InputError(
                f"at least one readable {kind} among {len(self.part.items):,}",
                f"none ({examples})",
                f"give readable {kind}s",
            )

    def _fill(self, engine: Engine, shards: range, reasons: list[Skipped]) -> range:
        """Fill shards until a batch does not fit into memory; what is left to do."""
        left = range(0)
        with closing(self._decoded(shards.start)) as decoded:
            for index in shards:
                count = min(self.settings.shard_rows, len(self.part.items) - index * self.settings.shard_rows)
                self.done, skipped = index * self.settings.shard_rows, self.skipped
                try:
                    reasons += self._shard(engine, index, islice(decoded, count))
                except BatchTooLargeError as error:
                    self.done, self.skipped = index * self.settings.shard_rows, skipped
                    self._halve(index, error)
                    left = range(index, shards.stop)
                    break
        if left:
            release_memory(self.model.device)
        return left

    def _decoded(self, shard: int) -> Generator[Decoded, None, None]:
        """The items from a shard on."""
        return decode_all(
            self.part.source,
            self.part.transform(self.model),
            self.part.items[shard * self.settings.shard_rows :],
            workers=self.settings.workers,
            ahead=2 * max(self.sizes.at(shard), self.settings.workers),
        )

    def _halve(self, index: int, error: BatchTooLargeError) -> None:
        self.sizes.limit(index, error.items // 2)
        kind = self.part.kind
        smaller = f"{error.items // 2} {kind}{'' if error.items // 2 == 1 else 's'}"
        self._report(
            f"out of memory with a batch of {error.items} {kind}s; going on with {smaller} "
            f"from {kind} {self.done + 1:,} on"
        )

    def _shard(self, engine: Engine, index: int, decoded: Iterable[Decoded]) -> list[Skipped]:
        rows = {output.point.name: ShardRows(self.columns) for output in self.part.outputs}
        skipped: list[Skipped] = []
        unusual: list[Decoded] = []
        batch: list[Decoded] = []
        size = self.sizes.at(index)
        number = 0

        def run_batch() -> None:
            for name, (vectors, layout) in engine.rows(batch, index, number).items():
                rows[name].add([one.item for one in batch], vectors, layout)
            batch.clear()
            if self.settings.strict:
                refuse_dependence(engine.depends)

        for one in decoded:
            self.done += 1
            if one.array is None:
                if self.settings.strict:
                    raise InputError(
                        f"{self.part.kind}s that can all be read (--strict)",
                        f"{one.item.id}: {one.reason}",
                        "repair or remove it, or leave out --strict to record and skip it",
                    )
                skipped.append(Skipped(one.item.id, one.reason))
                self.skipped += 1
                continue
            if one.largest is not None or one.stack:
                unusual.append(replace(one, array=None))
            batch.append(one)
            if len(batch) == size:
                run_batch()
                number += 1
                self._report()
        if batch:
            run_batch()
        for output in self.part.outputs:
            tried = engine.depends.get(output.point.name)
            output.write(index, rows[output.point.name], skipped, self.sizes, tried=tried, unusual=unusual)
        self._report()
        return skipped

    def _report(self, note: str = "") -> None:
        if self.progress:
            done, first = self.behind + self.done, self.behind + self.first
            self.progress(
                Progress("extract", done, self.total, note=note, committed=first, skipped=self.skipped)
            )
