"""Sliced Wasserstein distance: optimal transport along random directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.sampled import Grouped, Sample, notes, sample_pair

DIRECTIONS = 128
MAX_ROWS = 20_000
_CHUNK = 16


def sliced_wasserstein(
    items: ArrayLike,
    reference: ArrayLike,
    *,
    directions: int = DIRECTIONS,
    max_rows: int | None = MAX_ROWS,
    seed: int = 0,
) -> float:
    """Sliced 2-Wasserstein distance (mean over directions u of W₂²(u·x, u·y))^½.

    Each one-dimensional W₂ is exact, between the two quantile functions, whatever N and M. Directions are
    random and, up to D at a time, orthogonal, which lowers the noise; a Monte Carlo error over directions
    remains, the same for the same seed. Biased upwards at finite N.

    Args:
        items: [N, D]; used as given.
        reference: [M, D].
        directions: number of directions.
        max_rows: cap for each set (a seeded draw beyond it), or None for every row.
        seed: of directions and draw.

    Returns:
        The distance, in [0, ∞), in the unit of the vectors. A shift by v reads about ‖v‖ / √D.

    Raises:
        VectorError: not matrices, widths that differ, NaN or Inf, no rows.
        InputError: no directions.

    Paper: Bonneel et al., Sliced and Radon Wasserstein barycenters, JMIV 2015; orthogonal directions: Rowland
    et al., Orthogonal Estimation of Wasserstein Distances, AISTATS 2019.
    """
    first, second = sample_pair(items, reference, max_rows=max_rows, seed=seed, min_rows=1)
    return float(_distances(first, second, 0, directions, seed)[-1])


def sliced_wasserstein_replicates(
    items: ArrayLike,
    reference: ArrayLike,
    groups: ArrayLike,
    reference_groups: ArrayLike,
    n_groups: int,
    *,
    directions: int = DIRECTIONS,
    max_rows: int | None = MAX_ROWS,
    seed: int = 0,
) -> Replicates:
    """:func:`sliced_wasserstein`, and without each group of the rows drawn; each direction is sorted once.

    Args:
        items: [N, D].
        reference: [M, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1) for rows never left out.
        reference_groups: [M] the same codes for the reference.
        n_groups: G. A group that is the whole of a set leaves NaN.
        directions: number of directions, the same for all replicates.
        max_rows: cap for each set, or None.
        seed: of directions and draw.

    Raises:
        VectorError: as :func:`sliced_wasserstein`, or group codes that do not fit.
        InputError: no directions.
    """
    grouped = Grouped(groups, reference_groups, n_groups)
    first, second = sample_pair(items, reference, grouped, max_rows=max_rows, seed=seed, min_rows=1)
    values = _distances(first, second, n_groups, directions, seed)
    method = notes(f"{directions} directions", first.note, second.note)
    return Replicates(float(values[-1]), values[:-1], len(first.rows) + len(second.rows), method)


def _distances(first: Sample, second: Sample, n_groups: int, directions: int, seed: int) -> Float64:
    """[G + 1] distances: without each group, and last with all rows."""
    if directions < 1:
        raise InputError("at least one direction", str(directions), "raise directions")
    totals = np.zeros(n_groups + 1)
    basis = _directions(first.rows.shape[1], directions, seed)
    for at in range(0, directions, _CHUNK):
        sides = [_sorted(one, basis[:, at : at + _CHUNK]) for one in (first, second)]
        totals[-1] += _squares(sides[0][0], sides[1][0])
        for g in range(n_groups):
            if not first.left(g) or not second.left(g):
                totals[g] = np.nan
                continue
            kept = [values[codes != g].reshape(len(values), -1) for values, codes in sides]
            totals[g] += _squares(kept[0], kept[1])
    return np.sqrt(totals / directions)


def _directions(dimension: int, count: int, seed: int) -> Float64:
    """[D, count] unit columns, orthogonal within every run of D."""
    rng = np.random.default_rng(seed)
    parts = []
    for at in range(0, count, dimension):
        columns = rng.standard_normal((dimension, min(dimension, count - at)))
        parts.append(np.linalg.qr(columns)[0])
    return np.hstack(parts)


def _sorted(sample: Sample, basis: Float64) -> tuple[Float64, NDArray[np.int64]]:
    """Projections [p, n] ascending along each direction, and the groups in that order."""
    projected = np.ascontiguousarray((sample.rows @ basis).T)
    order = np.argsort(projected, axis=1)
    return np.take_along_axis(projected, order, axis=1), sample.groups[order]


def _squares(x: Float64, y: Float64) -> float:
    """Sum over directions of W₂² between sorted values [p, n] and [p, m]: ∫ (Qx − Qy)² over quantiles."""
    n, m = x.shape[1], y.shape[1]
    if n == m:
        return float(((x - y) ** 2).sum() / n)
    # Both quantile functions are steps; in units of 1 / (n m) all their edges are integers.
    edges = np.union1d(np.arange(n) * m, np.arange(m) * n)
    widths = np.diff(edges, append=n * m) / (n * m)
    return float((((x[:, edges // m] - y[:, edges // n]) ** 2) @ widths).sum())
