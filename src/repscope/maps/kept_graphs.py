"""The neighbour graph of a map's joint rows, kept in the study beside the graphs of its sets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from repscope.knn import Graph, find_graph
from repscope.knn import kept as cache
from repscope.knn.approximate import index_library
from repscope.knn.graph import choose_search
from repscope.study import EmbeddingSet, Study

METRIC = "l2"
"""Of the joint rows as a map reads them: on rows of unit length it orders pairs as the cosine does."""


class KeptGraphs:
    """Fetches the graph of joint rows from a study, or computes and keeps it: what ``project`` asks.

    A graph is found by the rows themselves, in their order: names do not matter, and a sample, a row of unit
    length or one that changed is another row.

    Args:
        study: where graphs are kept.
        made_of: fingerprints of the sets that the rows come from; when one of them has gone from the study,
            so does the graph.
    """

    def __init__(self, study: Study, made_of: Iterable[str]) -> None:
        self._study = study
        self._made_of = tuple(dict.fromkeys(made_of))

    def __call__(self, rows: NDArray[np.float64], k: int, seed: int, /) -> Graph:
        """See :class:`repscope.maps.graphs.GraphStore`.

        Raises:
            DependencyError: an approximate search without pynndescent.
        """
        n = len(rows)
        search = choose_search(n, n)
        digest = _digest(rows, "" if search == "exact" else index_library())
        key = cache.Key(f"{cache.JOINT}{digest}", "", METRIC, cache.label_of(search, seed), n, n)
        find = partial(find_graph, rows, k=k, metric=METRIC, search=search, seed=seed)
        return cache.fetch(self._study, key, k, find, made_of=self._made_of)


def kept_graphs(sets: Iterable[EmbeddingSet]) -> KeptGraphs | None:
    """Where graphs of rows of these sets are kept: the study that all are of; None where there is none."""
    given = list(sets)
    homes = {one.home for one in given}
    home = homes.pop() if len(homes) == 1 else None
    # A set in memory may outlive its study.
    if home is None or not home.is_dir() or not (study := Study(home)).settings:
        return None
    return KeptGraphs(study, (one.fingerprint for one in given))


def _digest(rows: NDArray[np.float64], library: str) -> str:
    content = hashlib.sha256(f"{len(rows)}x{rows.shape[1]}:{library}:".encode())
    content.update(np.ascontiguousarray(rows, dtype="<f8").data)
    return content.hexdigest()[:32]
