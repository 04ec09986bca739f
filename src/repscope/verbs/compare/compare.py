"""``compare``: link the rows, measure, judge, map; one record that saves itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from repscope.errors import InputError
from repscope.formats.older.centred import looks_centred
from repscope.measure.verdict.rules import Margins, Verdict
from repscope.study import EmbeddingSet, Study
from repscope.study.provenance import version
from repscope.verbs.common.classes import class_table, classes_without_items
from repscope.verbs.common.joint_map import MapChoice, coloured_by, fit_map
from repscope.verbs.common.threads import thrifty
from repscope.verbs.common.unseen import without_credit
from repscope.verbs.common.words import map_method
from repscope.verbs.compare.options import CompareOptions
from repscope.verbs.compare.pairing import Paired, pair
from repscope.verbs.compare.result import Comparison


@thrifty
def compare(
    before: EmbeddingSet,
    after: EmbeddingSet,
    reference: EmbeddingSet | tuple[EmbeddingSet, EmbeddingSet],
    *,
    on: str | None = None,
    cluster: str | None = None,
    views: str | None = None,
    split: tuple[str, str] | None = None,
    held_out: tuple[str, str] | None = None,
    drop_unlinked: bool = False,
    measures: Collection[str] | None = None,
    all_measures: bool = False,
    method: str = CompareOptions.method,
    perplexity: float = CompareOptions.perplexity,
    map_rows: int = CompareOptions.map_rows,
    colour: str | None = None,
    classes: str | None = None,
    by: Sequence[str] = CompareOptions.by,
    seen: str | None = None,
    palette: str = CompareOptions.palette,
    seed: int = CompareOptions.seed,
    resamples: int = CompareOptions.resamples,
    margins: Margins | None = None,
) -> Comparison:
    """Did the step from ``before`` to ``after`` improve alignment with ``reference``, and is it real?

    Args:
        before, after: two stages of the same items, paired by id, of one width.
        reference: what they are measured against (captions, class texts), of the same width. Two of them,
            that of ``before`` and that of ``after``, where the stages come from two encoders, of two widths
            or of one: each stage is then measured in its own space, and ``on`` pairs the references too.
        on: "id" or a key column that links items with reference rows. Without it the stages are
            compared with the reference as distributions only.
        cluster: column that says which items are not independent; intervals resample its values. By
            default what the import knew (``image_id`` of human-object pairs), else what names and copies tell
            (:func:`repscope.verbs.common.clusters.find_clusters`); "id" makes every item its own.
        views: column that says which rows are augmented views of one thing; adds ``lidar``. Views are not
            independent, so it is the cluster where there is no other.
        split: (column, value): only the items with that value.
        held_out: (column, value) of the items that no fit has seen; only they are judged. By default those
            that the bridges behind the stages held out, as the study knows.
        drop_unlinked: leave out items whose key the reference lacks, instead of refusing.
        measures: names; by default all that apply but the costly ones, which the report names.
        all_measures: the costly ones too, and on the controls those that no verdict reads.
        method: of the map: "tsne", "umap", "pca" or "none".
        perplexity: of t-SNE.
        map_rows: most rows of each set on the map, a seeded sample of more.
        colour: column that colours the points of the map.
        classes: column of the items that says the class; by default the key, or ``label``, where a class has
            two items or more on average.
        by: columns of the items or the reference that group the classes, such as seen.
        seen: column of the reference that says which classes were seen in training; groups them too.
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
    from repscope.verbs.compare.extras import change_of, item_table, similarities, similarity_of
    from repscope.verbs.compare.figures import draw, draw_apart, spaces_of, stage_names

    reference, after_reference = reference if isinstance(reference, tuple) else (reference, None)
    references = [one for one in (reference, after_reference) if one is not None]
    paired = pair(
        before,
        after,
        reference,
        after_reference,
        on=on,
        cluster=cluster,
        views=views,
        split=split,
        held_out=held_out,
        drop_unlinked=drop_unlinked,
    )
    units = paired.clusters
    options = CompareOptions.of(locals() | {"reference": ",".join(one.name for one in references)})
    choice = MapChoice(map_method(method), perplexity, map_rows, colour, seen, palette, seed)
    if seen is not None:
        paired.reference.column(seen)
    groups = dict.fromkeys((*by, *((seen,) if seen and paired.link else ())))
    table = class_table(
        paired.before, paired.reference, paired.link, units.codes, column=classes, by=(*groups,)
    )
    # The map comes first: a missing package is an error before the work, not after it.
    mapped = dict(zip(stage_names(paired), (paired.before, paired.after, paired.reference), strict=True))
    coloured = coloured_by(colour, mapped)
    one_space = paired.after_reference is None
    projection = fit_map(mapped, choice, (before, after, reference)) if one_space else None
    apart = [None, None] if one_space else [fit_map(one, choice) for one in spaces_of(paired)]
    arrays = compare_arrays(
        # Read where they lie: several shards, or float16, would be copied as a whole.
        cast(Any, paired.before.rows),
        cast(Any, paired.after.rows),
        paired.reference.vectors,
        item_keys=paired.link.left if paired.link else None,
        reference_keys=paired.link.right if paired.link else None,
        clusters=units.codes,
        views=paired.views,
        measures=measures,
        all_measures=all_measures,
        seed=seed,
        resamples=resamples,
        margins=margins,
        reference_name=" and ".join(one.name for one in references),
        after_reference=None if paired.after_reference is None else paired.after_reference.vectors,
    )
    similarity, failed = similarity_of(
        arrays, similarities(measures, all_measures, across=arrays.spaces == 2), seed=seed
    )
    change, neighbours = change_of(arrays, seed=seed)
    matches = arrays.before.matched, arrays.after.matched
    rows, grouped = table.changes(*matches) if table else ((), ())
    drawn = draw(paired, arrays, projection, change, choice, classes=rows, coloured=coloured)
    if apart[0] is not None and apart[1] is not None:
        draw_apart(drawn, paired, (apart[0], apart[1]), choice, coloured)
    return Comparison(
        before=before.name,
        after=after.name,
        reference=reference.name,
        after_reference=None if after_reference is None else after_reference.name,
        on=on,
        cluster=units.name or None,
        views=views,
        copies=units.copies,
        n=paired.before.n,
        clusters=arrays.clusters,
        without_truth=int((paired.link.left < 0).sum()) if paired.link else 0,
        seed=seed,
        fingerprints={one.name: one.fingerprint for one in (before, after, *references)},
        replay=options.replay("compare", (before, after, *references), (before, after)),
        version=version(),
        measures=tuple(arrays.table.values()),
        undefined={**arrays.undefined, **failed},
        similarity=similarity,
        change=change,
        verdict=without_credit(_centred_first(arrays.verdict, paired), paired.held_out),
        held_out=paired.held_out,
        items=item_table(paired, arrays, neighbours, drawn.coordinates),
        figures=drawn.figures,
        captions=drawn.captions,
        classes=rows,
        class_groups=grouped,
        classes_without_items=classes_without_items(paired.link),
        notes=(*paired.notes, *drawn.notes),
        provenance={one.name: one.provenance for one in (before, after, *references)},
    )


def compare_study(study: str | Path | Study, before: str, after: str, options: CompareOptions) -> Comparison:
    """Compare three verified sets of a study.

    Raises:
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
    """
    home = Study.open(study)
    # A name may hold a comma.
    names = [options.reference] if options.reference in home else options.reference.split(",")
    if len(names) > 2:
        raise InputError(
            "one reference, or two: that of before and that of after",
            f"{len(names)} in {options.reference!r}",
            "give --reference BEFORE_TEXTS,AFTER_TEXTS",
        )
    names = [name.strip() for name in names]
    if len(names) > 1 and options.view:
        raise InputError(
            "one space for --view, on whose map items fly from stage to stage",
            f"two references, {options.reference!r}",
            "leave --view out: the report has a map of each space",
        )
    sets = home.open_sets((before, after, *names))
    references = tuple(sets[name] for name in names)
    keywords = options.keywords() | {"reference": references if len(names) > 1 else references[0]}
    return compare(sets[before], sets[after], **keywords)


def _centred_first(verdict: Verdict, paired: Paired) -> Verdict:
    """The verdict, with a flag before all others where ``after`` is stored centred and compared so."""
    if paired.after_reference is not None or not looks_centred(
        paired.after.rows, paired.before.rows, paired.reference.rows
    ):
        return verdict
    return replace(verdict, flags=("centred-after", *verdict.flags))
