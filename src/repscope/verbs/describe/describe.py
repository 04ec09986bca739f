"""``describe``: one stage, alone or against a reference: the gap, the truth found, the shape."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import InputError, LinkError
from repscope.measure.comparison.describe_arrays import ArrayDescription, describe_arrays
from repscope.study import EmbeddingSet, Link, Study, link
from repscope.study.links import key_codes
from repscope.study.provenance import version
from repscope.verbs.common.classes import class_table, classes_without_items
from repscope.verbs.common.clusters import find_clusters
from repscope.verbs.common.joint_map import MapChoice, coloured_by, fit_map
from repscope.verbs.common.rows import (
    keep_rows,
    one_width,
    reference_names,
    refuse_zero_rows,
    rows_with,
    spread,
)
from repscope.verbs.common.threads import thrifty
from repscope.verbs.common.words import map_method
from repscope.verbs.describe.figures import draw
from repscope.verbs.describe.options import DescribeOptions
from repscope.verbs.describe.result import Description

if TYPE_CHECKING:
    import pyarrow as pa

    from repscope.maps import Projection


@thrifty
def describe(
    items: EmbeddingSet,
    reference: EmbeddingSet | None = None,
    *,
    on: str | None = None,
    cluster: str | None = None,
    views: str | None = None,
    split: tuple[str, str] | None = None,
    drop_unlinked: bool = False,
    classes: str | None = None,
    by: Sequence[str] = DescribeOptions.by,
    measures: Collection[str] | None = None,
    all_measures: bool = False,
    method: str = DescribeOptions.method,
    perplexity: float = DescribeOptions.perplexity,
    map_rows: int = DescribeOptions.map_rows,
    colour: str | None = None,
    palette: str = DescribeOptions.palette,
    seed: int = DescribeOptions.seed,
    resamples: int = DescribeOptions.resamples,
) -> Description:
    """What one set is, and how it stands to a reference: the measures of a comparison, of one stage.

    Args:
        items: the set.
        reference: what it is measured against (captions, class texts), of the same width.
        on: "id" or a key column that links items with reference rows.
        cluster: column that says which items are not independent; as in ``compare``.
        views: column that says which rows are augmented views of one thing; adds ``lidar``.
        split: (column, value): only the items with that value.
        drop_unlinked: leave out items whose key the reference lacks, instead of refusing.
        classes: column of the items that says the class; by default the key, or ``label``, where a class has
            two items or more on average.
        by: columns of the items or the reference that group the classes, such as seen.
        measures: names; all that apply but the costly ones by default.
        all_measures: the costly ones too.
        method: of the map: "tsne", "umap", "pca" or "none".
        perplexity: of t-SNE.
        map_rows: most rows of each set on the map, a seeded sample of more.
        colour: column that colours the points of the map.
        palette: "default" (colour-blind-safe) or "classic".
        seed: of everything random.
        resamples: of the bootstrap.

    Raises:
        VectorError: widths that differ, NaN, Inf or zero rows.
        LinkError: keys that do not link, or a link without a reference.
        UnknownNameError: no such column, measure or method.
        DependencyError: the map needs a package that is not installed.
    """
    sets = (items, reference) if reference else (items,)
    whole, notes = items, []
    if on and reference is None:
        raise LinkError(
            "a reference to link the items with",
            f"on {on!r} and no reference",
            "name the set with --reference",
        )
    if reference is not None and reference.name == items.name:
        raise InputError("another set as the reference", repr(reference.name), "name it with --reference")
    one_width(sets, "capture both in the shared space, after the projection")
    if split is not None:
        items = keep_rows(items, np.flatnonzero(rows_with(items, *split)))
        notes.append(f"only items with {split[0]} = {split[1]}: {items.n:,}")
    linked = link(items, reference, on, drop_unlinked=drop_unlinked) if on and reference else None
    without = int((linked.left < 0).sum()) if linked else 0
    if without and reference:
        notes.append(
            f"{without:,} of {items.n:,} items have no {on!r} in {reference.name!r}: no truth-based measure "
            "counts them"
        )
    units = find_clusters(items, cluster, on=on, views=views)
    options = DescribeOptions.of(locals() | {"reference": reference.name if reference else None})
    notes = [*units.notes, *notes]
    for one in sets:
        refuse_zero_rows(one)
    clusters = units.codes
    table = class_table(items, reference, linked, clusters, column=classes, by=by)
    choice = MapChoice(map_method(method), perplexity, map_rows, colour, None, palette, seed)
    # The map comes first: a missing package is an error before the work, not after it.
    mapped = {one.name: one for one in (items, *sets[1:])}
    coloured = coloured_by(colour, mapped)
    projection = fit_map(mapped, choice, sets)
    arrays = describe_arrays(
        items.vectors,
        reference.vectors if reference else None,
        item_keys=linked.left if linked else None,
        reference_keys=linked.right if linked else None,
        clusters=clusters,
        views=None if views is None else key_codes(items.column(views))[0],
        measures=measures,
        all_measures=all_measures,
        seed=seed,
        resamples=resamples,
    )
    rows, groups = table.values(arrays.stage.matched) if table else ((), ())
    lengths = None if reference is None else np.linalg.norm(np.asarray(reference.vectors, np.float64), axis=1)
    drawn = draw(
        arrays, projection, (items, reference), rows, linked=linked, choice=choice, coloured=coloured
    )
    return Description(
        name=items.name,
        reference=reference.name if reference else None,
        on=on,
        cluster=units.name or None,
        views=views,
        n=items.n,
        clusters=arrays.clusters,
        without_truth=without,
        seed=seed,
        fingerprints={one.name: one.fingerprint for one in (whole, *sets[1:])},
        replay=options.replay("describe", sets, (whole,)),
        version=version(),
        measures=tuple(arrays.table.values()),
        undefined=arrays.undefined,
        reference_norm=None
        if lengths is None
        else {"mean": float(lengths.mean()), "sd": float(lengths.std())},
        classes=rows,
        class_groups=groups,
        classes_without_items=classes_without_items(linked),
        notes=(*notes, *drawn.notes),
        items=_item_table(items, reference, linked, arrays, projection),
        figures=drawn.figures,
        captions=drawn.captions,
        provenance={one.name: one.provenance for one in sets},
    )


def describe_study(study: str | Path | Study, name: str, options: DescribeOptions) -> Description:
    """Describe a verified set of a study.

    Raises:
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
    """
    names = (name, options.reference) if options.reference else (name,)
    sets = Study.open(study).open_sets(names)
    keywords = options.keywords() | {"reference": sets[options.reference] if options.reference else None}
    return describe(sets[name], **keywords)


def _item_table(
    items: EmbeddingSet,
    reference: EmbeddingSet | None,
    linked: Link | None,
    arrays: ArrayDescription,
    projection: Projection | None,
) -> pa.Table:
    """One row an item: its own columns, then cosines, rank, prediction and place on the map."""
    import pyarrow as pa

    found: dict[str, Any] = {}
    if reference is not None:
        matched = arrays.stage.matched
        if linked is not None:
            found["true"] = pa.array(matched.true, mask=~matched.has_truth)
            found["rank"] = pa.array(matched.rank, mask=~matched.has_truth)
        found["max"] = pa.array(matched.max)
        found["predicted"] = pa.array(
            reference_names(reference, linked)[matched.nearest].tolist(), pa.string()
        )
    if projection is not None:
        rows, points = projection.rows[items.name], projection.coordinates[items.name]
        found |= {f"map_{letter}": spread(items.n, rows, points[:, axis]) for axis, letter in enumerate("xy")}
    own = {f"item_{name}" if name in found else name: items.items.column(name) for name in items.columns}
    return pa.table({**own, **found})
