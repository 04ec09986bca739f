"""The sentences of a report: what its verdict and its flags say, for a reader who knows neither word."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import TRUE_MATCH, describe
from repscope.text.display import display_safe, isolated
from repscope.text.numbers import number, percent, places_for, typeset, whole
from repscope.verbs.common.measures import OLDER_NUMBER
from repscope.verbs.compare.record import ComparisonRecord

WARNINGS = (
    "fitted-on-these-items",
    "centred-after",
    "max-cosine-misleads",
    "few-clusters",
    "ceiling",
    "spread-fell",
    "rank-fell",
    "margin-fell",
)
"""Flags that limit what the verdict means; the others add to it."""

Table = Mapping[str, MeasureResult]


def headline(record: ComparisonRecord) -> str:
    """The verdict as one sentence."""
    word = record.verdict.word
    if word not in _HEADLINES:
        return f"The verdict is {display_safe(word, 40)}."
    return _HEADLINES[word](record, _table(record))


def flag_note(record: ComparisonRecord, flag: str) -> str:
    """What a flag says about this comparison, with test, n and interval; "" for a flag without words."""
    table = _table(record)
    if flag in _CHANGES:
        what, name = _CHANGES[flag]
        return typeset(f"{what}: {_change(table, name)}.")
    return typeset(_FLAGS[flag](record, table)) if flag in _FLAGS else ""


def facts(record: ComparisonRecord) -> str:
    """How many rows, how they are linked, from which seed."""
    text = f"{whole(record.n)} items in both stages"
    if record.cluster is None:
        text += ", taken as independent"
    else:
        text += f", in {whole(record.clusters)} independent {units(record)}"
    reference = against(record, 60)
    if record.on is None:
        text += f"; not linked with {reference}: compared as distributions only"
    else:
        text += f"; linked with {reference} by {isolated(record.on, 40)}"
        if record.without_truth:
            text += f", {whole(record.without_truth)} of them without a truth"
    return f"{text}. Seed {record.seed}."


def units(record: ComparisonRecord) -> str:
    """What the independent units are called."""
    return "items" if record.cluster is None else f"clusters of {isolated(record.cluster, 40)}"


def against(record: ComparisonRecord, limit: int) -> str:
    """The reference, or both, each in its own space."""
    names = [isolated(name, limit) for name in record.references]
    return names[0] if len(names) == 1 else f"{names[0]} and {names[1]}, each in its own space"


def needed_note(record: ComparisonRecord) -> str:
    """How many clusters would decide, or nothing."""
    if record.verdict.needed is None:
        return ""
    return (
        f"These {whole(record.clusters)} {units(record)} cannot decide; about "
        f"{whole(record.verdict.needed)} would, if the difference seen is the true one and the standard "
        "error falls with the root of n."
    )


def _table(record: ComparisonRecord) -> Table:
    return {row.name: row for row in record.measures}


def _stages(record: ComparisonRecord) -> tuple[str, str, str]:
    before, after = (isolated(name, 60) for name in (record.before, record.after))
    return before, after, against(record, 60)


def _aligned(record: ComparisonRecord, table: Table) -> str:
    before, after, reference = _stages(record)
    return (
        f"Items find their own truth in {reference} more often in {after} than in {before}{_hits(table)}, "
        "and more than the controls explain."
    )


def _collapsed(record: ComparisonRecord, table: Table) -> str:
    row = table.get("spread.cosine")
    detail = ""
    if row is not None and row.before.value is not None and row.after.value is not None:
        first, last = (number(value, places_for(value)) for value in (row.before.value, row.after.value))
        detail = f": the mean cosine distance between two of them is {last}, and was {first}"
    return f"The rows of {_stages(record)[1]} have drawn together, and what told items apart is gone{detail}."


def _hub(record: ComparisonRecord, table: Table) -> str:
    _, after, reference = _stages(record)
    row = table.get("hub.share")
    share, detail = "Too many", ""
    if row is not None and row.before.value is not None and row.after.value is not None:
        share, detail = percent(row.after.value), f", against {percent(row.before.value)} before"
    return (
        f"{share} of the items in {after} have one and the same nearest row of {reference}{detail}, and the "
        "truth is not found more often."
    )


def _damaged(record: ComparisonRecord, table: Table) -> str:
    before, after, reference = _stages(record)
    return f"Items find their own truth in {reference} less often in {after} than in {before}{_hits(table)}."


def _closer(record: ComparisonRecord, table: Table) -> str:
    before, after, reference = _stages(record)
    if record.on is None:
        return f"As a distribution, {after} lies nearer to {reference} than {before} did."
    return (
        f"{after} lies nearer to {reference} than {before} did, but the gap moved and the meaning did not: "
        f"that items find their own truth more often than the controls explain is not shown{_hits(table)}."
    )


def _farther(record: ComparisonRecord, table: Table) -> str:
    before, after, reference = _stages(record)
    return f"As a distribution, {after} lies farther from {reference} than {before} did."


def _unchanged(record: ComparisonRecord, table: Table) -> str:
    before, after, reference = _stages(record)
    return (
        f"{after} stands to {reference} as {before} did: every difference that decides lies within its "
        "margin of zero."
    )


def _inconclusive(record: ComparisonRecord, table: Table) -> str:
    if "fitted-on-these-items" in record.verdict.flags:
        return "A fit has seen every one of these items: nothing can be said from them."
    start = (
        f"From {whole(record.clusters)} independent {units(record)} it cannot be said whether the change "
        "helped or harmed"
    )
    if record.verdict.needed is None or "ceiling" in record.verdict.flags:
        return f"{start}."
    return f"{start}; about {whole(record.verdict.needed)} would decide."


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


def _fitted(record: ComparisonRecord, table: Table) -> str:
    return f"{record.held_out.sentence}." if record.held_out else ""


def _centred(record: ComparisonRecord, table: Table) -> str:
    before, after, reference = _stages(record)
    return (
        f"The rows of {after} have length 1 and hardly a mean, those of {before} and {reference} have one: "
        "so older pipelines store rows from which the mean of the texts was taken and never added again. "
        "Against rows that keep theirs, cosines, gap and verdict then say little of the transform. Add the "
        "mean again: import with --decentre text."
    )


def _max_cosine_misleads(record: ComparisonRecord, table: Table) -> str:
    top1 = table.get("top1.true")
    found, row = "no more often", table.get(TRUE_MATCH)
    if top1 is not None and top1.difference.high is not None and top1.difference.high < 0:
        found, row = "less often", top1
    return (
        f"The mean max-cosine rose {_numbers(table.get(OLDER_NUMBER))} and would have been called an "
        f"improvement; the truth was found {found}: {row.name if row else TRUE_MATCH} {_numbers(row)}."
    )


def _few_clusters(record: ComparisonRecord, table: Table) -> str:
    return (
        f"{whole(record.clusters)} independent {units(record)} are fewer than the "
        f"{record.verdict.margins.clusters} below which intervals are not trusted; only exact facts are "
        "decided."
    )


def _ceiling(record: ComparisonRecord, table: Table) -> str:
    return (
        f"The truth was found almost always before already ({_change(table, TRUE_MATCH)}): no transform "
        "could have improved it. Harder items or a larger reference would tell."
    )


def _rescaled(record: ComparisonRecord, table: Table) -> str:
    return (
        f"The length of the rows changed: {_change(table, 'norm.mean')}. Cosines do not see it; measures of "
        "Euclidean distance, and models that read the rows unnormalised, do."
    )


def _one_reference(record: ComparisonRecord, table: Table) -> str:
    return (
        f"All rows of {_stages(record)[2]} point the same way, so every rank in it is a tie. Check how that "
        "set was made."
    )


def _standardised(record: ComparisonRecord, table: Table) -> str:
    before, _, reference = _stages(record)
    return (
        f"Every dimension of {before} has mean 0 and SD 1, as a standardiser leaves it, and those of "
        f"{reference} have not: cosines between the two mean little. Undo the standardisation, or apply it "
        "to both."
    )


_FLAGS: Mapping[str, Callable[[ComparisonRecord, Table], str]] = {
    "fitted-on-these-items": _fitted,
    "centred-after": _centred,
    "max-cosine-misleads": _max_cosine_misleads,
    "few-clusters": _few_clusters,
    "ceiling": _ceiling,
    "rescaled": _rescaled,
    "one-reference": _one_reference,
    "standardised-before": _standardised,
}

_CHANGES = {
    "spread-fell": ("Items lie nearer to each other than before", "spread.cosine"),
    "rank-fell": ("Items use fewer directions than before", "rank.entropy"),
    "mixed-search-gained": ("Searching items and reference together got better", "mixed.recall@10"),
    "mixed-search-lost": ("Searching items and reference together got worse", "mixed.recall@10"),
    "clustering-gained": ("Clustering items and reference together got better", "cluster.v"),
    "clustering-lost": ("Clustering items and reference together got worse", "cluster.v"),
    "hub-rose": ("One reference row is the nearest of more items than before", "hub.share"),
    "margin-fell": ("The truth leads the best other row by less than before", "margin.true"),
}
"""Flags that say how one measure changed."""


def _hits(table: Table) -> str:
    row = table.get("top1.true")
    if row is None or row.before.value is None or row.after.value is None:
        return ""
    return f" ({percent(row.before.value)} → {percent(row.after.value)} of items nearest to it)"


def _change(table: Table, name: str) -> str:
    return f"{name} {_numbers(table.get(name))}"


def _numbers(row: MeasureResult | None) -> str:
    if row is None:
        return "(not measured)"
    places = places_for(row.before.value, row.after.value)
    before, after = (number(one.value, places) for one in (row.before, row.after))
    return f"{before} → {after} ({display_safe(describe(row.difference), 400)})"
