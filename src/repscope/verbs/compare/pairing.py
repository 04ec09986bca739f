"""The rows that enter a comparison: the items of both stages, linked with the reference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import LinkError, UnknownNameError, name_some
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
        after_reference: the reference in the space of ``after``, row by row the same things; None where
            there is one space.
    """

    before: EmbeddingSet
    after: EmbeddingSet
    reference: EmbeddingSet
    link: Link | None
    clusters: Clusters
    notes: tuple[str, ...]
    held_out: HeldOut
    views: NDArray[np.int64] | None = None
    after_reference: EmbeddingSet | None = None


def pair(
    before: EmbeddingSet,
    after: EmbeddingSet,
    reference: EmbeddingSet,
    after_reference: EmbeddingSet | None = None,
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
    if after_reference is None:
        one_width(
            (before, after, reference),
            "capture all of them in the shared space, after the projection; two encoders take a reference "
            "each: --reference BEFORE_TEXTS,AFTER_TEXTS",
        )
    else:
        for label, stage, own in (("before", before, reference), ("after", after, after_reference)):
            one_width(
                (stage, own), f"give {label} the reference of its own encoder (--reference BEFORE,AFTER)"
            )
        if on:
            reference, after_reference, left_out = pair_references(
                reference, after_reference, on, drop=drop_unlinked
            )
            notes += left_out
        notes.append(
            f"two spaces: {before.name!r} is measured against {reference.name!r}, {after.name!r} against "
            f"{after_reference.name!r}; what needs a step from one to the other is undefined"
        )
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
    for one in (before, after, reference, after_reference):
        if one is not None:
            refuse_zero_rows(one)
    return Paired(before, after, reference, linked, clusters, tuple(notes), judged, viewed, after_reference)


def pair_references(
    first: EmbeddingSet, second: EmbeddingSet, on: str, *, drop: bool
) -> tuple[EmbeddingSet, EmbeddingSet, list[str]]:
    """The rows that both references have, in the order of the first, and notes of what was left out.

    Rows of one key are paired in their order.

    Raises:
        UnknownNameError: one of them has no such column.
        LinkError: keys of the first that the second lacks, or no key in common.
    """
    places: list[dict[tuple[str, int], int]] = []
    for one in (first, second):
        if on not in one.columns:
            raise UnknownNameError(
                f"a column {on!r} in reference {one.name!r}",
                f"columns {name_some(one.columns, 12)}",
                "choose another with --on, or import it with that column",
            )
        codes, names = key_codes(one.items.column(on))
        counted: Counter[int] = Counter()
        found: dict[tuple[str, int], int] = {}
        for row, code in enumerate(codes.tolist()):
            if code >= 0:
                found[names[code], counted[code]] = row
                counted[code] += 1
        places.append(found)
    both = [each for each in places[0] if each in places[1]]
    lacking = [name for name, _ in places[0] if (name, 0) not in places[1]]
    uneven = len(both) + len(lacking) < len(places[0])
    if not both or (not drop and len(both) < len(places[0])):
        what = (
            f"another number of rows for some of them in {second.name!r}"
            if uneven and not lacking
            else f"{len(set(lacking)):,} that are not in {second.name!r} "
            f"({name_some(dict.fromkeys(lacking))})"
        )
        raise LinkError(
            f"the same {on!r} in both references, {first.name!r} and {second.name!r}",
            what,
            "ranks count among the same rows in both spaces: add them"
            + (", or compare over the common ones with --drop-unlinked" if both else ""),
        )
    rows = [np.array([place[each] for each in both]) for place in places]
    notes = [
        f"{one.n - len(both):,} of {one.n:,} rows of reference {one.name!r} have no counterpart in the other "
        "and were left out"
        for one in (first, second)
        if one.n > len(both)
    ]
    return keep_rows(first, rows[0]), keep_rows(second, rows[1]), notes
