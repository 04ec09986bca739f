"""What of a map is the data, and what is the seed: the same map, made several times, laid over itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.maps.faithfulness import RANKED_ROWS
from repscope.maps.fit import MAX_ROWS, Method, Projection, Start, project
from repscope.maps.graphs import GivenGraph, Once
from repscope.maps.joining import sample_rows


def align(moving: NDArray[np.float64], fixed: NDArray[np.float64]) -> NDArray[np.float64]:
    """``moving`` [N, 2] shifted, rotated, reflected and scaled as near to ``fixed`` as possible.

    Procrustes analysis (Gower 1975): what a map's picture may do without changing its meaning.
    """
    a, b = moving - moving.mean(axis=0), fixed - fixed.mean(axis=0)
    left, values, right = np.linalg.svd(a.T @ b)
    size = float(np.einsum("nd,nd->", a, a))
    scale = values.sum() / size if size > 0 else 1.0
    aligned: NDArray[np.float64] = scale * (a @ (left @ right)) + fixed.mean(axis=0)
    return aligned


def ensemble(
    sets: Mapping[str, NDArray[Any]],
    *,
    seeds: int = 5,
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
    """The map of ``seed``, with the spread of its points over seeds ``seed`` … ``seed + seeds − 1``.

    Every map shows the same rows (the sample of ``seed``). All are aligned with the first; a point's spread
    is the root mean square distance (over seeds, with seeds − 1 degrees of freedom) from its mean place, as
    a share of the root mean square radius of the mean map. PCA has no seed: its spread is 0. The neighbours
    of the rows are searched once, for all maps.

    Args:
        seeds: how many maps, at least 2.
        sets, method, seed, perplexity, n_neighbors, min_dist, unit, start, max_rows, ranked_rows,
            neighbours: as in :func:`repscope.maps.fit.project`.

    Raises:
        InputError: fewer than 2 seeds; otherwise as :func:`repscope.maps.fit.project`.
    """
    if seeds < 2:
        raise InputError("at least 2 seeds", str(seeds), "one map has no spread; use project for it")

    once = Once(neighbours)

    def one(some: Mapping[str, NDArray[Any]], number: int, most: int | None, ranked: int) -> Projection:
        return project(
            some,
            method=method,
            seed=number,
            perplexity=perplexity,
            n_neighbors=n_neighbors,
            min_dist=min_dist,
            unit=unit,
            start=start,
            max_rows=most,
            ranked_rows=ranked,
            neighbours=once,
        )

    first = one(sets, seed, max_rows, ranked_rows)
    maps = [first.joint]
    if method != "pca":
        same = {name: rows[sample_rows(len(rows), max_rows, seed)] for name, rows in sets.items()}
        maps += [align(one(same, seed + i, None, 1).joint, maps[0]) for i in range(1, seeds)]
    stack = np.stack(maps)
    mean = stack.mean(axis=0)
    squares = ((stack - mean) ** 2).sum(axis=(0, 2)) / max(len(maps) - 1, 1)
    radius = float(np.sqrt(((mean - mean.mean(axis=0)) ** 2).sum(axis=1).mean()))
    points = np.sqrt(squares) / radius if radius > 0 else np.zeros(len(mean))
    spread = float(np.sqrt((points**2).mean()))
    return replace(
        first, faithfulness=replace(first.faithfulness, spread=spread, spread_points=points, seeds=seeds)
    )
