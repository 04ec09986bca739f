"""Which function gives which measure of alignment. One entry for measures that share their work."""

from __future__ import annotations

from repscope.measure.alignment import matching
from repscope.measure.alignment.clustering import cluster_v_replicates
from repscope.measure.alignment.gap import gap_l2_replicates, gap_rmg_replicates
from repscope.measure.alignment.hubs import hub_share_replicates, hub_skew_replicates
from repscope.measure.alignment.hypersphere import alignment_items, uniformity_replicates
from repscope.measure.alignment.mixed import mixed_search
from repscope.measure.alignment.separability import gap_auc_replicates
from repscope.measure.comparison.stage import Codes, PerItem, Provider, Samples, Stage
from repscope.measure.core.estimate import FIXED


def _matches(stage: Stage, _: bool, names: list[str]) -> Samples:
    matched, clusters = stage.matched, stage.frame.clusters
    with_truth = clusters[matched.has_truth]
    per_item = {
        "cosine.true": lambda: matching.cosine_true_items(matched),
        "top1.true": lambda: matching.top_k_items(matched, 1),
        "top5.true": lambda: matching.top_k_items(matched, 5),
        "mrr.true": lambda: matching.reciprocal_rank_items(matched),
        "recall@1": lambda: matching.recall_items(matched, 1),
        "recall@5": lambda: matching.recall_items(matched, 5),
        "recall@10": lambda: matching.recall_items(matched, 10),
        "margin.true": lambda: matching.margin_items(matched),
    }
    for name in names:
        yield name, PerItem(per_item[name](), with_truth)


def _max_cosine(stage: Stage, _: bool, names: list[str]) -> Samples:
    yield names[0], PerItem(matching.cosine_max_items(stage.matched), stage.frame.clusters)


def _reverse(stage: Stage, _: bool, names: list[str]) -> Samples:
    clusters = stage.frame.reference_clusters[stage.matched.reverse_has_truth]
    for name in names:
        k = int(name.removeprefix("recall@").removesuffix(".reverse"))
        yield name, PerItem(matching.recall_items(stage.matched, k, reverse=True), clusters)


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
    found = mixed_search(stage.unit, stage.frame.reference, *_keys(stage), seed=stage.frame.seed)
    clusters = stage.frame.clusters[found.queries]
    for name in names:
        yield name, PerItem(found.recall if name.startswith("mixed.recall") else found.ndcg, clusters)


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
        from repscope.errors import LinkError

        raise LinkError("items linked with the reference", "no link", "link them with --on")
    return frame.item_keys, frame.reference_keys


ALIGNMENT: tuple[tuple[tuple[str, ...], Provider], ...] = (
    (("cosine.true", "top1.true", "top5.true", "mrr.true", "recall@1", "recall@5", "recall@10"), _matches),
    (("margin.true",), _matches),
    (("cosine.max",), _max_cosine),
    (("recall@1.reverse", "recall@5.reverse", "recall@10.reverse"), _reverse),
    (("gap.l2",), _gap_l2),
    (("gap.rmg",), _gap_rmg),
    (("gap.auc",), _gap_auc),
    (("alignment",), _alignment),
    (("uniformity",), _uniformity),
    (("mixed.recall@10", "mixed.ndcg@10"), _mixed),
    (("cluster.v",), _cluster_v),
    (("hub.share",), _hub_share),
    (("hub.skew",), _hub_skew),
)
"""Names that are computed together, and how."""
