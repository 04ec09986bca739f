"""``compare``: link the rows, measure, judge, map; one record that saves itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, UnknownNameError, VectorError, name_some
from repscope.measure.verdict.rules import Margins
from repscope.study import EmbeddingSet, Link, Study, link, pair_rows
from repscope.study.links import key_codes
from repscope.study.provenance import version
from repscope.verbs.common.words import map_method
from repscope.verbs.compare.options import CompareOptions
from repscope.verbs.compare.record import Comparison


@dataclass(frozen=True)
class Paired:
    """The rows that enter a comparison, in one order for both stages.

    Attributes:
        before, after: sets of the same n items.
        reference: the reference set.
        link: items with reference rows, or None.
        clusters: [n] independent units.
        views: [n] which item a row is one of several views of, −1 for none; or None.
        notes: what was left out, and why.
    """

    before: EmbeddingSet
    after: EmbeddingSet
    reference: EmbeddingSet
    link: Link | None
    clusters: NDArray[np.int64]
    notes: tuple[str, ...]
    views: NDArray[np.int64] | None = None


def compare(
    before: EmbeddingSet,
    after: EmbeddingSet,
    reference: EmbeddingSet,
    *,
    on: str | None = None,
    cluster: str | None = None,
    views: str | None = None,
    split: tuple[str, str] | None = None,
    drop_unlinked: bool = False,
    measures: Collection[str] | None = None,
    method: str = CompareOptions.method,
    perplexity: float = CompareOptions.perplexity,
    seen: str | None = None,
    palette: str = CompareOptions.palette,
    seed: int = CompareOptions.seed,
    resamples: int = CompareOptions.resamples,
    margins: Margins | None = None,
) -> Comparison:
    """Did the step from ``before`` to ``after`` improve alignment with ``reference``, and is it real?

    Args:
        before, after: two stages of the same items, paired by id, of one width.
        reference: what they are measured against (captions, class texts), of the same width.
        on: "id" or a key column that links items with reference rows. Without it the stages are
            compared with the reference as distributions only.
        cluster: column that says which items are not independent; intervals resample its values. By
            default what the import knew (``image_id`` of human-object pairs), else every item its own;
            "id" makes every item its own.
        views: column that says which rows are augmented views of one thing; adds ``lidar``. Views are not
            independent, so it is the cluster where there is no other.
        split: (column, value): only the items with that value.
        drop_unlinked: leave out items whose key the reference lacks, instead of refusing.
        measures: names; all that apply by default.
        method: of the map: "tsne", "umap", "pca" or "none".
        perplexity: of t-SNE.
        seen: column of the reference that says which classes were seen in training.
        palette: "default" (colour-blind-safe) or "classic" (the older systems' colours).
        seed: of everything random.
        resamples: of the bootstrap.
        margins: thresholds of the verdict.

    Raises:
        VectorError: widths that differ, NaN, Inf or zero rows.
        LinkError: stages without common ids, keys that do not link.
        UnknownNameError: no such column, measure or method.
        DependencyError: the map needs a package that is not installed.
    """
    from repscope.measure.comparison.compare_arrays import compare_arrays
    from repscope.verbs.compare.extras import change_of, item_table, similarity_of
    from repscope.verbs.compare.figures import MapChoice, draw, fit_map

    declared = None if cluster else declared_cluster(before)
    cluster = cluster or declared or views
    paired = pair(
        before,
        after,
        reference,
        on=on,
        cluster=cluster,
        views=views,
        split=split,
        drop_unlinked=drop_unlinked,
    )
    options = CompareOptions.of(locals() | {"reference": reference.name})
    choice = MapChoice(map_method(method), perplexity, seen, palette, seed)
    if seen is not None:
        paired.reference.column(seen)
    # The map comes first: a missing package is an error before the work, not after it.
    projection = fit_map(paired, choice, (before, after, reference))
    arrays = compare_arrays(
        paired.before.vectors,
        paired.after.vectors,
        paired.reference.vectors,
        item_keys=paired.link.left if paired.link else None,
        reference_keys=paired.link.right if paired.link else None,
        clusters=paired.clusters,
        views=paired.views,
        measures=measures,
        seed=seed,
        resamples=resamples,
        margins=margins,
        reference_name=reference.name,
    )
    similarity, failed = similarity_of(arrays, seed=seed, wanted=measures)
    change, neighbours = change_of(arrays, seed=seed)
    missing = _classes_without_items(paired)
    drawn = draw(paired, arrays, projection, change, choice)
    return Comparison(
        before=before.name,
        after=after.name,
        reference=reference.name,
        on=on,
        cluster=cluster,
        views=views,
        n=paired.before.n,
        clusters=arrays.clusters,
        without_truth=int((paired.link.left < 0).sum()) if paired.link else 0,
        seed=seed,
        fingerprints={one.name: one.fingerprint for one in (before, after, reference)},
        replay=options.replay("compare", (before, after, reference), (before, after)),
        version=version(),
        measures=tuple(arrays.table.values()),
        undefined={**arrays.undefined, **failed},
        similarity=similarity,
        change=change,
        verdict=arrays.verdict,
        items=item_table(paired, arrays, neighbours, drawn.coordinates),
        figures=drawn.figures,
        captions=drawn.captions,
        classes_without_items=missing,
        notes=(*paired.notes, *_cluster_note(declared), *drawn.notes),
        provenance={one.name: one.provenance for one in (before, after, reference)},
    )


def pair(
    before: EmbeddingSet,
    after: EmbeddingSet,
    reference: EmbeddingSet,
    *,
    on: str | None,
    cluster: str | None,
    views: str | None = None,
    split: tuple[str, str] | None = None,
    drop_unlinked: bool = False,
) -> Paired:
    """Link rows by id and key, and refuse what would be wrong. See :func:`compare`."""
    notes = []
    _check_widths(before, after, reference)
    rows, others = pair_rows(before, after)
    if len(rows) < before.n or len(rows) < after.n:
        notes.append(
            f"{len(rows):,} items are in both stages; {before.n - len(rows):,} only in {before.name!r}, "
            f"{after.n - len(rows):,} only in {after.name!r}, were left out"
        )
    if split is not None:
        keep = _matches(before, *split)[rows]
        rows, others = rows[keep], others[keep]
        notes.append(f"only items with {split[0]} = {split[1]}: {len(rows):,}")
    before, after = _rows_of(before, rows), _rows_of(after, others)
    linked = link(before, reference, on, drop_unlinked=drop_unlinked) if on else None
    if linked is not None and (without := int((linked.left < 0).sum())):
        notes.append(
            f"{without:,} of {before.n:,} items have no {on!r} in {reference.name!r}: "
            "no truth-based measure counts them"
        )
    clusters = np.arange(before.n)
    if cluster is not None:
        clusters, _ = key_codes(before.column(cluster))
        if (clusters < 0).any():
            raise InputError(
                f"a {cluster!r} for every item of {before.name!r}",
                f"{int((clusters < 0).sum()):,} items without",
                "fill the column, or choose another with --cluster",
            )
    viewed = None if views is None else key_codes(before.column(views))[0]
    for one in (before, after, reference):
        _refuse_zero_rows(one)
    return Paired(before, after, reference, linked, clusters, tuple(notes), viewed)


def declared_cluster(one: EmbeddingSet) -> str | None:
    """The cluster column that a set's provenance names, if the set has it."""
    column = one.provenance.get("cluster")
    return column if isinstance(column, str) and column in one.columns else None


def compare_study(study: str | Path, before: str, after: str, options: CompareOptions) -> Comparison:
    """Compare three sets of a study after verifying every byte of them.

    Raises:
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
    """
    opened = Study.open(study)
    sets = {name: opened.verify(name) for name in dict.fromkeys((before, after, options.reference))}
    keywords = options.keywords() | {"reference": sets[options.reference]}
    return compare(sets[before], sets[after], **keywords)


def _cluster_note(declared: str | None) -> tuple[str, ...]:
    if declared is None:
        return ()
    return (f"clusters are {declared}, as the import said; --cluster id takes every item as independent",)


def _rows_of(one: EmbeddingSet, rows: NDArray[np.int64]) -> EmbeddingSet:
    return one if len(rows) == one.n and (rows == np.arange(one.n)).all() else one.take(rows)


def _check_widths(before: EmbeddingSet, after: EmbeddingSet, reference: EmbeddingSet) -> None:
    widths = {one.name: one.d for one in (before, after, reference)}
    if len(set(widths.values())) > 1:
        raise VectorError(
            "sets of one width",
            ", ".join(f"{name!r} {width}" for name, width in widths.items()),
            "capture all of them in the shared space, after the projection",
        )


def _matches(one: EmbeddingSet, column: str, value: str) -> NDArray[np.bool_]:
    codes, names = key_codes(one.column(column))
    if value not in names:
        raise UnknownNameError(
            f"a value of column {column!r} in set {one.name!r}",
            repr(value),
            f"choose one of {name_some(names, 8)}",
        )
    found: NDArray[np.bool_] = codes == names.index(value)
    return found


def _refuse_zero_rows(one: EmbeddingSet) -> None:
    zero: list[int] = []
    start = 0
    for block in one.blocks():
        zero.extend((np.flatnonzero(~block.any(axis=1)) + start).tolist())
        start += len(block)
    if zero:
        raise VectorError(
            f"vectors with a direction in set {one.name!r}",
            f"{len(zero):,} zero vectors (ids {name_some(one.ids[zero])})",
            "find out why they are zero; import without them with --drop-invalid",
        )


def _classes_without_items(paired: Paired) -> tuple[str, ...]:
    if paired.link is None:
        return ()
    used = set(paired.link.left.tolist())
    return tuple(name for code, name in enumerate(paired.link.names) if code not in used)
