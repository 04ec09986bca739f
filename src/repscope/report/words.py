"""The sentences of a report: what a verdict, a flag, a measure and a control mean, in plain language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from repscope.measure.registry import MeasureCard
from repscope.measure.results import MeasureResult
from repscope.measure.verdict import TRUE_MATCH, describe
from repscope.report.clean import visible
from repscope.report.numbers import number, percent, whole
from repscope.report.record import ComparisonRecord

KEY_MEASURES = (
    "mrr.true", "top1.true", "margin.true", "cosine.true", "cosine.max",
    "gap.l2", "spread.cosine", "rank.entropy", "hub.share",
)  # fmt: skip
"""What a linked comparison turns on, in the order in which it is read."""

KEY_MEASURES_UNLINKED = (
    "energy",
    "frechet",
    "gap.l2",
    "cosine.max",
    "spread.cosine",
    "rank.entropy",
    "hub.share",
)
"""The same without a link: nothing here needs a truth."""

OLDER_NUMBER = "cosine.max"
"""What the older summaries called similarity. Neither direction of it is better."""

_PLAIN = {
    "mrr.true": "mean reciprocal rank of the truth",
    "top1.true": "share of items nearest to their truth",
    "margin.true": "cosine to the truth minus best other",
    "cosine.true": "cosine to the truth",
    "cosine.max": "cosine to the nearest row, right or wrong: the older number",
    "gap.l2": "distance between the two means",
    "spread.cosine": "mean distance between items (1 − cosine)",
    "rank.entropy": "effective number of dimensions",
    "hub.share": "largest share of items with one nearest row",
    "energy": "energy distance to the reference",
    "frechet": "Fréchet distance to the reference",
}

GROUPS = {
    "alignment": ("Alignment", "How items stand to the reference."),
    "distribution": ("Distribution", "How far the items as a whole lie from the reference as a whole."),
    "geometry": (
        "Geometry",
        "The shape of each stage on its own. These depend on the number of rows and on the width, so "
        "each stands beside what a Gaussian cloud of the same size reads.",
    ),
    "similarity": ("Similarity", "How alike the two stages are."),
    "change": ("Change", "How the items moved."),
    "": ("Other", "Measures without a card."),
}
"""Title and one sentence for each group of measures."""

CONTROLS = {
    "identity": "after = before",
    "noise": "random steps of the same lengths",
    "collapse": "every row at the mean direction",
    "snap": "every row replaced by its nearest reference row",
    "floor": "two halves of the reference against each other",
}
"""What each known non-answer is."""

PARTS = {
    "shift": "every row moved by the same vector",
    "rotation": "a rotation or reflection about the mean",
    "scale": "one factor for all distances",
    "linear": "what a linear map explains beyond those",
    "residual": "what no linear map explains: each row for itself",
}
"""What each share of the change is."""


def plain_name(name: str, card: MeasureCard | None) -> str:
    """What a measure is, in a few words."""
    return _PLAIN.get(name) or (card.formula if card else "")


def units(record: ComparisonRecord) -> str:
    """What the independent units are called."""
    return "items" if record.cluster is None else f"clusters of {visible(record.cluster, 40)}"


def headline(record: ComparisonRecord) -> str:
    """The verdict as one sentence for a reader who does not know the word."""
    word = record.verdict.word
    if word not in _HEADLINES:
        return f"The verdict is {word}."
    return _HEADLINES[word](record, {row.name: row for row in record.measures})


def flag_notes(record: ComparisonRecord) -> list[tuple[str, str]]:
    """(flag, what it says about this comparison) for every flag of the verdict."""
    table = {row.name: row for row in record.measures}
    return [(flag, _FLAGS[flag](record, table) if flag in _FLAGS else "") for flag in record.verdict.flags]


def facts(record: ComparisonRecord) -> str:
    """How many rows, how they are linked, from which seed."""
    text = f"{whole(record.n)} items in both stages"
    if record.cluster is not None:
        text += f", in {whole(record.clusters)} independent clusters of {visible(record.cluster, 40)}"
    else:
        text += ", taken as independent"
    reference = visible(record.reference, 60)
    if record.on is None:
        text += f"; not linked with {reference}: compared as distributions only"
    else:
        text += f"; linked with {reference} by {visible(record.on, 40)}"
        if record.without_truth:
            text += f", {whole(record.without_truth)} of them without a truth"
    return f"{text}. Seed {record.seed}."


def needed_note(record: ComparisonRecord) -> str:
    """How many clusters would decide, or nothing."""
    if record.verdict.needed is None:
        return ""
    return (
        f"These {whole(record.clusters)} {units(record)} cannot decide; about {whole(record.verdict.needed)} would, "
        "if the difference seen is the true one and the standard error falls with the root of n."
    )


Table = Mapping[str, MeasureResult]


def _aligned(record: ComparisonRecord, table: Table) -> str:
    return (
        f"Items find their own truth in {_name(record.reference)} more often in {_name(record.after)} than in "
        f"{_name(record.before)}{_hits(table)}, and more than the controls explain."
    )


def _collapsed(record: ComparisonRecord, table: Table) -> str:
    row = table.get("spread.cosine")
    detail = ""
    if row is not None and row.before.value is not None and row.after.value is not None:
        detail = f": the mean cosine distance between two of them is {number(row.after.value)}, and was {number(row.before.value)}"
    return (
        f"The rows of {_name(record.after)} have drawn together, and what told items apart is gone{detail}."
    )


def _hub(record: ComparisonRecord, table: Table) -> str:
    row = table.get("hub.share")
    share = "Too many"
    detail = ""
    if row is not None and row.before.value is not None and row.after.value is not None:
        share = percent(row.after.value)
        detail = f", against {percent(row.before.value)} before"
    return (
        f"{share} of the items in {_name(record.after)} have one and the same nearest row of "
        f"{_name(record.reference)}{detail}, and the truth is not found more often."
    )


def _damaged(record: ComparisonRecord, table: Table) -> str:
    return (
        f"Items find their own truth in {_name(record.reference)} less often in {_name(record.after)} than in "
        f"{_name(record.before)}{_hits(table)}."
    )


def _closer(record: ComparisonRecord, table: Table) -> str:
    if record.on is None:
        return f"As a distribution, {_name(record.after)} lies nearer to {_name(record.reference)} than {_name(record.before)} did."
    return (
        f"{_name(record.after)} lies nearer to {_name(record.reference)} than {_name(record.before)} did, but the "
        f"gap moved and the meaning did not: that items find their own truth more often is not shown{_hits(table)}."
    )


def _farther(record: ComparisonRecord, table: Table) -> str:
    return f"As a distribution, {_name(record.after)} lies farther from {_name(record.reference)} than {_name(record.before)} did."


def _unchanged(record: ComparisonRecord, table: Table) -> str:
    return (
        f"{_name(record.after)} stands to {_name(record.reference)} as {_name(record.before)} did: every difference "
        "that decides lies within its margin of zero."
    )


def _inconclusive(record: ComparisonRecord, table: Table) -> str:
    start = f"From {whole(record.clusters)} independent {units(record)} it cannot be said whether the change helped or harmed"
    if record.verdict.needed is not None:
        return f"{start}; about {whole(record.verdict.needed)} would decide."
    return f"{start}."


_HEADLINES: Mapping[str, Callable[[ComparisonRecord, Table], str]] = {
    "aligned": _aligned,
    "collapsed": _collapsed,
    "hub-captured": _hub,
    "damaged": _damaged,
    "closer": _closer,
    "farther": _farther,
    "unchanged": _unchanged,
    "inconclusive": _inconclusive,
}


def _max_cosine_misleads(record: ComparisonRecord, table: Table) -> str:
    top1 = table.get("top1.true")
    found, row = "the truth was found no more often", table.get(TRUE_MATCH) or top1
    if top1 is not None and top1.difference.high is not None and top1.difference.high < 0:
        found, row = "the truth was found less often", top1
    return (
        f"The mean max-cosine rose {_change(table, OLDER_NUMBER)} and would have been called an improvement; "
        f"{found}: {_change(table, row.name) if row else 'not measured'}. The cosine to the nearest row counts any row, "
        "right or wrong, and is largest when all items fall onto one."
    )


def _few_clusters(record: ComparisonRecord, table: Table) -> str:
    return (
        f"{whole(record.clusters)} independent {units(record)} are fewer than the {record.verdict.margins.clusters} "
        "below which intervals are not trusted; only exact facts are decided."
    )


def _ceiling(record: ComparisonRecord, table: Table) -> str:
    return (
        f"The truth was found almost always before already ({_change(table, TRUE_MATCH)}): no transform could have "
        "improved it. Harder items or a larger reference would tell."
    )


def _spread_fell(record: ComparisonRecord, table: Table) -> str:
    return f"Items lie nearer to each other than before: {_change(table, 'spread.cosine')}."


def _rank_fell(record: ComparisonRecord, table: Table) -> str:
    return f"Items use fewer directions than before: {_change(table, 'rank.entropy')}."


def _rescaled(record: ComparisonRecord, table: Table) -> str:
    return (
        f"The length of the rows changed: {_change(table, 'norm.mean')}. Cosines do not see it; measures of "
        "Euclidean distance, and models that read the rows unnormalised, do."
    )


def _mixed_search(record: ComparisonRecord, table: Table) -> str:
    return f"Searching items and reference together got better: {_change(table, 'mixed.recall@10')}."


def _clustering(record: ComparisonRecord, table: Table) -> str:
    return f"Clustering items and reference together got better: {_change(table, 'cluster.v')}."


def _margin_fell(record: ComparisonRecord, table: Table) -> str:
    return f"The truth leads the best other row by less than before: {_change(table, 'margin.true')}."


_FLAGS: Mapping[str, Callable[[ComparisonRecord, Table], str]] = {
    "max-cosine-misleads": _max_cosine_misleads,
    "few-clusters": _few_clusters,
    "ceiling": _ceiling,
    "spread-fell": _spread_fell,
    "rank-fell": _rank_fell,
    "rescaled": _rescaled,
    "mixed-search-gained": _mixed_search,
    "clustering-gained": _clustering,
    "margin-fell": _margin_fell,
}


def _name(name: str) -> str:
    return visible(name, 60)


def _hits(table: Table) -> str:
    row = table.get("top1.true")
    if row is None or row.before.value is None or row.after.value is None:
        return ""
    return f" ({percent(row.before.value)} → {percent(row.after.value)} of items nearest to it)"


def _change(table: Table, name: str) -> str:
    row = table.get(name)
    if row is None:
        return f"{name} was not measured"
    return f"{name} {number(row.before.value)} → {number(row.after.value)} ({describe(row.difference)})"
