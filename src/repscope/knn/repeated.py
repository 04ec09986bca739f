"""Rows that are there more than once, up to rounding.

The features of one image differ in their last bits when it stood in another batch. Such rows are no two
items: they say nothing of distances within a set, and are not independent.

Candidates come from random projections, which never lengthen a difference: rows that share a cell of the
projections are compared with the first of the cell, and the rest through a k-d tree of the projections. Every
pair that is reported was measured in float64 in all its dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, VectorError, name_some
from repscope.knn.exact import exact

Ints = NDArray[np.int64]

_ROOM = 4.0
_DIRECTIONS = 8
_CELLS = 3
_BLOCK = 1024
_MOST_PAIRS = 64
"""Candidates a row, beyond which the nearest are searched instead: a set on the scale of its rounding."""
_NEAREST = 8


@dataclass(frozen=True)
class NearCopies:
    """Which rows are copies of one another.

    Attributes:
        codes: [N] group of each row, 0 to G − 1, numbered by first row.
        tolerance: largest distance of two copies, as a share of the longer one's length.
    """

    codes: Ints
    tolerance: float

    @property
    def groups(self) -> int:
        """G, distinct rows."""
        return int(self.codes.max()) + 1 if len(self.codes) else 0

    @property
    def first(self) -> Ints:
        """[G] the first row of each group."""
        return np.unique(self.codes, return_index=True)[1].astype(np.int64)

    @property
    def extra(self) -> int:
        """Rows that an earlier row says already: N − G."""
        return len(self.codes) - self.groups

    @property
    def repeated(self) -> int:
        """Rows that have a copy."""
        return int((np.bincount(self.codes)[self.codes] > 1).sum()) if len(self.codes) else 0


def rounding(dtype: np.dtype[np.generic], width: int) -> float:
    """Distance, as a share of a row's length, that rounding alone explains.

    4 ε √D for rows computed in their own dtype, whose sums over D terms round differently with the shape of
    a batch; 2 ε for two-byte types, which hold what was computed in more. 0 for integers.
    """
    if dtype.name == "bfloat16":
        return 2 * 2.0**-7
    if dtype.kind != "f":
        return 0.0
    epsilon = float(np.finfo(np.dtype(f"f{dtype.itemsize}")).eps)
    return 2 * epsilon if dtype.itemsize <= 2 else _ROOM * epsilon * float(np.sqrt(width))


def rounding_of(x: ArrayLike) -> float:
    """:func:`rounding` of the rows of ``x``; float64 rows that float32 holds exactly count as float32."""
    rows = _rows(x)
    dtype = rows.dtype
    if dtype == np.float64 and all(
        _holds_single(rows[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK)
    ):
        dtype = np.dtype(np.float32)
    return rounding(dtype, rows.shape[1])


def _rows(x: ArrayLike) -> NDArray[np.generic]:
    """What is read by rows alone stays where it lies, and is typed as the array that it stands for."""
    return cast(NDArray[np.generic], x if hasattr(x, "shape") else np.asarray(x))


def _holds_single(block: ArrayLike) -> bool:
    values = np.asarray(block)
    with np.errstate(over="ignore", under="ignore"):
        return bool((values.astype(np.float32) == values).all())


def near_copies(x: ArrayLike, *, tolerance: float | None = None) -> NearCopies:
    """Group the rows that are copies of one another up to rounding.

    Two rows are copies when ‖x − y‖ ≤ tolerance · max(‖x‖, ‖y‖); a copy of a copy belongs to the group. A
    chain of copies whose ends are farther apart than the tolerance may be parted. Costs about N log N, and
    memory of a few numbers a row; only a set that is as small as its own rounding is searched whole.

    Args:
        x: [N, D] any real dtype; read in blocks.
        tolerance: :func:`rounding_of` the rows by default.

    Raises:
        VectorError: not a matrix of finite numbers.
        InputError: a negative tolerance, or one of 1 or more.
    """
    rows = _rows(x)
    if (
        rows.ndim != 2
        or rows.shape[1] == 0
        or (rows.dtype.kind not in "fiu" and rows.dtype.name != "bfloat16")
    ):
        raise VectorError("rows of real numbers [N, D]", f"{rows.dtype} {rows.shape}", "pass vectors")
    if tolerance is not None and not 0 <= tolerance < 1:
        raise InputError("a tolerance from 0 to below 1", f"{tolerance}", "give a share of a row's length")
    n = len(rows)
    if n == 0:
        return NearCopies(np.empty(0, np.int64), tolerance or 0.0)
    points, lengths = _project(rows)
    if tolerance is None:
        tolerance = rounding_of(rows)
    # Unit rows of two copies lie within twice the tolerance; their projections no farther.
    reach = 2 * tolerance + 1e-15
    pairs = _in_cells(points, reach)
    edges = [pairs[_close(rows, pairs, lengths, tolerance)]]
    rest = np.setdiff1d(np.arange(n), edges[0][:, 1])
    if len(rest) > 1:
        pairs = _nearby(rows, points[rest], rest, reach)
        edges.append(pairs[_close(rows, pairs, lengths, tolerance)])
    return NearCopies(_components(n, np.concatenate(edges)), tolerance)


def _project(rows: NDArray[np.generic]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Projections of the unit rows, and lengths."""
    n, width = rows.shape
    count = min(width, _DIRECTIONS)
    basis = np.linalg.qr(np.random.default_rng(0).standard_normal((width, count)))[0]
    points, lengths = np.empty((n, count)), np.empty(n)
    for start in range(0, n, _BLOCK):
        block = np.asarray(rows[start : start + _BLOCK]).astype(np.float64)
        # The largest number first: squares of very small or large ones would vanish or overflow.
        largest = np.abs(block).max(axis=1)
        if not np.isfinite(largest).all():
            bad = start + np.flatnonzero(~np.isfinite(largest))
            raise VectorError("finite rows", f"NaN or Inf in rows {name_some(bad)}", "remove these rows")
        unit = block / np.where(largest > 0, largest, 1.0)[:, None]
        norms = np.sqrt(np.einsum("nd,nd->n", unit, unit))
        lengths[start : start + len(block)] = norms * largest
        points[start : start + len(block)] = unit / np.where(norms > 0, norms, 1.0)[:, None] @ basis
    return points, lengths


def _in_cells(points: NDArray[np.float64], reach: float) -> Ints:
    """[P, 2] the first row of a cell of projections, and each later row of it."""
    cells = np.floor(points[:, :_CELLS] / (2 * reach)).astype(np.int64)
    order = np.lexsort(cells.T)
    new = np.ones(len(order), bool)
    new[1:] = (cells[order[1:]] != cells[order[:-1]]).any(axis=1)
    # lexsort is stable: the first of a cell is its lowest row.
    leader = order[np.flatnonzero(new)][np.cumsum(new) - 1]
    pairs: Ints = np.stack([leader, order], axis=1)[~new]
    return pairs


def _nearby(rows: NDArray[np.generic], points: NDArray[np.float64], chosen: Ints, reach: float) -> Ints:
    """[P, 2] pairs of the chosen rows whose projections are near, or whose rows are nearest in a crowd."""
    from scipy.spatial import cKDTree

    tree = cKDTree(points)
    if (tree.count_neighbors(tree, reach) - len(chosen)) / 2 <= _MOST_PAIRS * len(chosen):
        found = tree.query_pairs(reach, output_type="ndarray").astype(np.int64)
        near: Ints = chosen[found].reshape(-1, 2)
        return near
    k = min(_NEAREST, len(chosen) - 1)
    nearest = exact(np.asarray(rows[chosen]), k=k, metric="l2").indices
    pairs: Ints = np.stack([np.repeat(chosen, k), chosen[nearest.ravel()]], axis=1)
    return pairs


def _close(
    rows: NDArray[np.generic], pairs: Ints, lengths: NDArray[np.float64], tolerance: float
) -> NDArray[np.bool_]:
    """[E] whether the rows of each pair are copies."""
    close = np.empty(len(pairs), bool)
    for start in range(0, len(pairs), _BLOCK):
        one, other = pairs[start : start + _BLOCK].T
        longest = np.maximum(lengths[one], lengths[other])
        scale = np.where(longest > 0, longest, 1.0)[:, None]
        steps = np.asarray(rows[one]).astype(np.float64) / scale
        steps -= np.asarray(rows[other]).astype(np.float64) / scale
        close[start : start + len(one)] = np.sqrt(np.einsum("nd,nd->n", steps, steps)) <= tolerance
    return close


def _components(n: int, edges: Ints) -> Ints:
    """[N] connected components, numbered by their first row."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(edges):
        return np.arange(n)
    graph = coo_array((np.ones(len(edges), bool), tuple(edges.T)), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    first, codes = np.unique(labels, return_index=True, return_inverse=True)[1:]
    place = np.empty(len(first), np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    numbered: Ints = place[codes.ravel()]
    return numbered
