"""Items: the Arrow table beside the vectors. Unique string ids, one type a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import InputError, VectorError, name_some

if TYPE_CHECKING:
    import pyarrow as pa

RESERVED = ("vector",)
"""Column names that the storage uses itself."""


def as_items(items: pa.Table | Mapping[str, Any] | None, n: int, name: str) -> pa.Table:
    """Check or build the items of a set with ``n`` rows.

    ``id`` is made the first column and turned into strings; without one the ids are "0", "1", ….

    Raises:
        VectorError: a column has another number of rows than there are vectors.
        InputError: ids are missing or repeat, or a column cannot be one Arrow type.
    """
    import pyarrow as pa

    if items is None:
        items = {}
    if isinstance(items, pa.Table):
        columns: dict[str, Any] = {key: items.column(key) for key in items.column_names}
    else:
        columns = {str(key): _as_arrow(values, str(key), name) for key, values in items.items()}
    for key, values in columns.items():
        if len(values) != n:
            raise VectorError(
                f"{n:,} values in column {key!r} of set {name!r}, one for each vector",
                f"{len(values):,}",
                "give one value for each row; rows are never matched by position",
            )
        if key in RESERVED:
            raise InputError(f"item columns in set {name!r}", f"one named {key!r}", "rename that column")
    ids = columns.pop("id", None)
    if ids is None:
        ids = pa.array([str(row) for row in range(n)], pa.string())
    ids = _as_strings(ids)
    check_ids(ids, name)
    return pa.table({"id": ids, **columns})


def check_ids(ids: pa.Array | pa.ChunkedArray, name: str) -> None:
    """Refuse missing, empty and repeated ids.

    Raises:
        InputError: with some of the ids concerned.
    """
    import pyarrow.compute as pc

    missing = ids.null_count + pc.sum(pc.equal(ids, "")).as_py() if len(ids) else 0
    if missing:
        raise InputError(f"an id for every row of set {name!r}", f"{missing:,} rows without", "fill the id column")
    counts = pc.value_counts(ids)
    if len(counts) != len(ids):
        repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist()
        raise InputError(
            f"unique ids in set {name!r}",
            f"{len(repeated):,} ids that occur more than once ({name_some(repeated)})",
            "make ids unique, for example image_id + '#' + pair index; keep the shared key as a column of its own",
        )


def _as_arrow(values: Any, key: str, name: str) -> pa.Array:
    import pyarrow as pa

    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    if isinstance(values, np.ndarray) and values.ndim > 1:
        values = values.tolist()
    if isinstance(values, np.ndarray) and values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    try:
        return pa.array(values.tolist() if isinstance(values, np.ndarray) and values.dtype.kind in "OU" else values)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(
            f"one type in column {key!r} of set {name!r}", str(error), "convert the column to strings or numbers"
        ) from error


def _as_strings(ids: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    import pyarrow as pa

    if pa.types.is_string(ids.type):
        return ids
    if pa.types.is_floating(ids.type):
        return pa.array([None if value is None else repr(value) for value in ids.to_pylist()], pa.string())
    return ids.cast(pa.string())
