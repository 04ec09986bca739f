"""The items that a change helped and harmed most."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.report.document import Cell, Column, Table, View
from repscope.text.display import isolated
from repscope.text.numbers import number

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 10
"""Rows of each table."""

Floats = NDArray[np.float64]
Item = dict[str, Any]


@dataclass(frozen=True)
class Changes:
    """The largest changes of a comparison, as rows of the table of items.

    Attributes:
        improved, worsened: items whose truth moved up or down most (by reciprocal rank, then
            displacement).
        moved: the items displaced most, when no rank changed or none is known.
        better, worse, same: how many items rank their truth higher, lower, the same; None without ranks.
    """

    improved: tuple[int, ...] = ()
    worsened: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    better: int | None = None
    worse: int | None = None
    same: int | None = None


def largest_changes(items: pa.Table, shown: int = SHOWN) -> Changes:
    """The items to look at.

    Args:
        items: one row an item; columns as ``Comparison.items`` has them, any of which may be absent.
        shown: most rows of each table.
    """
    n = items.num_rows
    ranks = [_numbers(items, f"rank_{stage}") for stage in ("before", "after")]
    displacement = _numbers(items, "displacement")
    moved = np.nan_to_num(displacement, nan=-1.0) if displacement is not None else np.zeros(n)
    if ranks[0] is None or ranks[1] is None:
        return Changes(moved=_most_moved(moved, shown))
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = 1 / ranks[1] - 1 / ranks[0]
    known = np.isfinite(gain)
    # Equal ranks cancel exactly; no tolerance is needed.
    up, down = np.flatnonzero(known & (gain > 0)), np.flatnonzero(known & (gain < 0))
    improved = up[np.lexsort((up, -moved[up], -gain[up]))][:shown]
    worsened = down[np.lexsort((down, -moved[down], gain[down]))][:shown]
    return Changes(
        improved=tuple(improved.tolist()),
        worsened=tuple(worsened.tolist()),
        moved=() if len(up) or len(down) else _most_moved(moved, shown),
        better=len(up),
        worse=len(down),
        same=int(known.sum()) - len(up) - len(down),
    )


def item_tables(
    items: pa.Table, groups: Mapping[str, Sequence[int]], *, label: str | None, cluster: str | None
) -> list[Table]:
    """Some items under a title each; columns that none of them fills are left out.

    Args:
        items: see :func:`largest_changes`.
        groups: rows of ``items`` by title; titles without rows are left out.
        label: column of the key, for items without a ``label``.
        cluster: column of the independent units.
    """
    label = "label" if "label" in items.column_names or label == "id" else label
    rows = [row for one in groups.values() for row in one]
    known = [name for name in items.column_names if items.column_names.count(name) == 1]
    columns = {name: items.column(name).take(rows).to_pylist() for name in known} if rows else {}
    cells = {}
    for at, row in enumerate(rows):
        item = {"id": row} | {name: values[at] for name, values in columns.items()}
        item |= {"label": item.get(label or ""), "cluster": item.get(cluster or "")}
        cells[row] = [read(item) for _, read in _COLUMNS]
    filled = [at for at in range(len(_COLUMNS)) if any(own[at] not in ("", Cell()) for own in cells.values())]
    return [
        Table(
            tuple(_COLUMNS[at][0] for at in filled),
            tuple(tuple(cells[row][at] for at in filled) for row in one),
            title,
            views=(_VIEW,),
        )
        for title, one in groups.items()
        if one
    ]


def _most_moved(moved: Floats, shown: int) -> tuple[int, ...]:
    far = np.flatnonzero(moved > 0)
    return tuple(far[np.lexsort((far, -moved[far]))][:shown].tolist())


def _picture(item: Item) -> Cell:
    return Cell(picture=next((item[name] for name in ("path", "image") if item.get(name) is not None), None))


def _pair(item: Item, name: str, places: int, *, whole: bool = False) -> str:
    before, after = (_one(item.get(f"{name}_{stage}"), places, whole=whole) for stage in ("before", "after"))
    return f"{before or '–'} → {after or '–'}" if before or after else ""


def _nearest(item: Item) -> str:
    before, after = (_text(item.get(f"predicted_{stage}"), 40) for stage in ("before", "after"))
    if before == after:
        return before
    return f"{before or '–'} → {after or '–'}"


def _one(value: Any, places: int, unit: str = "", *, whole: bool = False) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return ""
    if whole and float(value).is_integer():
        places = 0
    return number(value, places) + unit


def _text(value: Any, limit: int) -> str:
    return "" if value is None else isolated(value, limit)


def _numbers(items: pa.Table, name: str) -> Floats | None:
    import pyarrow as pa

    if items.column_names.count(name) != 1:
        return None
    column = items.column(name)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        return None
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


_COLUMNS: tuple[tuple[Column, Callable[[Item], Cell | str]], ...] = (
    (Column("item", "id", clip=28), lambda item: isolated(item["id"], 60)),
    (Column("cluster", "id"), lambda item: _text(item["cluster"], 40)),
    (Column("picture", "picture"), _picture),
    (Column("label", "id", clip=20), lambda item: _text(item["label"], 60)),
    (Column("text", "text"), lambda item: _text(item.get("text"), 140)),
    (Column("rank of the truth"), lambda item: _pair(item, "rank", 1, whole=True)),
    (Column("cosine to the truth"), lambda item: _pair(item, "true", 3)),
    (Column("nearest reference row", "id", clip=40), _nearest),
    (Column("moved"), lambda item: _one(item.get("displacement"), 3)),
    (Column("angle"), lambda item: _one(item.get("angle"), 1, "°")),
    (Column("neighbours kept"), lambda item: _one(item.get("neighbours_kept"), 2)),
)
_VIEW = View(("label", "rank of the truth", "cosine to the truth", "moved", "nearest reference row"))
