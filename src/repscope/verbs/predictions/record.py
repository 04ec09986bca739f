"""What ``predictions`` found, as a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.internals.masking.mask import Mask
from repscope.maps import Projection
from repscope.measure.comparison.describe_arrays import StageResult
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.geometry.collapse import Collapse
from repscope.text.json_record import JsonRecord
from repscope.text.numbers import interval, number
from repscope.text.tables import table

SCHEMA = "repscope.predictions/1"

HEAD = ("cells", "predictions", "cosine", "trivial", "shuffled", "skill", "over shuffled")

Measures = Mapping[str, Estimate | Difference]


@dataclass(frozen=True)
class PredictedLevel:
    """The predictions of one level of the hierarchy.

    Attributes:
        level: from 0, the finest.
        grid: rows and columns of cells of 2^level × 2^level patches.
        predictions: how many were made.
        dimensions: of a feature.
        measures: by name; see ``docs/verbs/predictions.md``.
        predicts: whether the predictions tell what an image hides; None where the data do not say.
        reading: that, in a sentence with its numbers.
    """

    level: int
    grid: tuple[int, int]
    predictions: int
    dimensions: int
    measures: Measures
    predicts: bool | None = None
    reading: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "level": self.level,
            "grid": list(self.grid),
            "predictions": self.predictions,
            "dimensions": self.dimensions,
            "measures": measures_json(self.measures),
            "predicts": self.predicts,
            "reading": self.reading,
        }


@dataclass(frozen=True)
class FeatureHealth(JsonRecord):
    """The distribution of one kind of feature.

    Attributes:
        name: "target.patches", "target.images" or "predicted.patches".
        n, d: rows and columns that were measured.
        collapse: whether they have collapsed; None where one image has no distribution.
        measures: from inside, each beside a Gaussian of the same N and D.
        rows: [n, d] of them, for the figure.
    """

    name: str
    n: int
    d: int
    collapse: Collapse | None
    measures: tuple[StageResult, ...]
    rows: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True)
class ShownPrediction:
    """An image whose predictions are drawn.

    Attributes:
        id: which.
        picture: [H, W, 3] in [0, 1], the pixels that the model saw, before hiding.
        masks: a mask a level.
        cosines, errors: by level, of its grid; NaN where nothing was predicted.
        reconstruction: [H, W, 3] the decoder's picture in the same scale; None without a decoder.
    """

    id: str
    picture: NDArray[np.float32]
    masks: tuple[Mask, ...]
    cosines: tuple[NDArray[np.float64], ...]
    errors: tuple[NDArray[np.float64], ...]
    reconstruction: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Neighbourhood:
    """An image with its nearest others, by their target features.

    Attributes:
        query, near: indices among the images.
        scores: cosines.
    """

    query: int
    near: tuple[int, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class PredictionsRecord:
    """What a model predicts of hidden patches.

    Attributes:
        model: as it was named.
        sampler: of the masks.
        ids: images that were read.
        labels: of them, or ().
        grid: rows and columns of patches.
        levels: the finest first.
        health: distributions of the features.
        reconstruction: measures of the decoder's pixels; {} without a decoder.
        map: of target and predicted features of the images, or None.
        neighbours: some images with their nearest.
        pictures: of the images in ``neighbours``, by index.
        shown: the first images, with their maps.
        sets: names of the sets that were kept in a study.
        skipped: images that could not be read, with the reason.
        notes: what a reader should know.
        replay: the command that repeats it; "" where there is none.
    """

    model: str
    sampler: str
    ids: tuple[str, ...]
    grid: tuple[int, int]
    levels: tuple[PredictedLevel, ...]
    health: tuple[FeatureHealth, ...]
    labels: tuple[str, ...] = ()
    reconstruction: Measures = field(default_factory=dict)
    map: Projection | None = None
    neighbours: tuple[Neighbourhood, ...] = ()
    pictures: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)
    shown: tuple[ShownPrediction, ...] = ()
    sets: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    replay: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without features and pictures."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "sampler": self.sampler,
            "items": len(self.ids),
            "grid": list(self.grid),
            "levels": [level.to_json() for level in self.levels],
            "features": [
                {
                    "name": one.name,
                    "n": one.n,
                    "d": one.d,
                    "collapse": one.collapse and one.collapse.to_json(),
                    "reading": str(one.collapse) if one.collapse else "",
                    "measures": [measure.to_json() for measure in one.measures],
                }
                for one in self.health
            ],
            "reconstruction": measures_json(self.reconstruction),
            "map": self.map and self.map.to_json(),
            "sets": list(self.sets),
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
            "replay": self.replay,
        }

    def lines(self) -> Iterator[str]:
        """For the terminal: the levels as a table, then what they and the features say."""
        rows = []
        for level in self.levels:
            cosines = [level.measures[f"cosine{one}"].value for one in ("", ".trivial", ".shuffled")]
            rows.append(
                (
                    str(level.level),
                    "×".join(map(str, level.grid)),
                    f"{level.predictions:,}",
                    *map(number, cosines),
                    *(said(level.measures[name]) for name in ("skill", "skill.shuffled")),
                )
            )
        yield from table(("level", *HEAD), rows, left=(0, 1), rule=False, width=None)
        yield from (f"level {level.level}: {level.reading}" for level in self.levels)
        yield from (f"{one.name}: {one.collapse}" for one in self.health if one.collapse)
        if self.reconstruction:
            error, skill = self.reconstruction["error"], self.reconstruction["skill"]
            yield (
                f"reconstruction: mean squared error {number(error.value)} in the units of the model's "
                f"pixels, skill {said(skill)} over the same decoder of the mean visible feature"
            )
        if self.map is not None:
            yield f"map: {self.map}; {self.map.faithfulness}"


def said(one: Estimate | Difference) -> str:
    """A value with its interval."""
    return f"{number(one.value)} {interval(one.low, one.high)}".strip()


def measures_json(measures: Measures) -> list[dict[str, Any]]:
    """A list of names and values."""
    return [{"name": name, "value": one.to_json()} for name, one in measures.items()]
