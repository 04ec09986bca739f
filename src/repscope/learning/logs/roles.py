"""What logged names mean: collapse, momentum of an average, gradients by layer, losses by level."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from repscope.learning.logs.series import Series, plain

SHRINKS = re.compile(r"rank|(^|[/_. ])std([/_. ]|$)|variance|uniformity|spread|perplexity", re.IGNORECASE)
GROWS = re.compile(r"cos(ine)?[_./ ]?(sim|mean)|mean[_./ ]?cos|similarity|redundancy", re.IGNORECASE)
MOMENTUM = re.compile(r"(^|[/_. ])(ema|momentum|tau)([/_. ]|$)", re.IGNORECASE)
GRADIENT = re.compile(r"grad", re.IGNORECASE)
LEVEL = re.compile(r"(?:level|hier(?:archy)?|scale|stage)[_\-/. ]?(\d+)", re.IGNORECASE)

VANISHING, EXPLODING = 1e-3, 1e3
"""Of a layer's gradient: its median over the median layer's, and its largest over its own median."""


@dataclass(frozen=True)
class Momentum:
    """The momentum of an exponential moving average beside the schedules that are in use.

    Attributes:
        run, name: of the series.
        first, last: values.
        cosine: largest distance to 1 − (1 − m₀) (1 + cos πt/T) / 2 between its own ends (BYOL).
        linear: largest distance to the straight line between its ends (I-JEPA).
    """

    run: str
    name: str
    first: float
    last: float
    cosine: float
    linear: float

    @property
    def schedule(self) -> str:
        """The nearer of the two, or what else it is."""
        reach = abs(self.last - self.first)
        if reach == 0 and max(self.cosine, self.linear) == 0:
            return "constant"
        nearest = "cosine" if self.cosine <= self.linear else "linear"
        return nearest if min(self.cosine, self.linear) <= 0.02 * reach else "neither"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        numbers = {key: plain(getattr(self, key)) for key in ("first", "last", "cosine", "linear")}
        return {"run": self.run, "name": self.name, **numbers, "schedule": self.schedule}


@dataclass(frozen=True)
class LayerGradient:
    """The gradient of one layer over a training.

    Attributes:
        run, name: of the series.
        median, largest: of its finite values.
        word: "vanishing", "exploding", "not finite" or "".
    """

    run: str
    name: str
    median: float
    largest: float
    word: str

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "run": self.run,
            "name": self.name,
            "median": plain(self.median),
            "largest": plain(self.largest),
            "word": self.word,
        }


def is_collapse(name: str) -> bool:
    """Whether a quantity says how many directions a representation uses."""
    return bool(SHRINKS.search(name) or GROWS.search(name)) and not GRADIENT.search(name)


def momentum_of(series: Series) -> Momentum | None:
    """None unless it is called so, and lies between .5 and 1 as the momentum of an average does."""
    steps, values = series.curve
    if not MOMENTUM.search(series.name) or len(values) < 2 or values.min() < 0.5 or values.max() > 1:
        return None
    share = (steps - steps[0]) / max(steps[-1] - steps[0], 1e-12)
    first, last = float(values[0]), float(values[-1])
    cosine = last - (last - first) * (1 + np.cos(np.pi * share)) / 2
    linear = first + (last - first) * share
    far = [float(np.abs(values - one).max()) for one in (cosine, linear)]
    return Momentum(series.run, series.name, first, last, far[0], far[1])


def gradients_of(series: Sequence[Series]) -> list[LayerGradient]:
    """Gradients by layer, each beside the other layers of its run; none where only one was logged."""
    found: list[LayerGradient] = []
    for run in dict.fromkeys(one.run for one in series):
        own = [one for one in series if one.run == run and GRADIENT.search(one.name)]
        for kind in dict.fromkeys(map(_kind, own)):
            found += _beside(run, [one for one in own if _kind(one) == kind])
    return found


def _kind(one: Series) -> str:
    """What is before the layer's name, such as ``grad.mean/``: means are not compared with largest ones."""
    head, slash, _ = one.name.partition("/")
    return head if slash and GRADIENT.search(head) else ""


def _beside(run: str, own: Sequence[Series]) -> list[LayerGradient]:
    sizes = {one.name: np.abs(one.values[one.kept]) for one in own}
    finite = {name: values[np.isfinite(values)] for name, values in sizes.items()}
    medians = {name: float(np.median(values)) for name, values in finite.items() if len(values)}
    if len(own) < 2 or not medians:
        return []
    middle = float(np.median(list(medians.values())))
    found = []
    for name, median in medians.items():
        largest = float(finite[name].max())
        word = ""
        if len(finite[name]) < len(sizes[name]):
            word = "not finite"
        elif largest > EXPLODING * median > 0:
            word = "exploding"
        elif median < VANISHING * middle:
            word = "vanishing"
        found.append(LayerGradient(run, name, median, largest, word))
    return found


def level_of(name: str) -> int | None:
    """The level of a hierarchy that a loss is of."""
    found = LEVEL.search(name)
    return int(found[1]) if found and "loss" in name.lower() else None
