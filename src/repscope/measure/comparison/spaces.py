"""Two stages in a space each: which measures have one scale there, and what may be judged by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import Evidence, Margins, Verdict, judge

Array = NDArray[np.floating[Any]]

JUDGED = ("mrr.true", "top1.true", "hub.share")
"""Measures of the verdict that are ranks and shares: they mean the same in any space."""

FLAGGED = ("mixed.recall@10", "cluster.v")
"""Others of that kind, that flags read."""

WITHIN = frozenset(
    (
        *JUDGED, *FLAGGED, "top5.true", "recall@1", "recall@5", "recall@10", "recall@1.reverse",
        "recall@5.reverse", "recall@10.reverse", "mixed.ndcg@10", "hub.skew",
    )
)  # fmt: skip
"""Ranks and shares of neighbours, which any monotone change of all cosines leaves as they are. Better and
worse are said of their differences; lengths, cosines, ranks and distances of two spaces have no one scale."""

NO_STEP = "before and after are two spaces: no item has moved from one into the other"

UNLINKED = (
    "two spaces with a reference each, and no link: distances to them have no common scale; --on links items "
    "with their truth, whose ranks have one"
)


def check_spaces(before: tuple[Array, Array], after: tuple[Array, Array], *, linked: bool) -> None:
    """Refuse stages, each with its reference, that do not pair.

    Raises:
        VectorError: widths or numbers of rows that do not fit.
    """
    for label, (rows, reference) in (("before", before), ("after", after)):
        if rows.shape[1] != reference.shape[1]:
            raise VectorError(
                f"the reference of {label} as wide as {label} ({rows.shape[1]})",
                f"width {reference.shape[1]}",
                "give each stage the reference of its own encoder, that of before first",
            )
    if len(before[0]) != len(after[0]) or (linked and len(before[1]) != len(after[1])):
        raise VectorError(
            "the same items, and references with the same rows, in both spaces",
            f"{len(before[0]):,} and {len(after[0]):,} items, {len(before[1]):,} and {len(after[1]):,} "
            "reference rows",
            "pair them by id and key first",
        )
    if len(before[0]) < 2:
        raise VectorError("at least 2 items", "1", "give more items; one row has no distribution")


def judge_across(
    table: Mapping[str, MeasureResult], evidence: Evidence, margins: Margins | None = None
) -> Verdict:
    """The verdict on two stages, each against a reference in its own space, by the rules of one space.

    Only ranks and shares are read: what falls or rises between two encoders besides, such as rank, spread,
    gap and cosines, is a property of the encoders. Controls that move rows by the real steps do not exist.
    """
    verdict = judge({name: table[name] for name in (*JUDGED, *FLAGGED) if name in table}, evidence, margins)
    if verdict.word == "collapsed" or evidence.one_reference:
        return verdict
    if not evidence.linked:
        return replace(verdict, word="inconclusive", because=(UNLINKED,), needed=None)
    # A sentence about the rank would say that it was not measured: it was, and is not judged here.
    because = tuple(one for one in verdict.because if "rank.entropy" not in one)
    return replace(verdict, because=because)
