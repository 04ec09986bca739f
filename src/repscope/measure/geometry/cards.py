"""Geometry: what one set looks like from inside. All of it depends on N and D: read it beside a Gaussian."""

from __future__ import annotations

from math import exp

from repscope.measure.catalogue.registry import Direction, MeasureCard

_INF = float("inf")
_SIGMA = "of the singular values of the centred rows"


def _card(
    name: str,
    formula: str,
    bounds: tuple[float, float],
    function: str,
    *,
    paper: str = "",
    note: str = "",
    direction: Direction = "none",
) -> MeasureCard:
    return MeasureCard(
        name=name,
        group="geometry",
        formula=formula,
        direction=direction,
        bounds=bounds,
        needs="set",
        function=f"repscope.measure.{function}",
        paper=paper,
        note=note,
    )


CARDS: tuple[MeasureCard, ...] = (
    _card("norm.mean", "mean of ‖x‖", (0.0, _INF), "geometry.one_set.norms"),
    _card("norm.sd", "standard deviation of ‖x‖ (n − 1)", (0.0, _INF), "geometry.one_set.norm_sd"),
    _card(
        "spread.total",
        "trace of the covariance, Σ‖x − mean‖² / (n − 1)",
        (0.0, _INF),
        "geometry.one_set.spread_total",
        note="In squared units of the vectors: compare stages of one scale.",
    ),
    _card(
        "spread.cosine",
        "mean of 1 − cos(x, x') over all pairs of distinct rows = trace of the covariance of N(x)",
        (0.0, 2.0),
        "geometry.one_set.spread_cosine",
        note="Exact, not sampled. 0 when all rows point one way, which no rank shows.",
    ),
    _card(
        "cosine.mean",
        "mean of cos(x, x') over all pairs of distinct rows = 1 − spread.cosine",
        (-1.0, 1.0),
        "geometry.one_set.cosine_mean",
    ),
    _card(
        "rank.entropy",
        "exp(−Σ p log p), p = σ / Σσ " + _SIGMA,
        (1.0, _INF),
        "geometry.spectrum.rank_entropy",
        paper="Roy & Vetterli, The Effective Rank, EUSIPCO 2007",
        note="At most min(N − 1, D).",
    ),
    _card(
        "rank.rankme",
        "exp(−Σ p log p), p = σ / Σσ + 1e-7 of the singular values of the rows as they are",
        (1.0, _INF),
        "geometry.spectrum.rank_rankme",
        paper="Garrido et al., RankMe, ICML 2023",
        note="Not centred: the mean counts as a direction.",
        direction="higher",
    ),
    _card(
        "rank.participation",
        "(Σλ)² / Σλ² of the eigenvalues of the covariance",
        (1.0, _INF),
        "geometry.spectrum.rank_participation",
        paper="Gao et al., A Theory of Multineuronal Dimensionality, 2017",
        note="At most min(N − 1, D). IsoScore (Rudman et al. 2022) is (this − 1) / (D − 1).",
    ),
    _card(
        "rank.stable",
        "Σσ² / max σ² " + _SIGMA,
        (1.0, _INF),
        "geometry.spectrum.rank_stable",
        paper="Rudelson & Vershynin, Sampling from Large Matrices, J. ACM 2007",
        note="At most min(N − 1, D); moved by the largest direction alone.",
    ),
    _card(
        "isotropy",
        "min Z(c) / max Z(c), Z(c) = Σ exp(c · N(x)), over ± the eigenvectors c of Σ N(x) N(x)ᵀ",
        (exp(-2.0), 1.0),
        "geometry.isotropy.isotropy",
        paper="Mu & Viswanath, All-but-the-Top, ICLR 2018",
        note="On unit rows, so that scale does not count; 1 is the same from every direction.",
    ),
    _card(
        "dimension.twonn",
        "slope of −log(1 − F(μ)) on log μ, μ = r₂ / r₁, the largest tenth of μ left aside",
        (0.0, _INF),
        "geometry.dimension.two_nn",
        paper="Facco et al., Estimating the Intrinsic Dimension of Datasets, Scientific Reports 2017",
        note="Each distinct row counts once. Reads low in many dimensions.",
    ),
    _card(
        "std.min",
        "smallest standard deviation of one dimension (n − 1)",
        (0.0, _INF),
        "geometry.one_set.std_min",
        note="Depends on the axes: a rotation changes it.",
    ),
    _card(
        "lidar",
        "exp(−Σ p log p), p = λ / Σλ + 1e-8, λ of W^(−½) B W^(−½): between items, within views + 1e-4 I",
        (1.0, _INF),
        "geometry.lidar.lidar",
        paper="Thilak et al., LiDAR, ICLR 2024",
        note="Needs two or more views of every item. 1e-4 is not scale-free: give unit rows.",
        direction="higher",
    ),
)
