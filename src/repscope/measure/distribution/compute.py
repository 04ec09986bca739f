"""The measures of two sets as distributions: no link between rows is needed."""

from __future__ import annotations

from functools import partial
from math import inf

from repscope.measure.core.estimate import FIXED
from repscope.measure.core.sampled import MAX_ROWS
from repscope.measure.core.stage import Samples, Stage, StageMeasure
from repscope.measure.distribution.frechet import frechet, frechet_replicates
from repscope.measure.distribution.frechet_limit import (
    frechet_bias,
    frechet_infinity,
    frechet_infinity_replicates,
)
from repscope.measure.distribution.kernels import energy, kernel_replicates, kid, mmd
from repscope.measure.distribution.manifold import coverage, density, manifold_replicates, precision, recall
from repscope.measure.distribution.sliced import sliced_wasserstein, sliced_wasserstein_replicates
from repscope.measure.distribution.vendi import vendi, vendi_replicates

_KYNKAANNIEMI = "Kynkäänniemi et al., Improved Precision and Recall Metric, NeurIPS 2019"
_NAEEM = "Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020"

_measure = partial(StageMeasure, group="distribution", direction="lower", needs="reference")


def _frechet(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    frame = stage.frame
    distance = frechet_replicates(stage.unit, frame.reference, *stage.groups(intervals))
    if "frechet" in names:
        yield "frechet", distance
    if "frechet.infinity" in names:
        # Linked pairs go into one half together; otherwise clusters do, and reference rows stand alone.
        item_units, reference_units = (
            (frame.item_keys, frame.reference_keys)
            if (frame.reference_groups != FIXED).any()
            else (frame.clusters, None)
        )
        bias = frechet_bias(
            stage.unit,
            frame.reference,
            item_units=item_units,
            reference_units=reference_units,
            seed=frame.seed,
        )
        yield "frechet.infinity", frechet_infinity_replicates(distance, bias)


def _kernels(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    frame = stage.frame
    yield from kernel_replicates(
        stage.unit,
        frame.reference,
        *stage.groups(intervals),
        names=names,
        bandwidth=frame.bandwidth,
        seed=frame.seed,
    ).items()


def _sliced(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    frame = stage.frame
    yield (
        names[0],
        sliced_wasserstein_replicates(stage.unit, frame.reference, *stage.groups(intervals), seed=frame.seed),
    )


def _manifold(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    frame = stage.frame
    # A larger set is sampled by the measure, and other rows than the stage's.
    whole = len(stage.unit) <= MAX_ROWS
    replicates = manifold_replicates(
        stage.unit,
        frame.reference,
        *stage.groups(intervals),
        seed=frame.seed,
        searches=(
            (lambda: stage.distances) if whole else None,
            (lambda: frame.reference_distances) if len(frame.reference) <= MAX_ROWS else None,
        ),
    )
    for name in names:
        yield name, replicates[name]


def _vendi(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield names[0], vendi_replicates(stage.unit, items, n)


MEASURES: tuple[StageMeasure, ...] = (
    _measure(
        name="frechet",
        formula="‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), means and covariances of the sets",
        bounds=(0.0, inf),
        unit="squared unit of the vectors",
        paper="Heusel et al., GANs Trained by a Two Time-Scale Update Rule, NeurIPS 2017",
        function=frechet,
        note="Biased upwards, more so the larger D is against N: read it beside the floor from split halves "
        "(frechet_floor) or the limit frechet.infinity. With N ≤ D the covariance has no full rank. Sees "
        "means and covariances only.",
        compute=_frechet,
    ),
    _measure(
        name="frechet.infinity",
        formula="frechet less its bias at these N and M, 2 d − d(½): d(½) between halves of both sets",
        bounds=(-inf, inf),
        unit="squared unit of the vectors",
        paper="Chong & Forsyth, Effectively Unbiased FID and Inception Score, CVPR 2020",
        function=frechet_infinity,
        note="The limit of frechet for N, M → ∞, so sets of different sizes can be compared. May be slightly "
        "below zero. Needs more than 3 D rows in both sets.",
        compute=_frechet,
        extra=True,
    ),
    _measure(
        name="mmd",
        formula="E k(x, x′) + E k(y, y′) − 2 E k(x, y), k = exp(−‖x − y‖² / 2σ²), x ≠ x′, y ≠ y′",
        bounds=(-2.0, 2.0),
        paper="Gretton et al., A Kernel Two-Sample Test, JMLR 2012",
        function=mmd,
        note="Squared and unbiased: zero on average for equal distributions, so it may be negative. σ is the "
        "median distance of the pooled sets, one for all stages of a comparison.",
        compute=_kernels,
    ),
    _measure(
        name="kid",
        formula="E k(x, x′) + E k(y, y′) − 2 E k(x, y), k = (x·y / D + 1)³, x ≠ x′, y ≠ y′",
        bounds=(-inf, inf),
        paper="Bińkowski et al., Demystifying MMD GANs, ICLR 2018",
        function=kid,
        note="Unbiased, so it may be negative. Over all pairs at once, not over random subsets. On unit rows "
        "x·y / D is small, and so is the value.",
        compute=_kernels,
    ),
    _measure(
        name="energy",
        formula="2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖, x ≠ x′, y ≠ y′",
        bounds=(-inf, inf),
        unit="unit of the vectors",
        paper="Székely & Rizzo, Energy Statistics, JSPI 2013",
        function=energy,
        note="Unbiased, so it may be negative. Zero in expectation only for equal distributions; there is no "
        "bandwidth to choose.",
        compute=_kernels,
    ),
    _measure(
        name="wasserstein.sliced",
        formula="(mean over directions u of W₂²(u·x, u·y))^½",
        bounds=(0.0, inf),
        unit="unit of the vectors",
        paper="Bonneel et al., Sliced and Radon Wasserstein Barycenters of Measures, JMIV 2015",
        function=sliced_wasserstein,
        note="128 seeded directions; exact along each. A shift by v reads about ‖v‖ / √D. Biased upwards at "
        "finite N.",
        compute=_sliced,
    ),
    _measure(
        name="precision",
        formula="share of items inside any ball of the reference (radius: 5th nearest in its own set)",
        direction="higher",
        bounds=(0.0, 1.0),
        paper=_KYNKAANNIEMI,
        function=precision,
        note="One outlier of the reference has a large ball, which lifts it; density does not share this.",
        compute=_manifold,
    ),
    _measure(
        name="recall",
        formula="share of reference rows inside any ball of the items (radius: 5th nearest in its own set)",
        direction="higher",
        bounds=(0.0, 1.0),
        paper=_KYNKAANNIEMI,
        function=recall,
        note="Recall of a distribution (how much of the reference the items reach), not of a retrieval. "
        "Outlying items lift it.",
        compute=_manifold,
    ),
    _measure(
        name="density",
        formula="mean number of reference balls around an item, over k = 5",
        direction="higher",
        bounds=(0.0, inf),
        paper=_NAEEM,
        function=density,
        note="About 1 for equal distributions; above 1 the items crowd where the reference is dense.",
        compute=_manifold,
    ),
    _measure(
        name="coverage",
        formula="share of reference balls (k = 5) with an item inside",
        direction="higher",
        bounds=(0.0, 1.0),
        paper=_NAEEM,
        function=coverage,
        note="For equal distributions and sizes about 1 − 2⁻ᵏ = 0.97, whatever D.",
        compute=_manifold,
    ),
    _measure(
        name="vendi",
        formula="exp(−Σ λ log λ), λ the eigenvalues of the cosine kernel matrix / N",
        direction="none",
        bounds=(1.0, inf),
        unit="rows",
        needs="set",
        paper="Friedman & Dieng, The Vendi Score, TMLR 2023",
        function=vendi,
        note="Effective number of different rows, at most min(N, D); depends on both. Cosines are not "
        "centred: a common direction counts as likeness.",
        compute=_vendi,
        extra=True,
    ),
)
