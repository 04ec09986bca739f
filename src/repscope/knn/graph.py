"""A neighbour graph and how it was found: exactly up to a stated size, nearly above, never unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from repscope.knn.approximate import Approximation, approximate
from repscope.knn.exact import Neighbours, exact

LARGEST_EXACT = 150_000
"""Rows of a set up to which its graph is searched exactly unasked: pairs above its square are approximate."""

SearchMode = Literal["auto", "exact", "approximate"]


@dataclass(frozen=True)
class Graph:
    """The k nearest base rows of every query, and how they were found.

    Attributes:
        neighbours: rows and scores.
        search: JSON values: ``{"method": "exact"}``, or the approximate index with its measured recall.
        kept: read from where graphs are kept instead of computed.
    """

    neighbours: Neighbours
    search: Mapping[str, Any]
    kept: bool = False

    @property
    def is_exact(self) -> bool:
        """No neighbour is missing."""
        return bool(self.search["method"] != "approximate")


def find_graph(
    queries: NDArray[Any],
    base: NDArray[Any] | None = None,
    *,
    k: int,
    metric: str = "cosine",
    search: SearchMode = "auto",
    device: str | None = None,
    seed: int = 0,
) -> Graph:
    """The k nearest rows of ``base`` for every query; see :func:`exact` and :func:`approximate`.

    Args:
        queries, base, k, metric: see :func:`repscope.knn.exact`.
        search: "auto" leaves the choice to :func:`choose_search`.
        device: torch device of a search that is then exact.
        seed: of an approximate search.

    Raises:
        InputError, VectorError, UnknownNameError: see :func:`repscope.knn.exact`.
        DependencyError: an approximate search without pynndescent, or no such device.
    """
    if search == "auto":
        search = choose_search(len(queries), len(queries if base is None else base))
    if search == "exact" or device is not None:
        return Graph(exact(queries, base, k=k, metric=metric, device=device), {"method": "exact"})
    nearly = approximate(queries, base, k=k, metric=metric, seed=seed)
    return Graph(nearly.neighbours, _record(nearly, seed))


def choose_search(n: int, m: int) -> SearchMode:
    """Exact for up to 150,000 rows in themselves, or as many pairs (n queries, m base rows)."""
    return "exact" if n * m <= LARGEST_EXACT**2 else "approximate"


def describe_search(search: Mapping[str, Any]) -> str:
    """How a graph was found, in words: "exact", or the index with its recall."""
    if search["method"] != "approximate":
        return str(search["method"])
    return (
        f"approximate ({search['library']}), recall {search['recall']:.3f} "
        f"± {1.96 * search['recall_error']:.3f} on {search['recall_sample']:,} sampled items"
    )


def _record(nearly: Approximation, seed: int) -> dict[str, Any]:
    return {
        "method": "approximate",
        "library": nearly.software,
        "parameters": dict(nearly.parameters),
        "seed": seed,
        "recall": nearly.recall,
        "recall_error": nearly.error,
        "recall_sample": nearly.sample,
    }
