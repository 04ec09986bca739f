"""``compare``: link the rows, measure, judge, map; one record that saves itself."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from repscope.errors import InputError
from repscope.measure.core.resample import RESAMPLES
from repscope.measure.verdict.rules import Margins
from repscope.study import EmbeddingSet, Study
from repscope.study.provenance import version
from repscope.verbs.common.rows import declared_cluster
from repscope.verbs.common.words import PERPLEXITY, map_method
from repscope.verbs.compare.pairing import Paired, pair
from repscope.verbs.compare.result import Comparison


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
    method: str = "tsne",
    perplexity: float = PERPLEXITY,
    seen: str | None = None,
    palette: str = "default",
    seed: int = 0,
    resamples: int = RESAMPLES,
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
    options = {
        "--on": on,
        "--cluster": cluster,
        "--views": views,
        "--split": "=".join(split) if split else None,
        "--drop-unlinked": drop_unlinked,
        "--measures": ",".join(measures) if measures is not None else None,
        "--seen": seen,
        "--method": method,
        "--perplexity": None if perplexity == PERPLEXITY else f"{perplexity:g}",
        "--palette": None if palette == "default" else palette,
        "--resamples": None if resamples == RESAMPLES else resamples,
        "--seed": seed or "0",
    }
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
        replay=_replay((before, after, reference), options),
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


def compare_study(
    study: str | Path, before: str, after: str, reference: str, options: Mapping[str, Any]
) -> Comparison:
    """Compare three verified sets of a study.

    Raises:
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
    """
    sets = Study.open(study).open_sets((before, after, reference))
    return compare(sets[before], sets[after], sets[reference], **options)


def _cluster_note(declared: str | None) -> tuple[str, ...]:
    if declared is None:
        return ()
    return (f"clusters are {declared}, as the import said; --cluster id takes every item as independent",)


def parse_split(text: str | None) -> tuple[str, str] | None:
    """``COL=VALUE`` as a pair.

    Raises:
        InputError: there is no "=".
    """
    if text is None:
        return None
    column, found, value = text.partition("=")
    if not found or not column:
        raise InputError(
            "--split COL=VALUE", repr(text), "give a column and a value, such as --split split=unseen"
        )
    return column, value


def _classes_without_items(paired: Paired) -> tuple[str, ...]:
    if paired.link is None:
        return ()
    used = set(paired.link.left.tolist())
    return tuple(name for code, name in enumerate(paired.link.names) if code not in used)


def _replay(sets: tuple[EmbeddingSet, EmbeddingSet, EmbeddingSet], options: Mapping[str, Any]) -> str:
    """The command that repeats a comparison of sets of one study; "" where there is none."""
    before, after, reference = sets
    homes = {one.home for one in sets}
    if len(homes) != 1 or None in homes:
        return ""
    words = ["repscope", "compare", str(before.home), before.name, after.name, "--reference", reference.name]
    for flag, value in options.items():
        if value not in (None, False):
            words += [flag] if value is True else [flag, str(value)]
    return shlex.join(words)
