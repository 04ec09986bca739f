"""The words of a report: what a measure, a group, a control and a part of the change are."""

from __future__ import annotations

from repscope.report.document import Tone

TONES: dict[str, Tone] = {
    "aligned": "good",
    "closer": "info",
    "unchanged": "calm",
    "inconclusive": "wait",
    "farther": "wait",
    "damaged": "bad",
    "hub-captured": "bad",
    "collapsed": "bad",
}
"""Colour of each verdict; the word says the same without it."""

READINGS: dict[str, Tone] = {
    "better": "good", "worse": "bad", "misleads": "wait", "same": "soft", "unclear": "soft",
    "undefined": "soft",
}  # fmt: skip
"""Colour of each reading of a difference; "rose" and "fell" have none."""

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

CONTROLS = {
    "identity": "after = before",
    "noise": "random steps of the same lengths",
    "collapse": "every row at the mean direction",
    "snap": "every row replaced by its nearest reference row",
    "floor": "two halves of the reference against each other",
}
"""What each known non-answer is."""

CHANGE = {
    "displacement": "mean displacement of a unit row",
    "angle": "mean angle between before and after, degrees",
    "neighbours_kept": "mean share of nearest neighbours kept",
    "items_with_new_neighbours": "items that kept no more neighbours than chance would (q > 0.05)",
    "method": "how the shares were made",
    "why": "what is undefined",
}
"""What a comparison says about the change beside its shares."""

PARTS = {
    "shift": "every row moved by the same vector",
    "rotation": "the best rotation or reflection about the mean",
    "scale": "one factor for all distances from the mean",
    "linear": "what a linear map explains beyond those",
    "residual": "what no linear map explains: each row for itself",
}
"""What each share of the change is."""
