"""``neighbors``: the nearest items of a set, computed once and kept in the study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, UnknownNameError, name_some
from repscope.knn import Graph, Neighbours, among, find_graph, kept
from repscope.knn import exact as search_exactly
from repscope.knn.graph import SearchMode, choose_search, describe_search
from repscope.study import EmbeddingSet, Study
from repscope.study.keys import as_keys
from repscope.study.together import replace_together
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.neighbors.options import NeighborsOptions

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

_SHOWN = 10


@dataclass(frozen=True)
class StudyNeighbours:
    """Neighbours of items of a study.

    Attributes:
        queries: the set whose items were searched for.
        base: the set that was searched; the same object where a set is searched in itself.
        rows: [n] rows of ``queries``, in the order of ``found``.
        found: rows of ``base`` and their scores.
        search: how: ``{"method": "exact"}``, or the approximate index with its measured recall.
        kept: read from the study's cache instead of computed.
    """

    queries: EmbeddingSet
    base: EmbeddingSet
    rows: NDArray[np.int64]
    found: Neighbours
    search: Mapping[str, Any]
    kept: bool = False

    @property
    def k(self) -> int:
        """Neighbours of each item."""
        return int(self.found.indices.shape[1])

    def same_label(self, column: str = "label") -> NDArray[np.bool_] | None:
        """[n, k] the neighbour has the query's label; None where a set has no such column.

        An item without a label agrees with none.
        """
        if column not in self.queries.columns or column not in self.base.columns:
            return None
        wanted, there = (
            np.asarray(as_keys(rows.items.column(column), f"column {column!r}").to_pylist(), dtype=object)
            for rows in (self.queries, self.base)
        )
        asked = wanted[self.rows][:, None]
        return np.asarray((there[self.found.indices] == asked) & (asked != np.array(None)), dtype=bool)

    def to_json(self, *, listed: bool) -> dict[str, Any]:
        """As JSON values; ``listed`` adds the neighbours themselves."""
        same = self.same_label()
        record: dict[str, Any] = {
            "schema": "repscope.neighbors/1",
            "set": self.base.name,
            "query_set": self.queries.name,
            "metric": self.found.metric,
            "k": self.k,
            "n": len(self.rows),
            "search": dict(self.search),
            "kept": self.kept,
            "same_label": None if same is None or not same.size else float(same.mean()),
            "fingerprints": {rows.name: rows.fingerprint for rows in (self.queries, self.base)},
        }
        if listed:
            ids = self.base.ids
            record["neighbors"] = [
                {
                    "id": str(query),
                    "neighbors": [
                        {"id": str(ids[row]), "score": float(score)}
                        for row, score in zip(rows, scores, strict=True)
                    ],
                }
                for query, rows, scores in zip(
                    self.queries.ids[self.rows], self.found.indices, self.found.scores, strict=True
                )
            ]
        return record

    def table(self) -> pa.Table:
        """One row a pair: ``query``, ``rank`` (from 1), ``neighbor``, ``score``, and ``same_label``."""
        import pyarrow as pa

        n, k = self.found.indices.shape
        columns = {
            "query": pa.array(np.repeat(self.queries.ids[self.rows], k).tolist(), pa.string()),
            "rank": pa.array(np.tile(np.arange(1, k + 1, dtype=np.int32), n)),
            "neighbor": self.base.items.column("id").take(pa.array(self.found.indices.ravel())),
            "score": pa.array(self.found.scores.ravel()),
        }
        same = self.same_label()
        if same is not None:
            columns["same_label"] = pa.array(same.ravel())
        return pa.table(columns)

    def lines(self) -> list[str]:
        """For a person: the neighbours of a few items, and how they were found."""
        found = self.found
        lines = []
        for at in range(min(len(self.rows), _SHOWN)):
            near = (
                f"{self.base.ids[row]} ({score:.3f})"
                for row, score in zip(found.indices[at], found.scores[at], strict=True)
            )
            lines.append(f"{self.queries.ids[self.rows[at]]}: {', '.join(near)}")
        return lines

    def summary(self) -> str:
        """One line: how many, of what, found how."""
        where = "themselves" if self.base is self.queries else f"{self.base.n:,} items of {self.base.name}"
        count = f"{len(self.rows):,} item{'' if len(self.rows) == 1 else 's'}"
        text = f"{count} of {self.queries.name}, {self.k} nearest among {where}"
        text += f" by {self.found.metric}, {describe_search(self.search)}"
        same = self.same_label()
        if same is not None and same.size:
            text += f"; {same.mean():.1%} of neighbours have the item's label"
        return text

    def save(
        self, out: str | Path, *, grid: Figure | None = None, formats: Sequence[str] = FIGURE_FORMATS
    ) -> Path:
        """Write neighbors.json, neighbors.parquet and, if one is given, the grid; return the folder.

        A kill leaves the files of an earlier search or those of this one, all of them.

        Args:
            out: folder; created. The files of an earlier search there are replaced.
            grid: drawn by :func:`repscope.verbs.neighbors.grid.neighbour_grid`.
            formats: of the grid.

        Raises:
            StorageError: the disk refuses.
        """
        import pyarrow.parquet as pq

        from repscope.plot.base.save import FORMATS, save_figure

        folder = Path(out)
        record = json.dumps(self.to_json(listed=False), indent=1, ensure_ascii=False, allow_nan=False)
        former = ["neighbors.json", "neighbors.parquet", *(f"grid.{one}" for one in FORMATS)]
        with replace_together(folder, "neighbors", lambda: former) as new:
            (new / "neighbors.json").write_text(record, encoding="utf-8")
            pq.write_table(self.table(), new / "neighbors.parquet")
            if grid is not None:
                save_figure(grid, new, "grid", formats=formats)
        return folder


def neighbors(
    study: str | Path | Study,
    name: str,
    *,
    query: str | Sequence[str] = (),
    query_set: str | None = None,
    k: int = NeighborsOptions.k,
    metric: str = NeighborsOptions.metric,
    approximate: bool = False,
    exact: bool = False,
    device: str | None = None,
    cache: bool = NeighborsOptions.cache,
    seed: int = NeighborsOptions.seed,
) -> StudyNeighbours:
    """The nearest items of every item, or of the ones named; within a set, or from one set to another.

    Args:
        study: the study, or its folder.
        name: set that is searched.
        query: ids of the items to search for; all of them without.
        query_set: set of the items to search for; without, or the same: ``name`` in itself, where no item
            finds itself.
        k: neighbours of each item.
        metric: "cosine", "inner" or "l2".
        approximate: search nearly, with the recall measured; unasked above 150,000 rows in themselves, or
            as many pairs, but for a few items.
        exact: search exactly, whatever it costs.
        device: torch device of an exact search of all items, such as "cuda"; the result is the same.
        cache: read and keep neighbours in ``STUDY/cache/neighbors``.
        seed: of an approximate search.

    Raises:
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
        InputError, VectorError: ways to search that exclude each other; see :func:`repscope.knn.exact`.
        UnknownNameError: no such metric, or no item with such an id.
        DependencyError: an approximate search without pynndescent.
    """
    for first, second, do in (
        (query and "--query", device and "--device", "leave --device out: few items are quick"),
        (approximate and "--approximate", exact and "--exact", "leave one out"),
        (approximate and "--approximate", device and "--device", "leave one out"),
    ):
        if first and second:
            raise InputError("one way to search", f"{first} and {second}", do)
    opened = Study.open(study)
    sets = opened.open_sets([name, query_set or name])
    queries, base = sets[query_set or name], sets[name]
    rows = _rows_of(queries, [query] if isinstance(query, str) else query) if query else None
    # A few items are searched exactly, whatever the size.
    how: SearchMode = "exact" if exact or device or query else choose_search(queries.n, base.n)
    how = "approximate" if approximate else how
    other = "" if base is queries else base.fingerprint
    key = kept.Key(queries.fingerprint, other, metric, kept.label_of(how, seed), queries.n, base.n)

    def find() -> Graph:
        against = None if base is queries else base.vectors
        return find_graph(queries.vectors, against, k=k, metric=metric, search=how, device=device, seed=seed)

    if rows is None or approximate:
        graph = kept.fetch(opened, key, k, find) if cache else find()
        found = graph.neighbours if rows is None else _some(graph.neighbours, rows)
        places = np.arange(queries.n) if rows is None else rows
        return StudyNeighbours(queries, base, places, found, graph.search, graph.kept)
    known = kept.load(opened, key, k) if cache else None
    if known:
        found = _some(known.neighbours, rows)
    elif base is queries:
        found = among(base.vectors, rows, k=k, metric=metric)
    else:
        found = search_exactly(queries.vectors[rows], base.vectors, k=k, metric=metric)
    return StudyNeighbours(queries, base, rows, found, {"method": "exact"}, known is not None)


def _some(near: Neighbours, rows: NDArray[np.int64]) -> Neighbours:
    return Neighbours(near.indices[rows], near.scores[rows], near.metric)


def _rows_of(queries: EmbeddingSet, ids: Sequence[str]) -> NDArray[np.int64]:
    places = {str(name): row for row, name in enumerate(queries.ids)}
    unknown = [name for name in ids if name not in places]
    if unknown:
        import difflib

        near = difflib.get_close_matches(unknown[0], places, n=3, cutoff=0.5) or list(queries.ids[:3])
        raise UnknownNameError(
            f"ids of items in set {queries.name!r}",
            name_some(map(repr, unknown)),
            f"for example {name_some(near)}",
        )
    return np.array([places[name] for name in dict.fromkeys(ids)], dtype=np.int64)
