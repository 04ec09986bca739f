"""Whatever holds vectors as one array of rows: lists, tensors, batches, axes of length one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError

MOST_LISTED = 1 << 28
"""Numbers in a list of separate vectors."""


def as_vectors(value: Any) -> NDArray[Any] | None:
    """``value`` as an array if it is one, or a list of vectors, or of batches, of one width; else None.

    Raises:
        VectorError: it is a list of vectors whose widths differ.
    """
    if hasattr(value, "detach"):
        from repscope.formats.pickles.torch_types import to_numpy

        return to_numpy(value)
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind != "O" else _from_objects(value)
    return _stacked(value) if isinstance(value, list | tuple) and value else None


def squeezed_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape of more than two axes without those of length one; the first, of items, stays if it can.

    [N, 1, D], [N, D, 1, 1] and [1, N, D] are N×D; [K, N, D] stays what it is.
    """
    if len(shape) < 3:
        return tuple(shape)
    first, *rest = shape
    long = [n for n in rest if n != 1]
    if first == 1 and len(long) > 1:
        return tuple(long)
    return (first, *long) if long else (first, 1)


def squeezed(array: NDArray[Any]) -> NDArray[Any]:
    """An array without axes of length one. See :func:`squeezed_shape`."""
    shape = squeezed_shape(array.shape)
    return array if shape == array.shape else array.reshape(shape)


def as_matrix(value: Any, key: str, source: str) -> NDArray[Any]:
    """``value`` as [N, D]; rows that each keep a leading axis of one ([N, 1, D]) are still rows.

    Raises:
        VectorError: it is none.
    """
    array = as_vectors(value)
    array = None if array is None else squeezed(array)
    if array is None or array.ndim != 2:
        what = f"shape {array.shape}" if array is not None else f"a {type(value).__name__}"
        raise VectorError(f"an N×D array in {key!r} of {source}", what, "extract the embeddings again")
    return array


def _from_objects(array: NDArray[Any]) -> NDArray[Any] | None:
    if array.ndim == 0:
        return as_vectors(array.item())
    if array.ndim == 1:
        return as_vectors(array.tolist())
    return array.astype(np.float64) if _all_numbers(array.ravel().tolist()) else None


def _stacked(rows: list[Any] | tuple[Any, ...]) -> NDArray[Any] | None:
    first = rows[0]
    if isinstance(first, list | tuple):
        if not first or not (_all_numbers(first) and any_float(rows)):
            return None
        _refuse_too_many(len(rows), len(first))
        arrays = [
            np.asarray(row) if isinstance(row, list | tuple) and _all_numbers(row) else None for row in rows
        ]
    elif hasattr(first, "shape") and len(first.shape):
        _refuse_too_many(len(rows), int(np.prod(first.shape)))
        arrays = [as_vectors(row) if hasattr(row, "shape") else None for row in rows]
    else:
        return None
    if arrays[0] is None:
        return None
    batches = [row for row in arrays if row is not None]
    if batches[0].ndim == 2 and len(batches) == len(arrays) and _of_one_width(batches):
        # Batches as a loader gives them, the last one often shorter; rows that each are [1, D] too.
        return np.concatenate(batches)
    odd = next((at for at, row in enumerate(arrays) if row is None or row.shape != arrays[0].shape), None)
    if odd is not None:
        raise VectorError(
            "vectors of one width",
            f"{_shape(arrays[0])} in row 0 and {_shape(arrays[odd])} in row {odd:,}",
            "pool or pad the rows to one width where they are made",
        )
    return np.stack([row for row in arrays if row is not None])


def _of_one_width(batches: Sequence[NDArray[Any]]) -> bool:
    return all(one.ndim == 2 and one.shape[1] == batches[0].shape[1] for one in batches)


def any_float(rows: Sequence[Any]) -> bool:
    """Whether one of the first lists of numbers holds a float: whole numbers alone are codes and boxes."""
    return any(type(number) is float for row in rows[:100] if isinstance(row, list | tuple) for number in row)


def _refuse_too_many(rows: int, width: int) -> None:
    # A small file can refer to one row a million times; a real list of this size is saved as an array.
    if rows * width > MOST_LISTED:
        raise VectorError(
            f"a list of vectors with at most {MOST_LISTED:,} numbers",
            f"{rows:,} × {width:,}",
            "save them as one array (npz, safetensors)",
        )


def _all_numbers(row: Sequence[Any]) -> bool:
    return len(row) > 0 and all(type(number) in (int, float) for number in row)


def _shape(row: NDArray[Any] | None) -> str:
    return "no vector" if row is None else f"shape {row.shape}"


def batch_lengths(value: Any) -> list[int]:
    """Rows of each batch of a list of batches; [] for anything else, and for rows that are [1, D] each."""
    if not isinstance(value, list | tuple) or not value or len(getattr(value[0], "shape", ())) != 2:
        return []
    return [int(batch.shape[0]) for batch in value]


def joined(value: Any, lengths: Sequence[int]) -> Any:
    """Batches of labels or ids of these lengths as one list; anything else as it is."""
    if not lengths or not isinstance(value, list | tuple) or len(value) != len(lengths):
        return value
    parts = [part.tolist() if hasattr(part, "tolist") else part for part in value]
    if any(
        not isinstance(part, list | tuple) or len(part) != n for part, n in zip(parts, lengths, strict=True)
    ):
        return value
    return [cell for part in parts for cell in part]
