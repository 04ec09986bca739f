"""Alignment: how items stand to the reference rows they belong to."""

from __future__ import annotations

from repscope.measure.catalogue.registry import MeasureCard

_INF = float("inf")
_TIES = "Ties count as the expectation over random orders."
_LIANG = "Liang et al., Mind the Gap, NeurIPS 2022"
_WANG = "Wang & Isola, Alignment and Uniformity on the Hypersphere, ICML 2020"
_LI = "Li et al., Closing the Modality Gap for Mixed Modality Search, 2025"
_RECALL = "Karpathy & Fei-Fei, Deep Visual-Semantic Alignments, CVPR 2015"


def _recall(k: int, reverse: bool) -> MeasureCard:
    formula = f"share of items whose best linked reference row is among their {k} nearest"
    if reverse:
        formula = f"share of linked reference rows whose best linked item is among their {k} nearest"
    return MeasureCard(
        name=f"recall@{k}.reverse" if reverse else f"recall@{k}",
        group="alignment",
        formula=formula,
        direction="higher",
        bounds=(0.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.matching.recall_items",
        paper=_RECALL,
        note=f"{'Reference rows search the items' if reverse else 'Items search the reference'}. {_TIES}",
    )


CARDS: tuple[MeasureCard, ...] = (
    MeasureCard(
        name="cosine.true",
        group="alignment",
        formula="mean over items of max over linked y of cos(x, y)",
        direction="higher",
        bounds=(-1.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.matching.cosine_true_items",
        note="A mean shift lifts every cosine, true or not: read it beside the ranks.",
    ),
    MeasureCard(
        name="cosine.max",
        group="alignment",
        formula="mean over items of max over all y of cos(x, y)",
        direction="none",
        bounds=(-1.0, 1.0),
        needs="reference",
        function="repscope.measure.alignment.matching.cosine_max_items",
        note="The number of the older scripts. It rises when rows collapse onto any reference row, right or "
        "wrong, so neither direction is better.",
    ),
    MeasureCard(
        name="top1.true",
        group="alignment",
        formula="share of items whose best linked row is nearer than every unlinked row",
        direction="higher",
        bounds=(0.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.matching.top_k_items",
        note=_TIES,
    ),
    MeasureCard(
        name="top5.true",
        group="alignment",
        formula="share of items with fewer than 5 unlinked rows nearer than the best linked row",
        direction="higher",
        bounds=(0.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.matching.top_k_items",
        note=_TIES,
    ),
    MeasureCard(
        name="mrr.true",
        group="alignment",
        formula="mean over items of 1 / (1 + unlinked rows nearer than the best linked row + half of ties)",
        direction="higher",
        bounds=(0.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.matching.reciprocal_rank_items",
        paper="Voorhees, The TREC-8 Question Answering Track Report, 1999",
    ),
    MeasureCard(
        name="margin.true",
        group="alignment",
        formula="mean over items of (max over linked y of cos(x, y) − max over unlinked y of cos(x, y))",
        direction="higher",
        bounds=(-2.0, 2.0),
        needs="link",
        function="repscope.measure.alignment.matching.margin_items",
        note="Needs at least one unlinked reference row for every item.",
    ),
    *(_recall(k, reverse) for reverse in (False, True) for k in (1, 5, 10)),
    MeasureCard(
        name="gap.l2",
        group="alignment",
        formula="‖mean N(x) − mean N(y)‖",
        direction="lower",
        bounds=(0.0, 2.0),
        needs="reference",
        function="repscope.measure.alignment.gap.gap_l2",
        paper=_LIANG,
        note="A mean shift brings it to zero and may leave every neighbour as it was.",
    ),
    MeasureCard(
        name="gap.rmg",
        group="alignment",
        formula="d̄xy / (d̄xy + (d̄xx + d̄yy)/2), d = 1 − cos, d̄xy over linked pairs, d̄xx over distinct rows",
        direction="lower",
        bounds=(0.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.gap.gap_rmg",
        paper="Schrodi et al., Two Effects, One Trigger, ICLR 2025",
        note="0.5: linked rows are as far apart as random rows of one set. It rises as a set contracts.",
    ),
    MeasureCard(
        name="gap.auc",
        group="alignment",
        formula="P(score of an item > score of a reference row), logistic regression on N(x), out of fold",
        direction="lower",
        bounds=(0.5, 1.0),
        needs="reference",
        function="repscope.measure.alignment.separability.gap_auc",
        paper="Lopez-Paz & Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017",
        note="0.5: no line tells the sets apart. Linked rows share a fold; below 0.5 is read as 0.5.",
    ),
    MeasureCard(
        name="alignment",
        group="alignment",
        formula="mean over items of mean over linked y of ‖N(x) − N(y)‖²",
        direction="lower",
        bounds=(0.0, 4.0),
        needs="link",
        function="repscope.measure.alignment.hypersphere.alignment_items",
        paper=_WANG,
    ),
    MeasureCard(
        name="uniformity",
        group="alignment",
        formula="log of the mean over distinct pairs of exp(−2‖N(x) − N(x′)‖²)",
        direction="lower",
        bounds=(-8.0, 0.0),
        needs="set",
        function="repscope.measure.alignment.hypersphere.uniformity",
        unit="nats",
        paper=_WANG,
        note="0: all rows in one direction. About −4 + 8/D for rows spread evenly over the sphere.",
    ),
    MeasureCard(
        name="mixed.recall@10",
        group="alignment",
        formula="rows of the query's key among its 10 nearest in the union of both sets / all such rows",
        direction="higher",
        bounds=(0.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.mixed.mixed_search",
        paper=_LI,
        note=f"Items search the other items and the reference at once. At most 10 / relevant rows. {_TIES}",
    ),
    MeasureCard(
        name="mixed.ndcg@10",
        group="alignment",
        formula="Σ relᵢ/log₂(i + 1) over the 10 nearest in the union of both sets / its largest value",
        direction="higher",
        bounds=(0.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.mixed.mixed_search",
        paper=f"Järvelin & Kekäläinen, TOIS 2002; {_LI}",
        note=f"Items search the other items and the reference at once. {_TIES}",
    ),
    MeasureCard(
        name="cluster.v",
        group="alignment",
        formula="2hc/(h + c), h = 1 − H(key|cluster)/H(key), c = 1 − H(cluster|key)/H(cluster)",
        direction="higher",
        bounds=(0.0, 1.0),
        needs="link",
        function="repscope.measure.alignment.clustering.cluster_v",
        paper="Rosenberg & Hirschberg, V-Measure, EMNLP-CoNLL 2007",
        note="k-means of both sets at once. Not defined for one-to-one pairs. Chance is not 0.",
    ),
    MeasureCard(
        name="hub.share",
        group="alignment",
        formula="max over y of the share of items whose nearest reference row is y",
        direction="lower",
        bounds=(0.0, 1.0),
        needs="reference",
        function="repscope.measure.alignment.hubs.hub_share",
        note="Read it beside the largest share of one label, which no hub is needed to explain.",
    ),
    MeasureCard(
        name="hub.skew",
        group="alignment",
        formula="E(N₁₀ − μ)³/σ³, N₁₀ = items that have the reference row among their 10 nearest",
        direction="lower",
        bounds=(-_INF, _INF),
        needs="reference",
        function="repscope.measure.alignment.hubs.hub_skew",
        paper="Radovanović et al., Hubs in Space, JMLR 2010",
        note="Below 11 reference rows, all but one of them are the neighbours that count.",
    ),
)
