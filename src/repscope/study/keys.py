"""Keys as strings: 3, 3.0 and "3" are one key, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import InputError
from repscope.study.vectors import from_tensor

if TYPE_CHECKING:
    import pyarrow as pa

_EXACT = 2.0**63


def is_missing(value: object) -> bool:
    """None, NaN and the empty string mean: no key."""
    return value is None or value == "" or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def plain(value: object) -> str:
    """A key as a string, so that 3, 3.0 and "3" are one key (a column of ints with gaps reads as float)."""
    if isinstance(value, float | np.floating):
        import pyarrow as pa

        return str(_as_strings(pa.array([value]))[0].as_py())
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return str(value)


def as_keys(values: Any, what: str) -> pa.Array:
    """Values as Arrow strings, null where there is no key; equal keys are equal strings.

    Args:
        values: [N] numpy array, Arrow array, or sequence, of strings, numbers, booleans or dates.
        what: they are, for the message.

    Raises:
        InputError: values that have no plain text, such as lists.
    """
    import pyarrow as pa

    try:
        return _as_strings(_as_arrow(values))
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"strings or numbers in {what}", str(error), "make the column strings, one key for each row"
        ) from error


def _as_arrow(values: Any) -> pa.Array:
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values
    if isinstance(values, str | bytes | dict | set) or not hasattr(values, "__iter__"):
        raise TypeError(f"a {type(values).__name__}, not one value for each row")
    if not hasattr(values, "__array__"):
        return _from_list(list(values))
    array = np.asarray(from_tensor(values))
    if array.ndim != 1:
        raise TypeError(f"an array of shape {array.shape}")
    if array.dtype.kind in "OUST":
        return _from_list(array.tolist())
    return pa.array(array.astype(array.dtype.newbyteorder("="), copy=False))


def _from_list(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        # Several types in one column, which only Python can tell apart.
        if any(isinstance(value, list | dict | tuple | set | np.ndarray) for value in values):
            raise
        return pa.array([None if is_missing(value) else plain(value) for value in values], pa.string())


def _as_strings(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_nested(kind):
        raise TypeError(f"values of type {kind}")
    if pa.types.is_floating(kind):
        if kind == pa.float16():
            array, kind = array.cast(pa.float32()), pa.float32()
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, kind), array)
        whole = pc.and_(pc.equal(array, pc.floor(array)), pc.less(pc.abs(array), _EXACT))
        integers = pc.if_else(whole, array, pa.scalar(None, kind)).cast(pa.int64()).cast(pa.string())
        text = pc.coalesce(integers, array.cast(pa.string()))
    elif pa.types.is_boolean(kind):
        text = pc.if_else(array, "True", "False")
    else:
        text = array.cast(pa.string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
