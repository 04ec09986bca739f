"""Item columns out of whatever a file held: lists, arrays, Arrow columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import FormatError
from repscope.formats.plain import json_lines

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CELLS = 1 << 28


def to_column(values: Any, key: str) -> pa.Array:
    """One value for each item, as an Arrow array of one plain type.

    Numbers stay numbers; a column that mixes types becomes text; nested values (lists,
    dictionaries, arrays) become a line of JSON each; bytes are read as UTF-8.

    Raises:
        FormatError: text that is not UTF-8, or values nested too deeply.
    """
    import pyarrow as pa

    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return _plain_arrow(values, key)
    try:
        if isinstance(values, np.ndarray):
            if values.ndim == 1 and values.dtype.kind in "biuf":
                native = values.astype(values.dtype.newbyteorder("="), copy=False)
                return pa.array(
                    native.astype(np.float32)
                    if native.dtype.itemsize == 2 and native.dtype.kind == "f"
                    else native
                )
            values = list(values) if values.ndim > 1 else values.tolist()
        cells = [_cell(value) for value in values]
    except (ValueError, SystemError) as error:
        # numpy's texts may hold numbers that are no characters, which Python calls a SystemError.
        raise FormatError(
            f"UTF-8 text in {key!r}", str(error), "write the column again as text in UTF-8"
        ) from error
    kinds = {type(cell) for cell in cells if cell is not None}
    if not kinds:
        return pa.array(cells, pa.string())
    if kinds & {list, dict, tuple, set, frozenset, np.ndarray, complex}:
        return pa.array(json_lines(cells), pa.string())
    if kinds in ({bool}, {str}) or kinds <= {int, float}:
        try:
            return pa.array(cells, pa.float64()) if kinds == {int, float} else pa.array(cells)
        except (pa.ArrowException, OverflowError):
            pass  # integers beyond 64 bits are kept as text below
    return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


def to_columns(columns: Mapping[str, Any]) -> dict[str, pa.Array]:
    """Each column as :func:`to_column` gives it, under its name as text."""
    return {str(name): to_column(values, str(name)) for name, values in columns.items()}


def _cell(value: Any) -> Any:
    if type(value) in (str, int, float, bool, type(None)):
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.generic):
        return _cell(value.item()) if not isinstance(value, np.datetime64 | np.timedelta64) else str(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return _cell(value.item())
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8")
    if isinstance(value, list | dict | tuple | set | frozenset | np.ndarray | complex):
        return value
    return str(value)[:1000]


def _plain_arrow(values: pa.Array, key: str) -> pa.Array:
    """Decode dictionaries, spell out nested and dated values; leave plain ones alone."""
    import pyarrow as pa

    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        values, kind = values.storage, values.storage.type
    if pa.types.is_dictionary(kind):
        return _plain_arrow(values.dictionary_decode(), key)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return to_column(values.to_pylist(), key)
    if (
        pa.types.is_string(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
    ):
        return values.cast(pa.float32()) if pa.types.is_float16(kind) else values
    return values.cast(pa.string()) if not pa.types.is_null(kind) else pa.nulls(len(values), pa.string())


def columns_of_records(records: Sequence[Any], what: str) -> dict[str, list[Any]]:
    """A list of dictionaries as columns; a key that some of them lack is missing there.

    Raises:
        FormatError: an entry is not a dictionary.
    """
    keys: dict[str, None] = {}
    for row, record in enumerate(records):
        if not isinstance(record, dict):
            raise FormatError(
                f"a dictionary for each item in {what}",
                f"a {type(record).__name__} in entry {row:,}",
                "write one for each",
            )
        keys.update(dict.fromkeys(str(key) for key in record))
    if len(keys) * len(records) > MOST_CELLS:
        raise FormatError(
            f"at most {MOST_CELLS:,} cells in {what}",
            f"{len(records):,} entries of {len(keys):,} keys",
            "keep the keys that matter",
        )
    return {key: [record.get(key) for record in records] for key in keys}


def unique_ids(wanted: Iterable[str]) -> tuple[list[str], int]:
    """Ids made unique by a suffix ``~2``, ``~3``, … on repeats, and how many got one."""
    taken: dict[str, int] = {}
    ids: list[str] = []
    repeats = 0
    for name in wanted:
        unique, count = name, taken.get(name, 0)
        while unique in taken:
            count += 1
            unique = f"{name}~{max(count, 2)}"
        if unique != name:
            repeats += 1
            taken[name] = count
        taken[unique] = taken.get(unique, 0) or 1
        ids.append(unique)
    return ids, repeats
