"""Rows of the table that a comparison prints: one measure, before and after, with its controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.info import MeasureInfo


@dataclass(frozen=True)
class MeasureResult:
    """One measure of two stages.

    Attributes:
        info: what the measure is.
        before, after: the two stages.
        difference: after minus before on the same items.
        controls: the difference that each known non-answer gives; None where it is not defined.
        expected: [low, high] that a Gaussian of the same N and D reads, for measures that depend on
            them; None for the others.
        controls_why: the reason of each None in ``controls``.
        sd: standard deviation over items before and after, of a mean over items; else None.
        reference: what the reference reads, for measures of lengths; else None.
        one_scale: before and after are read on one scale, so that more is better or worse. Cosines, lengths
            and distances of two spaces are not.
    """

    info: MeasureInfo
    before: Estimate
    after: Estimate
    difference: Difference
    controls: Mapping[str, float | None] = field(default_factory=dict)
    expected: tuple[float, float] | None = None
    controls_why: Mapping[str, str] = field(default_factory=dict)
    sd: tuple[float, float] | None = None
    reference: float | None = None
    one_scale: bool = True

    @property
    def percent(self) -> float | None:
        """The difference in percent of before; None where before is not surely above 0."""
        before, change = self.before, self.difference.value
        if before.value is None or change is None or before.value <= 0 or (before.low or 0.0) < 0:
            return None
        return 100 * change / before.value

    @property
    def name(self) -> str:
        """Public name of the measure."""
        return self.info.name

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        described = self.info.to_json()
        record: dict[str, Any] = {
            "name": self.name,
            **{key: described[key] for key in ("group", "direction", "bounds", "unit")},
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "difference": self.difference.to_json(),
            "controls": dict(self.controls),
        }
        if self.percent is not None:
            record["percent"] = self.percent
        if self.sd is not None:
            record["sd"] = {"before": self.sd[0], "after": self.sd[1]}
        if self.reference is not None:
            record["reference"] = self.reference
        if not self.one_scale:
            record["one_scale"] = False
        if self.controls_why:
            record["controls_why"] = dict(self.controls_why)
        if self.expected is not None:
            record["gaussian"] = {"low": self.expected[0], "high": self.expected[1]}
        return record


@dataclass(frozen=True)
class SimilarityResult:
    """How alike two stages of the same items are, beside the same measure on shuffled pairs.

    Attributes:
        name: public name of the measure.
        value: the estimate.
        null: mean of the measure over random pairings, or None.
        null_high: 95th percentile over random pairings, or None.
        p: share of random pairings at least as similar, or None.
        null_method: how many pairings, of what, on which rows.
    """

    name: str
    value: Estimate
    null: float | None = None
    null_high: float | None = None
    p: float | None = None
    null_method: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "name": self.name,
            "value": self.value.to_json(),
            "null": {"mean": self.null, "high": self.null_high, "p": self.p, "method": self.null_method},
        }
