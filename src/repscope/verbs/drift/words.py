"""The words of a drift report: what each verdict, flag and measure means."""

from __future__ import annotations

from repscope.measure.catalogue.measures import MEASURES
from repscope.report.document import Tone

TONES: dict[str, Tone] = {
    "stable": "calm",
    "drifting": "info",
    "contracting": "wait",
    "expanding": "wait",
    "collapsing": "bad",
    "inconclusive": "wait",
}
"""Colour of each verdict; the word says the same without it."""

HEADLINES = {
    "stable": "Every later stage is the first one, within the margins.",
    "drifting": "The stages moved or changed their shape; they neither drew together nor apart as a whole.",
    "contracting": "The items drew together over the stages.",
    "expanding": "The items drew apart over the stages.",
    "collapsing": "The stages lose what the first one had: spread, directions or modes.",
    "inconclusive": "These items cannot decide.",
}

FLAGS = {
    "fitted-on-these-items": "A fit behind the stages has seen every one of these items.",
    "centred-stages": "Some stages look stored without their mean, as older pipelines left them, and "
    "others with it: the verdict may be about the storage. Import with --decentre text.",
    "few-clusters": "Too few independent units for any claim that is not exact.",
    "moved": "The centre moved as well; the verdict names what is graver.",
    "rescaled": "The lengths of the rows changed, and their directions kept their spread. What reads cosines "
    "does not see it.",
    "tails-first": "Items far from the centre were lost before the others.",
    "modes-lost": "Clusters of the first stage lost their items.",
    "recovered": "The spread was lower at an earlier stage than at the last.",
    "reference-moved": "The stages stand differently to the reference.",
    "rank-fell": "Fewer directions carry the variance.",
}
"""What else a reader must know."""

URGENT = ("fitted-on-these-items", "centred-stages")
"""Flags that come before every number."""

KEY = (
    "drift.centre", "spread.total", "spread.cosine", "rank.entropy", "cosine.true", "gap.rmg", "frechet",
    "recall", "tail.share",
)  # fmt: skip
"""What a drift turns on, in the order in which it is read."""

_PLAIN = {
    "drift.centre": "distance of the centre from the first stage's",
    "drift.persistence": "whether the centre keeps its direction",
    "spread.total": "sum of the variances",
    "spread.cosine": "mean distance between items (1 − cosine)",
    "spread.along": "variance along the move of the centre",
    "spread.across": "variance across it",
    "spread.axes": "variance along the first stage's axes, last over first",
    "norm.mean": "mean length of a row",
    "rank.entropy": "effective number of dimensions",
    "cosine.true": "cosine to the item's own caption",
    "gap.l2": "distance between the mean directions of stage and reference",
    "gap.rmg": "relative modality gap",
    "frechet": "Fréchet distance",
    "mmd": "maximum mean discrepancy",
    "precision": "share of a stage inside the first one's support",
    "recall": "share of the first stage inside the later one's support",
    "tail.share": "items far from the centre",
    "tail.ratio": "how far the far ones are",
}


def plain(name: str) -> str:
    """What a measure is, in a few words."""
    base, _, to = name.partition("@")
    words = _PLAIN.get(base)
    if words is None:
        card = MEASURES.get(base)
        words = card.formula if card else ""
    return f"{words}, to real rows" if to else words
