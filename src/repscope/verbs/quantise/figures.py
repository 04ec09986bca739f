"""The figures of a quantisation: usage, items nearest to codes, distortion against bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.measure.codes.usage import Usage
from repscope.report.figures import Drawn
from repscope.study import EmbeddingSet
from repscope.text.numbers import percent, whole
from repscope.verbs.quantise.record import CurvePoint

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEAREST = 9
"""Items of a code that are shown."""

PAGE = 10
"""Codes on a figure."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def draw(
    rows: EmbeddingSet,
    codes: Sequence[Ints],
    stages: Sequence[Usage],
    distances: Floats,
    points: Sequence[CurvePoint],
    *,
    columns: Sequence[str],
    show: int,
    colours: str,
    on_unseen: bool,
) -> Drawn:
    """Draw all that there is.

    Args:
        rows: the items before they were quantised.
        codes: [N] of each codebook.
        stages: usage of each codebook.
        distances: [N] squared distances to the reconstructions.
        points: of the curve.
        columns: names of the codebooks.
        show: codes at most whose items are drawn.
        colours: name of a palette.
        on_unseen: the curve is of items that no fit has seen.
    """
    from repscope.plot.quantise.usage import plot_usage

    drawn = Drawn()
    drawn.add(
        "usage",
        plot_usage(dict(zip(columns, stages, strict=True)), colours=colours),
        "Share of the items of each code, the most used first; the dashed line is even use.",
    )
    if points:
        drawn.add("curve", _curve(points, colours), _curve_caption(on_unseen))
    order = np.argsort(-stages[0].counts, kind="stable")
    shown = [int(code) for code in order[:show] if stages[0].counts[code]]
    several = len(codes) > 1
    for page, start in enumerate(range(0, len(shown), PAGE)):
        part = shown[start : start + PAGE]
        figure = _grid(rows, codes[0], part, stages[0], None if several else distances)
        drawn.add("codes" if not page else f"codes-{page + 1}", figure, _grid_caption(columns[0], several))
    return drawn


def _grid(rows: EmbeddingSet, codes: Ints, shown: Sequence[int], used: Usage, known: Floats | None) -> Figure:
    from repscope.plot.neighbour_grid import Tile, plot_neighbours
    from repscope.verbs.neighbors.grid import ItemTiles

    tiles = ItemTiles(rows)
    grid = []
    for code in shown:
        members = np.flatnonzero(codes == code)
        distances = _to_their_mean(rows, members) if known is None else known[members]
        nearest = np.argsort(distances, kind="stable")[:NEAREST]
        count = int(used.counts[code])
        words = f"code {code}: {whole(count)} item{'' if count == 1 else 's'}"
        share = f"{percent(count / used.counts.sum())} of all"
        near = [tiles.tile(int(members[at]), score=float(np.sqrt(distances[at]))) for at in nearest]
        grid.append((Tile(share, text=words), near))
    return plot_neighbours(grid, score="distance", query="code")


def _to_their_mean(rows: EmbeddingSet, members: Ints) -> Floats:
    own = np.asarray(rows.take(members).vectors, np.float64)
    distances: Floats = np.square(own - own.mean(axis=0)).sum(axis=1)
    return distances


def _grid_caption(column: str, several: bool) -> str:
    to = "the mean of the code's items" if several else "the vector of the code"
    return f"The most used codes of {column}, one a row, and the items nearest to {to}, nearest first."


def _curve(points: Sequence[CurvePoint], colours: str) -> Figure:
    from repscope.plot.quantise.rate import RatePoint, plot_rate

    widths = list(dict.fromkeys(one.bottleneck for one in points))
    grid = all(one.bottleneck is not None for one in points) and len(widths) > 2
    lines: dict[str, list[RatePoint]] = {}
    for one in points:
        name = "grids" if grid and len(widths) == len(points) else _width(one.bottleneck)
        lines.setdefault(name, []).append(RatePoint(one.rate_bits, one.relative, one.bound))
    return plot_rate(lines, colours=colours)


def _width(bottleneck: int | None) -> str:
    if bottleneck is None:
        return "rows as they are"
    return f"{bottleneck} principal ax{'is' if bottleneck == 1 else 'es'}"


def _curve_caption(on_unseen: bool) -> str:
    of = "items that no fit has seen" if on_unseen else "the items that were fitted on"
    return (
        f"Distortion over variance against log₂ of the number of codes, of {of}, with 95 % intervals. The "
        "dashed line is the least distortion of a Gaussian with the same spectrum; rows that form clusters "
        "can lie below it."
    )
