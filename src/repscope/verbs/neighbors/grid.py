"""Picture grids of nearest neighbours, from the items' own images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import InputError
from repscope.plot.neighbour_grid import Tile, plot_neighbours
from repscope.report.thumbnails import picture, source_folders
from repscope.study import EmbeddingSet
from repscope.verbs.neighbors.neighbors import StudyNeighbours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS = 8
"""Queries of a grid when none are named."""

COLUMNS = 12
"""Neighbours of each that fit."""

_SIDE = 256
_IMAGES = ("path", "image")
_SCORES = {"cosine": "cosine", "inner": "inner product", "l2": "distance"}


def neighbour_grid(result: StudyNeighbours, *, rows: int = ROWS, seed: int = 0) -> Figure:
    """Queries and their neighbours as pictures; items without an image show their text, or their id.

    Args:
        result: of :func:`repscope.verbs.neighbors.neighbors.graph` or ``nearest``.
        rows: queries at most, drawn at random where there are more.
        seed: of that draw.

    Raises:
        InputError: rows below 1.
    """
    if rows < 1:
        raise InputError("at least one row of a grid", str(rows), "give a positive number")
    n = len(result.rows)
    chosen = np.arange(n)
    if n > rows:
        chosen = np.sort(np.random.default_rng(seed).choice(n, rows, replace=False))
    found = result.found
    same = result.same_label()
    asked, near = ItemTiles(result.queries), ItemTiles(result.base)
    grid = []
    for at in chosen.tolist():
        tiles = [
            near.tile(
                int(row),
                score=float(found.scores[at, place]),
                right=None if same is None else bool(same[at, place]),
            )
            for place, row in enumerate(found.indices[at, :COLUMNS])
        ]
        grid.append((asked.tile(int(result.rows[at])), tiles))
    return plot_neighbours(grid, score=_SCORES[found.metric])


class ItemTiles:
    """What can be shown of the items of a set."""

    def __init__(self, embeddings: EmbeddingSet) -> None:
        self._items = embeddings.items
        self._folders = source_folders({embeddings.name: embeddings.provenance})
        self._columns = embeddings.columns

    def tile(self, row: int, *, score: float | None = None, right: bool | None = None) -> Tile:
        """The tile of one item."""
        image = next((value for name in _IMAGES if (value := self._cell(name, row)) is not None), None)
        small = picture(image, self._folders, _SIDE)
        own, label, text = str(self._cell("id", row)), self._cell("label", row), self._cell("text", row)
        name = own if label is None else f"{label} · {own}" if score is None else str(label)
        return Tile(
            name=name,
            picture=None if small is None else np.asarray(small, dtype=np.uint8),
            text=own if text is None else str(text),
            score=score,
            right=right,
        )

    def _cell(self, name: str, row: int) -> Any:
        return self._items.column(name)[row].as_py() if name in self._columns else None
