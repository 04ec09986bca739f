"""The joint map of a report: how it is made, and its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repscope.errors import UnknownNameError, name_some
from repscope.study import EmbeddingSet

if TYPE_CHECKING:
    from repscope.maps import Projection
    from repscope.maps.fit import Method
    from repscope.plot.base.colouring import Colouring


@dataclass(frozen=True)
class MapChoice:
    """How the maps are made and coloured.

    Attributes:
        method: None draws no maps.
        perplexity: of t-SNE.
        rows: most of each set; a seeded sample of more.
        colour: column that colours single points, or None.
        seen: column of the reference that says which classes were seen, or None.
        palette: "default" or "classic".
        seed: of the maps.
    """

    method: Method | None
    perplexity: float
    rows: int
    colour: str | None
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
        max_rows=choice.rows,
        neighbours=kept_graphs(sets),
    )


def coloured_by(column: str | None, rows: Mapping[str, EmbeddingSet]) -> Colouring | None:
    """Colours of the points of the sets that have a column; None without one.

    Raises:
        UnknownNameError: no set has the column.
    """
    from repscope.plot.base.colouring import colouring

    if column is None:
        return None
    having = {name: one for name, one in rows.items() if column in one.columns}
    if not having:
        known = dict.fromkeys(name for one in rows.values() for name in one.columns)
        raise UnknownNameError(
            f"a column of {' or '.join(map(repr, rows))} to colour by",
            repr(column),
            f"choose among {name_some(known, 12)}",
        )
    return colouring(column, {name: list(one.column(column)) for name, one in having.items()})


def map_caption(projection: Projection, rows: Mapping[str, EmbeddingSet], column: str | None = None) -> str:
    """Which sets a map shows, which of their rows, and how far it can be believed."""
    *first, last = projection.coordinates
    names = f"{', '.join(first)} and {last}" if first else last
    kind = "Joint map" if first else "Map"
    parts = [
        f"{len(taken):,} of the {rows[name].n:,} rows of {name}"
        for name, taken in projection.rows.items()
        if len(taken) < rows[name].n
    ]
    sampled = f" A sample drawn with seed {projection.seed}: {', '.join(parts)}." if parts else ""
    colour = f" Coloured by {column}." if column else ""
    return (
        f"{kind} of {names}: {projection}. Faithfulness: {projection.faithfulness}.{sampled}{colour} "
        "Nothing in this report is computed from the map."
    )
