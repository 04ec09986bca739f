"""Moments of rows and of pairs, and covariances that can be inverted: all that closed forms learn from.

Rows are read once, block by block, in float64 (twice for the Ledoit–Wolf intensity), so that a million
rows need no more memory than a few D×D matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from repscope.errors import InputError, VectorError, name_some
from repscope.measure.core.arrays import Float64
from repscope.measure.core.moments import Moments, merge, moments
from repscope.transform.inputs import FitData, Floats, Index, Rows

PAIR_ROWS = 8192
"""Pairs that are joined at a time."""

Shrinkage = float | Literal["ledoit-wolf"]
"""How far a covariance is drawn to a multiple of the identity: 0 not, 1 wholly, or by Ledoit & Wolf."""


@dataclass(frozen=True)
class PairMoments:
    """Moments of paired rows.

    Attributes:
        n: pairs.
        source_mean, target_mean: [D] and [E].
        xx, xy, yy: [D, D], [D, E], [E, E] scatter: sums of products of centred rows.
    """

    n: int
    source_mean: Float64
    target_mean: Float64
    xx: Float64
    xy: Float64
    yy: Float64


def row_moments(rows: Rows) -> Moments:
    """Moments of all rows.

    Raises:
        VectorError: fewer than two rows, or numbers whose squares overflow.
    """
    return _usable(merged(moments(block) for block in rows.blocks()), rows.name)


def joint_moments(data: FitData, chosen: Index | None = None) -> Moments:
    """Moments of the joined rows [x | y] of all pairs, or of the chosen ones."""
    return merged(moments(np.concatenate(block, axis=1)) for block in data.pair_blocks(PAIR_ROWS, chosen))


def pair_moments(data: FitData) -> PairMoments:
    """Moments of the paired rows.

    Raises:
        LinkError: the rows are not paired.
        VectorError: fewer than two pairs, or numbers whose squares overflow.
    """
    return split(_usable(joint_moments(data), "the pairs"), data.source.d)


def split(joint: Moments, d: int) -> PairMoments:
    """Joined moments as those of x (the first ``d`` columns) and y."""
    scatter = joint.scatter
    return PairMoments(
        joint.n, joint.mean[:d], joint.mean[d:], scatter[:d, :d], scatter[:d, d:], scatter[d:, d:]
    )


def merged(parts: Iterable[Moments]) -> Moments:
    """Moments of all parts together.

    Raises:
        VectorError: there are none.
    """
    total: Moments | None = None
    for part in parts:
        total = part if total is None else merge(total, part)
    if total is None:
        raise VectorError("at least one row", "none", "give more items")
    return total


def _usable(known: Moments, name: str) -> Moments:
    if known.n < 2:
        raise VectorError(f"at least 2 rows of {name}", f"{known.n}", "give more items")
    if not np.isfinite(known.scatter).all():
        raise VectorError(
            f"numbers of {name} that can be squared", "an overflow", "divide them by a constant"
        )
    return known


def checked_shrinkage(value: Shrinkage) -> Shrinkage:
    """``value``, or an error that says what it may be.

    Raises:
        InputError: neither "ledoit-wolf" nor a number from 0 to 1.
    """
    if value == "ledoit-wolf" or (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    ):
        return value
    raise InputError('a shrinkage from 0 to 1, or "ledoit-wolf"', repr(value), "choose one of these")


def shrunk(
    scatter: Float64, n: int, shrinkage: Shrinkage, centred: Callable[[], Iterable[Floats]]
) -> tuple[Float64, float]:
    """Covariance drawn to a multiple of the identity, and by how much.

    (1 − a) S + a (tr S / D) I with S = scatter / n.

    Args:
        scatter: [D, D].
        n: rows.
        shrinkage: a, or "ledoit-wolf" to estimate it.
        centred: gives the blocks of centred rows again, for the estimate.

    Raises:
        InputError: see :func:`checked_shrinkage`.
    """
    plain = scatter / n
    amount = (
        ledoit_wolf(plain, n, centred())
        if shrinkage == "ledoit-wolf"
        else float(checked_shrinkage(shrinkage))
    )
    level = np.trace(plain) / len(plain)
    shrunken: Float64 = (1 - amount) * plain
    shrunken[np.diag_indices_from(shrunken)] += amount * level
    return shrunken, amount


def ledoit_wolf(covariance: Float64, n: int, centred: Iterable[Floats]) -> float:
    """The shrinkage with the least expected squared error, from 0 to 1.

    Paper:
        Ledoit & Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
        Journal of Multivariate Analysis, 2004.

    Args:
        covariance: [D, D] scatter / n.
        n: rows.
        centred: blocks of the centred rows.
    """
    d = len(covariance)
    fourth = 0.0
    for block in centred:
        fourth += float(np.square(np.einsum("nd,nd->n", block, block, dtype=np.float64)).sum())
    squares = float(np.square(covariance).sum())
    level = float(np.trace(covariance)) / d
    distance = squares / d - level**2
    error = min((fourth / n - squares) / (n * d), distance)
    return 0.0 if error <= 0 or distance <= 0 else error / distance


def covariance(rows: Rows, known: Moments, shrinkage: Shrinkage) -> tuple[Float64, float]:
    """:func:`shrunk` of all rows with their moments."""
    return shrunk(known.scatter, known.n, shrinkage, lambda: (block - known.mean for block in rows.blocks()))


def power(matrix: Float64, exponent: float, name: str) -> Float64:
    """A symmetric positive matrix to a power.

    Raises:
        VectorError: a negative power of a matrix without full rank.
    """
    values, axes = np.linalg.eigh(matrix)
    if exponent < 0:
        refuse_singular(values, name)
    # What is zero to rounding is zero: its root would look like a small real direction.
    values = np.where(values > len(values) * np.finfo(np.float64).eps * max(values[-1], 0.0), values, 0.0)
    powered: Float64 = (axes * values**exponent) @ axes.T
    return powered


def refuse_singular(values: Float64, name: str) -> None:
    """Raise if ascending eigenvalues of a covariance hold zeros, to rounding.

    Raises:
        VectorError: they do.
    """
    missing = int(np.sum(values <= len(values) * np.finfo(np.float64).eps * max(values[-1], 0.0)))
    if missing:
        raise VectorError(
            f"rows of {name} that vary in all {len(values)} dimensions",
            f"none of their variation in {missing} of them",
            'give more rows, or a shrinkage above 0 (or "ledoit-wolf")',
        )


def doubts(name: str, n: int, scatter: Float64, unit: str = "rows", amount: float | None = None) -> list[str]:
    """Why moments of ``n`` rows should not be trusted, one sentence each."""
    d = len(scatter)
    said = []
    if n <= d:
        help_ = "" if amount is None else f" (shrinkage {amount:.2f})"
        said.append(f"{n:,} {unit} of {name} for {d} dimensions: cannot be trusted without shrinkage{help_}")
    spread = np.diag(scatter)
    constant = np.flatnonzero(spread <= np.finfo(np.float32).eps ** 2 * max(float(spread.max()), 0.0))
    if len(constant):
        said.append(f"{len(constant)} of {d} dimensions of {name} are constant ({name_some(constant)})")
    return said
