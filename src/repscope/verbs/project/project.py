"""``project``: one joint map of any sets of a study, with its faithfulness."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repscope import maps
from repscope.errors import InputError
from repscope.maps.kept_graphs import KeptGraphs
from repscope.study import Study
from repscope.verbs.common.joint_map import coloured_by
from repscope.verbs.common.rows import one_width
from repscope.verbs.common.study_map import StudyMap
from repscope.verbs.common.threads import threads_for
from repscope.verbs.common.words import map_method
from repscope.verbs.project.options import ProjectOptions


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
