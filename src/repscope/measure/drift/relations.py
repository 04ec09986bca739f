"""Each stage as a distribution beside the first stage, beside real rows, and beside its reference."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import cast

import numpy as np

from repscope.errors import InputError, LinkError, VectorError
from repscope.measure.core.arrays import Float64, matrix
from repscope.measure.core.controls import halves
from repscope.measure.core.cosines import Floats
from repscope.measure.core.estimate import FIXED, Replicates, Undefined
from repscope.measure.core.grouping import chosen_rows
from repscope.measure.core.resample import reference_groups
from repscope.measure.core.sampled import MAX_ROWS
from repscope.measure.drift.frame import Array, DriftFrame, Ints
from repscope.measure.drift.records import Series
from repscope.measure.drift.series import item_series, replicate_series

FAMILIES = {
    "frechet": ("frechet",),
    "mmd": ("mmd",),
    "manifold": ("precision", "recall", "density", "coverage"),
}
"""Measures between two sets, by the calculation that they share."""

ITSELF = "the first stage is what the others are measured to"


def distances(
    frame: DriftFrame, families: Collection[str], real: Array | None, *, controls: bool
) -> tuple[dict[str, Series], dict[str, str]]:
    """Fréchet, MMD, precision, recall, density and coverage of each stage to the first, and to real rows.

    Rows are used as given. To the first stage both sides leave out the same items; real rows are fixed.

    Args:
        frame: the stages.
        families: of :data:`FAMILIES`.
        real: [R, D], or None.
        controls: also read two random halves of the first stage (the floor).

    Returns:
        Series by name ("…@real" for those to real rows), and reasons for those that are undefined.

    Raises:
        VectorError: real rows of another width.
    """
    series: dict[str, Series] = {}
    undefined: dict[str, str] = {}
    first = frame.stages[0]
    targets: list[tuple[str, Array, Ints, bool]] = [("", first, frame.groups, True)]
    if real is not None:
        rows = matrix(real, "real", min_rows=2)
        _check_width(rows, frame, "real rows", "embed them with the same model")
        targets.append(("@real", rows, np.full(len(rows), FIXED, np.int64), False))
    computes = _computes(frame)
    for family, names in FAMILIES.items():
        if family not in families:
            continue
        floor = _floor(frame, family) if controls else {}
        for suffix, target, groups, itself in targets:
            tables: list[Mapping[str, Replicates] | Undefined] = []
            for number, stage in enumerate(frame.stages):
                if itself and number == 0:
                    tables.append(Undefined(ITSELF))
                    continue
                try:
                    tables.append(computes[family](stage, target, frame.groups, groups))
                except InputError as error:
                    tables.append(Undefined.of(error))
            for name in names:
                samples = [table if isinstance(table, Undefined) else table[name] for table in tables]
                key = name + suffix
                reasons = [sample.why for sample in samples if isinstance(sample, Undefined)]
                own = [why for why in reasons if why != ITSELF]
                if own and len(reasons) == len(samples):
                    undefined[key] = own[0]
                    continue
                series[key] = replicate_series(frame, key, samples, floor=floor.get(name))
    return series, undefined


Compute = Callable[[Array, Array, Ints, Ints], Mapping[str, Replicates]]


def _check_width(rows: Array, frame: DriftFrame, what: str, do: str) -> None:
    if rows.shape[1] != frame.dimension:
        got = f"width {rows.shape[1]}"
        raise VectorError(f"{what} as wide as the stages ({frame.dimension})", got, do)


def _computes(frame: DriftFrame) -> dict[str, Compute]:
    from repscope.measure.distribution.frechet import frechet_replicates
    from repscope.measure.distribution.kernels import kernel_replicates, median_bandwidth
    from repscope.measure.distribution.manifold import manifold_replicates

    seed, g = frame.seed, frame.n_groups

    def frechet(stage: Array, target: Array, groups: Ints, others: Ints) -> Mapping[str, Replicates]:
        return {"frechet": frechet_replicates(stage, target, groups, others, g)}

    def mmd(stage: Array, target: Array, groups: Ints, others: Ints) -> Mapping[str, Replicates]:
        # One ruler for all stages: the bandwidth comes from the first alone.
        width = median_bandwidth(frame.stages[0], seed=seed)
        return kernel_replicates(stage, target, groups, others, g, names=("mmd",), bandwidth=width, seed=seed)

    def manifold(stage: Array, target: Array, groups: Ints, others: Ints) -> Mapping[str, Replicates]:
        return manifold_replicates(stage, target, groups, others, g, seed=seed)

    return {"frechet": frechet, "mmd": mmd, "manifold": manifold}


def _floor(frame: DriftFrame, family: str) -> dict[str, float]:
    """What the family reads between two random halves of the first stage, of which no copy is made."""
    from repscope.measure.core.moments import group_moments
    from repscope.measure.distribution.frechet import frechet, frechet_from_moments
    from repscope.measure.distribution.kernels import median_bandwidth, mmd
    from repscope.measure.distribution.manifold import manifold

    first = frame.stages[0]
    rows = [np.sort(half) for half in halves(frame.n, seed=frame.seed)]
    try:
        if family == "frechet" and frame.n > frame.dimension:
            half = np.full(frame.n, FIXED, np.int64)
            half[rows[0]], half[rows[1]] = 0, 1
            return {"frechet": frechet_from_moments(*group_moments(first, half, 2)[0])}
        # The rows that a measure on pairs of rows would draw of each half itself.
        most = MAX_ROWS if family != "frechet" else frame.n
        sides = [
            first[half[chosen_rows(len(half), most, frame.seed + number)]] for number, half in enumerate(rows)
        ]
        if family == "frechet":
            return {"frechet": frechet(*sides)}
        if family == "mmd":
            width = median_bandwidth(frame.stages[0], seed=frame.seed)
            return {"mmd": mmd(*sides, bandwidth=width, seed=frame.seed)}
        shares = manifold(*sides, seed=frame.seed)
        return {name: float(getattr(shares, name)) for name in FAMILIES["manifold"]}
    except InputError:
        # The stages themselves say why in their own estimates.
        return {}


def to_reference(
    frame: DriftFrame, reference: Array, item_keys: Ints | None, reference_keys: Ints | None
) -> tuple[dict[str, Series], dict[str, str]]:
    """``gap.l2`` and, with a link, ``gap.rmg`` and ``cosine.true`` of every stage, from unit rows.

    Args:
        frame: the stages.
        reference: [M, D].
        item_keys: [N] link codes, −1 without truth; None without a link.
        reference_keys: [M]; 0…M−1 by default.

    Raises:
        VectorError: a reference of another width.
        LinkError: no item is linked with it.
    """
    from repscope.measure.alignment.gap import gap_l2_replicates, gap_rmg_replicates
    from repscope.measure.core.linking import best_linked, link_keys, require_links

    rows = matrix(reference, "reference", min_rows=1)
    _check_width(rows, frame, "a reference", "capture both after their projection into the shared space")
    fixed = np.full(len(rows), FIXED, np.int64)
    groups, g = fixed, frame.n_groups
    if item_keys is not None:
        keys = np.arange(len(rows)) if reference_keys is None else np.asarray(reference_keys, np.int64)
        items = np.asarray(item_keys, np.int64)
        links = link_keys(items, keys, frame.n, len(rows))
        require_links(links)
        groups = reference_groups(frame.groups, items, keys)
    elif reference_keys is not None:
        raise LinkError("keys of the items beside those of the reference", "none", "pass item_keys too")
    samples: dict[str, list[Replicates | Undefined]] = {"gap.l2": [], "gap.rmg": []}
    cosines: list[Float64] = []
    why: dict[str, str] = {}
    targets = cast(Floats, rows)
    for stage in cast(tuple[Floats, ...], frame.stages):
        samples["gap.l2"].append(
            _defined(partial(gap_l2_replicates, stage, targets, frame.groups, groups, g))
        )
        if item_keys is None:
            continue
        samples["gap.rmg"].append(
            _defined(
                partial(
                    gap_rmg_replicates, stage, targets, items, keys,
                    groups=frame.groups, reference_groups=groups, n_groups=g,
                )
            )
        )  # fmt: skip
        try:
            cosines.append(np.asarray(best_linked(stage, targets, links)[0], np.float64))
        except InputError as error:
            why["cosine.true"] = Undefined.of(error).why
    series: dict[str, Series] = {}
    for name, at_stages in samples.items():
        reasons = [sample.why for sample in at_stages if isinstance(sample, Undefined)]
        if not at_stages:
            why[name] = "the items are not linked with the reference"
        elif len(reasons) == len(at_stages):
            why[name] = reasons[0]
        else:
            series[name] = replicate_series(frame, name, at_stages)
    if len(cosines) == len(frame.stages):
        values = np.stack(cosines, axis=1)
        valid = np.asarray(np.isfinite(values).all(axis=1))
        series["cosine.true"] = item_series(frame, "cosine.true", values[valid], valid)
    elif item_keys is None:
        why["cosine.true"] = "the items are not linked with the reference"
    return series, why


def _defined(compute: Callable[[], Replicates]) -> Replicates | Undefined:
    try:
        return compute()
    except InputError as error:
        return Undefined.of(error)
