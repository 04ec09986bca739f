"""What ``segment compare`` found, as a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.estimate import Difference, Estimate
from repscope.segmentation.metrics import Agreement, Labels
from repscope.text.numbers import number, p_equation
from repscope.text.tables import table

SCHEMA = "repscope.segmentation/1"

MEASURES = {"iou": "IoU", "dice": "Dice", "boundary_iou": "boundary IoU", "accuracy": "pixel accuracy"}


@dataclass(frozen=True)
class ComparedImage:
    """One picture in both runs.

    Attributes:
        id: of it.
        first, second: agreement of each run with the truth.
        truth, masks: [H, W] classes, of the truth and of both runs.
    """

    id: str
    first: Agreement
    second: Agreement
    truth: Labels = field(repr=False)
    masks: tuple[Labels, Labels] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """As JSON values: for each measure both runs."""
        one, two = self.first.to_json(), self.second.to_json()
        return {"id": self.id, **{name: [one[name], two[name]] for name in one}}

    @property
    def gain(self) -> float:
        """IoU of the second run minus that of the first."""
        return (self.second.iou or 0.0) - (self.first.iou or 0.0)


@dataclass(frozen=True)
class RunSummary:
    """What a run is.

    Attributes:
        run: its folder.
        quantizer: of it.
        measures: means over the pictures.
        codes: ``codes``, ``used``, ``perplexity``, ``bits_per_place``; empty without a quantiser.
        compression: ``codes``, ``with_codebook`` and ``break_even_items``; empty without a quantiser.
    """

    run: str
    quantizer: str
    measures: Mapping[str, Estimate]
    codes: Mapping[str, float] = field(default_factory=dict)
    compression: Mapping[str, float | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "run": self.run,
            "quantizer": self.quantizer,
            "measures": [{"name": name, "value": one.to_json()} for name, one in self.measures.items()],
            "codes": dict(self.codes) or None,
            "compression": dict(self.compression) or None,
        }


@dataclass(frozen=True)
class SegmentRecord:
    """Two runs on the pictures of one split.

    Attributes:
        runs: the two.
        split: that was compared.
        margin: of mean IoU.
        images: every picture, none left out.
        classes: of each class ``label``, ``pixels``, and the IoU of both runs over all pixels.
        difference: of mean IoU, the second minus the first, over the pictures.
        verdict: equal, better, worse or inconclusive: of the second beside the first.
        similarity: of the features that both heads took, by measure.
        notes: what a reader should know.
        replay: the command that repeats it.
    """

    runs: tuple[RunSummary, RunSummary]
    split: str
    margin: float
    images: tuple[ComparedImage, ...]
    classes: tuple[Mapping[str, Any], ...]
    difference: Difference
    verdict: str
    similarity: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    replay: str = ""
    pictures: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict, repr=False)
    codes: Mapping[str, Labels] = field(default_factory=dict, repr=False)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "schema": SCHEMA,
            "runs": [one.to_json() for one in self.runs],
            "split": self.split,
            "margin": self.margin,
            "images": [one.to_json() for one in self.images],
            "classes": [dict(one) for one in self.classes],
            "difference": self.difference.to_json(),
            "verdict": self.verdict,
            "similarity": dict(self.similarity),
            "notes": list(self.notes),
            "replay": self.replay,
        }

    def lines(self) -> Sequence[str]:
        """For a person: the verdict first."""
        one, two = self.runs
        gap = self.difference
        lines = [
            f"{two.run} ({two.quantizer}) is {self.verdict.upper()} beside {one.run} ({one.quantizer}): mean "
            f"IoU {number(gap.value, signed=True)} (95 % {number(gap.low, signed=True)} to "
            f"{number(gap.high, signed=True)}"
            + (f", {p_equation(gap.p)}" if gap.p is not None else "")
            + f") over {len(self.images):,} pictures of {self.split}; margin {self.margin:g}",
            "",
        ]
        rows = [
            (label, *(_cell(run.measures[name]) for run in self.runs)) for name, label in MEASURES.items()
        ]
        lines += table(("", one.run, two.run), rows, left=[0], rule=False, width=None)
        rows = [
            (str(each["label"]), f"{each['pixels']:,}", *(number(value) for value in each["iou"]))
            for each in self.classes
        ]
        lines += ["", *table(("class", "pixels", one.run, two.run), rows, left=[0], rule=False, width=None)]
        for run in self.runs:
            if run.codes:
                dead = run.codes["codes"] - run.codes["used"]
                lines.append(
                    f"codes of {run.run}: {run.codes['used']:,.0f} of {run.codes['codes']:,.0f} in use "
                    f"({dead:,.0f} dead), perplexity {run.codes['perplexity']:.1f}, "
                    f"{run.codes['bits_per_place']:g} bits a place"
                )
        return lines


def _cell(one: Estimate) -> str:
    return f"{number(one.value)} ({number(one.low)} to {number(one.high)})"
