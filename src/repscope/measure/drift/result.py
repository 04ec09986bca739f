"""The whole of what :func:`repscope.measure.drift.drift_arrays` found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repscope.measure.drift.margins import DriftVerdict
from repscope.measure.drift.records import Axis, Modes, Move, Paths, Rate, Series, Turn
from repscope.text.json_record import JsonRecord

_KEYS = (
    "stages=labels n d=dimension clusters seed measures=series moves turns axes modes paths rate "
    "undefined verdict"
)


@dataclass(frozen=True)
class DriftArrays(JsonRecord, keys=_KEYS):
    """Ordered stages of the same items.

    Attributes:
        labels: [S] names of the stages, in the order given.
        positions: [S] where they stand (generation numbers); 0, 1, 2, … by default.
        n: items.
        dimension: width of a row.
        clusters: independent units.
        series: measures over the stages, by name.
        undefined: measures that these rows do not have, with the reason.
        moves: of the centre: consecutive stages, the first to every later one, then those asked for.
        turns: direction of successive moves at each interior stage.
        axes: variance along the first stage's principal axes, largest first.
        modes: clusters of the first stage and what became of them.
        paths: of the items.
        rate: the fitted rate of contraction.
        verdict: one word and its reasons.
        seed: of everything random.
    """

    labels: tuple[str, ...]
    positions: tuple[float, ...]
    n: int
    dimension: int
    clusters: int
    series: Mapping[str, Series]
    undefined: Mapping[str, str]
    moves: tuple[Move, ...]
    turns: tuple[Turn, ...]
    axes: tuple[Axis, ...]
    modes: Modes
    paths: Paths
    rate: Rate
    verdict: DriftVerdict
    seed: int

    def move(self, first: int, second: int) -> Move | None:
        """The move between two stages, if it was computed."""
        return next((move for move in self.moves if (move.first, move.second) == (first, second)), None)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; the arrays of the paths as quantiles."""
        return super().to_json() | {
            "stages": [
                {"number": number, "label": label, "position": position}
                for number, (label, position) in enumerate(zip(self.labels, self.positions, strict=True))
            ],
            "measures": [series.to_json() for series in self.series.values()],
        }
