"""Mean and scatter of rows: streaming, mergeable, and with any group left out.

Two sets of moments merge exactly (Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm for
computing sample variances", 1979), so that blocks, shards and jackknife groups are each read once. A group is
left out by merging the others, never by subtraction, which would lose digits when one group holds most of
the scatter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import (
    Float64,
    group_codes,
    matrix,
    refuse_non_finite,
    row_blocks,
    unit_rows,
)

BLOCK_ROWS = 4096


@dataclass(frozen=True)
class Moments:
    """Number of rows, their mean, and their scatter.

    Attributes:
        n: rows.
        mean: [D] in float64; zeros when there are no rows.
        scatter: [D, D] in float64, Σ (x − mean)(x − mean)ᵀ.
    """

    n: int
    mean: Float64
    scatter: Float64

    @classmethod
    def empty(cls, dimension: int) -> Moments:
        """Moments of no rows: the neutral element of :func:`merge`."""
        return cls(0, np.zeros(dimension), np.zeros((dimension, dimension)))

    @property
    def dimension(self) -> int:
        """D, the width of a row."""
        return len(self.mean)

    def covariance(self, ddof: int = 1) -> Float64:
        """[D, D] covariance: scatter / (n − ddof).

        Raises:
            VectorError: there are not more rows than ``ddof``.
        """
        if self.n <= ddof:
            raise VectorError(f"at least {ddof + 1} rows for a covariance", f"{self.n}", "give more items")
        return self.scatter / (self.n - ddof)


def moments(x: ArrayLike, block_rows: int = BLOCK_ROWS) -> Moments:
    """Mean and scatter of the rows of ``x``, read in blocks and accumulated in float64.

    Args:
        x: [N, D], any real dtype; may be a memory map. N = 0 gives empty moments.
        block_rows: rows converted to float64 at a time; the result does not depend on it
            beyond rounding.

    Raises:
        VectorError: not a matrix of real numbers, or a row holds NaN or Inf.
    """
    array = matrix(x, min_rows=0)
    total = Moments.empty(array.shape[1])
    for block in row_blocks(len(array), block_rows):
        total = merge(total, _block_moments(np.array(array[block], np.float64), block.start))
    return total


def merge(a: Moments, b: Moments) -> Moments:
    """Moments of the rows of both; associative and commutative up to rounding.

    Raises:
        VectorError: the widths differ.
    """
    if a.dimension != b.dimension:
        raise VectorError(
            "moments of the same width", f"{a.dimension} and {b.dimension}", "merge like with like"
        )
    if a.n == 0 or b.n == 0:
        return b if a.n == 0 else a
    n = a.n + b.n
    step = b.mean - a.mean
    scatter = a.scatter + b.scatter
    scatter += np.multiply.outer(step, step * (a.n * b.n / n))
    return Moments(n, a.mean + step * (b.n / n), scatter)


def group_moments(
    x: ArrayLike, groups: ArrayLike, n_groups: int, block_rows: int = BLOCK_ROWS
) -> tuple[list[Moments], Moments]:
    """Moments of each group, and of the rows that belong to none.

    Needs ``n_groups`` × D² × 8 bytes: 42 MB for 20 groups at D = 512.

    Args:
        x: [N, D].
        groups: [N] integer codes, 0 to ``n_groups`` − 1, or FIXED (−1). A group may be empty.
        n_groups: G.

    Returns:
        G moments in the order of the codes, and the moments of the FIXED rows.

    Raises:
        VectorError: as :func:`moments`, or codes that do not fit.
    """
    array = matrix(x, min_rows=0)
    return _grouped(lambda rows: np.array(array[rows], np.float64), array.shape, groups, n_groups, block_rows)


def joint_group_moments(
    x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int, block_rows: int = BLOCK_ROWS
) -> tuple[list[Moments], Moments]:
    """:func:`group_moments` of the rows [x | y], D₁ + D₂ wide, without making them all at once.

    Raises:
        VectorError: as :func:`group_moments`, or ``x`` and ``y`` have different numbers of rows.
    """
    take, shape = _joined(x, y)
    return _grouped(take, shape, groups, n_groups, block_rows)


def iterate_joint_leave_out(
    x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int
) -> Iterator[Moments]:
    """Moments of the rows [x | y]: of all, then without group 0, without group 1, …; one at a time.

    Groups are merged when rows are many, and rows read again when they are few beside D₁ + D₂, where
    that is as quick and does not hold G matrices.

    Raises:
        VectorError: as :func:`joint_group_moments`.
    """
    take, shape = _joined(x, y)
    codes = group_codes(groups, shape[0], n_groups)
    if shape[0] > 2 * shape[1]:
        parts, fixed = _grouped(take, shape, codes, n_groups, BLOCK_ROWS)
        yield merge_all([fixed, *parts])
        yield from iterate_leave_out(parts, fixed)
        return
    for out in range(-1, n_groups):
        kept = np.flatnonzero(codes != out) if out >= 0 else np.arange(shape[0])
        yield _block_moments(take(kept), kept) if len(kept) else Moments.empty(shape[1])


def unit_group_moments(
    x: ArrayLike, groups: ArrayLike, n_groups: int, block_rows: int = BLOCK_ROWS
) -> tuple[list[Moments], Moments]:
    """:func:`group_moments` of the unit rows N(x), without making them all at once.

    Raises:
        VectorError: as :func:`group_moments`, or a row is zero.
    """
    array = matrix(x, min_rows=0)
    return _grouped(lambda rows: unit_rows(array[rows], "x", rows), array.shape, groups, n_groups, block_rows)


def merge_all(parts: Sequence[Moments]) -> Moments:
    """Moments of all parts together; at least one part."""
    total = parts[0]
    for part in parts[1:]:
        total = merge(total, part)
    return total


def leave_out(parts: Sequence[Moments], fixed: Moments) -> list[Moments]:
    """Moments without group g, for each g: a list as long as ``parts``.

    See :func:`iterate_leave_out`, which holds one at a time.
    """
    return list(iterate_leave_out(parts, fixed))


def iterate_leave_out(parts: Sequence[Moments], fixed: Moments) -> Iterator[Moments]:
    """Moments without group 0, without group 1, …: one at a time.

    Halving the groups again and again merges each into what is outside its half: G log₂ G merges and
    log₂ G matrices held, where all prefixes and suffixes would hold 2 G.
    """
    if not parts:
        return
    if len(parts) == 1:
        yield fixed
        return
    middle = len(parts) // 2
    left, right = parts[:middle], parts[middle:]
    yield from iterate_leave_out(left, merge(fixed, merge_all(right)))
    yield from iterate_leave_out(right, merge(fixed, merge_all(left)))


class RunningMoments:
    """Moments of rows that arrive a batch at a time, on one process or several.

    Example:
        >>> import numpy as np
        >>> running = RunningMoments()
        >>> running.update(np.array([[0.0, 1.0], [2.0, 1.0]]))
        >>> running.update(np.array([[4.0, 4.0]]))
        >>> running.compute().mean.tolist()
        [2.0, 2.0]
    """

    def __init__(self) -> None:
        self._state: Moments | None = None

    def update(self, x: ArrayLike) -> None:
        """Take in a batch of rows [B, D].

        Raises:
            VectorError: as :func:`moments`, or a width other than the first batch's.
        """
        self._take(moments(x))

    def merge_state(self, other: RunningMoments) -> None:
        """Take in everything that another has seen; ``other`` is left as it was."""
        if other._state is not None:
            self._take(other._state)

    def compute(self) -> Moments:
        """The moments of all rows so far.

        Raises:
            VectorError: no batch has come yet.
        """
        if self._state is None:
            raise VectorError("at least one batch of rows", "none", "call update first")
        return self._state

    def reset(self) -> None:
        """Forget everything."""
        self._state = None

    def _take(self, part: Moments) -> None:
        self._state = part if self._state is None else merge(self._state, part)


def _joined(x: ArrayLike, y: ArrayLike) -> tuple[Callable[[NDArray[np.int64]], Float64], tuple[int, int]]:
    """A reader of joined rows [x | y] by row number, and the shape of them all."""
    a, b = matrix(x, "x", min_rows=0), matrix(y, "y", min_rows=0)
    if len(a) != len(b):
        raise VectorError("paired rows in x and y", f"{len(a):,} and {len(b):,} rows", "link the sets first")

    def take(rows: NDArray[np.int64]) -> Float64:
        joined = np.empty((len(rows), a.shape[1] + b.shape[1]))
        joined[:, : a.shape[1]] = a[rows]
        joined[:, a.shape[1] :] = b[rows]
        return joined

    return take, (len(a), a.shape[1] + b.shape[1])


def _grouped(
    take: Callable[[NDArray[np.int64]], Float64],
    shape: tuple[int, ...],
    groups: ArrayLike,
    n_groups: int,
    block_rows: int,
) -> tuple[list[Moments], Moments]:
    """Group moments of the rows that ``take`` gives for row numbers; it must give a fresh array."""
    codes = group_codes(groups, shape[0], n_groups)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(-1, n_groups + 1))
    parts = []
    for start, end in pairwise(ends):
        part = Moments.empty(shape[1])
        for block in row_blocks(end - start, block_rows):
            rows = order[start:end][block]
            part = merge(part, _block_moments(take(rows), rows))
        parts.append(part)
    return parts[1:], parts[0]


def _block_moments(values: Float64, numbering: int | NDArray[np.int64]) -> Moments:
    """Moments of a block that may be overwritten."""
    mean = values.mean(axis=0)
    if not np.isfinite(mean).all():
        refuse_non_finite(values, "the rows", numbering)
    values -= mean
    # numpy hands a matrix times its own transpose to syrk: half the work of a general product.
    return Moments(len(values), mean, values.T @ values)
