"""The neighbour graph that a map is drawn from: computed, handed in, or fetched from where it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.knn import Graph, Neighbours, find_graph

Rows = NDArray[np.float64]

_CHECKED = 256
"""Rows whose listed distances are compared with the rows themselves: enough to notice a graph of others."""

_TOLERANCE = 1e-6


GraphStore: TypeAlias = Callable[[Rows, int, int], Graph]
"""Gives the k or more nearest other rows, by "l2", of each of the joint rows [ΣN, D]: from these, k, and a
seed for an approximate search."""

GivenGraph: TypeAlias = Neighbours | GraphStore | None


class Once:
    """A store that finds the graph of the first rows it is asked for, and gives it again and again.

    For the maps of one ensemble, which show the same rows.
    """

    def __init__(self, given: GivenGraph) -> None:
        self._given = given
        self._graph: Graph | None = None

    def __call__(self, rows: Rows, k: int, seed: int, /) -> Graph:
        """The same graph every time."""
        if self._graph is None:
            self._graph = graph_of(rows, k, seed, self._given)
        return self._graph


def graph_of(rows: Rows, k: int, seed: int, given: GivenGraph = None) -> Graph:
    """The k nearest other rows of every joint row, by Euclidean distance.

    Args:
        rows: [ΣN, D] as the map reads them: of unit length, unless raw rows were asked for.
        k: neighbours needed.
        seed: of a search that is approximate, which it is above 150,000 rows.
        given: neighbours of these rows, by "l2" or, where rows are of unit length, by "cosine"; or what to
            ask for them. None searches.

    Raises:
        InputError: what was given has too few neighbours, or another metric.
        VectorError: it is of other rows.
        DependencyError: an approximate search without pynndescent.
    """
    if given is None:
        return find_graph(rows, k=k, metric="l2", seed=seed)
    graph = Graph(given, {"method": "given"}) if isinstance(given, Neighbours) else given(rows, k, seed)
    near = graph.neighbours
    if near.metric == "cosine" and _are_unit(rows):
        distances = np.sqrt(np.maximum(2.0 - 2.0 * near.scores, 0.0))
        near = Neighbours(near.indices, distances, "l2")
    _check(near, rows, k)
    return Graph(
        Neighbours(
            np.ascontiguousarray(near.indices[:, :k], dtype=np.int64),
            np.ascontiguousarray(near.scores[:, :k], dtype=np.float64),
            "l2",
        ),
        graph.search,
        graph.kept,
    )


def _check(near: Neighbours, rows: Rows, k: int) -> None:
    n = len(rows)
    if near.metric != "l2":
        raise InputError(
            "neighbours by l2, or by cosine for rows of unit length",
            f"neighbours by {near.metric}",
            "search with metric='l2', or leave neighbours out",
        )
    shape = near.indices.shape
    if len(shape) != 2 or shape[0] != n or near.scores.shape != shape or near.indices.dtype.kind not in "iu":
        raise VectorError(
            f"neighbours of each of the {n:,} rows of the map: [{n}, k] integers and [{n}, k] distances",
            f"{list(shape)} of {near.indices.dtype} and {list(near.scores.shape)}",
            "search all sets as one array, in the order and with the rows that the map takes",
        )
    if shape[1] < k:
        raise InputError(
            f"at least {k} neighbours of each row",
            f"{shape[1]}",
            "search for more, or lower the perplexity or n_neighbors",
        )
    indices = near.indices[:, :k]
    if indices.min() < 0 or indices.max() >= n or (indices == np.arange(n)[:, None]).any():
        raise VectorError(
            f"neighbours among the {n:,} rows, and no row its own",
            f"rows {indices.min()} to {indices.max()}",
            "search the rows among themselves, as repscope.knn.exact(rows) does",
        )
    if not (_fit(near, rows, k) and (np.diff(near.scores[:, :k], axis=1) >= 0).all()):
        raise VectorError(
            "neighbours of the rows of the map, nearest first",
            "distances that are not those of these rows",
            "search the rows that the map takes: of unit length unless unit=False, sampled beyond max_rows",
        )


def _fit(near: Neighbours, rows: Rows, k: int) -> bool:
    """Whether the distances listed for some rows are the distances of these rows."""
    squares = np.einsum("nd,nd->n", rows, rows)
    for row in np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _CHECKED)).astype(np.int64)):
        others, listed = near.indices[row, :k], near.scores[row, :k]
        true = ((rows[others] - rows[row]) ** 2).sum(axis=1)
        bound = _TOLERANCE * (squares[others] + squares[row]) + 1e-4 * true
        # Written so that a NaN does not fit.
        if not (np.abs(listed**2 - true) <= bound).all():
            return False
    return True


def _are_unit(rows: Rows) -> bool:
    return bool(np.allclose(np.einsum("nd,nd->n", rows, rows), 1.0, rtol=0, atol=1e-6))
