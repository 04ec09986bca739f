"""Groups of stages (recursive, fine-tuned, baseline) and whether they drifted differently."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import matrix
from repscope.measure.core.estimate import Difference, Replicates
from repscope.measure.core.resample import (
    LEVEL,
    SMALLEST_P,
    difference_replicates,
    estimate_replicates,
    q_values,
    standard_error,
)
from repscope.measure.drift.logs import exponential, log_replicates
from repscope.measure.drift.records import Series
from repscope.measure.drift.result import DriftArrays
from repscope.measure.drift.run import drift_arrays
from repscope.text.json_record import JsonRecord

CONTRASTED = (
    "drift.centre", "norm.mean", "spread.total", "spread.cosine", "spread.axes", "rank.entropy",
    "rank.participation", "cosine.true", "gap.rmg", "gap.l2", "frechet", "mmd", "precision", "recall",
    "density", "coverage", "tail.share",
)  # fmt: skip
"""Measures whose change is compared between groups, where both have them."""


@dataclass(frozen=True)
class GroupContrast(JsonRecord, keys="first second measure stage scale paired"):
    """How differently one measure drifted in two groups.

    Attributes:
        first, second: names of the groups.
        measure: name of the series.
        stage: number of the stage, whose change since the first stage is compared.
        difference: the second group's change minus the first's; of a series on the scale "ratio", the
            second group's ratio over the first's. q is over all contrasts.
        scale: of the series.
        paired: the groups hold the same items, so that their noise is shared.
    """

    first: str
    second: str
    measure: str
    stage: int
    difference: Difference
    scale: str
    paired: bool

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**super().to_json(), **self.difference.to_json()}


def drift_groups(
    groups: Mapping[str, Sequence[ArrayLike]],
    *,
    paired: bool,
    clusters: Mapping[str, ArrayLike] | None = None,
    item_keys: Mapping[str, NDArray[np.int64]] | None = None,
    measures: Collection[str] | None = None,
    **options: Any,
) -> tuple[dict[str, DriftArrays], tuple[GroupContrast, ...]]:
    """The drift of each group, and the differences between them at every later stage.

    Args:
        groups: ordered stages of each group, by its name; as many stages in each.
        paired: True where all groups hold the same items in the same order (the same prompts): they then
            leave out the same items, and differences are paired. False for independent items.
        clusters: [N] of each group, by its name.
        item_keys: [N] link codes of each group, by its name.
        measures: as in :func:`drift_arrays`.
        **options: further arguments of :func:`drift_arrays`, the same for every group.

    Raises:
        InputError: fewer than two groups, another number of stages in some, paired groups of other sizes.
        VectorError: as :func:`drift_arrays`.
    """
    names = list(groups)
    if len(names) < 2:
        raise InputError("at least two groups to compare", f"{len(names)}", "name the column of conditions")
    counts = {len(stages) for stages in groups.values()}
    if len(counts) > 1:
        raise InputError("as many stages in every group", f"{sorted(counts)}", "give each group all stages")
    drifts = {
        name: drift_arrays(
            groups[name],
            clusters=None if clusters is None else clusters[name],
            item_keys=None if item_keys is None else item_keys[name],
            measures=measures,
            **options,
        )
        for name in names
    }
    if paired and len({drift.n for drift in drifts.values()}) > 1:
        raise InputError(
            "the same items in every group", ", ".join(f"{name}: {one.n:,}" for name, one in drifts.items()),
            "compare them as independent: paired=False",
        )  # fmt: skip
    contrasts = [
        contrast
        for first, second in combinations(names, 2)
        for contrast in _contrasts(drifts, first, second, paired=paired)
    ]
    return drifts, _with_q(contrasts)


def split_groups(stages: Sequence[ArrayLike], codes: Sequence[Any]) -> dict[str, list[NDArray[np.generic]]]:
    """Stages of each group of rows, by a column of conditions: {value: its rows of every stage}.

    Raises:
        InputError: not one value a row.
    """
    column = np.asarray(codes).astype(str)
    arrays = [matrix(stage, f"stage {number}") for number, stage in enumerate(stages)]
    for stage in arrays:
        if column.shape != (len(stage),):
            raise InputError(
                f"a condition for each of {len(stage):,} rows", f"shape {column.shape}", "fill the column"
            )
    return {str(value): [stage[column == value] for stage in arrays] for value in dict.fromkeys(column)}


def _contrasts(
    drifts: Mapping[str, DriftArrays], first: str, second: str, *, paired: bool
) -> list[GroupContrast]:
    contrasts = []
    for name in CONTRASTED:
        both = [drifts[group].series.get(name) for group in (first, second)]
        if both[0] is None or both[1] is None:
            continue
        for stage in range(1, len(both[0].values)):
            changes = [_change(series, stage) for series in both if series is not None]
            if changes[0] is None or changes[1] is None:
                continue
            counts = (drifts[first].clusters, drifts[second].clusters)
            difference = (
                difference_replicates(changes[0], changes[1], counts[0])
                if paired
                else _independent(changes[0], changes[1], counts)
            )
            if both[0].scale == "ratio":
                difference = exponential(difference)
            contrasts.append(GroupContrast(first, second, name, stage, difference, both[0].scale, paired))
    return contrasts


def _change(series: Series, stage: int) -> Replicates | None:
    """The change since the first stage, on logarithms for ratios; the value where the first has none."""
    base, later = series.samples[0] if series.samples else None, None
    if stage < len(series.samples):
        later = series.samples[stage]
    if later is None:
        return None
    if series.scale == "ratio":
        logs = [None if sample is None else log_replicates(sample) for sample in (base, later)]
        if logs[0] is None or logs[1] is None:
            return None
        base, later = logs
    if base is None or later is None:
        return later
    return Replicates(later.value - base.value, later.leave_out - base.leave_out, later.n)


def _independent(first: Replicates, second: Replicates, counts: tuple[int, int]) -> Difference:
    """Welch's t: errors of two independent groups add, with Satterthwaite's degrees of freedom."""
    from scipy.stats import t

    value = second.value - first.value
    n = min(counts)
    sides = [estimate_replicates(side, count) for side, count in zip((first, second), counts, strict=True)]
    if any(side.low is None for side in sides):
        return Difference(value, n=n, why=next(side.why for side in sides if side.low is None))
    degrees = [len(side.leave_out) - 1 for side in (first, second)]
    squares = [
        standard_error(side.low or 0.0, side.high or 0.0, df + 1) ** 2
        for side, df in zip(sides, degrees, strict=True)
    ]
    total = sum(squares)
    method = "independent groups: delete-group jackknife of each; Welch t-test p"
    if total == 0:
        return Difference(value, value, value, n=n, method=method, p=1.0 if value == 0 else SMALLEST_P)
    df = total**2 / sum(square**2 / degree for square, degree in zip(squares, degrees, strict=True))
    half = float(t.ppf((1 + LEVEL) / 2, df) * np.sqrt(total))
    p = max(float(2 * t.sf(abs(value) / np.sqrt(total), df)), SMALLEST_P)
    return Difference(value, value - half, value + half, LEVEL, n, method, p)


def _with_q(contrasts: list[GroupContrast]) -> tuple[GroupContrast, ...]:
    q = q_values([contrast.difference.p for contrast in contrasts])
    return tuple(
        replace(contrast, difference=replace(contrast.difference, q=value))
        for contrast, value in zip(contrasts, q, strict=True)
    )
