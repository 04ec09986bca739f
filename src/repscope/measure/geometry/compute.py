"""The measures of one set from inside. All depend on N and D: read them beside a Gaussian."""

from __future__ import annotations

from functools import partial
from math import exp

from repscope.measure.core.estimate import PerItem, Undefined
from repscope.measure.core.stage import Samples, Stage, StageMeasure
from repscope.measure.core.tables import ReplicateTable
from repscope.measure.geometry.dimension import two_nn, two_nn_replicates
from repscope.measure.geometry.isotropy import isotropy
from repscope.measure.geometry.lidar import lidar, lidar_replicates
from repscope.measure.geometry.one_set import (
    cosine_mean,
    geometry_replicates,
    norm_sd,
    norms,
    spread_cosine,
    spread_total,
    std_min,
)
from repscope.measure.geometry.spectrum import rank_entropy, rank_participation, rank_rankme, rank_stable

_INF = float("inf")
_SIGMA = "of the singular values of the centred rows"

_measure = partial(StageMeasure, group="geometry", direction="none", needs="set")


def _norm(stage: Stage, _: bool, names: list[str]) -> Samples:
    yield names[0], PerItem(norms(stage.rows), stage.frame.clusters)


def _geometry(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield from _tabled(geometry_replicates(stage.unit, items, n, names), names)


def _raw_geometry(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield from _tabled(geometry_replicates(stage.rows, items, n, names), names)


def _tabled(table: ReplicateTable, names: list[str]) -> Samples:
    for name in names:
        yield name, table[name] if name in table else Undefined(table.why[name])


def _lidar(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    if stage.frame.views is None:
        yield names[0], Undefined("expected several views of each item; got none named, see --views")
        return
    yield names[0], lidar_replicates(stage.unit, stage.frame.views, items, n)


def _two_nn(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    rows = stage.sampled_rows
    yield (
        names[0],
        two_nn_replicates(
            stage.unit[rows],
            items[rows],
            n,
            tolerance=stage.rounding,
            search=lambda: stage.distances,
        ),
    )


MEASURES: tuple[StageMeasure, ...] = (
    _measure("norm.mean", "mean of ‖x‖", (0.0, _INF), norms, compute=_norm),
    _measure("norm.sd", "standard deviation of ‖x‖ (n − 1)", (0.0, _INF), norm_sd, compute=_raw_geometry),
    _measure(
        "spread.total",
        "trace of the covariance, Σ‖x − mean‖² / (n − 1)",
        (0.0, _INF),
        spread_total,
        note="In squared units of the vectors: compare stages of one scale.",
        compute=_raw_geometry,
    ),
    _measure(
        "spread.cosine",
        "mean of 1 − cos(x, x') over all pairs of distinct rows = trace of the covariance of N(x)",
        (0.0, 2.0),
        spread_cosine,
        note="Exact, not sampled. 0 when all rows point one way, which no rank shows.",
        compute=_geometry,
    ),
    _measure(
        "cosine.mean",
        "mean of cos(x, x') over all pairs of distinct rows = 1 − spread.cosine",
        (-1.0, 1.0),
        cosine_mean,
        compute=_geometry,
    ),
    _measure(
        "rank.entropy",
        "exp(−Σ p log p), p = σ / Σσ " + _SIGMA,
        (1.0, _INF),
        rank_entropy,
        paper="Roy & Vetterli, The Effective Rank, EUSIPCO 2007",
        note="At most min(N − 1, D).",
        compute=_geometry,
    ),
    _measure(
        "rank.rankme",
        "exp(−Σ p log p), p = σ / Σσ + 1e-7 of the singular values of the rows as they are",
        (1.0, _INF),
        rank_rankme,
        paper="Garrido et al., RankMe, ICML 2023",
        note="Not centred: the mean counts as a direction.",
        direction="higher",
        compute=_geometry,
    ),
    _measure(
        "rank.participation",
        "(Σλ)² / Σλ² of the eigenvalues of the covariance",
        (1.0, _INF),
        rank_participation,
        paper="Gao et al., A Theory of Multineuronal Dimensionality, 2017",
        note="At most min(N − 1, D). IsoScore (Rudman et al. 2022) is (this − 1) / (D − 1).",
        compute=_geometry,
    ),
    _measure(
        "rank.stable",
        "Σσ² / max σ² " + _SIGMA,
        (1.0, _INF),
        rank_stable,
        paper="Rudelson & Vershynin, Sampling from Large Matrices, J. ACM 2007",
        note="At most min(N − 1, D); moved by the largest direction alone.",
        compute=_geometry,
    ),
    _measure(
        "isotropy",
        "min Z(c) / max Z(c), Z(c) = Σ exp(c · N(x)), over ± the eigenvectors c of Σ N(x) N(x)ᵀ",
        (exp(-2.0), 1.0),
        isotropy,
        paper="Mu & Viswanath, All-but-the-Top, ICLR 2018",
        note="On unit rows, so that scale does not count; 1 is the same from every direction.",
        compute=_geometry,
    ),
    _measure(
        "dimension.twonn",
        "slope of −log(1 − F(μ)) on log μ, μ = r₂ / r₁, the largest tenth of μ left aside",
        (0.0, _INF),
        two_nn,
        paper="Facco et al., Estimating the Intrinsic Dimension of Datasets, Scientific Reports 2017",
        note="Rows that are equal up to rounding count once. Reads low in many dimensions.",
        compute=_two_nn,
    ),
    _measure(
        "std.min",
        "smallest standard deviation of one dimension (n − 1)",
        (0.0, _INF),
        std_min,
        note="Depends on the axes: a rotation changes it.",
        compute=_geometry,
    ),
    _measure(
        "lidar",
        "exp(−Σ p log p), p = λ / Σλ + 1e-8, λ of W^(−½) B W^(−½): between items, within views + 1e-4 I",
        (1.0, _INF),
        lidar,
        paper="Thilak et al., LiDAR, ICLR 2024",
        note="Needs two or more views of every item. 1e-4 is not scale-free: give unit rows.",
        direction="higher",
        compute=_lidar,
    ),
)
