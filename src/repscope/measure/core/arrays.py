"""What every measure asks of the arrays it is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import RepscopeError, VectorError, name_some
from repscope.study.stored import StoredRows

Float64 = NDArray[np.float64]


def matrix(x: ArrayLike, what: str = "x", min_rows: int = 1) -> NDArray[np.generic]:
    """``x`` as a two-dimensional array of numbers, not copied and not converted.

    :class:`~repscope.study.stored.StoredRows` come back as they are: a measure that takes rows before it
    computes (a block, a sample) reads them where they lie, and one that needs them all asks ``np.asarray``.

    Args:
        x: [N, D] of any real dtype (bfloat16 of ``ml_dtypes`` included), perhaps in several shards.
        what: name of the array in messages.
        min_rows: fewest rows that the caller can work with.

    Raises:
        VectorError: it is not two-dimensional, has no columns, too few rows, or holds no real numbers.
    """
    # What is read by rows alone is typed as the array that it stands for.
    array = cast(NDArray[np.generic], x) if isinstance(x, StoredRows) else np.asarray(x)
    if array.ndim != 2 or array.shape[1] == 0:
        raise VectorError(
            f"{what} as rows of vectors [N, D], D at least 1", f"shape {array.shape}", "reshape it"
        )
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise VectorError(f"{what} of real numbers", f"dtype {array.dtype}", "convert it to float32")
    if array.shape[0] < min_rows:
        rows = "1 row" if min_rows == 1 else f"{min_rows:,} rows"
        raise VectorError(f"at least {rows} in {what}", f"{array.shape[0]:,}", "give more items")
    return array


def float_matrix(x: ArrayLike, what: str = "x", min_rows: int = 1) -> Float64:
    """``x`` as a finite float64 matrix; for calculations that need all rows at once.

    Raises:
        VectorError: as :func:`matrix`, or a row holds NaN or Inf.
    """
    array = np.asarray(matrix(x, what, min_rows), dtype=np.float64)
    if not np.isfinite(array.sum()):
        refuse_non_finite(array, what)
    return array


def refuse_non_finite(x: NDArray[np.generic], what: str, numbering: int | NDArray[np.int64] = 0) -> None:
    """Raise if any row of ``x`` holds NaN or Inf, naming the rows.

    Args:
        x: [B, D], perhaps a block of a larger set.
        what: name of the set in the message.
        numbering: row number of the first row in the set, or of every row [B].

    Raises:
        VectorError: it does.
    """
    bad = np.flatnonzero(~np.isfinite(np.asarray(x, dtype=np.float64)).all(axis=1))
    if bad.size:
        raise VectorError(
            f"finite numbers in {what}", f"NaN or Inf in {_rows(bad, numbering)}", "drop those rows"
        )


def unit_rows(x: NDArray[np.generic], what: str = "x", numbering: int | NDArray[np.int64] = 0) -> Float64:
    """N(x): every row divided by its length, in float64; arguments as :func:`refuse_non_finite`.

    Raises:
        VectorError: a row is zero or not finite.
    """
    rows = np.asarray(x, dtype=np.float64)
    # The largest entry goes first, so that squares neither overflow nor vanish.
    largest = np.abs(rows).max(axis=1, initial=0.0)
    if not np.isfinite(largest).all():
        refuse_non_finite(rows, what, numbering)
    zero = np.flatnonzero(largest == 0)
    if zero.size:
        raise VectorError(
            f"vectors with a direction in {what}",
            f"zero vectors in {_rows(zero, numbering)}",
            "drop those rows",
        )
    scaled: Float64 = rows / largest[:, None]
    scaled /= np.sqrt(np.einsum("nd,nd->n", scaled, scaled))[:, None]
    return scaled


def _rows(found: NDArray[np.int64], numbering: int | NDArray[np.int64]) -> str:
    named = found + numbering if isinstance(numbering, int) else numbering[found]
    return f"row{'s' if len(named) > 1 else ''} {name_some(named)}"


def row_blocks(n: int, block_rows: int) -> Iterator[slice]:
    """Slices that cover ``n`` rows in order, ``block_rows`` at a time."""
    for start in range(0, n, block_rows):
        yield slice(start, min(start + block_rows, n))


def integer_codes(
    codes: ArrayLike,
    n: int,
    what: str,
    do: str,
    *,
    rows: str = "rows",
    error: type[RepscopeError] = VectorError,
) -> NDArray[np.int64]:
    """[n] integer codes, one a row.

    Args:
        codes: of any integer dtype.
        n: rows.
        what: a code is, for the message.
        do: what to do about other codes.
        rows: what the rows are.
        error: raised.

    Raises:
        RepscopeError: not one integer a row.
    """
    array = np.asarray(codes)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        got = f"shape {array.shape} of {array.dtype}"
        raise error(f"one integer {what} for each of {n:,} {rows}", got, do)
    return array.astype(np.int64)


def group_codes(groups: ArrayLike, n: int, n_groups: int, what: str = "group") -> NDArray[np.int64]:
    """Codes of the group of each row: 0 to ``n_groups`` − 1, or FIXED (−1).

    Raises:
        VectorError: not one code a row, or a code out of range.
    """
    do = f"number each {what} from 0"
    codes = integer_codes(groups, n, f"{what} code", do)
    if n and (codes.min() < -1 or codes.max() >= n_groups):
        raise VectorError(f"{what} codes from -1 to {n_groups - 1}", f"{codes.min()} to {codes.max()}", do)
    return codes
