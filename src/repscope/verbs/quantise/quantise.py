"""``quantise``: fit a quantiser on the training rows of a set, apply it, and say what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import ExistsError, InputError, VectorError, name_some
from repscope.measure.codes.compression import code_bits, compression
from repscope.measure.codes.gaussian_bound import gaussian_distortion
from repscope.measure.codes.information import Information, code_information
from repscope.measure.codes.usage import Usage, usage
from repscope.measure.core.moments import moments
from repscope.study import EmbeddingSet, Study
from repscope.study.links import key_codes
from repscope.study.provenance import version
from repscope.text.progress import OnProgress, Progress
from repscope.transform.inputs import Rows
from repscope.transform.linear.statistics import merged
from repscope.transform.quantise.base import Quantiser, code_columns
from repscope.transform.store import refuse_taken, stored
from repscope.verbs.bridge.fit import apply_bridge, fit_bridge
from repscope.verbs.bridge.params import make_bridge
from repscope.verbs.common.clusters import find_clusters
from repscope.verbs.common.holdout import HoldOut, link_sets, split_rows
from repscope.verbs.common.threads import thrifty
from repscope.verbs.common.unseen import unseen_items
from repscope.verbs.quantise.curve import curve_settings, rate_distortion
from repscope.verbs.quantise.distances import mean_distance, over, squared_distances
from repscope.verbs.quantise.figures import draw
from repscope.verbs.quantise.options import QuantiseOptions
from repscope.verbs.quantise.record import Bound, CurvePoint
from repscope.verbs.quantise.result import Quantisation
from repscope.verbs.quantise.settings import Settings, settings

if TYPE_CHECKING:
    import pyarrow as pa


@thrifty
def quantise(
    study: str | Path | Study,
    name: str,
    *,
    method: str,
    as_: str,
    codebook: int = QuantiseOptions.codebook,
    bottleneck: int | None = None,
    quantizers: int | None = None,
    params: Mapping[str, Any] | None = None,
    apply_to: str | None = None,
    train: tuple[str, str] | None = None,
    hold_out: str = QuantiseOptions.hold_out,
    share: float = QuantiseOptions.share,
    cluster: str | None = None,
    classes: str | None = None,
    curve: bool = False,
    codebooks: tuple[int, ...] = QuantiseOptions.codebooks,
    bottlenecks: tuple[int, ...] = QuantiseOptions.bottlenecks,
    show: int = QuantiseOptions.show,
    overwrite: bool = False,
    palette: str = QuantiseOptions.palette,
    resamples: int = QuantiseOptions.resamples,
    seed: int = QuantiseOptions.seed,
    progress: OnProgress | None = None,
) -> Quantisation:
    """A set as codes: what they are, what they keep, and what they cost.

    The quantiser is a bridge of the study: ``bridge apply`` gives any other set of this width its codes. The
    new set has the reconstructed rows, and each item's ``code`` (``code.0`` … of several codebooks).

    Args:
        study: the study, or its folder.
        name: set whose training rows the quantiser is fitted on.
        method: "vq", "fsq", "lfq", "rvq" or "kmeans".
        as_: name of the quantised set, and of the bridge.
        codebook: K, codes of a codebook. A grid of fsq has at most so many.
        bottleneck: quantise so many leading principal axes; the axes of the grid of fsq.
        quantizers: codebooks in stages, of rvq.
        params: more parameters of the bridge.
        apply_to: set that is quantised instead of ``name``.
        train: (column, value) of the only rows that are fitted on, instead of ``hold_out``.
        hold_out: "clusters" keeps a share of the independent units out of the fit; "none" nothing.
        share: of the clusters.
        cluster: column that says which items are not independent.
        classes: column of what codes may tell of an item; ``label`` by default, where there is one.
        curve: fit other sizes too, on the same rows.
        codebooks, bottlenecks: sizes of the curve.
        show: codes whose nearest items are drawn.
        overwrite: replace a set and a bridge of that name.
        palette: of the figures.
        resamples: of the bootstrap.
        seed: of everything random.
        progress: told about the rows and fits that are done.

    Raises:
        UnknownNameError: no such quantiser, parameter or column.
        InputError: sizes that the method does not have, or a name that is in the way.
        VectorError: fewer rows than codes, or rows that are all alike.
        DependencyError: the method needs vector-quantize-pytorch.
        ExistsError: the name is taken.
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
        StorageError: the disk refuses.
    """
    options = QuantiseOptions.of(locals())
    opened = Study.open(study)
    chosen = settings(method, codebook, bottleneck, quantizers, params)
    wanted = (
        curve_settings(
            chosen, codebook, quantizers, codebooks=codebooks, bottlenecks=bottlenecks, params=params
        )
        if curve
        else []
    )
    make_bridge(method, chosen.params, seed=seed)
    other = apply_to or name
    _refuse(opened, (name, other), as_, overwrite)
    sets = opened.open_sets([name, other])
    source, before = sets[name], sets[other]
    rule = _rule(source, train, hold_out, share, seed)
    units = find_clusters(before, cluster)
    fitted_by = units if source is before else find_clusters(source, cluster)
    spectrum = _spectrum(before)
    linked = link_sets(source, source, on=None, cluster=fitted_by.column)
    split = split_rows(linked, rule)
    _check_sizes((chosen, *wanted), len(split.source), spectrum if source is before else _spectrum(source))
    label = _class_column(before, classes)
    done = fit_bridge(
        opened, name, name, method, name=as_, unpaired=True, cluster=fitted_by.column, hold_out=rule.by,
        share=share, unseen=rule.unseen, params=chosen.params, overwrite=overwrite, seed=seed,
    )  # fmt: skip
    made = apply_bridge(opened, as_, other, as_, overwrite=overwrite, progress=progress)
    kept = stored(opened, as_)
    quantiser = kept.load()
    assert isinstance(quantiser, Quantiser)
    columns = code_columns(chosen.quantizers)
    codes = [np.asarray(made.items.column(one), np.int64) for one in columns]
    stages = tuple(usage(one, quantiser.n_codes, units.codes, seed=seed) for one in codes)
    judged, held_out = unseen_items(
        before,
        np.arange(before.n),
        [made],
        None,
        units=lambda one: units if one is before else find_clusters(one, cluster),
    )
    unseen = judged if held_out.items else np.zeros(before.n, bool)
    distances = squared_distances(before, made)
    variance = float(spectrum.sum())
    estimates = {}
    for suffix, rows in (("", np.ones(before.n, bool)), (".unseen", unseen)):
        if rows.any():
            found = mean_distance(distances[rows], units.codes[rows], resamples=resamples, seed=seed)
            estimates[f"distortion{suffix}"] = found
            estimates[f"distortion_relative{suffix}"] = over(found, variance)
    information = _information(codes, before, label, units.codes, seed)
    points: tuple[CurvePoint, ...] = ()
    if wanted:
        points = rate_distortion(
            wanted, linked, split, before, judged=judged, clusters=units.codes,
            spectrum=spectrum,
            resamples=resamples, seed=seed,
            tell=lambda at, of: progress(Progress("curve", at, of)) if progress else None,
        )  # fmt: skip
    bits = code_bits(quantiser.n_codes, chosen.quantizers)
    items = _item_table(made, distances, unseen)
    notes = [*units.notes, *chosen.notes, *done.stored.warnings]
    notes.append(_fit_note(done.rows, before, int(unseen.sum()), source is before))
    if curve and not held_out.items:
        notes.append("the curve is of rows that were fitted on: none was held out")
    drawn = draw(
        before, codes, stages, distances, points, columns=columns, show=show, colours=palette,
        on_unseen=bool(held_out.items),
    )  # fmt: skip
    distortion = float(distances.mean())
    return Quantisation(
        name=name,
        applied_to=other,
        result=as_,
        bridge=as_,
        method=method,
        params=quantiser.get_params(deep=False),
        codebook=quantiser.n_codes,
        bottleneck=chosen.bottleneck,
        quantizers=chosen.quantizers,
        n=before.n,
        d=before.d,
        clusters=units.n,
        cluster=units.name or None,
        seed=seed,
        fingerprints={one.name: one.fingerprint for one in (*sets.values(), made)},
        replay=options.replay("quantise", [source, before], [source]),
        version=version(),
        bits_per_item=bits,
        compression=compression(before.n, before.d * before.dtype.itemsize * 8, bits, quantiser.n_parameters),
        distortion=distortion,
        variance=variance,
        bound=_bound(spectrum, chosen.quantizers * log2(quantiser.n_codes), stages, distortion),
        estimates=estimates,
        stages=stages,
        information=information,
        classes=label if information else None,
        held_out=held_out,
        curve=points,
        notes=tuple(notes),
        items=items,
        figures=drawn.figures,
        captions=drawn.captions,
        provenance={one.name: one.provenance for one in (*sets.values(), made)},
    )


def _refuse(study: Study, given: tuple[str, ...], as_: str, overwrite: bool) -> None:
    """Refuse a name in the way before the work."""
    if as_ in given:
        raise InputError("another name for the quantised set", repr(as_), "choose one with --as")
    refuse_taken(study, as_, overwrite)
    if as_ in study and not overwrite:
        raise ExistsError(
            f"a free name for the set {as_!r}",
            f"a set of that name in {study.path}",
            "choose another name with --as, or pass --overwrite",
        )


def _rule(source: EmbeddingSet, train: tuple[str, str] | None, by: str, share: float, seed: int) -> HoldOut:
    """The rows that are not fitted on: a share of the clusters, or all whose value is not that of --train."""
    if by not in ("clusters", "none"):
        raise InputError("clusters or none to hold out", repr(by), "choose one of them")
    if train is None:
        return HoldOut("clusters" if by == "clusters" else "none", share, seed=seed)
    column, value = train
    codes, names = key_codes(source.column(column))
    if value not in names:
        raise InputError(
            f"a value of column {column!r} in set {source.name!r}",
            repr(value),
            f"choose one of {name_some(names, 12)}",
        )
    if (codes < 0).any():
        raise InputError(
            f"a {column!r} for every item of {source.name!r}",
            f"{int((codes < 0).sum()):,} items without",
            "fill the column, or choose another with --train",
        )
    others = tuple((column, one) for one in names if one != value)
    return HoldOut("none", share, others, seed)


def _spectrum(rows: EmbeddingSet) -> NDArray[np.float64]:
    """[D] variances along the principal axes.

    Raises:
        VectorError: rows that are all alike.
    """
    found = merged(moments(block) for block in Rows(rows, rows.name).blocks())
    values: NDArray[np.float64] = np.maximum(np.linalg.eigvalsh(found.scatter / found.n)[::-1], 0.0)
    size = float(np.trace(found.scatter) / found.n + np.square(found.mean).sum())
    if values.sum() <= size * np.finfo(np.float32).eps ** 2:
        raise VectorError(
            f"rows that differ in set {rows.name!r}", "rows that are all alike", "check how they were made"
        )
    return values


def _check_sizes(wanted: tuple[Settings, ...], rows: int, spectrum: NDArray[np.float64]) -> None:
    """Refuse codebooks and bottlenecks that the rows of the fit do not have, before the first fit."""
    d = len(spectrum)
    rank = int((spectrum > d * np.finfo(np.float64).eps * spectrum[0]).sum())
    for one in wanted:
        if one.bottleneck is not None and one.bottleneck > rank:
            varying = "" if rank == d else f", which vary in {rank} dimensions"
            raise InputError(
                f"a bottleneck of at most {rank}",
                f"{one.bottleneck} for rows of width {d}{varying}",
                "choose a smaller --bottleneck, or for lfq a smaller --codebook",
            )
        if "codebook_size" in one.params and one.codes > rows:
            raise VectorError(
                f"at least {one.codes:,} rows to fit as many codes on",
                f"{rows:,} that are not held out",
                "choose a smaller --codebook, or give more rows",
            )


def _class_column(rows: EmbeddingSet, given: str | None) -> str | None:
    if given is not None:
        rows.column(given)
        return given
    return "label" if "label" in rows.columns else None


def _information(
    codes: list[NDArray[np.int64]],
    rows: EmbeddingSet,
    column: str | None,
    clusters: NDArray[np.int64],
    seed: int,
) -> tuple[Information, ...]:
    """What each codebook tells of the classes; nothing where no class has two items on average."""
    if column is None:
        return ()
    classes, names = key_codes(rows.column(column))
    if not 2 <= len(names) <= (classes >= 0).sum() / 2:
        return ()
    return tuple(code_information(one, classes, clusters, seed=seed) for one in codes)


def _bound(spectrum: NDArray[np.float64], rate: float, stages: tuple[Usage, ...], distortion: float) -> Bound:
    least = gaussian_distortion(spectrum, rate)
    entropy_bits = sum(one.entropy_bits for one in stages)
    return Bound(
        rate_bits=rate,
        distortion=least,
        entropy_distortion=gaussian_distortion(spectrum, entropy_bits),
        ratio=distortion / least if least > 0 else None,
    )


def _fit_note(rows: int, before: EmbeddingSet, unseen: int, own: bool) -> str:
    if not own:
        return (
            f"fitted on {rows:,} rows; {unseen:,} of {before.n:,} items of {before.name!r} are not among them"
        )
    return f"fitted on {rows:,} of {before.n:,} rows; the fit has not seen {unseen:,} items"


def _item_table(made: EmbeddingSet, distances: NDArray[np.float64], unseen: NDArray[np.bool_]) -> pa.Table:
    """One row an item: its own columns with its codes, then its distance, and whether no fit has seen it."""
    import pyarrow as pa

    found = {"squared_distance": pa.array(distances), "unseen": pa.array(unseen)}
    own = {f"item_{one}" if one in found else one: made.items.column(one) for one in made.columns}
    return pa.table({**own, **found})
