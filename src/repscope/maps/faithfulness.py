"""How far a map can be believed: neighbours and distances before and after the reduction.

Trustworthiness and continuity: Venna & Kaski 2001, "Neighborhood preservation in nonlinear projection
methods"; Kaski et al. 2003. A trustworthy map shows no neighbours that are not there; a continuous one loses
none that are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, VectorError
from repscope.knn import among, exact
from repscope.knn.graph import choose_search
from repscope.measure.core.arrays import float_matrix, row_blocks
from repscope.text.json_record import JsonRecord

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

NEIGHBOURS = 15
RANKED_ROWS = 2000
PAIRS = 20_000

_KEYS = (
    "trustworthiness continuity neighbours_kept chance distance_correlation k ranked_rows=rows rows=of "
    "spread seeds why"
)
_CELLS = 4_000_000
_TIED = 1e-12


@dataclass(frozen=True)
class Faithfulness(JsonRecord, keys=_KEYS, optional="why"):
    """What a map keeps of the space that it shows.

    Attributes:
        trustworthiness: 1 when no point is shown beside one that is not its neighbour; about .5 at random.
        continuity: 1 when no neighbour was torn away.
        neighbours_kept: mean share of a point's k neighbours on the map that are among its k neighbours in
            the space; of all points, or above 150,000 of those whose ranks were read.
        distance_correlation: Spearman's correlation of the distances of pairs, space against map.
        k: neighbours looked at; less than asked when there are few rows.
        rows: rows whose ranks were read for trustworthiness and continuity.
        of: rows of the map.
        points: [of] each point's own share of neighbours kept; None where it was not read of all.
        spread: how far a point moves between seeds: root mean square over points, as a share of the
            map's radius; None until :func:`repscope.maps.stability.ensemble` measures it.
        spread_points: [of] the same for each point, or None.
        seeds: maps that the spread was read from; 1 when none were made for it.
        why: the reason when a value is None.
    """

    trustworthiness: float | None
    continuity: float | None
    neighbours_kept: float | None
    distance_correlation: float | None
    k: int
    rows: int
    of: int
    points: Float64 | None = None
    spread: float | None = None
    spread_points: Float64 | None = None
    seeds: int = 1
    why: str = ""

    @property
    def chance(self) -> float | None:
        """Neighbours kept that a random map would have: k / (N − 1)."""
        return self.k / (self.of - 1) if self.k else None

    def __str__(self) -> str:
        parts = []
        if self.trustworthiness is not None:
            parts.append(f"trustworthiness {_short(self.trustworthiness)}")
        if self.continuity is not None:
            parts.append(f"continuity {_short(self.continuity)}")
        if self.neighbours_kept is not None:
            parts.append(f"neighbours kept {100 * self.neighbours_kept:.0f} %")
        if self.distance_correlation is not None:
            parts.append(f"distance correlation {_short(self.distance_correlation)}")
        if self.spread is not None:
            parts.append(f"spread over {self.seeds} seeds {100 * self.spread:.0f} % of the radius")
        return " · ".join(parts) or f"faithfulness undefined ({self.why})"


def faithfulness(
    original: ArrayLike,
    coordinates: ArrayLike,
    *,
    k: int = NEIGHBOURS,
    max_rows: int = RANKED_ROWS,
    pairs: int = PAIRS,
    seed: int = 0,
    neighbours: NDArray[np.int64] | None = None,
) -> Faithfulness:
    """Compare a map with the space it shows, by Euclidean distance in both.

    Trustworthiness is 1 − 2 / (R k (2N − 3k − 1)) Σ max(0, r − k) over the k neighbours on the map of each
    of R rows, where r is their rank by distance in the space among all N − 1 other rows; continuity is the
    same with the roles exchanged. With R below N both are unbiased estimates, since a sampled row is ranked
    among all others. Rows at equal distance share the best of their ranks: where copies make neighbours
    ambiguous, no choice among them is a fault of the map.

    Args:
        original: [N, D] the rows that were mapped; unit rows when the map was made of cosines.
        coordinates: [N, 2] or of any width.
        k: neighbours; at most (N − 1)/2 are used, where the formula ends.
        max_rows: R at most; more rows are sampled.
        pairs: most pairs of rows for the distance correlation; more are sampled.
        seed: of both samples.
        neighbours: [N, ≥ k] nearest rows in the space, nearest first and without the row itself, when known;
            all of them, not those of an approximate search. Otherwise they are searched: of every row up
            to 150,000, above only of the rows whose ranks are read.

    Raises:
        VectorError: not matrices of finite numbers, or not of equal length.
        InputError: k or max_rows below 1.
    """
    x = float_matrix(original, "original")
    y = float_matrix(coordinates, "coordinates")
    if len(x) != len(y):
        raise VectorError(
            "one point on the map for each row",
            f"{len(y):,} for {len(x):,}",
            "pass the rows that were mapped",
        )
    if k < 1 or max_rows < 1:
        raise InputError("k and max_rows of at least 1", f"{k} and {max_rows}", "leave them out")
    n = len(x)
    correlation = _distance_correlation(x, y, pairs, seed)
    used = compared_neighbours(n, k)
    if used < 1:
        why = f"{n} row{'s have' if n > 1 else ' has'} no neighbourhoods to compare"
        return Faithfulness(None, None, None, correlation, 0, 0, n, why=why)

    shown = plane_neighbours(y, used)
    everyone = rows = np.arange(n)
    if n > max_rows:
        rows = np.sort(np.random.default_rng(seed).choice(n, max_rows, replace=False))
    known = neighbours if neighbours is not None and neighbours.shape[1] >= used else None
    if known is None and choose_search(n, n) == "exact":
        known = exact(x, k=used, metric="l2").indices
    if known is None:
        near = among(x, rows, k=used, metric="l2").indices
        points, kept = None, _kept(x, rows, near, shown[rows])
    else:
        near = known[rows, :used]
        points = kept = _kept(x, everyone, known[:, :used], shown)
    worst = len(rows) * used * (2 * n - 3 * used - 1) / 2
    return Faithfulness(
        trustworthiness=1.0 - _excess_ranks(x, y, shown[rows], rows) / worst,
        continuity=1.0 - _excess_ranks(y, x, near, rows) / worst,
        neighbours_kept=float(kept.mean()),
        distance_correlation=correlation,
        k=used,
        rows=len(rows),
        of=n,
        points=points,
        why="" if correlation is not None else "all distances are equal, so that none correlate",
    )


def compared_neighbours(n: int, k: int = NEIGHBOURS) -> int:
    """How many of ``k`` neighbours are compared where there are n rows; 0 where none can be."""
    return min(k, (n - 1) // 2)


def plane_neighbours(y: Float64, k: int) -> Int64:
    """The k nearest other points of each point of a map [N, 2]: [N, k], nearest first."""
    from scipy.spatial import cKDTree

    _, found = cKDTree(y).query(y, k=k + 1)
    found = np.asarray(found, dtype=np.int64)
    # Among copies a point need not find itself first, nor at all: then the farthest goes.
    own = found == np.arange(len(y))[:, None]
    own[:, -1] |= ~own.any(axis=1)
    others: Int64 = found[~own].reshape(len(y), k)
    return others


def _excess_ranks(x: Float64, y: Float64, neighbours: Int64, rows: Int64) -> float:
    """Σ over ``rows`` and their k neighbours in ``y`` of how far their rank by distance in ``x`` exceeds k.

    ``neighbours`` [len(rows), k] are those of ``rows``. Where more than k rows are as near in ``y`` as the
    k-th, those nearest in ``x`` are taken.
    """
    k = neighbours.shape[1]
    total = 0
    for block in row_blocks(len(rows), max(1, _CELLS // len(x))):
        some = rows[block]
        asked = neighbours[block].copy()
        distances, tied = _squared_distances(x, some)
        others, others_tied = _squared_distances(y, some)
        last = np.take_along_axis(others, asked[:, -1:], axis=1)
        candidates = others <= last + others_tied
        for i in np.flatnonzero(candidates.sum(axis=1) > k):
            surely = np.flatnonzero(others[i] < last[i] - others_tied[i])[:k]
            perhaps = np.flatnonzero(candidates[i] & (others[i] >= last[i] - others_tied[i]))
            perhaps = perhaps[np.argsort(distances[i, perhaps], kind="stable")]
            asked[i] = np.concatenate([surely, perhaps])[:k]
        values = np.take_along_axis(distances, asked, axis=1) - tied
        distances.sort(axis=1)
        for ordered, wanted in zip(distances, values, strict=True):
            total += int(np.maximum(np.searchsorted(ordered, wanted) + 1 - k, 0).sum())
    return float(total)


def _squared_distances(x: Float64, some: Int64) -> tuple[Float64, Float64]:
    """[b, N] squared distances of some rows to all (inf to themselves), and [b, 1] what counts as equal."""
    centred = x - x.mean(axis=0)
    squares = np.einsum("nd,nd->n", centred, centred)
    distances = squares[some, None] + squares - 2.0 * (centred[some] @ centred.T)
    distances[np.arange(len(some)), some] = np.inf
    return distances, _TIED * (squares[some, None] + squares.max())


def _kept(x: Float64, rows: Int64, near: Int64, shown: Int64) -> Float64:
    """[R] share of the ``shown`` neighbours [R, k] of ``rows`` no farther than the last ``near`` one."""
    kept = np.empty(len(rows))
    for block in row_blocks(len(rows), max(1, _CELLS // (x.shape[1] * shown.shape[1]))):
        here = x[rows[block]]
        limit = np.linalg.norm(x[near[block, -1]] - here, axis=1)
        distances = np.linalg.norm(x[shown[block]] - here[:, None, :], axis=2)
        kept[block] = (distances <= limit[:, None] * (1.0 + 1e-9)).mean(axis=1)
    return kept


def _distance_correlation(x: Float64, y: Float64, pairs: int, seed: int) -> float | None:
    """Spearman's correlation over pairs of distinct rows; None when either side does not vary."""
    from scipy.stats import rankdata

    n = len(x)
    if n * (n - 1) // 2 <= pairs:
        left, right = np.triu_indices(n, k=1)
    else:
        rng = np.random.default_rng(seed)
        left = rng.integers(0, n, pairs)
        right = (left + rng.integers(1, n, pairs)) % n
    a, b = _pair_distances(x, left, right), _pair_distances(y, left, right)
    for values in (a, b):
        if not len(values) or np.ptp(values) <= 1e-9 * values.max():
            return None
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def _pair_distances(x: Float64, left: Int64, right: Int64) -> Float64:
    distances = np.empty(len(left))
    for block in row_blocks(len(left), max(1, _CELLS // x.shape[1])):
        distances[block] = np.linalg.norm(x[left[block]] - x[right[block]], axis=1)
    return distances


def _short(value: float) -> str:
    """Two decimals without the leading zero, as papers print shares: .93, 1.00, −.05."""
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text
