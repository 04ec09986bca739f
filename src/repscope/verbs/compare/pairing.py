"""The rows that enter a comparison: the items of both stages, linked with the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.study import EmbeddingSet, Link, link, pair_rows
from repscope.study.links import key_codes
from repscope.verbs.common.clusters import Clusters, find_clusters
from repscope.verbs.common.rows import keep_rows, one_width, paired_by_number, refuse_zero_rows, rows_with
from repscope.verbs.common.unseen import HeldOut, held_out_note, unseen_items


@dataclass(frozen=True)
class Paired:
    """The rows that enter a comparison, in one order for both stages.

    Attributes:
        before, after: sets of the same n items.
        reference: the reference set.
        link: items with reference rows, or None.
        clusters: which items are not independent.
        views: [n] which item a row is one of several views of, −1 for none; or None.
        notes: what was left out, and why.
        held_out: which items a fit behind the stages has not seen.
    """

    before: EmbeddingSet
    after: EmbeddingSet
    reference: EmbeddingSet
    link: Link | None
    clusters: Clusters
    notes: tuple[str, ...]
    held_out: HeldOut
    views: NDArray[np.int64] | None = None


def pair(
    before: EmbeddingSet,
    after: EmbeddingSet,
    reference: EmbeddingSet,
    *,
    on: str | None,
    cluster: str | None,
    views: str | None = None,
    split: tuple[str, str] | None = None,
    held_out: tuple[str, str] | None = None,
    drop_unlinked: bool = False,
) -> Paired:
    """Link rows by id and key, and refuse what would be wrong.

    The options are those of :func:`repscope.verbs.compare.compare.compare`.

    Raises:
        VectorError: widths that differ, zero rows.
        LinkError: stages without common ids, keys that do not link.
        InputError: an item without a cluster.
        UnknownNameError: no such column, or no such value of the split.
    """
    notes = []
    one_width((before, after, reference), "capture all of them in the shared space, after the projection")
    rows, others = pair_rows(before, after)
    if len(rows) < before.n or len(rows) < after.n:
        notes.append(
            f"{len(rows):,} items are in both stages; {before.n - len(rows):,} only in {before.name!r}, "
            f"{after.n - len(rows):,} only in {after.name!r}, were left out"
        )
    if split is not None:
        keep = rows_with(before, *split)[rows]
        rows, others = rows[keep], others[keep]
        notes.append(f"only items with {split[0]} = {split[1]}: {len(rows):,}")

    def units(of: EmbeddingSet) -> Clusters:
        return find_clusters(of, cluster, on=on, views=views)

    notes += paired_by_number((before, after))
    fresh, judged = unseen_items(
        before, rows, (before, after), held_out, units=units, reference=reference, on=on
    )
    rows, others = rows[fresh], others[fresh]
    if 0 < judged.items < judged.of:
        notes.append(held_out_note(judged))
    before, after = keep_rows(before, rows), keep_rows(after, others)
    linked = link(before, reference, on, drop_unlinked=drop_unlinked) if on else None
    if linked is not None and (without := int((linked.left < 0).sum())):
        notes.append(
            f"{without:,} of {before.n:,} items have no {on!r} in {reference.name!r}: "
            "no truth-based measure counts them"
        )
    clusters = units(before)
    # First: what counts as one item decides every interval.
    notes = [*clusters.notes, *notes]
    viewed = None if views is None else key_codes(before.column(views))[0]
    for stage in (before, after, reference):
        refuse_zero_rows(stage)
    return Paired(before, after, reference, linked, clusters, tuple(notes), judged, viewed)
