"""Two stages of the same items against a reference: the table, the controls, the verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import LinkError, VectorError
from repscope.measure.alignment.hubs import label_share
from repscope.measure.catalogue.measures import MEASURES, STAGE_MEASURES, measure_info
from repscope.measure.comparison.compute import measure_stage
from repscope.measure.comparison.rows import build_rows, mean_rows, sd_pair, value_of, with_q
from repscope.measure.comparison.scales import standardised_against
from repscope.measure.comparison.spaces import NO_STEP, WITHIN, check_spaces, judge_across
from repscope.measure.core import controls as control
from repscope.measure.core.arrays import row_blocks
from repscope.measure.core.cosines import unit_block, working_dtype
from repscope.measure.core.estimate import FIXED, Difference, PerItem, Sample, Undefined
from repscope.measure.core.grouping import dense_codes
from repscope.measure.core.moments import BLOCK_ROWS
from repscope.measure.core.resample import GROUPS, RESAMPLES, jackknife_groups, reference_groups
from repscope.measure.core.results import MeasureResult
from repscope.measure.core.stage import Frame, Stage
from repscope.measure.distribution.kernels import median_bandwidth
from repscope.measure.geometry.calibration import gaussian_bands
from repscope.measure.geometry.one_set import norms
from repscope.measure.verdict.rules import TRUE_MATCH, VERDICT_MEASURES, Evidence, Margins, Verdict, judge

Array = NDArray[np.floating[Any]]
Codes = NDArray[np.int64]

BANDWIDTH_ROWS = 2000
"""Rows of either set that the kernel's bandwidth is chosen from."""

RAW = ("norm.mean", "norm.sd", "spread.total")
"""Measures of rows as they were given; all others see unit rows."""

ControlValues = tuple[dict[str, float | None], dict[str, str]]
"""By control, what it gives beyond before, and the reason where it gives nothing."""

UNLINKED_MEASURES = ("energy", "frechet")
"""What the verdict reads besides where no item has a truth."""

SAME_DIRECTION = 1e-6
"""Largest difference of two unit vectors that rounding in float32 explains."""


@dataclass(frozen=True)
class ArrayComparison:
    """What :func:`compare_arrays` found.

    Attributes:
        table: results by measure, in the order of the documentation.
        undefined: measures that these rows do not have, with the reason.
        verdict: one word and its reasons.
        before, after: the stages, with their matches in the reference.
        reference: [M, D] as it was given, for after too unless it has its own.
        clusters: independent units.
        after_reference: [M, D₂] that of after in its own space, or None.
    """

    table: Mapping[str, MeasureResult]
    undefined: Mapping[str, str]
    verdict: Verdict
    before: Stage
    after: Stage
    reference: Array
    clusters: int
    after_reference: Array | None = None

    @property
    def spaces(self) -> int:
        """In how many spaces the stages are."""
        return 1 if self.after_reference is None else 2


def compare_arrays(
    before: Array,
    after: Array,
    reference: Array,
    *,
    item_keys: Codes | None = None,
    reference_keys: Codes | None = None,
    clusters: Codes | None = None,
    views: Codes | None = None,
    measures: Collection[str] | None = None,
    all_measures: bool = False,
    controls: bool = True,
    seed: int = 0,
    resamples: int = RESAMPLES,
    margins: Margins | None = None,
    reference_name: str = "the reference",
    after_reference: Array | None = None,
) -> ArrayComparison:
    """Compare two stages of the same items.

    Args:
        before, after: [N, D] the same items in the same order.
        reference: [M, D].
        item_keys: [N] link codes; −1 for an item without truth. None compares as distributions.
        reference_keys: [M]; 0…M−1 by default.
        clusters: [N] which items are not independent; by default rows of one ``views`` code, otherwise
            every item its own.
        views: [N] codes of what a row is one of several augmented views of, for ``lidar``; −1 for a row
            that is none.
        measures: names; by default all that apply but the costly ones, which are ``extra``. Those of the
            verdict are always computed.
        all_measures: the costly ones too, and on the controls those that no verdict reads.
        controls: compute measures on the controls too; the verdict's own controls always run.
        seed: of everything random.
        resamples: of the bootstrap.
        margins: of the verdict.
        reference_name: for the verdict's sentences.
        after_reference: [M, D₂] the same things as ``reference``, row by row where items are linked, in the
            space of ``after``, [N, D₂]. Each stage is then measured in its own space, and the verdict reads
            ranks and shares alone.

    Raises:
        VectorError: shapes that differ, NaN, Inf or zero rows.
        LinkError: no item is linked with the reference.
    """
    if after_reference is None:
        _check_shapes(before, after, reference)
    else:
        check_spaces((before, reference), (after, after_reference), linked=item_keys is not None)
    n = len(before)
    codes = cluster_codes(clusters, views, n)
    n_clusters = int(codes.max()) + 1
    frame = replace(make_frame(before, reference, (item_keys, reference_keys), codes, seed), views=views)
    after_frame = frame
    if after_reference is not None:
        keys = item_keys, reference_keys
        after_frame = replace(make_frame(after, after_reference, keys, codes, seed), views=views)
    stages = {"before": Stage(before, frame), "after": Stage(after, after_frame)}
    wanted = _wanted(measures, frame, all_measures)
    samples = {name: measure_stage(stage, wanted) for name, stage in stages.items()}
    unit_before, unit_after = stages["before"].unit, stages["after"].unit
    same_directions = after_reference is None and _same(unit_before, unit_after)
    if same_directions:
        # Rounding alone must not read as a difference: what depends on directions only is taken as equal.
        samples["after"] = {
            name: sample if name in RAW else samples["before"][name]
            for name, sample in samples["after"].items()
        }

    controlled = {TRUE_MATCH}
    if controls:
        named = all_measures or measures is not None
        controlled = wanted if named else wanted & {*VERDICT_MEASURES, *UNLINKED_MEASURES}
    control_samples = _control_samples(stages, controlled, seed)
    rows = build_rows(samples["before"], samples["after"], n_clusters, resamples, seed)
    values: dict[str, ControlValues] = {}
    if controls:
        floor = floor_samples(frame, wanted, samples["before"])
        values = _control_values(samples["before"], {**control_samples, "floor": floor})
    if after_reference is not None:
        values = {name: (beyond, why | {"noise": NO_STEP}) for name, (beyond, why) in values.items()}
    # Ranks and dimension depend on the width: the band stands beside after, in whose width it is.
    expected = gaussian_expected(n, after.shape[1], list(rows), seed)
    lengths = reference_lengths(reference) if after_reference is None else {}
    table = {
        name: MeasureResult(
            info, *rows[name], beyond, expected.get(name), why,
            sd_pair(samples["before"].get(name), samples["after"].get(name)), lengths.get(name),
            one_scale=after_reference is None or name in WITHIN,
        )
        for name, info in MEASURES.items()
        if name in rows
        for beyond, why in [values.get(name, ({}, {}))]
    }  # fmt: skip
    table = with_q(table)
    evidence = Evidence(
        clusters=n_clusters,
        linked=frame.linked,
        same_directions=same_directions,
        single_point=_same(unit_after, unit_after[:1]) and not _same(unit_before, unit_before[:1]),
        chance=float((1 / np.arange(1, len(reference) + 1)).mean()),
        label_share=label_share(item_keys) if item_keys is not None else 0.0,
        one_reference=frame.linked
        and len(reference) > 1
        and any(_same(one.reference, one.reference[:1]) for one in (frame, after_frame)),
        standardised=standardised_against(before, reference, seed=seed),
        over_noise=_over(samples["after"], control_samples.get("noise"), resamples, seed),
        over_snap=_over(samples["after"], control_samples.get("snap"), resamples, seed),
        reference=reference_name,
    )
    undefined = {
        name: sample.why
        for stage in samples.values()
        for name, sample in stage.items()
        if isinstance(sample, Undefined) and name not in table
    }
    return ArrayComparison(
        table,
        undefined,
        (judge if after_reference is None else judge_across)(table, evidence, margins),
        stages["before"],
        stages["after"],
        reference,
        n_clusters,
        after_reference,
    )


def _check_shapes(before: Array, after: Array, reference: Array) -> None:
    if before.shape != after.shape:
        raise VectorError(
            "two stages of the same items and width",
            f"shapes {before.shape} and {after.shape}",
            "give the rows of the same items; stages of different width have no differences, only "
            "similarities: compare each with its own reference",
        )
    if before.shape[1] != reference.shape[1]:
        raise VectorError(
            f"a reference as wide as the stages ({before.shape[1]})",
            f"width {reference.shape[1]}",
            "capture both after their projection into the shared space",
        )
    if len(before) < 2:
        raise VectorError(
            "at least 2 items", f"{len(before)}", "give more items; one row has no distribution"
        )


def make_frame(
    before: Array,
    reference: Array,
    keys: tuple[Codes | None, Codes | None],
    clusters: Codes,
    seed: int,
) -> Frame:
    """What the stages of the items of ``before`` have in common.

    Args:
        before: [N, D] the first stage.
        reference: [M, D]; without rows where there is none.
        keys: [N] and [M] link codes, see :func:`compare_arrays`.
        clusters: [N] dense codes.
        seed: of every sample of rows.

    Raises:
        LinkError: no item is linked with the reference.
    """
    groups, n_groups = jackknife_groups(clusters, groups=GROUPS, seed=seed)
    item_keys, reference_keys = keys
    if item_keys is not None and reference_keys is None:
        reference_keys = np.arange(len(reference))
    if (
        item_keys is not None
        and reference_keys is not None
        and not np.isin(item_keys[item_keys >= 0], reference_keys).any()
    ):
        raise LinkError(
            "items linked with the reference",
            "no key in common",
            "compare as distributions: leave item_keys out",
        )
    unit = unit_block(reference, "reference", working_dtype(reference)) if len(reference) else reference
    # One ruler for all stages: the bandwidth comes from before and the reference only.
    first = unit_block(before[:BANDWIDTH_ROWS], "before", working_dtype(before))
    return Frame(
        reference=unit,
        bandwidth=median_bandwidth(first, unit[:BANDWIDTH_ROWS], seed=seed) if len(unit) else None,
        item_keys=item_keys,
        reference_keys=reference_keys,
        clusters=clusters,
        groups=groups,
        reference_groups=(
            np.full(len(reference), FIXED, np.int64)
            if item_keys is None or reference_keys is None
            else reference_groups(groups, item_keys, reference_keys)
        ),
        n_groups=n_groups,
        seed=seed,
    )


def cluster_codes(clusters: Codes | None, views: Codes | None, n: int) -> Codes:
    """[N] dense codes of the independent units; views of one item are one unit unless told otherwise."""
    if clusters is not None:
        return dense_codes(clusters)
    if views is None:
        return np.arange(n)
    alone = views < 0
    return dense_codes(np.where(alone, views.max(initial=0) + 1 + np.cumsum(alone), views))


def _wanted(measures: Collection[str] | None, frame: Frame, all_measures: bool) -> set[str]:
    if measures is None:
        wanted = {measure.name for measure in STAGE_MEASURES if all_measures or not measure.extra}
        if frame.views is None:
            wanted.discard("lidar")
    else:
        wanted = {measure_info(name).name for name in measures} | set(VERDICT_MEASURES)
    if not frame.linked:
        wanted = {name for name in wanted if MEASURES[name].needs != "link"} | set(UNLINKED_MEASURES)
    return wanted


def _control_samples(
    stages: Mapping[str, Stage], wanted: Collection[str], seed: int
) -> dict[str, dict[str, Sample]]:
    before, after = stages["before"], stages["after"]
    frame = before.frame
    if after.frame is frame:
        stages_of_controls = control.control_stages(
            before.unit, after.unit, frame.reference, before.matched.nearest, seed=seed
        )
    else:
        stages_of_controls = control.still_controls(before.unit, frame.reference, before.matched.nearest)
    return {
        name: measure_stage(Stage(rows, frame), wanted, intervals=False) for name, rows in stages_of_controls
    }


def _control_values(
    before: Mapping[str, Sample], controls: Mapping[str, Mapping[str, Sample]]
) -> dict[str, ControlValues]:
    """Of each measure that before has: what each control gives beyond it, and why one gives nothing."""
    values: dict[str, ControlValues] = {}
    for name, sample in before.items():
        base = value_of(sample)
        if base is None:
            continue
        beyond: dict[str, float | None] = {"identity": 0.0}
        why: dict[str, str] = {}
        for label, samples in controls.items():
            control_sample = samples.get(name)
            if control_sample is None:
                continue
            value = value_of(control_sample)
            beyond[label] = None if value is None else value - base
            if isinstance(control_sample, Undefined):
                why[label] = control_sample.why
        values[name] = beyond, why
    return values


def floor_samples(frame: Frame, wanted: Collection[str], before: Mapping[str, Sample]) -> dict[str, Sample]:
    """What the distribution measures read between two halves of the reference."""
    names = [
        name
        for name in wanted
        if MEASURES[name].group == "distribution" and value_of(before.get(name)) is not None
    ]
    first, second = control.halves(len(frame.reference), seed=frame.seed)
    if not names or len(first) < 2:
        return {}
    half = replace(
        frame,
        reference=frame.reference[second],
        item_keys=None,
        reference_keys=None,
        clusters=np.arange(len(first)),
        views=None,
        groups=np.zeros(len(first), np.int64),
        reference_groups=np.full(len(second), FIXED, np.int64),
        n_groups=1,
    )
    return measure_stage(Stage(frame.reference[first], half), names, intervals=False)


def _over(
    after: Mapping[str, Sample], control_sample: Mapping[str, Sample] | None, resamples: int, seed: int
) -> Difference | None:
    """True-match of after minus that of a control, on the same items."""
    real, controlled = after.get(TRUE_MATCH), (control_sample or {}).get(TRUE_MATCH)
    if not isinstance(real, PerItem) or not isinstance(controlled, PerItem):
        return None
    return mean_rows([controlled], [real], resamples, seed)[0][2]


def gaussian_expected(n: int, d: int, names: list[str], seed: int) -> dict[str, tuple[float, float]]:
    """What a Gaussian of the same n and d reads, for the measures that depend on them."""
    geometry = [name for name in names if MEASURES[name].group == "geometry" and not name.startswith("norm")]
    bands = gaussian_bands(n, d, seed) if geometry else {}
    return {name: bands[name] for name in geometry if name in bands}


def reference_lengths(reference: Array) -> dict[str, float]:
    """What the measures of lengths read of the reference."""
    lengths = norms(reference)
    return {"norm.mean": float(lengths.mean()), "norm.sd": float(lengths.std())}


def _same(first: Array, second: Array) -> bool:
    return all(
        np.abs(np.subtract(first[block], second if len(second) == 1 else second[block])).max()
        <= SAME_DIRECTION
        for block in row_blocks(len(first), BLOCK_ROWS)
    )
