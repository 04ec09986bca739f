"""What a drift analysis returns: series over stages, and what happened to modes, tails and items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.estimate import Difference, Estimate, Replicates
from repscope.text.json_record import JsonRecord

Scale = Literal["difference", "ratio"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PairChange:
    """How one measure changed between two stages of the same items.

    Attributes:
        first, second: numbers of the stages, from 0, ``first`` before ``second``.
        change: second minus first, or second / first where the series is on the scale "ratio" (its
            interval is made on logarithms, and p asks for a ratio of 1).
    """

    first: int
    second: int
    change: Difference

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"first": self.first, "second": self.second, **self.change.to_json()}


@dataclass(frozen=True)
class ChangePoint(JsonRecord, optional="why"):
    """One split of a series into before and after.

    Attributes:
        stage: the first stage after the split, or None.
        before, after: mean of the series on either side.
        explained: share of the series' variance that the split explains, in [0, 1].
        p: chance of a split that explains as much when the truth is constant and only the measured
            uncertainty moves the series; None where there is no uncertainty to draw from.
        step: True where one step fits better than a straight line over the positions.
        why: the reason when ``stage`` or ``p`` is None.
    """

    stage: int | None
    before: float | None = None
    after: float | None = None
    explained: float | None = None
    p: float | None = None
    step: bool | None = None
    why: str = ""


@dataclass(frozen=True)
class Series(
    JsonRecord,
    keys="name scale stages=values pairs change_point floor gaussian shuffled",
    optional="gaussian shuffled",
):
    """One measure over the stages.

    Attributes:
        name: of the measure, such as "spread.total"; measured to real rows it ends in "@real".
        values: one estimate a stage; undefined where the stage has none (the distance of the first
            stage to itself).
        pairs: changes between consecutive stages, then from the first to every later one, then those asked
            for.
        scale: what ``pairs`` hold.
        change_point: the best single split of ``values``.
        gaussian: [low, high] that a Gaussian of the same N and D reads, where that matters.
        floor: what two random halves of the first stage read, where that is defined.
        shuffled: the value per stage after the stages of each item were put in a random order (what
            chance gives), where it was computed; None elsewhere.
        samples: value and leave-out values of each stage, for tests between groups; not in the JSON.
    """

    name: str
    values: tuple[Estimate, ...]
    pairs: tuple[PairChange, ...] = ()
    scale: Scale = "difference"
    change_point: ChangePoint = field(default_factory=lambda: ChangePoint(None))
    gaussian: tuple[float, float] | None = None
    floor: float | None = None
    shuffled: tuple[float | None, ...] | None = None
    samples: tuple[Replicates | None, ...] = field(default=(), repr=False, compare=False)

    def pair(self, first: int, second: int) -> PairChange | None:
        """The change between two stages, if it was computed."""
        return next((pair for pair in self.pairs if (pair.first, pair.second) == (first, second)), None)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        record = super().to_json()
        if self.gaussian is not None:
            record["gaussian"] = {"low": self.gaussian[0], "high": self.gaussian[1]}
        return record


@dataclass(frozen=True)
class Move(JsonRecord):
    """The move of the centre between two stages, in the original space.

    Attributes:
        first, second: stages.
        distance: ‖c_second − c_first‖ without what noise adds: the root of the unbiased squared distance,
            0 where that is negative.
        plain: ‖c_second − c_first‖ of the sample means, as older systems read it.
        noise: what ``plain`` would read, in root mean square, had the centre not moved.
        relative: ``distance`` in units of the first stage's root-mean-square radius.
        p: sign-flip test that the centre did not move, over groups of clusters.
        q: the same after Benjamini-Hochberg over all moves.
        shuffled: ``plain`` after the stages of each item were put in a random order, or None.
    """

    first: int
    second: int
    distance: Estimate
    plain: float
    noise: float
    relative: Estimate
    p: float | None = None
    q: float | None = None
    shuffled: float | None = None


@dataclass(frozen=True)
class Turn(JsonRecord):
    """Whether the centre kept its direction at an interior stage.

    Attributes:
        stage: where the move into it and the move out of it meet.
        cosine: of the two moves, without the bias that their shared stage brings: 1 keeps on, 0 turns
            by a right angle, −1 goes back. Undefined where either move is within noise.
    """

    stage: int
    cosine: Estimate


@dataclass(frozen=True)
class Axis(JsonRecord):
    """Variance along one principal axis of the first stage, over the stages.

    Attributes:
        share: of the first stage's total spread that lies along the axis.
        ratios: per stage, variance over that of the first stage. Axes are found on one half of the
            clusters and read on the other, and the two readings averaged.
    """

    share: float
    ratios: tuple[Estimate, ...]


@dataclass(frozen=True)
class Mode(JsonRecord):
    """A cluster of the first stage, and its share of the rows of each stage.

    Attributes:
        number: from 0, largest first.
        shares: [S] share of the held-out rows that are nearest to its centre, once a translation that
            most items share is undone.
        shape_shares: [S] the same once a common scale is undone too: a loss that remains is more than
            contraction.
        p, q: one-sided sign test per later stage that items left it; q over all modes and stages.
        shape_q: the same for ``shape_shares``.
        lost: the first stage from which on it has lost its items, or None.
        shape_lost: the same for ``shape_shares``.
        examples: rows nearest to its centre in the first stage, nearest first.
        leavers: such rows that are in another mode in the last stage.
    """

    number: int
    shares: tuple[float, ...]
    shape_shares: tuple[float, ...]
    p: tuple[float | None, ...]
    q: tuple[float | None, ...]
    shape_q: tuple[float | None, ...]
    lost: int | None
    shape_lost: int | None
    examples: tuple[int, ...]
    leavers: tuple[int, ...]


@dataclass(frozen=True)
class Modes:
    """Clusters of the first stage and what became of them.

    Attributes:
        modes: largest first.
        method: how they were found, and how many rows were held out.
        why: the reason when there are none.
    """

    modes: tuple[Mode, ...] = ()
    method: str = ""
    why: str = ""

    def lost_share(self, *, shape: bool = False) -> float:
        """Share of the first stage's rows that were in modes since lost."""
        lost = [mode for mode in self.modes if (mode.shape_lost if shape else mode.lost) is not None]
        return sum(mode.shares[0] for mode in lost)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        record: dict[str, Any] = {
            "method": self.method,
            "lost_share": self.lost_share(),
            "modes": [mode.to_json() for mode in self.modes],
        }
        return record | ({"why": self.why} if self.why else {})


@dataclass(frozen=True)
class Paths:
    """The way of each item through the stages. Arrays are over items, in the order of the rows.

    Attributes:
        length: [N] Σ ‖x_{g+1} − x_g‖.
        net: [N] ‖x_last − x_first‖.
        moved_most: rows of the largest ``net``, largest first.
        rows: [n] rows whose neighbours were searched: all, or a seeded draw.
        nearest_first, nearest_last: [n] distance to the nearest other of these rows.
        partner: [n] that nearest row in the last stage (a row number in N).
        converged: (row, partner) of the pairs that drew together most, by the ratio of their distance
            last to first, beyond the ratio of the RMS radii.
        converged_ratio: that ratio for each of them.
    """

    length: Floats
    net: Floats
    moved_most: tuple[int, ...]
    rows: Ints
    nearest_first: Floats
    nearest_last: Floats
    partner: Ints
    converged: tuple[tuple[int, int], ...]
    converged_ratio: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values: quantiles of the arrays, and the named rows."""
        return {
            "length": _quantiles(self.length),
            "net": _quantiles(self.net),
            "nearest_first": _quantiles(self.nearest_first),
            "nearest_last": _quantiles(self.nearest_last),
            "moved_most": [
                {"row": row, "net": float(self.net[row]), "length": float(self.length[row])}
                for row in self.moved_most
            ],
            "converged": [
                {"row": row, "with": other, "ratio": ratio}
                for (row, other), ratio in zip(self.converged, self.converged_ratio, strict=True)
            ],
        }


@dataclass(frozen=True)
class Rate(JsonRecord, optional="why"):
    """The fitted rate of contraction: log total spread as a line over the positions of the stages.

    Attributes:
        slope: change of log spread per unit of position; below 0 contracts.
        factor: exp(slope): the spread is multiplied by this for each unit of position.
        half_life: positions until the spread has halved; undefined unless the slope is surely below 0.
        residual: root-mean-square distance of log spread from the line: what the line does not fit.
        ahead: (position, ratio to the first stage) extrapolated, with the slope's uncertainty and the
            misfit of the line; undefined below 3 stages.
        why: the reason when nothing could be fitted.
    """

    slope: Estimate
    factor: Estimate
    half_life: Estimate
    residual: float | None = None
    ahead: tuple[tuple[float, Estimate], ...] = ()
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        ahead = [{"position": position, **ratio.to_json()} for position, ratio in self.ahead]
        return super().to_json() | {"ahead": ahead}


def _quantiles(values: Floats) -> Mapping[str, float | None]:
    if not len(values):
        return {"min": None, "median": None, "p90": None, "max": None}
    quantiles = np.quantile(values, [0, 0.5, 0.9, 1]).tolist()
    return dict(zip(("min", "median", "p90", "max"), quantiles, strict=True))
