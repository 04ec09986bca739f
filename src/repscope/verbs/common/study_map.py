"""A map of sets of a study: written into its results, and found there again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.maps import Projection
from repscope.study import EmbeddingSet, Study
from repscope.study.together import replace_together
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.common.joint_map import coloured_by

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "repscope.map/1"


@dataclass(frozen=True)
class StudyMap:
    """A map of sets of a study.

    Attributes:
        projection: coordinates and faithfulness.
        sets: by name, in the order of the map.
        colour: column that colours the points, or None.
    """

    projection: Projection
    sets: Mapping[str, EmbeddingSet]
    colour: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without the coordinates."""
        fingerprints = {name: one.fingerprint for name, one in self.sets.items()}
        return {
            "schema": SCHEMA,
            "title": str(self.projection),
            **self.projection.to_json(),
            "colour": self.colour,
            "kept": self.projection.kept,
            "fingerprints": fingerprints,
        }

    def table(self) -> pa.Table:
        """One row a point: ``set``, ``id``, ``x``, ``y``, and the share of neighbours the map keeps."""
        import pyarrow as pa

        scores = self.projection.point_scores
        parts = []
        for name, points in self.projection.coordinates.items():
            rows = self.projection.rows[name]
            columns = {
                "set": pa.array([name] * len(rows), pa.string()),
                "id": pa.array(self.sets[name].ids[rows].tolist(), pa.string()),
                "x": pa.array(points[:, 0]),
                "y": pa.array(points[:, 1]),
            }
            if scores is not None:
                columns["neighbours_kept"] = pa.array(scores[name], from_pandas=True)
            parts.append(pa.table(columns))
        return pa.concat_tables(parts)

    def save(self, out: str | Path, *, formats: tuple[str, ...] = FIGURE_FORMATS) -> Path:
        """Write map.json, coordinates.parquet and the figure; return the folder.

        A kill leaves the files of an earlier map or those of this one, all of them.

        Raises:
            StorageError: the disk refuses.
        """
        import pyarrow.parquet as pq

        from repscope.plot.base.save import FORMATS, save_figure
        from repscope.plot.maps import plot_map

        folder = Path(out)
        record = json.dumps(self.to_json(), indent=1, allow_nan=False)
        former = ["map.json", "coordinates.parquet", *(f"map.{one}" for one in FORMATS)]
        with replace_together(folder, "map", lambda: former) as new:
            (new / "map.json").write_text(record, encoding="utf-8")
            pq.write_table(self.table(), new / "coordinates.parquet")
            coloured = coloured_by(self.colour, self.sets)
            axes = plot_map(self.projection, before=next(iter(self.sets)), coloured=coloured)
            figure = axes.get_figure(root=True)
            if figure is not None:
                save_figure(figure, new, "map", formats=formats)
        return folder


@dataclass(frozen=True)
class Layout:
    """Where the rows of some sets lie on one joint map, whether it was just made or kept.

    Attributes:
        record: as in map.json: title, method, seed, faithfulness, fingerprints.
        rows: per set, [n] the rows that are on the map.
        points: per set, [n, 2] their coordinates.
        scores: per set, [n] share of neighbours that the map keeps; empty where it is not known.
    """

    record: Mapping[str, Any]
    rows: Mapping[str, NDArray[np.int64]]
    points: Mapping[str, NDArray[np.float64]]
    scores: Mapping[str, NDArray[np.float64]]

    @classmethod
    def of(cls, made: StudyMap) -> Layout:
        """Of a map in memory."""
        projection = made.projection
        return cls(
            json.loads(json.dumps(made.to_json())),
            projection.rows,
            projection.coordinates,
            projection.point_scores or {},
        )


def kept_layout(study: Study, sets: Mapping[str, EmbeddingSet]) -> Layout | None:
    """The newest map in the study's results of all these sets as they are now; None without one."""
    wanted = {name: one.fingerprint for name, one in sets.items()}
    folder = study.path / "results" / "project"
    records = sorted(folder.glob("*/map.json"), key=lambda file: -file.stat().st_mtime)
    for file in records:
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            fits = record["schema"] == SCHEMA and "title" in record
            if fits and all(record["fingerprints"].get(name) == print_ for name, print_ in wanted.items()):
                return _read_layout(file.with_name("coordinates.parquet"), record, sets)
        except (OSError, ValueError, KeyError, AttributeError):
            # Not a map that this version wrote whole: another is made.
            continue
    return None


def _read_layout(file: Path, record: Mapping[str, Any], sets: Mapping[str, EmbeddingSet]) -> Layout:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    rows, points, scores = {}, {}, {}
    for name, one in sets.items():
        own = table.filter(pc.equal(table.column("set"), name))
        found = pc.index_in(own.column("id"), value_set=one.items.column("id").combine_chunks())
        rows[name] = found.to_numpy().astype(np.int64)
        points[name] = np.column_stack([own.column("x").to_numpy(), own.column("y").to_numpy()])
        if "neighbours_kept" in own.column_names:
            scores[name] = own.column("neighbours_kept").to_numpy()
    return Layout(record, rows, points, scores)
