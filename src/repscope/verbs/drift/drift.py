"""``drift``: pair the items of ordered stages, measure, judge, draw; one record that saves itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from repscope.errors import InputError
from repscope.formats.older.centred import centred_among
from repscope.measure.drift import DriftMargins, GroupContrast, drift_arrays, drift_groups
from repscope.measure.drift.result import DriftArrays
from repscope.plot.base.style import palette as find_palette
from repscope.study import EmbeddingSet, Study
from repscope.study.provenance import version
from repscope.verbs.common.threads import thrifty
from repscope.verbs.common.unseen import without_credit
from repscope.verbs.common.words import map_method
from repscope.verbs.drift.classes import drift_classes
from repscope.verbs.drift.groups import Grouped, group_stages
from repscope.verbs.drift.options import DriftOptions
from repscope.verbs.drift.result import Drift
from repscope.verbs.drift.rows import AlignedStages, PairingOptions, align_stages, check_sets, positions_of

_PARTS = re.compile(r"[_.\s-]+")

Groups = str | Mapping[str, Sequence[EmbeddingSet]]


@thrifty
def drift(
    stages: Sequence[EmbeddingSet] = (),
    *,
    reference: EmbeddingSet | None = None,
    on: str | None = None,
    cluster: str | None = None,
    groups: Groups | None = None,
    real: EmbeddingSet | None = None,
    positions: Sequence[float] | None = None,
    pair: str = DriftOptions.pair,
    held_out: tuple[str, str] | None = None,
    drop_unlinked: bool = False,
    classes: str | None = None,
    by: Sequence[str] = DriftOptions.by,
    measures: Collection[str] | None = None,
    method: str = DriftOptions.method,
    perplexity: float = DriftOptions.perplexity,
    palette: str = DriftOptions.palette,
    seed: int = DriftOptions.seed,
    resamples: int = DriftOptions.resamples,
    margins: DriftMargins | None = None,
) -> Drift:
    """What happened to the items over ordered stages, and is it real?

    Args:
        stages: sets of one width from first to last, in the order given: nothing is sorted.
        reference: what they are measured against (captions, class texts), of the same width.
        on: "id" or a key column that links items with reference rows. Without it the reference is
            compared as a distribution only.
        cluster: column of items that are not independent; by default what the import knew, else every
            item its own.
        groups: a column of conditions, which tells either sets or rows apart; or stages by name of their
            group (``stages`` is then empty). The verdict is about the first group.
        real: real rows that every stage is measured to as well (real images).
        positions: where the stages stand, rising; by default the numbers in their names where these
            rise, else 0, 1, 2, ….
        pair: "id", or the key column that says which rows of the stages are one item.
        held_out: (column, value) of the items that no fit has seen; only they are judged. By default those
            that the bridges behind the stages held out, as the study knows.
        drop_unlinked: leave out items whose key the reference lacks, instead of refusing.
        classes: column of the items that says the class; by default the key, or ``label``, where a class has
            two items or more on average.
        by: columns of the items or the reference that group the classes, such as seen.
        measures: families that cost more than a reading of the data (rank, frechet, mmd, manifold,
            modes, paths); all by default.
        method: of the map: "pca", "tsne", "umap" or "none". No number comes from it.
        perplexity: of t-SNE.
        palette: "default" (colour-blind-safe) or "classic" (the older systems' colours).
        seed: of everything random.
        resamples: of bootstraps and permutations.
        margins: thresholds of the verdict.

    Raises:
        InputError: fewer than two stages, one of them twice, positions that do not rise, groups that do
            not fit.
        VectorError: widths that differ, NaN or Inf.
        LinkError: fewer than two items in all stages, keys that do not link.
        UnknownNameError: no such column, family, method or palette.
        DependencyError: the map needs a package that is not installed.
    """
    from repscope.verbs.drift.cluster_map import DriftMap, fit_drift_map
    from repscope.verbs.drift.figures import draw_drift

    find_palette(palette)
    drawn_by = map_method(method)
    if on is not None and reference is None:
        raise InputError("a reference to link with", f"--on {on} alone", "name the set with --reference")
    grouped = group_stages(stages, groups)
    notes = [grouped.note] if grouped.note else []
    for of in (stages,) if stages else grouped.stages.values():
        notes += [note for note in check_sets(of, reference, real) if note not in notes]
    names = _names(grouped)
    places, said = positions_of(names[next(iter(names))], positions)
    notes += said
    pairing = PairingOptions(pair, on, cluster, drop_unlinked, held_out)
    aligned, paired, left_out = align_stages(grouped.stages, reference, pairing)
    notes += left_out
    units = next(iter(aligned.values())).units
    notes += [note for one in aligned.values() for note in one.units.notes if note not in notes]
    of_class, of_group, unclassed = drift_classes(aligned, reference, column=classes, by=by)
    notes += unclassed
    choice = DriftMap(drawn_by, perplexity, palette, seed)
    # The map comes first: a missing package is an error before the work, not after it.
    projection = fit_drift_map(aligned, reference, choice, _all_sets(stages, grouped, reference, None))
    found, contrasts = _measure(
        aligned,
        paired=paired,
        reference=reference,
        real=real,
        positions=places,
        pairs=choice.pairs(len(places)),
        measures=measures,
        seed=seed,
        resamples=resamples,
        margins=margins,
    )
    found, centred = _centred_first(found, aligned)
    notes = [*centred, *notes]
    found = {
        name: replace(one, verdict=without_credit(one.verdict, aligned[name].held_out))
        for name, one in found.items()
    }
    drawn = draw_drift(aligned, found, reference, projection, choice)
    sets = _all_sets(stages, grouped, reference, real)
    options = DriftOptions.of(
        locals() | {key: one and one.name for key, one in (("reference", reference), ("real", real))}
    )
    return Drift(
        groups=found,
        sets=names,
        contrasts=contrasts,
        reference=reference.name if reference else None,
        real=real.name if real else None,
        on=on,
        pair=pair,
        cluster=units.name or None,
        clusters_from=units.how,
        copies=units.copies,
        by=groups if isinstance(groups, str) else None,
        seed=seed,
        fingerprints={one.name: one.fingerprint for one in sets},
        replay=_replay(sets, stages, groups, options),
        version=version(),
        notes=(*notes, *drawn.notes),
        held_out=next(iter(aligned.values())).held_out,
        classes=of_class,
        class_groups=of_group,
        items=drawn.items,
        projection=None if projection is None else projection.to_json(),
        figures=drawn.figures,
        captions=drawn.captions,
        provenance={one.name: one.provenance for one in sets},
    )


def _measure(
    aligned: Mapping[str, AlignedStages],
    *,
    paired: bool,
    reference: EmbeddingSet | None,
    real: EmbeddingSet | None,
    **options: Any,
) -> tuple[dict[str, DriftArrays], tuple[GroupContrast, ...]]:
    """The drift of each group, and the differences between groups where there are several."""
    keys = {name: one.link for name, one in aligned.items()}
    link = next(iter(keys.values()))
    options |= {
        "reference": None if reference is None else reference.rows,
        "reference_keys": None if link is None else link.right,
        "real": None if real is None else real.rows,
    }
    if len(aligned) == 1:
        ((name, one),) = aligned.items()
        return {
            name: drift_arrays(
                [stage.rows for stage in one.stages],
                labels=one.names,
                clusters=one.clusters,
                item_keys=None if one.link is None else one.link.left,
                **options,
            )
        }, ()
    options["labels"] = common_labels([one.names for one in aligned.values()], options["positions"])
    return drift_groups(
        {name: [stage.rows for stage in one.stages] for name, one in aligned.items()},
        paired=paired,
        clusters={name: one.clusters for name, one in aligned.items()},
        item_keys=None if link is None else {name: one.left for name, one in keys.items() if one},
        **options,
    )


def _centred_first(
    found: dict[str, DriftArrays], aligned: Mapping[str, AlignedStages]
) -> tuple[dict[str, DriftArrays], list[str]]:
    """A flag before all others where some stages of a group are stored centred; sentences name them."""
    notes: list[str] = []
    flagged = dict(found)
    for name, one in aligned.items():
        centred = centred_among([stage.rows for stage in one.stages])
        if not centred:
            continue
        verdict = found[name].verdict
        flagged[name] = replace(
            found[name], verdict=replace(verdict, flags=("centred-stages", *verdict.flags))
        )
        notes.append(
            f"warning: {', '.join(repr(one.names[at]) for at in centred)} of {len(one.names)} stages look "
            "stored centred (length 1 and hardly a mean, where others have one), as older pipelines left "
            "them: what moves between these stages and the others is the storage; import with --decentre text"
        )
    return flagged, notes


def common_labels(names: Sequence[Sequence[str]], positions: Sequence[float]) -> list[str]:
    """What the stages of all groups are called together: the parts of their names that all groups have.

    ``recursive_gen_0`` and ``baseline_gen_0`` are ``gen_0``. Where nothing distinct is left, positions.
    """
    labels = []
    for stage in zip(*names, strict=True):
        parts = [_PARTS.split(name) for name in stage]
        labels.append("_".join(part for part in parts[0] if part and all(part in other for other in parts)))
    distinct = len(set(labels)) == len(labels) and all(labels)
    return labels if distinct else [f"{one:g}" for one in positions]


def _names(grouped: Grouped) -> dict[str, tuple[str, ...]]:
    return {name: tuple(one.name for one in of) for name, of in grouped.stages.items()}


def _all_sets(
    stages: Sequence[EmbeddingSet],
    grouped: Grouped,
    reference: EmbeddingSet | None,
    real: EmbeddingSet | None,
) -> tuple[EmbeddingSet, ...]:
    """Every set that was given, once."""
    given = list(stages) or [one for of in grouped.stages.values() for one in of]
    given += [one for one in (reference, real) if one is not None]
    return tuple({one.name: one for one in given}.values())


def _replay(
    sets: Sequence[EmbeddingSet],
    stages: Sequence[EmbeddingSet],
    groups: Groups | None,
    options: DriftOptions,
) -> str:
    """The command that repeats the analysis of sets of one study; "" where there is none."""
    listed: list[str] = []
    for name, of in {} if groups is None or isinstance(groups, str) else groups.items():
        if "=" in name:
            return ""
        # One option a set where a comma in a name would be read as the end of it.
        comma = any("," in one.name for one in of)
        parts = [one.name for one in of] if comma else [",".join(one.name for one in of)]
        listed += [f"{name}={part}" for part in parts]
    column = groups if isinstance(groups, str) else None
    return replace(options, groups=column, group=tuple(listed)).replay("drift", sets, stages)


def drift_study(
    study: str | Path,
    names: Sequence[str],
    *,
    groups: str | Mapping[str, Sequence[str]] | None = None,
    reference: str | None = None,
    real: str | None = None,
    **options: Any,
) -> Drift:
    """Analyse verified sets of a study.

    Args:
        study: its folder.
        names: of sets in order, or of stage orders in study.toml.
        groups: a column, or names of sets (or of a stage order) by group.
        reference, real: names of sets.
        **options: of :func:`drift`.

    Raises:
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
    """
    opened = Study.open(study)
    stages = expand_orders(opened, names)
    by_name = None
    if groups is not None and not isinstance(groups, str):
        by_name = {name: expand_orders(opened, of) for name, of in groups.items()}
    wanted = [*stages, *(one for of in (by_name or {}).values() for one in of)]
    wanted += [one for one in (reference, real) if one is not None]
    sets = opened.open_sets(wanted)
    chosen: Groups | None = groups if isinstance(groups, str) else None
    if by_name is not None:
        chosen = {name: [sets[one] for one in of] for name, of in by_name.items()}
    return drift(
        [sets[name] for name in stages],
        groups=chosen,
        reference=sets[reference] if reference is not None else None,
        real=sets[real] if real is not None else None,
        **options,
    )


def expand_orders(study: Study, names: Sequence[str]) -> list[str]:
    """Names of sets, with those of stage orders in study.toml replaced by the sets they list.

    A name that is both is the set, unless it stands alone: one set is no order.
    """
    orders = study.stages
    found: list[str] = []
    for name in names:
        if name in orders and (name not in study or len(names) == 1):
            found += orders[name]
        else:
            found.append(name)
    return found
