"""The measures of alignment: how items stand to the reference rows they belong to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from repscope.errors import LinkError
from repscope.measure.alignment.clustering import cluster_v, cluster_v_replicates
from repscope.measure.alignment.gap import gap_l2, gap_l2_replicates, gap_rmg, gap_rmg_replicates
from repscope.measure.alignment.hubs import hub_share, hub_share_replicates, hub_skew, hub_skew_replicates
from repscope.measure.alignment.hypersphere import alignment_items, uniformity, uniformity_replicates
from repscope.measure.alignment.mixed import mixed_search
from repscope.measure.alignment.separability import gap_auc, gap_auc_replicates
from repscope.measure.alignment.true_match import (
    cosine_max_items,
    cosine_true_items,
    margin_items,
    recall_items,
    reciprocal_rank_items,
    top_k_items,
)
from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import FIXED, PerItem
from repscope.measure.core.stage import Codes, Samples, Stage, StageMeasure

_INF = float("inf")
_TIES = "Ties count as the expectation over random orders."
_LIANG = "Liang et al., Mind the Gap, NeurIPS 2022"
_WANG = "Wang & Isola, Alignment and Uniformity on the Hypersphere, ICML 2020"
_LI = "Li et al., Closing the Modality Gap for Mixed Modality Search, 2025"
_RECALL = "Karpathy & Fei-Fei, Deep Visual-Semantic Alignments, CVPR 2015"


def _matches(stage: Stage, _: bool, names: list[str]) -> Samples:
    matched, clusters = stage.matched, stage.frame.clusters
    with_truth = clusters[matched.has_truth]
    # The margin comes last: a reference without unlinked rows has none, and all the others.
    per_item: dict[str, Callable[[], Float64]] = {
        "cosine.true": lambda: cosine_true_items(matched),
        "top1.true": lambda: top_k_items(matched, 1),
        "top5.true": lambda: top_k_items(matched, 5),
        "mrr.true": lambda: reciprocal_rank_items(matched),
        "recall@1": lambda: recall_items(matched, 1),
        "recall@5": lambda: recall_items(matched, 5),
        "recall@10": lambda: recall_items(matched, 10),
        "margin.true": lambda: margin_items(matched),
    }
    for name, values in per_item.items():
        if name in names:
            yield name, PerItem(values(), with_truth)


def _max_cosine(stage: Stage, _: bool, names: list[str]) -> Samples:
    yield names[0], PerItem(cosine_max_items(stage.matched), stage.frame.clusters)


def _reverse(stage: Stage, _: bool, names: list[str]) -> Samples:
    clusters = stage.frame.reference_clusters[stage.matched.reverse_has_truth]
    for name in names:
        k = int(name.removeprefix("recall@").removesuffix(".reverse"))
        yield name, PerItem(recall_items(stage.matched, k, reverse=True), clusters)


def _gap_l2(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    groups = stage.groups(intervals)
    yield names[0], gap_l2_replicates(stage.unit, stage.frame.reference, *groups)


def _gap_rmg(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, reference, n = stage.groups(intervals)
    yield (
        names[0],
        gap_rmg_replicates(
            stage.unit,
            stage.frame.reference,
            *_keys(stage),
            groups=items,
            reference_groups=reference,
            n_groups=n,
        ),
    )


def _gap_auc(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, reference, n = stage.groups(intervals)
    # Rows that belong together must not straddle a fold: pairs of one key, or else items of one cluster.
    item_units, reference_units = stage.frame.clusters, None
    if (stage.frame.reference_groups != FIXED).any():
        item_units, reference_units = _keys(stage)
    yield (
        names[0],
        gap_auc_replicates(
            stage.unit, stage.frame.reference, items, reference, n,
            item_units=item_units, reference_units=reference_units, seed=stage.frame.seed,
        ),
    )  # fmt: skip


def _alignment(stage: Stage, _: bool, names: list[str]) -> Samples:
    values = alignment_items(stage.unit, stage.frame.reference, *_keys(stage))
    yield names[0], PerItem(values, stage.frame.clusters[stage.matched.has_truth])


def _uniformity(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield names[0], uniformity_replicates(stage.unit, items, n, seed=stage.frame.seed)


def _mixed(stage: Stage, _: bool, names: list[str]) -> Samples:
    ranked = mixed_search(stage.unit, stage.frame.reference, *_keys(stage), seed=stage.frame.seed)
    clusters = stage.frame.clusters[ranked.queries]
    for name in names:
        yield name, PerItem(ranked.recall if name.startswith("mixed.recall") else ranked.ndcg, clusters)


def _cluster_v(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, reference, n = stage.groups(intervals)
    yield (
        names[0],
        cluster_v_replicates(
            stage.unit,
            stage.frame.reference,
            *_keys(stage),
            groups=items,
            reference_groups=reference,
            n_groups=n,
            seed=stage.frame.seed,
        ),
    )


def _hub_share(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield names[0], hub_share_replicates(stage.matched.nearest, items, n)


def _hub_skew(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield names[0], hub_skew_replicates(stage.matched.top_indices, len(stage.frame.reference), items, n)


def _keys(stage: Stage) -> tuple[Codes, Codes]:
    frame = stage.frame
    if frame.item_keys is None or frame.reference_keys is None:
        raise LinkError("items linked with the reference", "no link", "link them with --on")
    return frame.item_keys, frame.reference_keys


_measure = partial(
    StageMeasure, group="alignment", direction="higher", bounds=(0.0, 1.0), needs="link", compute=_matches
)
"""What an entry does not say: a share of the links, and the computation that most of them have in common."""


def _recall(k: int, reverse: bool) -> StageMeasure:
    formula = f"share of items whose best linked reference row is among their {k} nearest"
    if reverse:
        formula = f"share of linked reference rows whose best linked item is among their {k} nearest"
    return _measure(
        name=f"recall@{k}.reverse" if reverse else f"recall@{k}",
        formula=formula,
        function=recall_items,
        paper=_RECALL,
        note=f"{'Reference rows search the items' if reverse else 'Items search the reference'}. {_TIES}",
        compute=_reverse if reverse else _matches,
    )


MEASURES: tuple[StageMeasure, ...] = (
    _measure(
        name="cosine.true",
        formula="mean over items of max over linked y of cos(x, y)",
        bounds=(-1.0, 1.0),
        function=cosine_true_items,
        note="A mean shift lifts every cosine, true or not: read it beside the ranks.",
    ),
    _measure(
        name="cosine.max",
        formula="mean over items of max over all y of cos(x, y)",
        direction="none",
        bounds=(-1.0, 1.0),
        needs="reference",
        function=cosine_max_items,
        note="The number of the older scripts. It rises when rows collapse onto any reference row, right or "
        "wrong, so neither direction is better.",
        compute=_max_cosine,
    ),
    _measure(
        name="top1.true",
        formula="share of items whose best linked row is nearer than every unlinked row",
        function=top_k_items,
        note=_TIES,
    ),
    _measure(
        name="top5.true",
        formula="share of items with fewer than 5 unlinked rows nearer than the best linked row",
        function=top_k_items,
        note=_TIES,
    ),
    _measure(
        name="mrr.true",
        formula="mean over items of 1 / (1 + unlinked rows nearer than the best linked row + half of ties)",
        function=reciprocal_rank_items,
        paper="Voorhees, The TREC-8 Question Answering Track Report, 1999",
    ),
    _measure(
        name="margin.true",
        formula="mean over items of (max over linked y of cos(x, y) − max over unlinked y of cos(x, y))",
        bounds=(-2.0, 2.0),
        function=margin_items,
        note="Needs at least one unlinked reference row for every item.",
    ),
    *(_recall(k, reverse) for reverse in (False, True) for k in (1, 5, 10)),
    _measure(
        name="gap.l2",
        formula="‖mean N(x) − mean N(y)‖",
        direction="lower",
        bounds=(0.0, 2.0),
        needs="reference",
        function=gap_l2,
        paper=_LIANG,
        note="A mean shift brings it to zero and may leave every neighbour as it was.",
        compute=_gap_l2,
    ),
    _measure(
        name="gap.rmg",
        formula="d̄xy / (d̄xy + (d̄xx + d̄yy)/2), d = 1 − cos, d̄xy over linked pairs, d̄xx over distinct rows",
        direction="lower",
        function=gap_rmg,
        paper="Schrodi et al., Two Effects, One Trigger, ICLR 2025",
        note="0.5: linked rows are as far apart as random rows of one set. It rises as a set contracts.",
        compute=_gap_rmg,
    ),
    _measure(
        name="gap.auc",
        formula="P(score of an item > score of a reference row), logistic regression on N(x), out of fold",
        direction="lower",
        bounds=(0.5, 1.0),
        needs="reference",
        function=gap_auc,
        paper="Lopez-Paz & Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017",
        note="0.5: no line tells the sets apart. Linked rows share a fold; below 0.5 is read as 0.5.",
        compute=_gap_auc,
    ),
    _measure(
        name="alignment",
        formula="mean over items of mean over linked y of ‖N(x) − N(y)‖²",
        direction="lower",
        bounds=(0.0, 4.0),
        function=alignment_items,
        paper=_WANG,
        compute=_alignment,
    ),
    _measure(
        name="uniformity",
        formula="log of the mean over distinct pairs of exp(−2‖N(x) − N(x′)‖²)",
        direction="lower",
        bounds=(-8.0, 0.0),
        needs="set",
        function=uniformity,
        unit="nats",
        paper=_WANG,
        note="0: all rows in one direction. About −4 + 8/D for rows spread evenly over the sphere.",
        compute=_uniformity,
    ),
    _measure(
        name="mixed.recall@10",
        formula="rows of the query's key among its 10 nearest in the union of both sets / all such rows",
        function=mixed_search,
        paper=_LI,
        note=f"Items search the other items and the reference at once. At most 10 / relevant rows. {_TIES}",
        compute=_mixed,
    ),
    _measure(
        name="mixed.ndcg@10",
        formula="Σ relᵢ/log₂(i + 1) over the 10 nearest in the union of both sets / its largest value",
        function=mixed_search,
        paper=f"Järvelin & Kekäläinen, TOIS 2002; {_LI}",
        note=f"Items search the other items and the reference at once. {_TIES}",
        compute=_mixed,
    ),
    _measure(
        name="cluster.v",
        formula="2hc/(h + c), h = 1 − H(key|cluster)/H(key), c = 1 − H(cluster|key)/H(cluster)",
        function=cluster_v,
        paper="Rosenberg & Hirschberg, V-Measure, EMNLP-CoNLL 2007",
        note="k-means of both sets at once. Not defined for one-to-one pairs. Chance is not 0.",
        compute=_cluster_v,
    ),
    _measure(
        name="hub.share",
        formula="max over y of the share of items whose nearest reference row is y",
        direction="lower",
        needs="reference",
        function=hub_share,
        note="Read it beside the largest share of one label, which no hub is needed to explain.",
        compute=_hub_share,
    ),
    _measure(
        name="hub.skew",
        formula="E(N₁₀ − μ)³/σ³, N₁₀ = items that have the reference row among their 10 nearest",
        direction="lower",
        bounds=(-_INF, _INF),
        needs="reference",
        function=hub_skew,
        paper="Radovanović et al., Hubs in Space, JMLR 2010",
        note="Below 11 reference rows, all but one of them are the neighbours that count.",
        compute=_hub_skew,
    ),
)
