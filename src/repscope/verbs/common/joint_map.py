"""The joint map of a report: how it is made, and its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repscope.study import EmbeddingSet

if TYPE_CHECKING:
    from repscope.maps import Projection
    from repscope.maps.fit import Method


@dataclass(frozen=True)
class MapChoice:
    """How the maps are made and coloured.

    Attributes:
        method: None draws no maps.
        perplexity: of t-SNE.
        seen: column of the reference that says which classes were seen, or None.
        palette: "default" or "classic".
        seed: of the maps.
    """

    method: Method | None
    perplexity: float
    seen: str | None
    palette: str
    seed: int


def fit_map(
    rows: Mapping[str, EmbeddingSet], choice: MapChoice, sets: Iterable[EmbeddingSet] = ()
) -> Projection | None:
    """The joint map of some sets by the names of their legend, or None when none is wanted.

    ``sets`` are those that the rows were taken from: the neighbours are kept in the study that they are of.

    Raises:
        DependencyError: the method's package is not installed.
    """
    if choice.method is None:
        return None
    from repscope.maps import project
    from repscope.maps.kept_graphs import kept_graphs

    return project(
        {name: one.vectors for name, one in rows.items()},
        method=choice.method,
        seed=choice.seed,
        perplexity=choice.perplexity,
        neighbours=kept_graphs(sets),
    )


def map_caption(projection: Projection) -> str:
    """Which sets a map shows, and how far it can be believed."""
    *first, last = projection.coordinates
    names = f"{', '.join(first)} and {last}" if first else last
    kind = "Joint map" if first else "Map"
    return (
        f"{kind} of {names}: {projection}. Faithfulness: {projection.faithfulness}. "
        "Nothing in this report is computed from the map."
    )
