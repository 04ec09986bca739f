"""From joint rows to a plane: principal components, t-SNE, UMAP. All start from principal components.

t-SNE: van der Maaten & Hinton 2008, in openTSNE (Poličar, Stražar & Zupan 2024). UMAP: McInnes, Healy &
Melville 2018, in umap-learn. Both read the neighbour graph of :mod:`repscope.knn`. A start from
principal components instead of random places keeps the large arrangement meaningful and the map repeatable
(Kobak & Linderman 2021, "Initialization is critical for preserving global data structure").
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from repscope.errors import DependencyError, InputError
from repscope.knn import Graph
from repscope.maps.faithfulness import NEIGHBOURS

Plane = NDArray[np.float64]

GraphOfK: TypeAlias = Callable[[int], Graph]
"""Gives the k nearest other rows of every row by Euclidean distance, for the k that a method needs."""

FEWEST_ROWS = 7
"""Rows below which t-SNE and UMAP are refused: a perplexity of 2 needs 6 neighbours."""

_START_SD = 1e-4
_JITTER = 0.01


@dataclass(frozen=True)
class Reduced:
    """Coordinates, and what was used to make them.

    Attributes:
        coordinates: [N, 2].
        parameters: as used, after any cap; what was asked for stands beside what was capped.
        software: package and version.
        graph: neighbours of the rows that the method read, or None.
        explained: shares of the total variance on both axes (principal components only).
    """

    coordinates: Plane
    parameters: dict[str, Any]
    software: str
    graph: Graph | None = None
    explained: tuple[float, float] | None = None


def principal(rows: NDArray[np.float64]) -> tuple[Plane, tuple[float, float] | None]:
    """The first two principal components, and their shares of the variance (None where there is none).

    The sign of an axis is set so that its largest loading is positive. An axis without variance is 0.

    Args:
        rows: [N, D].
    """
    n, d = rows.shape
    centred = rows - rows.mean(axis=0)
    total = float(np.einsum("nd,nd->", centred, centred))
    coordinates = np.zeros((n, 2))
    # What is left of equal rows after the mean is taken away is rounding, not variance.
    floor = (np.finfo(np.float64).eps * max(n, d)) ** 2 * float(np.einsum("nd,nd->", rows, rows))
    if total <= floor:
        return coordinates, None
    axes, values = _axes(centred)
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    real = values > np.finfo(np.float64).eps * max(n, d) * values[0]
    coordinates[:, : len(values)] = (centred @ axes) * real
    shares = np.zeros(2)
    shares[: len(values)] = np.where(real, values / total, 0.0)
    return coordinates, (float(shares[0]), float(shares[1]))


def _axes(centred: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Up to two leading axes [D, ≤2] and their sums of squares, descending."""
    from scipy.linalg import eigh

    n, d = centred.shape
    if n > d:
        values, axes = eigh(centred.T @ centred, subset_by_index=[max(d - 2, 0), d - 1])
        return axes[:, ::-1].copy(), np.maximum(values[::-1], 0.0)
    # Fewer rows than columns: the leading directions live in the span of the rows.
    values, weights = eigh(centred @ centred.T, subset_by_index=[max(n - 2, 0), n - 1])
    values, weights = np.maximum(values[::-1], 0.0), weights[:, ::-1]
    axes = centred.T @ weights
    lengths = np.linalg.norm(axes, axis=0)
    return axes / np.where(lengths > 0, lengths, 1.0), values


def by_pca(rows: NDArray[np.float64]) -> Reduced:
    """Principal components as a map."""
    coordinates, explained = principal(rows)
    return Reduced(coordinates, {}, f"numpy {np.__version__}", explained=explained)


def by_tsne(
    rows: NDArray[np.float64], graph_of: GraphOfK, *, perplexity: float, start: str, seed: int
) -> Reduced:
    """t-SNE from a neighbour graph, on one thread so that it repeats bit for bit.

    The perplexity is at most (N − 1)/3, since a kernel of perplexity p reads 3p neighbours.

    Raises:
        DependencyError: openTSNE is missing or broken.
        InputError: fewer than :data:`FEWEST_ROWS` rows, or a perplexity below 2.
    """
    _enough(rows, "t-SNE")
    if not perplexity >= 2:
        raise InputError("a perplexity of at least 2", f"{perplexity:g}", "30 is usual; 5 to 50 are common")
    try:
        import openTSNE
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors
    except Exception as error:
        raise _missing("openTSNE", "t-SNE", error) from error

    used = min(float(perplexity), (len(rows) - 1) / 3)
    graph = graph_of(min(len(rows) - 1, int(3 * used)))
    near = graph.neighbours
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(near.indices, near.scores), perplexity=used, n_jobs=1
    )
    begin = _start(rows, start, seed)
    embedding = openTSNE.TSNE(n_jobs=1, random_state=seed).fit(affinities=affinities, initialization=begin)
    parameters = {
        "perplexity": used,
        "perplexity_asked": float(perplexity),
        "neighbours": near.indices.shape[1],
        "start": start,
        "iterations": 750,
    }
    coordinates = np.ascontiguousarray(embedding, dtype=np.float64)
    return Reduced(coordinates, parameters, f"openTSNE {openTSNE.__version__}", graph)


def by_umap(
    rows: NDArray[np.float64],
    graph_of: GraphOfK,
    *,
    n_neighbors: int,
    min_dist: float,
    start: str,
    seed: int,
) -> Reduced:
    """UMAP from a neighbour graph, on one thread so that it repeats bit for bit.

    ``n_neighbors`` counts the row itself, as in umap-learn, and is at most N − 1.

    Raises:
        DependencyError: umap-learn is missing or broken.
        InputError: fewer than :data:`FEWEST_ROWS` rows, or parameters out of range.
    """
    _enough(rows, "UMAP")
    if n_neighbors < 2 or not 0 <= min_dist <= 1:
        raise InputError(
            "n_neighbors of at least 2 and min_dist in [0, 1]",
            f"{n_neighbors} and {min_dist:g}",
            "15 and 0.1 are usual",
        )
    try:
        with warnings.catch_warnings():
            # umap-learn says at import that its neural variant, which is not used here, lacks TensorFlow.
            warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
            from umap import __version__ as version
            from umap import umap_
    except Exception as error:
        raise _missing("umap-learn", "UMAP", error) from error

    n = len(rows)
    used = min(n_neighbors, n - 1)
    graph = graph_of(min(n - 1, max(used - 1, NEIGHBOURS)))
    near = graph.neighbours
    indices = np.column_stack([np.arange(n), near.indices[:, : used - 1]])
    distances = np.column_stack([np.zeros(n), near.scores[:, : used - 1]]).astype(np.float32)
    random = np.random.RandomState(seed)
    fuzzy, _, _ = umap_.fuzzy_simplicial_set(rows, used, random, "euclidean", {}, indices, distances)
    a, b = umap_.find_ab_params(1.0, min_dist)
    coordinates, _ = umap_.simplicial_set_embedding(
        data=rows,
        graph=fuzzy,
        n_components=2,
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=5,
        n_epochs=None,
        init=(_start(rows, start, seed) / _START_SD).astype(np.float32),
        random_state=random,
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=False,
    )
    parameters = {
        "n_neighbors": used,
        "n_neighbors_asked": n_neighbors,
        "min_dist": float(min_dist),
        "start": start,
    }
    return Reduced(np.asarray(coordinates, np.float64), parameters, f"umap-learn {version}", graph)


def _start(rows: NDArray[np.float64], start: str, seed: int) -> Plane:
    """Where the points begin: spread 1e-4, and jittered, since equal points exert no force on each other."""
    rng = np.random.default_rng(seed)
    if start == "random":
        return rng.normal(0.0, _START_SD, (len(rows), 2))
    coordinates, _ = principal(rows)
    spread = float(coordinates[:, 0].std())
    if spread > 0:
        coordinates = coordinates / spread
    return _START_SD * (coordinates + rng.normal(0.0, _JITTER, coordinates.shape))


def _enough(rows: NDArray[np.float64], method: str) -> None:
    if len(rows) < FEWEST_ROWS:
        raise InputError(
            f"at least {FEWEST_ROWS} rows for {method}",
            f"{len(rows)}",
            "use method pca, which takes any number",
        )


def _missing(package: str, method: str, error: Exception) -> DependencyError:
    return DependencyError(
        f"the package {package}, which makes {method} maps",
        f"{type(error).__name__}: {error}",
        "pip install 'repscope[maps]'",
    )
