"""What the page shows: stages on one map, what each item did in the space and on the screen, neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import LinkError
from repscope.knn import find_graph
from repscope.maps.faithfulness import plane_neighbours
from repscope.maps.movement import Movement, movement
from repscope.measure.core.arrays import Float64, unit_rows
from repscope.report.thumbnails import picture, source_folders
from repscope.study import EmbeddingSet, link
from repscope.study.links import UNLINKED
from repscope.study.provenance import version
from repscope.verbs.common.rows import keep_rows
from repscope.verbs.common.study_map import Layout
from repscope.viewer.bundle import SCHEMA, Bundle, Frame
from repscope.viewer.fields import packed_blobs, packed_fields

NEIGHBOURS = 10
PICTURES = ("image", "path", "file", "file_name", "image_path")
SIDE = 64
_NO_ROW = 2**32 - 1
_NAMED = 200

Int64 = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Stages:
    """Stages with the same items in the same order.

    Attributes:
        sets: of the same n items.
        unmatched: by name of a set, ids of its items that another one lacks.
    """

    sets: tuple[EmbeddingSet, ...]
    unmatched: Mapping[str, Sequence[str]]


def same_items(sets: Sequence[EmbeddingSet]) -> Stages:
    """The items that every stage has, in the order of the first.

    Raises:
        LinkError: the stages share no id.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = [one.items.column("id").combine_chunks() for one in sets]
    places = [pc.index_in(ids[0], value_set=own).fill_null(-1).to_numpy() for own in ids]
    rows = np.flatnonzero(np.all([own >= 0 for own in places], axis=0))
    if not len(rows):
        raise LinkError(
            "items with the same id in all stages",
            "none (for example " + " against ".join(repr(own[0].as_py()) for own in ids) + ")",
            "give the stages the ids of their items",
        )
    common = ids[0].take(pa.array(rows))
    unmatched = {
        one.name: own.filter(pc.invert(pc.is_in(own, value_set=common))).to_pylist()
        for one, own in zip(sets, ids, strict=True)
        if one.n > len(rows)
    }
    taken = [keep_rows(one, own[rows].astype(np.int64)) for one, own in zip(sets, places, strict=True)]
    return Stages(tuple(taken), unmatched)


@dataclass(frozen=True)
class Content:
    """Everything about the items on the map; :meth:`bundle` packs some or all of them.

    Attributes:
        title: of the study.
        stages: the items, and what was left out.
        reference: the set drawn as stars, or None.
        on: column that links items with it, or None.
        layout: the map.
        rows: [m] rows of the stages that are on the map.
        points: per stage, [m, 2].
        scores: per stage, [m] share of neighbours that the map keeps; empty where it is not known.
        steps: from one stage to the next, and from the first to the last.
        seed: of a sample.
        verdict: JSON values for the page, or None.
        notes: what the reader has to know.
    """

    title: str
    stages: Stages
    reference: EmbeddingSet | None
    on: str | None
    layout: Layout
    rows: Int64
    points: tuple[Float64, ...]
    scores: tuple[Float64, ...]
    steps: Mapping[tuple[int, int], Movement]
    seed: int
    verdict: Mapping[str, Any] | None
    notes: tuple[str, ...]

    @property
    def m(self) -> int:
        """Items that can be shown."""
        return len(self.rows)

    def bundle(self, some: Int64 | None = None) -> Bundle:
        """The packed page data.

        Args:
            some: [n] which of the m items, rising; all of them without.
        """
        some = np.arange(self.m) if some is None else some
        first = self.stages.sets[0]
        items = first.items.take(self.rows[some])
        fields, columns, notes = packed_fields(items)
        stars = [] if self.reference is None else [self.layout.points[self.reference.name]]
        frame = Frame.around(*self.points, *stars)
        k = min(NEIGHBOURS, len(some) - 1)
        stages = []
        for number, own in enumerate(self.stages.sets):
            columns[f"position/{number}"] = frame.pack(self.points[number][some])
            if self.scores:
                columns[f"kept/{number}"] = self.scores[number][some].astype("f4")
            if k > 0:
                near = find_graph(own.rows[self.rows[some]], k=k, metric="cosine", seed=self.seed)
                columns[f"near/{number}"] = near.neighbours.indices.astype("u4")
            stages.append({"name": own.name, "fingerprint": own.fingerprint})
        steps = []
        for number, ((start, end), step) in enumerate(self.steps.items()):
            columns[f"space/{number}"] = step.space[some].astype("f4")
            columns[f"screen/{number}"] = step.screen[some].astype("f4")
            columns[f"moved/{number}"] = step.moved[some]
            steps.append({"from": start, "to": end})
        manifest = {
            "schema": SCHEMA,
            "version": version(),
            "title": self.title,
            "n": len(some),
            "of": first.n + len(self.stages.unmatched.get(first.name, ())),
            "seed": self.seed,
            "stages": stages,
            "steps": steps,
            "k": max(k, 0),
            "frame": {"x": frame.x, "y": frame.y, "side": frame.side},
            "map": self.layout.record,
            "fields": fields,
            "verdict": self.verdict,
            "unmatched": [
                {"set": name, "count": len(ids), "ids": list(ids[:_NAMED])}
                for name, ids in self.stages.unmatched.items()
            ],
            "reference": self._reference(columns, frame, some),
            "pictures": self._pictures(columns, some),
            "notes": [*self.notes, *self._sampled(len(some)), *notes],
        }
        return Bundle(manifest, columns)

    def _sampled(self, shown: int) -> list[str]:
        notes = []
        if self.m < (n := self.stages.sets[0].n):
            notes.append(
                f"The map shows {self.m:,} of {n:,} items: a sample drawn with seed "
                f"{self.layout.record['seed']}."
            )
        if shown < self.m:
            notes.append(
                f"This file shows {shown:,} of the {self.m:,} items on the map: a sample drawn with seed "
                f"{self.seed}, so that it stays small. Neighbours are those among the items shown."
            )
        return notes

    def _reference(self, columns: Columns, frame: Frame, some: Int64) -> dict[str, Any] | None:
        if self.reference is None:
            return None
        name = self.reference.name
        rows = self.layout.rows[name]
        columns["reference/position"] = frame.pack(self.layout.points[name])
        fields, packed, _ = packed_fields(self.reference.items.take(rows), "reference/field")
        columns |= packed
        if self.on is not None:
            linked = link(self.stages.sets[0], self.reference, self.on, drop_unlinked=True)
            place = {code: at for at, code in enumerate(linked.right[rows].tolist()) if code != UNLINKED}
            codes = linked.left[self.rows[some]].tolist()
            columns["reference/of"] = np.array([place.get(code, _NO_ROW) for code in codes], "u4")
        return {"name": name, "n": len(rows), "on": self.on, "fields": fields}

    def _pictures(self, columns: Columns, some: Int64) -> dict[str, Any] | None:
        first = self.stages.sets[0]
        name = next((one for one in PICTURES if one in first.columns), None)
        if name is None:
            return None
        folders = source_folders({first.name: first.provenance})
        values = first.items.column(name).take(self.rows[some]).to_pylist()
        blobs = [_jpeg(value, folders) for value in values]
        if not any(blobs):
            return None
        columns |= packed_blobs(blobs, "picture")
        return {"column": name, "missing": sum(not one for one in blobs)}


def _jpeg(value: Any, folders: Sequence[Any]) -> bytes:
    import io

    small = picture(value, folders, SIDE)
    if small is None:
        return b""
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def on_the_map(stages: Stages, layout: Layout) -> tuple[Int64, tuple[Float64, ...], tuple[Float64, ...]]:
    """Rows of the stages that the map has of every stage, their coordinates, and how well it keeps them."""
    at = []
    for own in stages.sets:
        place = np.full(own.n, -1)
        place[layout.rows[own.name]] = np.arange(len(layout.rows[own.name]))
        at.append(place)
    rows = np.flatnonzero(np.all([own >= 0 for own in at], axis=0))
    points = tuple(layout.points[own.name][place[rows]] for own, place in zip(stages.sets, at, strict=True))
    scores = tuple(
        np.asarray(layout.scores[own.name][place[rows]], np.float64)
        for own, place in zip(stages.sets, at, strict=True)
        if own.name in layout.scores
    )
    return rows, points, scores if len(scores) == len(points) else ()


def movements(
    stages: Stages, rows: Int64, points: Sequence[Float64], seed: int
) -> dict[tuple[int, int], Movement]:
    """What every step did to the items; none where there is no other item to hold it against."""
    k = min(NEIGHBOURS, len(rows) - 1)
    last = len(stages.sets) - 1
    steps = [*pairwise(range(last + 1)), *([(0, last)] if last > 1 else [])]
    if k < 1:
        return {}
    found = {}
    for start, end in steps:
        before, after = (unit_rows(stages.sets[one].rows[rows]) for one in (start, end))
        near = find_graph(before, k=k, metric="l2", seed=seed).neighbours
        shown = plane_neighbours(points[start], k)[:, -1]
        map_radius = np.linalg.norm(points[start] - points[start][shown], axis=1)
        found[start, end] = movement(
            before, after, points[start], points[end], radius=near.scores[:, -1], map_radius=map_radius
        )
    return found
