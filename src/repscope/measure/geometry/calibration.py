"""What a Gaussian of the same N and D reads: the scale on which a geometry measure means something.

Ranks, dimension, isotropy and mean cosine of a finite sample depend on N and D even when the population
does not change. A set is read between a *ceiling*, an isotropic Gaussian, and a *floor*, the same Gaussian
squeezed onto one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import FIXED
from repscope.measure.core.moments import Moments
from repscope.measure.geometry.dimension import FEWEST_ROWS, two_nn
from repscope.measure.geometry.one_set import geometry_replicates, norms, spread_total, std_min
from repscope.measure.geometry.spectrum import RANKS, spectrum

SAMPLE_ROWS = 2000
REPEATS = 5


class Band(NamedTuple):
    """Smallest, mean and largest value over the simulated sets."""

    low: float
    mean: float
    high: float


def gaussian_reference(
    n: int, d: int, seed: int = 0, repeats: int = REPEATS, covariance: ArrayLike | None = None
) -> dict[str, Band]:
    """What a centred Gaussian of ``n`` rows and ``d`` columns reads on every geometry measure.

    Up to 2,000 rows the rows are drawn. Beyond, means and scatters are drawn from their exact (Gaussian and
    Wishart) distributions by Bartlett's decomposition, so that ranks, ``spread.total`` and ``std.min`` are
    those of ``n`` rows at the cost of D³; ``norm.*``, ``cosine.mean``, ``spread.cosine``, ``isotropy`` and
    ``dimension.twonn`` then are those of 2,000 rows. Lengths follow from the covariance, whose default has
    trace 1, so that isotropic rows are about unit vectors.

    Args:
        n: rows, at least 2.
        d: columns.
        seed: of the simulation.
        repeats: simulated sets; the band is their range.
        covariance: [D] variances along independent axes, or a [D, D] matrix; isotropic by default.

    Returns:
        A band by the name of the measure; measures that are undefined there are absent.

    Raises:
        InputError: n below 2, d or repeats below 1.
        VectorError: the covariance has another shape, or is not positive semidefinite.
    """
    if n < 2 or d < 1 or repeats < 1:
        raise InputError(
            "at least 2 rows, 1 column, 1 repeat", f"n = {n}, d = {d}, repeats = {repeats}", "raise them"
        )
    rng = np.random.default_rng(seed)
    root = _root(covariance, d)
    readings = [_read(n, root, rng) for _ in range(repeats)]
    bands = {}
    for name in readings[0]:
        values = [reading[name] for reading in readings if name in reading]
        bands[name] = Band(min(values), float(np.mean(values)), max(values))
    return bands


@lru_cache(maxsize=64)
def gaussian_bands(n: int, d: int, seed: int = 0) -> Mapping[str, tuple[float, float]]:
    """Smallest and largest value of :func:`gaussian_reference` by name, kept between calls."""
    return {name: (band.low, band.high) for name, band in gaussian_reference(n, d, seed).items()}


def line_reference(n: int, d: int, seed: int = 0, repeats: int = REPEATS) -> dict[str, Band]:
    """:func:`gaussian_reference` of a Gaussian on one line: the floor of ranks and dimension.

    Spread in cosine has its floor elsewhere, at a point: zero.
    """
    line = np.zeros(d)
    line[0] = 1.0
    return gaussian_reference(n, d, seed, repeats, line)


def _read(n: int, root: Float64, rng: np.random.Generator) -> dict[str, float]:
    """Every geometry measure of one simulated set."""
    rows = rng.standard_normal((min(n, SAMPLE_ROWS), len(root)))
    rows = rows * root if root.ndim == 1 else rows @ root
    table = geometry_replicates(rows, np.full(len(rows), FIXED), 0)
    values = {
        "norm.mean": float(norms(rows).mean()),
        **{name: replicates.value for name, replicates in table.items()},
    }
    if n > SAMPLE_ROWS:
        whole = _draw_moments(n, root, rng)
        values |= {"spread.total": spread_total(whole), "std.min": std_min(whole)}
        eigenvalues = spectrum(whole)
        values |= {name: rank(eigenvalues) for name, rank in RANKS.items()}
    if len(rows) >= FEWEST_ROWS:
        values["dimension.twonn"] = two_nn(rows).dimension
    return values


def _draw_moments(n: int, root: Float64, rng: np.random.Generator) -> Moments:
    """Moments of n Gaussian rows, drawn without the rows (Bartlett 1933)."""
    d = len(root)
    mean = rng.standard_normal(d) / np.sqrt(n)
    if n > d:
        factor = np.tril(rng.standard_normal((d, d)), -1)
        factor[np.diag_indices(d)] = np.sqrt(rng.chisquare(n - 1 - np.arange(d)))
    else:
        # A Wishart with fewer degrees of freedom than columns is singular and has no such factor.
        factor = rng.standard_normal((d, n - 1))
    factor = root[:, None] * factor if root.ndim == 1 else root.T @ factor
    return Moments(n, mean * root if root.ndim == 1 else mean @ root, factor @ factor.T)


def _root(covariance: ArrayLike | None, d: int) -> Float64:
    """Square root of the covariance: [D] for independent axes, otherwise symmetric [D, D]."""
    if covariance is None:
        return np.full(d, 1.0 / np.sqrt(d))
    given = np.asarray(covariance, np.float64)
    if given.shape not in ((d,), (d, d)):
        raise VectorError(f"a covariance of shape ({d},) or ({d}, {d})", f"{given.shape}", "reshape it")
    values, vectors = (given, None) if given.ndim == 1 else np.linalg.eigh(given)
    if not np.isfinite(values).all() or values.min() < -1e-10 * abs(values).max() or values.max() <= 0:
        raise VectorError(
            "a positive semidefinite covariance",
            f"variances {values.min():g} to {values.max():g}",
            "correct it",
        )
    root = np.sqrt(np.maximum(values, 0.0))
    return root if vectors is None else (vectors * root) @ vectors.T
