"""Vectors as they may be kept: finite, N×D, float16 or float32."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError, name_some

BLOCK_BYTES = 32 * 2**20
"""Bytes of float32 that one block of a scan holds by default."""


def block_rows(d: int) -> int:
    """Rows of width ``d`` in one block of a scan."""
    return max(1, BLOCK_BYTES // (4 * d))


def check_vectors(vectors: Any, name: str) -> NDArray[Any]:
    """Vectors as a finite [N, D] array of float16 or float32, N and D at least 1.

    float64 and bfloat16 become float32. Torch tensors and other array-likes are accepted.

    Raises:
        VectorError: otherwise; rows that are not finite are named.
    """
    array = _as_array(vectors, name)
    if array.dtype.kind != "f":
        raise VectorError(
            f"floating vectors in set {name!r}",
            f"dtype {array.dtype}",
            "convert them to float32 (integer codes and strings are not embeddings)",
        )
    if array.ndim != 2 or 0 in array.shape:
        raise VectorError(
            f"an N×D array with N, D ≥ 1 in set {name!r}",
            f"shape {array.shape}",
            "give one row for each item (reshape tokens or patches to rows first)",
        )
    stored = np.float16 if array.dtype.itemsize == 2 else np.float32
    with np.errstate(over="ignore"):
        kept = array.astype(stored, copy=False)
    bad = _not_finite(kept)
    if len(bad):
        what = "NaN or Inf" if len(_not_finite(array)) else "numbers beyond float32"
        raise VectorError(
            f"finite vectors in set {name!r}",
            f"{what} in {len(bad):,} of {len(kept):,} rows (rows {name_some(bad)})",
            "find out why the model gave them; to leave these rows out, import with --drop-invalid",
        )
    return kept


def row_numbers(rows: ArrayLike, n: int, name: str) -> NDArray[np.int64]:
    """Row numbers from numbers or from a mask of ``n`` booleans; each in 0…n−1, none twice.

    Raises:
        VectorError: otherwise.
    """
    index = np.asarray(rows)
    do = "give row numbers without repeats, or a mask of one boolean for each row"
    if index.ndim != 1 or index.dtype.kind not in "biu" or not index.size:
        raise VectorError(f"rows of set {name!r}", f"shape {index.shape}, dtype {index.dtype}", do)
    if index.dtype == bool:
        if len(index) != n or not index.any():
            raise VectorError(
                f"a mask of {n:,} rows of set {name!r}",
                f"{len(index):,} of which {index.sum():,} are true",
                do,
            )
        return np.flatnonzero(index)
    outside = index[(index < 0) | (index >= n)]
    if len(outside):
        raise VectorError(f"rows 0 to {n - 1:,} of set {name!r}", name_some(outside), do)
    if len(np.unique(index)) != len(index):
        raise VectorError(f"each row of set {name!r} at most once", "some repeated", do)
    return index.astype(np.int64)


def from_tensor(values: Any) -> Any:
    """A torch tensor as numpy array (bfloat16, which numpy lacks, as float32); anything else as it is."""
    if not hasattr(values, "detach"):
        return values
    values = values.detach().cpu()
    return values.float().numpy() if "bfloat16" in str(values.dtype) else values.numpy()


def _as_array(vectors: Any, name: str) -> NDArray[Any]:
    if isinstance(vectors, np.ma.MaskedArray):
        raise VectorError(f"vectors in set {name!r}", "a masked array", "fill or drop the masked rows")
    try:
        array = np.asarray(from_tensor(vectors))
    except (ValueError, TypeError) as error:
        raise VectorError(f"an N×D array in set {name!r}", str(error), "give rows of one width") from error
    # numpy knows bfloat16 only by name, from ml_dtypes.
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def _not_finite(array: NDArray[Any]) -> NDArray[np.int64]:
    """Rows with NaN or Inf, found a block at a time."""
    rows = block_rows(array.shape[1])
    rows_of_blocks = [
        start + np.flatnonzero(~np.isfinite(array[start : start + rows]).all(axis=1))
        for start in range(0, len(array), rows)
    ]
    return np.concatenate(rows_of_blocks)
