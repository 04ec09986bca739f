"""The items that a change helped and harmed most."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.text.display import isolated
from repscope.text.numbers import number

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 10
"""Rows of each table."""

_STAGED = ("rank", "true", "predicted")
_READ = (
    "id", "text", "path", "image", "displacement", "angle", "neighbours_kept",
    *(f"{name}_{stage}" for name in _STAGED for stage in ("before", "after")),
)  # fmt: skip

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ItemRow:
    """One item, every value as it is read; "" for what the comparison did not record.

    Attributes:
        row: of the table of items.
        id, label, text, cluster: the item's own.
        rank: of the truth, before → after.
        cosine: to the truth, before → after.
        nearest: reference row, before → after, or once when it stayed.
        displacement, angle, kept: how far it moved, and the share of neighbours kept.
        image: value of the item's image column, for a thumbnail, or None.
    """

    row: int
    id: str
    label: str
    text: str
    cluster: str
    rank: str
    cosine: str
    nearest: str
    displacement: str
    angle: str
    kept: str
    image: Any = None


@dataclass(frozen=True)
class Changes:
    """The largest changes of a comparison.

    Attributes:
        improved, worsened: items whose truth moved up or down most (by reciprocal rank, then
            displacement).
        moved: the items displaced most, when no rank changed or none is known.
        better, worse, same: how many items rank their truth higher, lower, the same; None without ranks.
    """

    improved: tuple[ItemRow, ...] = ()
    worsened: tuple[ItemRow, ...] = ()
    moved: tuple[ItemRow, ...] = ()
    better: int | None = None
    worse: int | None = None
    same: int | None = None


def largest_changes(
    items: pa.Table, shown: int = SHOWN, *, label: str | None = None, cluster: str | None = None
) -> Changes:
    """The items to look at.

    Args:
        items: one row an item; columns as ``Comparison.items`` has them, any of which may be absent.
        shown: most rows of each table.
        label: column of the key, for items without a ``label``.
        cluster: column of the independent units.
    """
    n = items.num_rows
    names = ("label" if "label" in items.column_names or label == "id" else label, cluster)
    ranks = [_numbers(items, f"rank_{stage}") for stage in ("before", "after")]
    displacement = _numbers(items, "displacement")
    moved = np.nan_to_num(displacement, nan=-1.0) if displacement is not None else np.zeros(n)
    if ranks[0] is None or ranks[1] is None:
        return Changes(moved=_most_moved(items, moved, shown, names))
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = 1 / ranks[1] - 1 / ranks[0]
    known = np.isfinite(gain)
    # Equal ranks cancel exactly; no tolerance is needed.
    up, down = np.flatnonzero(known & (gain > 0)), np.flatnonzero(known & (gain < 0))
    improved = up[np.lexsort((up, -moved[up], -gain[up]))][:shown]
    worsened = down[np.lexsort((down, -moved[down], gain[down]))][:shown]
    return Changes(
        improved=_rows(items, improved, names),
        worsened=_rows(items, worsened, names),
        moved=() if len(up) or len(down) else _most_moved(items, moved, shown, names),
        better=len(up),
        worse=len(down),
        same=int(known.sum()) - len(up) - len(down),
    )


Names = tuple[str | None, str | None]


def _most_moved(items: pa.Table, moved: Floats, shown: int, names: Names) -> tuple[ItemRow, ...]:
    far = np.flatnonzero(moved > 0)
    return _rows(items, far[np.lexsort((far, -moved[far]))][:shown], names)


def _rows(items: pa.Table, rows: NDArray[np.int64], names: Names) -> tuple[ItemRow, ...]:
    if not len(rows):
        return ()
    read = [name for name in (*_READ, *names) if name and items.column_names.count(name) == 1]
    values = {name: items.column(name).take(rows).to_pylist() for name in dict.fromkeys(read)}
    return tuple(
        _row(int(row), {name: column[position] for name, column in values.items()}, names)
        for position, row in enumerate(rows)
    )


def _row(row: int, item: dict[str, Any], names: Names) -> ItemRow:
    image = next((item[name] for name in ("path", "image") if item.get(name) is not None), None)
    return ItemRow(
        row=row,
        id=isolated(item.get("id", row), 60),
        label=_text(item.get(names[0] or ""), 60),
        text=_text(item.get("text"), 140),
        cluster=_text(item.get(names[1] or ""), 40),
        rank=_pair(item, "rank", 1, whole=True),
        cosine=_pair(item, "true", 3),
        nearest=_nearest(item),
        displacement=_one(item.get("displacement"), 3),
        angle=_one(item.get("angle"), 1, "°"),
        kept=_one(item.get("neighbours_kept"), 2),
        image=image,
    )


def _pair(item: dict[str, Any], name: str, places: int, *, whole: bool = False) -> str:
    before, after = (_one(item.get(f"{name}_{stage}"), places, whole=whole) for stage in ("before", "after"))
    return f"{before or '–'} → {after or '–'}" if before or after else ""


def _nearest(item: dict[str, Any]) -> str:
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
