"""What a bridge is fitted on: rows read in blocks, and which of them belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, LinkError, VectorError
from repscope.measure.core.arrays import refuse_non_finite
from repscope.study.embeddings import EmbeddingSet
from repscope.study.links import link
from repscope.study.vectors import block_rows, check_vectors, from_tensor

Floats = NDArray[np.floating[Any]]
Index = NDArray[np.int64]
Source = EmbeddingSet | ArrayLike


class Rows:
    """N×D vectors of a set or an array, read block by block.

    float64 arrays are read as float64; everything else as float32.

    Args:
        source: an embedding set, or an array of [N, D] finite floats (memory-mapped ones stay so).
        name: for messages.
        subset: [n] only these rows, in this order.

    Raises:
        VectorError: not two-dimensional, not floating, NaN or Inf.
    """

    def __init__(self, source: Source, name: str, subset: Index | None = None) -> None:
        self.name = source.name if isinstance(source, EmbeddingSet) else name
        self._set = source if isinstance(source, EmbeddingSet) else None
        array: Any = None if self._set is not None else _finite(source, name)
        self._array = array
        self._subset = subset
        self.dtype: np.dtype[Any] = np.dtype(
            np.float64 if self._set is None and self._array.dtype == np.float64 else np.float32
        )

    @property
    def n(self) -> int:
        """Rows."""
        whole = self._set.n if self._set is not None else len(self._array)
        return whole if self._subset is None else len(self._subset)

    @property
    def d(self) -> int:
        """Width."""
        return self._set.d if self._set is not None else int(self._array.shape[1])

    def take(self, rows: Index) -> Floats:
        """[n, D] the given rows; rows may repeat."""
        index = rows if self._subset is None else self._subset[rows]
        if self._set is None:
            taken: Floats = self._array[_as_slice(index)].astype(self.dtype, copy=False)
            return taken
        unique, back = np.unique(index, return_inverse=True)
        return self._set.take(unique).vectors[back]

    def blocks(self, rows: int | None = None) -> Iterator[Floats]:
        """All rows in order, at most ``rows`` at a time; do not write into them."""
        size = block_rows(self.d) if rows is None else rows
        if self._subset is None and self._set is not None:
            yield from self._set.blocks(size, np.float32)
            return
        for start in range(0, self.n, size):
            yield self.take(np.arange(start, min(start + size, self.n)))


def _finite(source: ArrayLike, name: str) -> NDArray[Any]:
    """``source`` as a checked array; float64 stays float64."""
    if isinstance(source, np.ma.MaskedArray):
        return check_vectors(source, name)
    given = from_tensor(source)
    if not isinstance(given, np.ndarray) or given.dtype != np.float64:
        return check_vectors(given, name)
    array: NDArray[Any] = given
    if array.ndim != 2 or 0 in array.shape:
        return check_vectors(array, name)
    size = block_rows(array.shape[1])
    for start in range(0, len(array), size):
        refuse_non_finite(array[start : start + size], name, start)
    return array


def _as_slice(index: Index) -> Index | slice:
    """Rows that follow each other as a slice, which copies nothing."""
    if len(index) and index[-1] - index[0] == len(index) - 1 and (np.diff(index) == 1).all():
        return slice(int(index[0]), int(index[-1]) + 1)
    return index


@dataclass(frozen=True)
class FitData:
    """The rows of a fit.

    Attributes:
        source: rows to be moved.
        target: rows to move towards, or None where the method needs none.
        pairs: ([P], [P]) row numbers that belong together; a row may occur in several pairs (an image
            with five captions, a class text with many images). None when nothing is known.
        clusters: [N] codes of the source rows that are not independent; by default every row its own.
    """

    source: Rows
    target: Rows | None
    pairs: tuple[Index, Index] | None
    clusters: Index

    def pair_blocks(
        self, rows: int | None = None, chosen: Index | None = None
    ) -> Iterator[tuple[Floats, Floats]]:
        """Paired rows, at most ``rows`` pairs at a time.

        Args:
            rows: pairs in a block.
            chosen: numbers of the wanted pairs; all without.

        Raises:
            LinkError: the rows are not paired.
        """
        if self.pairs is None or self.target is None:
            raise unpaired("this method")
        left, right = self.pairs if chosen is None else (side[chosen] for side in self.pairs)
        size = block_rows(self.source.d) if rows is None else rows
        for start in range(0, len(left), size):
            here = slice(start, start + size)
            yield self.source.take(left[here]), self.target.take(right[here])


def unpaired(method: str) -> LinkError:
    """The error of a paired method that was given unpaired sets."""
    return LinkError(
        f"rows of source and target that belong together, for {method}",
        "sets without a link",
        "say how they link with --on KEY (or pairs=…), or choose a method that needs none: "
        "repscope bridge methods",
    )


def gather(
    source: Source,
    target: Source | None,
    *,
    on: str | None = None,
    pairs: tuple[ArrayLike, ArrayLike] | None = None,
    clusters: ArrayLike | None = None,
) -> FitData:
    """Check and link what a fit was given.

    Sets link by ``on`` only (``"id"`` or a key column), never by position. Arrays pair by ``pairs``,
    or, with ``on="row"``, row by row.

    Raises:
        VectorError: bad vectors, or clusters of another length.
        LinkError: nothing links, row numbers out of range, or arrays of different length under
            ``on="row"``.
        UnknownNameError: a set lacks the column ``on``.
    """
    # Rows themselves come from a split of a large set, which nobody wants to copy.
    moved = source if isinstance(source, Rows) else Rows(source, "source")
    towards = target if target is None or isinstance(target, Rows) else Rows(target, "target")
    joined: tuple[Index, Index] | None = None
    if towards is not None and pairs is not None:
        joined = _given_pairs(pairs, moved, towards)
    elif towards is not None and on is not None:
        if isinstance(source, EmbeddingSet) and isinstance(target, EmbeddingSet):
            linked = link(source, target, on)
            joined = join_codes(linked.left, linked.right)
        else:
            joined = _by_row(on, moved, towards)
    if joined is not None and not len(joined[0]):
        raise LinkError("rows that belong together", "none", "check the keys, or link by another column")
    codes = np.arange(moved.n) if clusters is None else np.asarray(clusters)
    if codes.shape != (moved.n,):
        raise VectorError(
            f"{moved.n:,} clusters, one for each source row", f"shape {codes.shape}", "give one code a row"
        )
    return FitData(moved, towards, joined, np.unique(codes, return_inverse=True)[1].astype(np.int64))


def _given_pairs(pairs: tuple[ArrayLike, ArrayLike], moved: Rows, towards: Rows) -> tuple[Index, Index]:
    if len(pairs) != 2:
        raise LinkError(
            "two lists of row numbers as pairs", f"{len(pairs)}", "give (source_rows, target_rows)"
        )
    raw = [np.asarray(side) for side in pairs]
    if any(side.dtype.kind not in "iu" or side.ndim != 1 for side in raw) or len(raw[0]) != len(raw[1]):
        got = " and ".join(f"{side.shape} of {side.dtype}" for side in raw)
        raise LinkError("two lists of whole row numbers of one length", got, "give one entry a pair")
    left, right = (side.astype(np.int64) for side in raw)
    for side, rows in ((left, moved), (right, towards)):
        if len(side) and (side.min() < 0 or side.max() >= rows.n):
            raise LinkError(
                f"row numbers of {rows.name!r} from 0 to {rows.n - 1:,}",
                f"{side.min():,} to {side.max():,}",
                "give rows that exist",
            )
    return left, right


def _by_row(on: str, moved: Rows, towards: Rows) -> tuple[Index, Index]:
    if on != "row":
        raise LinkError(
            'on="row" or pairs=… for plain arrays', f"on={on!r}", "give embedding sets to link by a column"
        )
    if moved.n != towards.n:
        raise LinkError(
            "arrays of one length to pair row by row", f"{moved.n:,} and {towards.n:,} rows", "give pairs=…"
        )
    rows = np.arange(moved.n)
    return rows, rows


def join_codes(left: Index, right: Index) -> tuple[Index, Index]:
    """([P], [P]) all row numbers with equal codes; negative codes belong to nothing."""
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, "left")
    last = np.searchsorted(right[order], left, "right")
    counts = np.where(left >= 0, last - first, 0)
    rows = np.repeat(np.arange(len(left)), counts)
    steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows, order[np.repeat(first, counts) + steps].astype(np.int64)


def require_counts(owner: object, *names: str) -> None:
    """Refuse these attributes of an object unless they are whole numbers of at least 1.

    Raises:
        InputError: one is not.
    """
    for name in names:
        value = getattr(owner, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"{name}: a whole number of at least 1", repr(value), f"correct {name}")
