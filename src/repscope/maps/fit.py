"""One map of all sets, and the record of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from repscope.errors import check_known
from repscope.knn import Graph
from repscope.knn.graph import choose_search, describe_search
from repscope.maps.faithfulness import RANKED_ROWS, Faithfulness, compared_neighbours, faithfulness
from repscope.maps.graphs import GivenGraph, graph_of
from repscope.maps.joining import join, split
from repscope.maps.reduce import Reduced, by_pca, by_tsne, by_umap
from repscope.study.stored import StoredRows
from repscope.text.json_record import JsonRecord

Method = Literal["tsne", "umap", "pca"]
Start = Literal["pca", "random"]

MAX_ROWS = 5000
"""Rows of each set that a map holds by default: more than a page can show, few enough for a minute."""

_TITLES = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA"}


@dataclass(frozen=True)
class Projection(
    JsonRecord, keys="method parameters seed software rows explained_variance search faithfulness"
):
    """Coordinates of several sets in one plane.

    Attributes:
        coordinates: per set, [n, 2].
        rows: per set, [n] the row of the set that each point stands for (a sample of large sets).
        method: "tsne", "umap" or "pca".
        parameters: as used; a value that was capped for few rows stands beside what was asked.
        seed: of everything random.
        faithfulness: how far distances and neighbours on the map can be believed.
        software: package and version that made it.
        explained_variance: shares of the variance on both axes (PCA; None where there is no variance).
        search: how the neighbours were found that the map and its faithfulness read: ``{"method":
            "exact"}``, ``{"method": "given"}``, or the approximate index with its measured recall; None
            where none were needed.
        kept: these neighbours were read from where graphs are kept (a study's cache), not computed.
    """

    coordinates: Mapping[str, NDArray[np.float64]]
    rows: Mapping[str, NDArray[np.int64]]
    method: Method
    parameters: Mapping[str, Any]
    seed: int
    faithfulness: Faithfulness
    software: str
    explained_variance: tuple[float, float] | None = None
    search: Mapping[str, Any] | None = None
    kept: bool = False

    @property
    def joint(self) -> NDArray[np.float64]:
        """[Σn, 2] all points, set after set."""
        return np.concatenate(list(self.coordinates.values()))

    @property
    def point_scores(self) -> dict[str, NDArray[np.float64]] | None:
        """Per set, [n] the share of each point's neighbours that the map keeps."""
        points = self.faithfulness.points
        return None if points is None else split(points, self.rows)

    def __str__(self) -> str:
        parts = [_TITLES[self.method]]
        if self.method == "tsne":
            parts.append(f"perplexity {self.parameters['perplexity']:.3g}")
        if self.method == "umap":
            parts += [
                f"{self.parameters['n_neighbors']} neighbours",
                f"min_dist {self.parameters['min_dist']:g}",
            ]
        if self.explained_variance is not None:
            first, second = self.explained_variance
            parts.append(f"{100 * first:.0f} % + {100 * second:.0f} % of the variance")
        if self.method != "pca":
            parts.append(f"seed {self.seed}")
        if self.search is not None and self.search["method"] == "approximate":
            parts.append(f"neighbours {describe_search(self.search)}")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without the coordinates."""
        rows = {name: len(points) for name, points in self.coordinates.items()}
        return super().to_json() | {"rows": rows}


def project(
    sets: Mapping[str, NDArray[Any] | StoredRows],
    *,
    method: Method = "tsne",
    seed: int = 0,
    perplexity: float = 30.0,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    unit: bool = True,
    start: Start = "pca",
    max_rows: int | None = MAX_ROWS,
    ranked_rows: int = RANKED_ROWS,
    neighbours: GivenGraph = None,
) -> Projection:
    """Fit one map to the rows of all sets together.

    Never a map for each set: coordinates of maps that were fitted apart cannot be compared. The same
    arguments give the same coordinates, bit for bit, on the same machine.

    The neighbours of all rows together are searched once, and read by t-SNE or UMAP and by the faithfulness:
    exactly up to 150,000 rows, above approximately with the recall in ``search``.

    Args:
        sets: name → [N, D] of any real dtype, all of one space; rows are read where they lie, and only those
            that are mapped.
        method: "tsne" for neighbourhoods, "umap" for neighbourhoods with tighter clusters, "pca" for the
            plane of the largest variance, where distances are shadows of real ones.
        seed: of the sample, the jitter of the start, UMAP's optimiser and the faithfulness sample.
        perplexity: t-SNE: how many neighbours a point attends to. Raise it towards N/100 when a large map
            falls into crumbs. Capped at (ΣN − 1)/3.
        n_neighbors: UMAP: the same dial, itself included. Capped at ΣN − 1.
        min_dist: UMAP: how close points may lie, 0 to 1.
        unit: divide rows by their length first: distances then order pairs as the cosine does. False keeps
            Euclidean distances of the raw rows.
        start: where t-SNE and UMAP begin; "random" loses the large arrangement, and exists to show
            by :func:`repscope.maps.stability.ensemble` how much of it the start decides.
        max_rows: most rows of each set, a seeded sample beyond; sets of equal length keep the same rows.
            None maps all.
        ranked_rows: rows whose ranks the faithfulness reads (see there).
        neighbours: neighbours of the rows of all sets as one array, without the row itself, as
            :func:`repscope.knn.exact` gives them by "l2" (of unit rows unless ``unit`` is False) or,
            under ``unit``, by "cosine": 3 × perplexity of them for t-SNE, the larger of 15 and
            n_neighbors − 1 for UMAP, 15 for PCA; more do no harm. Or a function of (rows, k, seed) that
            fetches them, as a :class:`repscope.maps.graphs.GraphStore`. Where they equal those of the
            map's own search, so do the coordinates, bit for bit.

    Raises:
        UnknownNameError: no such method or start.
        DependencyError: the method's package is missing or broken; no other method takes its place.
        InputError: no sets, too few rows for the method, parameters out of range, or neighbours that are
            too few or of another metric.
        VectorError: widths differ; rows with NaN or Inf; zero rows under ``unit``; neighbours of other rows.
    """
    check_known(method, get_args(Method), "a method of projection")
    check_known(start, get_args(Start), "a start")
    joined = join(sets, unit=unit, max_rows=max_rows, seed=seed)

    def nearest(k: int) -> Graph:
        return graph_of(joined.rows, k, seed, neighbours)

    reduced: Reduced
    if method == "tsne":
        reduced = by_tsne(joined.rows, nearest, perplexity=perplexity, start=start, seed=seed)
    elif method == "umap":
        reduced = by_umap(
            joined.rows, nearest, n_neighbors=n_neighbors, min_dist=min_dist, start=start, seed=seed
        )
    else:
        reduced = by_pca(joined.rows)
    graph = reduced.graph
    n, compared = len(joined.rows), compared_neighbours(len(joined.rows))
    if graph is None and compared and choose_search(n, n) == "exact":
        graph = nearest(compared)
    return Projection(
        coordinates=joined.split(reduced.coordinates),
        rows=joined.taken,
        method=method,
        parameters={**reduced.parameters, "metric": "cosine" if unit else "euclidean", "max_rows": max_rows},
        seed=seed,
        faithfulness=faithfulness(
            joined.rows,
            reduced.coordinates,
            max_rows=ranked_rows,
            seed=seed,
            # What an approximate graph misses would be read as kept.
            neighbours=graph.neighbours.indices if graph is not None and graph.is_exact else None,
        ),
        software=reduced.software,
        explained_variance=reduced.explained,
        search=None if graph is None else graph.search,
        kept=graph is not None and graph.kept,
    )
