"""The sets that a run fills, shard by shard, each resumable on its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import CorruptError
from repscope.extraction.capture import trial
from repscope.extraction.capture.decode_ahead import Decoded
from repscope.extraction.capture.points import CapturePoint
from repscope.extraction.capture.pooling import Layout
from repscope.extraction.capture.trial import Dependence
from repscope.extraction.run.batch_sizes import KEY, BatchSizes
from repscope.extraction.run.unusual_images import record_unusual
from repscope.extraction.sources.base import Item
from repscope.study import SetWriter, Skipped, Study

if TYPE_CHECKING:
    import pyarrow as pa


def recipe_of(decides: Mapping[str, Any]) -> str:
    """Hash of everything that decides a set's rows; an interrupted set continues only under an equal one."""
    text = json.dumps(decides, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def column_types(items: Sequence[Item], names: Sequence[str]) -> dict[str, pa.DataType]:
    """One type for each column over all items, so that every shard has the same.

    Truth values, whole numbers within 64 bits and other numbers keep their kind; a column that mixes
    text with anything, or holds nothing, is text.
    """
    import pyarrow as pa

    types = {}
    for name in names:
        cells = [cell for item in items if (cell := item.columns[name]) is not None]
        kinds = {type(cell) for cell in cells}
        types[name] = pa.string()
        if kinds == {bool}:
            types[name] = pa.bool_()
        elif kinds == {int} and all(-(2**63) <= cell < 2**63 for cell in cells if isinstance(cell, int)):
            types[name] = pa.int64()
        elif kinds in ({float}, {int, float}) and all(
            isinstance(cell, float) or abs(cell) <= 2**53 for cell in cells if isinstance(cell, int | float)
        ):
            types[name] = pa.float64()
    return types


class Output:
    """One set that a run fills.

    Args:
        study: that holds it.
        point: what it holds; ``point.name`` is the set's name.
        recipe: see :func:`recipe_of`.
        resume: the command that continues it.
        resume_replacing: the same where it replaces a complete set.
        provenance: see :class:`repscope.study.SetWriter`.
        overwrite: replace a set of that name.

    Raises:
        ExistsError: the name is taken by another set, or by one made differently.
        StudyError: another process is writing the set.
    """

    def __init__(
        self,
        study: Study,
        point: CapturePoint,
        *,
        recipe: str,
        resume: str,
        resume_replacing: str,
        provenance: Mapping[str, Any],
        overwrite: bool,
    ) -> None:
        self.point = point
        self._study = study
        self._writer: SetWriter | None = None
        there = point.name in study
        try:
            manifest = study.manifest(point.name) if there else None
        except CorruptError:
            if not overwrite:
                raise
            manifest = None
        self.found_complete = (
            manifest is not None and manifest.complete and manifest.recipe == recipe and not overwrite
        )
        if self.found_complete:
            return
        # An interrupted set without a row holds nothing that could be lost.
        empty = manifest is not None and not manifest.complete and not manifest.n
        replaces = there and (manifest is None or manifest.complete)
        self._writer = study.writer(
            point.name,
            recipe=recipe,
            resume=resume_replacing if replaces else resume,
            provenance=provenance,
            overwrite=overwrite or empty,
        )

    @property
    def shards_committed(self) -> int | None:
        """Shards that are safe; None for a set that is complete."""
        return self._writer.shards_committed if self._writer else None

    @property
    def rows_committed(self) -> int:
        """Rows that are safe."""
        return self._writer.rows_committed if self._writer else self._study.manifest(self.point.name).n

    def batch_sizes(self, asked: int) -> BatchSizes:
        """The sizes that the committed shards record; those of a complete set bind nobody.

        Raises:
            CorruptError: the record is of another form.
        """
        return BatchSizes.of(asked, self._writer.provenance if self._writer else {}, self.point.name)

    def write(
        self,
        index: int,
        shard: ShardRows,
        skipped: Sequence[Skipped],
        sizes: BatchSizes,
        *,
        tried: Dependence | None = None,
        unusual: Sequence[Decoded] = (),
    ) -> None:
        """Commit shard ``index``, whose batches had the size that ``sizes`` says, unless it is there.

        Args:
            index: of the shard.
            shard, skipped: its rows, and the items without one.
            sizes: of the batches.
            tried: what the trial before the first batch found.
            unusual: its images of 16 bits and stacks.
        """
        if self._writer is None or self._writer.shards_committed > index:
            return
        vectors, items = shard.table() if shard.items else (None, None)
        known, size = self.batch_sizes(sizes.asked), sizes.at(index)
        if known.at(index) != size:
            known.limit(index, size)
        record: dict[str, Any] = {KEY: known.to_json()} if known.halved else {}
        if tried is not None:
            record[trial.KEY] = tried.to_json()
        record |= record_unusual(self._writer.provenance, unusual)
        self._writer.write_shard(vectors, items, skipped=skipped, provenance=record)

    def finish(self) -> None:
        """Mark the set complete."""
        if self._writer is not None:
            self._writer.finish()

    def close(self) -> None:
        """Give the set back, finished or not."""
        if self._writer is not None:
            self._writer.close()


class ShardRows:
    """Rows of one set in one shard, batch by batch.

    Args:
        columns: names and types of the source's columns, see :func:`column_types`.
    """

    def __init__(self, columns: Mapping[str, pa.DataType]) -> None:
        self._columns = columns
        self._vectors: list[NDArray[Any]] = []
        self._layouts: list[Layout] = []
        self.items: list[Item] = []

    def add(self, items: Sequence[Item], vectors: NDArray[Any], layout: Layout) -> None:
        """Add the rows of one batch, in the order of its items."""
        self.items.extend(items)
        self._vectors.append(vectors)
        self._layouts.extend([layout] * len(items))

    def table(self) -> tuple[NDArray[Any], pa.Table]:
        """Vectors [rows, D] and item columns: ``id``, those of the source, and for tokens ``parent``,
        ``token``, ``row`` and ``col``."""
        import pyarrow as pa

        repeats = np.array([layout.rows for layout in self._layouts])
        source = np.repeat(np.arange(len(self.items)), repeats)
        parents = pa.array([item.id for item in self.items], pa.string()).take(pa.array(source))
        columns: dict[str, pa.Array] = {"id": parents}
        if self._layouts[0].tokens:
            places = {layout: layout.columns() for layout in set(self._layouts)}
            joined = [np.concatenate([places[layout][part] for layout in self._layouts]) for part in range(3)]
            ids = [f"{parent}#{token}" for parent, token in zip(parents.to_pylist(), joined[0], strict=True)]
            columns = {"id": pa.array(ids, pa.string()), "parent": parents}
            for name, values in zip(("token", "row", "col"), joined, strict=True):
                columns[name] = pa.array(values, pa.int32(), mask=values < 0)
        for name, kind in self._columns.items():
            cells = [item.columns[name] for item in self.items]
            if pa.types.is_string(kind):
                cells = [cell if cell is None or isinstance(cell, str) else str(cell) for cell in cells]
            values = pa.array(cells, kind)
            columns[name] = values.take(pa.array(source))
        return np.concatenate(self._vectors), pa.table(columns)
