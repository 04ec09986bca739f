"""Items: the Arrow table beside the vectors. Unique string ids, one type a column."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import InputError, VectorError, name_some
from repscope.study.keys import as_keys
from repscope.study.vectors import from_tensor

if TYPE_CHECKING:
    import pyarrow as pa

RESERVED = ("vector",)
"""Column names that the storage uses itself."""


def as_items(items: pa.Table | Mapping[str, Any] | None, n: int, name: str) -> pa.Table:
    """Check or build the items of a set with ``n`` rows.

    ``id`` is made the first column and turned into strings (3 and 3.0 into "3"); without one the ids
    are "0", "1", ….

    Args:
        items: Arrow table, or mapping of columns (a pandas frame is one), or None.
        n: rows.
        name: of the set, for messages.

    Raises:
        VectorError: a column has another number of rows than there are vectors.
        InputError: ids are missing or repeat, or a column cannot be one Arrow type.
    """
    import pyarrow as pa

    columns = _columns(items, name)
    for key, values in columns.items():
        if len(values) != n:
            raise VectorError(
                f"{n:,} values in column {key!r} of set {name!r}, one for each vector",
                f"{len(values):,}",
                "give one value for each row; rows are never matched by position",
            )
        if key in RESERVED:
            raise InputError(f"item columns in set {name!r}", f"one named {key!r}", "rename that column")
    given = columns.pop("id", None)
    ids = pa.array([str(row) for row in range(n)], pa.string()) if given is None else _as_ids(given, name)
    check_ids(ids, name)
    return pa.table({"id": ids, **columns})


def check_ids(ids: pa.Array | pa.ChunkedArray, name: str) -> None:
    """Refuse missing, empty and repeated ids.

    Raises:
        InputError: with some of the ids concerned.
    """
    import pyarrow.compute as pc

    missing = ids.null_count + (pc.sum(pc.equal(ids, "")).as_py() or 0)
    if missing:
        raise InputError(
            f"an id for every row of set {name!r}", f"{missing:,} rows without", "fill the id column"
        )
    counts = pc.value_counts(ids)
    if len(counts) != len(ids):
        repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist()
        raise InputError(
            f"unique ids in set {name!r}",
            f"{len(repeated):,} ids that occur more than once ({name_some(repeated)})",
            "make ids unique, for example image_id + '#' + pair index; "
            "keep the shared key as a column of its own",
        )


def _columns(items: Any, name: str) -> dict[str, Any]:
    import pyarrow as pa

    if items is None:
        return {}
    if isinstance(items, pa.Table):
        pairs = list(zip(items.column_names, items.columns, strict=True))
    elif hasattr(items, "items"):
        pairs = [(str(key), _as_column(values, str(key), name)) for key, values in items.items()]
    else:
        raise InputError(
            f"items of set {name!r} as an Arrow table or a mapping of columns",
            f"a {type(items).__name__}",
            "give {'id': [...], 'label': [...]}",
        )
    names = [key for key, _ in pairs]
    if "" in names or len(set(names)) != len(names):
        raise InputError(
            f"item columns with names of their own in set {name!r}",
            name_some(map(repr, names), 20),
            "rename them",
        )
    return {key: _simplest(values, key, name) for key, values in pairs}


def _as_ids(values: Any, name: str) -> pa.Array:
    return as_keys(values, f"the ids of set {name!r}")


def _as_column(values: Any, key: str, name: str) -> pa.Array:
    import pyarrow as pa

    if key == "id":
        return _as_ids(values, name)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    try:
        if isinstance(values, str | bytes | Mapping | Set) or not hasattr(values, "__iter__"):
            raise TypeError(f"a {type(values).__name__}, not one value for each row")
        values = from_tensor(values)
        if isinstance(values, np.ndarray):
            values = _from_numpy(values)
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"values of one type in column {key!r} of set {name!r}",
            str(error),
            "convert the column to strings or numbers",
        ) from error


def _from_numpy(values: np.ndarray[Any, Any]) -> Any:
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    if values.ndim != 1 or values.dtype.kind in "OUT":
        return values.tolist()
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _simplest(column: pa.Array | pa.ChunkedArray, key: str, name: str) -> pa.Array | pa.ChunkedArray:
    """One of several Arrow types for the same values, so that shards and sources agree."""
    import pyarrow as pa

    kind = column.type
    try:
        if isinstance(kind, pa.BaseExtensionType):
            column = column.cast(kind.storage_type)
            kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
            kind = column.type
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            column = column.cast(pa.string())
    except pa.ArrowException as error:
        raise InputError(
            f"a column {key!r} of plain values in set {name!r}",
            str(error),
            "convert it to strings or numbers",
        ) from error
    return column
