"""``project``: one joint map of any sets of a study, with its faithfulness."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope import maps
from repscope.errors import InputError
from repscope.maps import Projection
from repscope.maps.kept_graphs import KeptGraphs
from repscope.study import EmbeddingSet, Study
from repscope.study.together import replace_together
from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.common.joint_map import coloured_by
from repscope.verbs.common.rows import one_width
from repscope.verbs.common.threads import threads_for
from repscope.verbs.common.words import map_method
from repscope.verbs.project.options import ProjectOptions

if TYPE_CHECKING:
    import pyarrow as pa


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
            "schema": "repscope.map/1",
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


def project(
    study: str | Path | Study,
    names: Sequence[str],
    *,
    method: str = ProjectOptions.method,
    perplexity: float = ProjectOptions.perplexity,
    map_rows: int = ProjectOptions.map_rows,
    colour: str | None = None,
    neighbors: int = ProjectOptions.neighbors,
    min_dist: float = ProjectOptions.min_dist,
    seed: int = ProjectOptions.seed,
    cache: bool = ProjectOptions.cache,
) -> StudyMap:
    """Fit one map to all the named sets together; stages are never fitted apart.

    Args:
        study: the study, or its folder.
        names: of complete sets of one width, none twice.
        method: "tsne", "umap" or "pca".
        perplexity: of t-SNE.
        map_rows: most rows of each set on the map, a seeded sample of more.
        colour: column that colours the points, of the sets that have it.
        neighbors, min_dist: of UMAP.
        seed: of everything random.
        cache: read and keep the neighbours of the joint rows in ``STUDY/cache/neighbors``.

    Raises:
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
        VectorError: widths that differ.
        DependencyError: the method's package is not installed.
    """
    drawn_by = map_method(method, none=False) or "pca"
    if len(set(names)) < len(names):
        raise InputError("each set once", ", ".join(names), "name every set one time")
    opened = Study.open(study)
    sets = opened.open_sets(names)
    one_width(list(sets.values()), "map sets of one space together")
    coloured_by(colour, sets)
    with threads_for(*sets.values()):
        projection = maps.project(
            {name: one.vectors for name, one in sets.items()},
            method=drawn_by,
            perplexity=perplexity,
            max_rows=map_rows,
            n_neighbors=neighbors,
            min_dist=min_dist,
            seed=seed,
            neighbours=KeptGraphs(opened, (one.fingerprint for one in sets.values())) if cache else None,
        )
    return StudyMap(projection, sets, colour)
