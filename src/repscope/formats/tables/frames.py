"""Frames out of pickles as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.formats.columns import to_column
from repscope.formats.loose.item_dicts import width_of
from repscope.formats.pickles.pandas_types import Frame

if TYPE_CHECKING:
    import pyarrow as pa


def frame_table(frame: Frame) -> pa.Table:
    """The columns of a frame, those with a vector in each cell as lists, and its index as columns."""
    import pyarrow as pa

    names = [name for name, _ in frame.columns]
    columns = {name: _column(name, values) for name, values in frame.index if name not in names}
    for name, values in frame.columns:
        columns[name] = _column(name, values)
    return pa.table(columns)


def of_pandas(value: Any) -> Frame | None:
    """A frame or series that pandas itself read (a trusted pickle); None for anything else."""
    if type(value).__module__.partition(".")[0] != "pandas" or not hasattr(value, "index"):
        return None
    frame = value if hasattr(value, "columns") else value.to_frame(value.name or "vector")
    counted = list(frame.index) == list(range(len(frame)))
    index = () if counted else ((str(frame.index.name or "__index_level_0__"), list(frame.index)),)
    return Frame(tuple((str(name), frame[name].to_numpy()) for name in frame.columns), index, len(frame))


def _column(name: str, values: Any) -> pa.Array:
    import pyarrow as pa

    cells = list(values) if getattr(values, "dtype", None) is None or values.dtype.kind == "O" else None
    if cells is None:
        return to_column(np.ascontiguousarray(values), name)
    width = next((found for cell in cells[:100] if (found := width_of(cell))), 0)
    if not width:
        return to_column(cells, name)
    lists = [None if cell is None else _flat(cell) for cell in cells]
    return pa.array(lists, pa.list_(pa.float64()))


def _flat(cell: Any) -> Any:
    return np.asarray(cell, np.float64).reshape(-1)
