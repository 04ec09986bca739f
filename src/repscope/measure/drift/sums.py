"""One pass over all stages side by side: what every mean, spread and movement is made of.

Stages are read in blocks of the same rows, so that products between stages (which carry the noise that two
stages share) cost nothing extra. Sums are kept by jackknife group; without a group they are sums over the
others, never differences. Rows are taken off a point near their mean first, so that nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, refuse_non_finite
from repscope.measure.drift.frame import DriftFrame, Ints

ORIGIN_ROWS = 256
_NO_SPREAD = 1e-26
_SMALLEST = 1e-200


@dataclass(frozen=True)
class StageSums:
    """Sums over the rows of each jackknife group, for all stages.

    Attributes:
        rows: [G] rows.
        clusters: [G] clusters.
        squares: [G] Σ n_c² over clusters c.
        origin: [S, D] the point that was taken off the rows of each stage.
        sums: [G, S, D] Σ (x − origin).
        weighted: [G, S, D] Σ n_c X_c with X_c = Σ (x − origin) over cluster c.
        lengths: [G, S] Σ ‖x − origin‖².
        products: [G, S, S] Σ X_c · Y_c between stages.
        unit_origin, unit_sums, unit_lengths: the same of the unit rows N(x).
        norms: [G, S] Σ ‖x‖.
        zeros: [S] first row of each stage without a direction, or −1.
        steps: [S − 1, N] ‖x_{g+1} − x_g‖ of each item.
        net: [N] ‖x_last − x_first‖.
    """

    rows: Float64
    clusters: Float64
    squares: Float64
    origin: Float64
    sums: Float64
    weighted: Float64
    lengths: Float64
    products: Float64
    unit_origin: Float64
    unit_sums: Float64
    unit_lengths: Float64
    norms: Float64
    zeros: Ints
    steps: Float64
    net: Float64

    @property
    def keep(self) -> Float64:
        """[1 + G, G] which groups count: all, then all but each."""
        total = len(self.rows)
        return np.concatenate([np.ones((1, total)), 1.0 - np.eye(total)])

    def means(self) -> Float64:
        """[1 + G, S, D] centres of the stages: of all rows, then without each group."""
        centred = np.tensordot(self.keep, self.sums, axes=1) / (self.keep @ self.rows)[:, None, None]
        return centred + self.origin

    def total_spread(self) -> Float64:
        """[1 + G, S] trace of the covariance (n − 1) of the rows."""
        return _traces(self.keep, self.rows, self.sums, self.lengths, self.origin)

    def cosine_spread(self) -> Float64:
        """[1 + G, S] the same of the unit rows: the mean cosine distance between two of them."""
        return _traces(self.keep, self.rows, self.unit_sums, self.unit_lengths, self.unit_origin)

    def mean_norms(self) -> Float64:
        """[1 + G, S] mean length of a row."""
        means: Float64 = (self.keep @ self.norms) / (self.keep @ self.rows)[:, None]
        return means


def stage_sums(frame: DriftFrame, *, shuffle: bool = False) -> StageSums:
    """Read every stage once, in float64 blocks of the same rows.

    Args:
        frame: the stages.
        shuffle: give the stages of each cluster a random order (seeded): the control of what chance gives.
            Then unit rows, norms, steps and zeros are not read.

    Raises:
        VectorError: a row holds NaN or Inf; stage and row are named.
    """
    return _Pass(frame, shuffle).sums()


class _Pass:
    """The accumulators of one pass."""

    def __init__(self, frame: DriftFrame, shuffle: bool) -> None:
        self.frame = frame
        g, s, d = frame.n_groups, len(frame.stages), frame.dimension
        self.rows, self.counts, self.squares = np.zeros(g), np.zeros(g), np.zeros(g)
        self.values, self.weighted, self.units = (np.zeros((g, s, d)) for _ in range(3))
        self.lengths, self.unit_lengths, self.norms = (np.zeros((g, s)) for _ in range(3))
        self.products = np.zeros((g, s, s))
        self.zeros = np.full(s, -1)
        self.steps, self.net = np.empty((s - 1, frame.n)), np.empty(frame.n)
        self.orders = None
        few = np.stack([np.asarray(one[:ORIGIN_ROWS], np.float64) for one in frame.stages])
        self.origin = np.nan_to_num(few.mean(axis=1), nan=0.0, posinf=0.0, neginf=0.0)
        if shuffle:
            rng = np.random.default_rng(frame.seed + 7)
            ranks = rng.random((s, frame.n_clusters)).argsort(axis=0)
            self.orders = ranks.astype(np.intp)
            self.origin = np.broadcast_to(self.origin.mean(axis=0), self.origin.shape).copy()
        self.unit_origin = self._unit_origin(few)

    @staticmethod
    def _unit_origin(few: Float64) -> Float64:
        with np.errstate(invalid="ignore", divide="ignore"):
            units = few / np.linalg.norm(few, axis=2, keepdims=True)
        return np.asarray(np.nan_to_num(units, nan=0.0, posinf=0.0, neginf=0.0).mean(axis=1))

    def sums(self) -> StageSums:
        frame = self.frame
        open_cluster, open_group, carry, carried = -1, 0, np.zeros_like(self.origin), 0.0
        for group, rows in frame.blocks():
            block = self._read(rows)
            self._lengths(group, rows, block)
            codes = frame.clusters[rows]
            heads = np.flatnonzero(np.diff(codes, prepend=-1))
            if len(heads) == len(rows):
                clustered, counts = block, np.ones(len(rows))
            else:
                clustered = np.add.reduceat(block, heads, axis=1)
                counts = np.diff(np.append(heads, len(rows))).astype(np.float64)
            if open_cluster >= 0:
                # A cluster may go on from the block before: it is closed when the next one begins.
                if codes[0] == open_cluster:
                    clustered[:, 0] += carry
                    counts[0] += carried
                else:
                    self._close(open_group, carry[:, None], np.array([carried]))
            open_cluster, open_group = int(codes[-1]), group
            carry, carried = clustered[:, -1].copy(), float(counts[-1])
            if len(counts) > 1:
                self._close(group, clustered[:, :-1], counts[:-1])
        self._close(open_group, carry[:, None], np.array([carried]))
        return StageSums(
            self.rows, self.counts, self.squares, self.origin, self.values, self.weighted, self.lengths,
            self.products, self.unit_origin, self.units, self.unit_lengths, self.norms, self.zeros,
            self.steps, self.net,
        )  # fmt: skip

    def _read(self, rows: Ints) -> Float64:
        """[S, B, D] rows of every stage off their origins."""
        frame = self.frame
        block = np.empty((len(frame.stages), len(rows), frame.dimension))
        for number, stage in enumerate(frame.stages):
            block[number] = stage[rows]
            if not np.isfinite(block[number].sum()):
                refuse_non_finite(block[number], f"stage {frame.labels[number]!r}", rows)
        if self.orders is not None:
            block = block[self.orders[:, frame.clusters[rows]], np.arange(len(rows))]
        return block

    def _lengths(self, group: int, rows: Ints, block: Float64) -> None:
        """What is summed over single rows; leaves ``block`` off its origins."""
        self.rows[group] += len(rows)
        if self.orders is None:
            self._rows(group, rows, block)
        block -= self.origin[:, None, :]
        self.values[group] += block.sum(axis=1)
        self.lengths[group] += np.einsum("sbd,sbd->s", block, block)

    def _rows(self, group: int, rows: Ints, block: Float64) -> None:
        """Norms, unit rows and steps of items: nothing that stages in random order are read for."""
        spare = np.empty_like(block[0])
        for number, x in enumerate(block):
            lengths = _row_lengths(x)
            zero = np.flatnonzero(lengths == 0)
            if zero.size and self.zeros[number] < 0:
                self.zeros[number] = rows[zero].min()
            self.norms[group, number] += lengths.sum()
            units = np.divide(x, np.where(lengths == 0, 1.0, lengths)[:, None], out=spare)
            units -= self.unit_origin[number]
            self.units[group, number] += units.sum(axis=0)
            self.unit_lengths[group, number] += np.vdot(units, units)
            if number:
                step = np.subtract(x, block[number - 1], out=spare)
                self.steps[number - 1, rows] = np.sqrt(np.einsum("bd,bd->b", step, step))
        net = np.subtract(block[-1], block[0], out=spare)
        self.net[rows] = np.sqrt(np.einsum("bd,bd->b", net, net))

    def _close(self, group: int, clustered: Float64, counts: Float64) -> None:
        """Take in finished clusters: [S, C, D] sums and [C] rows."""
        self.counts[group] += len(counts)
        self.squares[group] += np.square(counts).sum()
        self.weighted[group] += np.matmul(counts, clustered)
        flat = clustered.reshape(len(clustered), -1)
        self.products[group] += flat @ flat.T


def _row_lengths(x: Float64) -> Float64:
    """‖x‖ of each row; a row is scaled first only where a square would overflow or vanish."""
    with np.errstate(over="ignore", under="ignore"):
        squares = np.einsum("bd,bd->b", x, x)
    lengths: Float64 = np.sqrt(squares)
    for row in np.flatnonzero((squares < _SMALLEST) | (squares > 1 / _SMALLEST)):
        largest = np.abs(x[row]).max()
        if largest > 0:
            lengths[row] = np.linalg.norm(x[row] / largest) * largest
    return lengths


def _traces(keep: Float64, rows: Float64, sums: Float64, lengths: Float64, origin: Float64) -> Float64:
    n = (keep @ rows)[:, None]
    if (n < 2).any():
        raise VectorError("at least 2 rows beside each group", "fewer", "give more items")
    means = np.tensordot(keep, sums, axes=1) / n[:, :, None]
    traces = (keep @ lengths - n * np.square(means).sum(axis=2)) / (n - 1)
    # The rows of a point differ by rounding; a root or a logarithm would make something of it.
    negligible = _NO_SPREAD * np.square(means + origin).sum(axis=2)
    return np.where(traces <= negligible, 0.0, traces)
