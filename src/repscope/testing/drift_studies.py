"""Simulated ordered studies whose drift is known: what can happen over stages, and what is true of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from repscope.testing.noise import noise

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KNOWN_MOVES = (1.08, 1.07, 1.10)
"""True moves of the centre 0 → 4, 4 → 10 and 0 → 10 of the condition "known"."""

KNOWN_RATIO = 0.010
"""True ratio of the total spread, last stage to first, of the condition "known"."""


@dataclass(frozen=True)
class SimulatedDrift:
    """Ordered stages and what is true of them.

    Attributes:
        condition: what was done; a key of :data:`DRIFTS`.
        stages: [N, D] each, the same items in the same order.
        positions: of the stages.
        reference: [N, D] one target an item, row i for item i, or None.
        clusters: [N] rows that share an item's noise.
        right: verdicts that are true of it. "inconclusive" is always honest.
        truth: population values by "name:first:second" (moves, ratios) or "name:stage".
    """

    condition: str
    stages: tuple[Floats, ...]
    positions: tuple[float, ...]
    reference: Floats | None
    clusters: Ints
    right: frozenset[str]
    truth: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _World:
    """What all conditions start from: rows around a mean, in a space with a falling spectrum."""

    rng: np.random.Generator
    scale: Floats
    mean: Floats
    rows: Floats
    clusters: Ints
    heavy: bool = False

    def fresh(self, size: float) -> Floats:
        """[N, D] noise with the spectrum of the rows, shared within clusters."""
        drawn = noise(self.rng, (int(self.clusters.max()) + 1, len(self.scale)), heavy=self.heavy)
        return np.asarray(size * (drawn * self.scale)[self.clusters])

    def redrawn(self) -> Floats:
        """Another draw from the distribution of the rows."""
        return self.mean + self.fresh(np.sqrt(0.75)) + 0.5 * self._own()

    def _own(self) -> Floats:
        drawn = noise(self.rng, (len(self.clusters), len(self.scale)), heavy=self.heavy)
        return np.asarray(drawn * self.scale)

    def direction(self) -> Floats:
        """A random unit vector."""
        drawn = self.rng.standard_normal(len(self.scale))
        return np.asarray(drawn / np.linalg.norm(drawn))


def simulate_drift(
    condition: str,
    *,
    items: int = 400,
    rows_per_item: int = 1,
    d: int = 32,
    unequal: bool = False,
    heavy: bool = False,
    seed: int = 0,
) -> SimulatedDrift:
    """One simulated study of ordered stages.

    Args:
        condition: a key of :data:`DRIFTS`.
        items: independent units.
        rows_per_item: rows that share most of their noise.
        d: width.
        unequal: items have 1 to 40 rows, geometric about 4 times ``rows_per_item``.
        heavy: noise of Student's t with 3 degrees of freedom, of the same variance.
        seed: of everything.
    """
    rng = np.random.default_rng([seed, list(DRIFTS).index(condition)])
    scale = np.linspace(1.5, 0.5, d)
    scale /= np.sqrt(np.square(scale).sum())
    sizes = np.full(items, rows_per_item)
    if unequal:
        sizes = np.minimum(rng.geometric(1 / (4 * rows_per_item), items), 40)
    clusters = np.repeat(np.arange(items), sizes)
    world = _World(rng, scale, np.zeros(d), np.zeros((0, d)), clusters, heavy)
    world = _World(rng, scale, 0.7 * world.direction(), np.zeros((0, d)), clusters, heavy)
    world = _World(rng, scale, world.mean, world.redrawn(), clusters, heavy)
    made = DRIFTS[condition](world)
    reference = world.rows - world.mean + 0.5 * world.fresh(1.0) if made.linked else None
    stages = tuple(made.stages)
    return SimulatedDrift(
        condition,
        stages,
        made.positions or tuple(float(g) for g in range(len(stages))),
        reference,
        clusters,
        frozenset(made.right),
        made.truth,
    )


@dataclass(frozen=True)
class _Made:
    stages: list[Floats]
    right: set[str]
    positions: tuple[float, ...] = ()
    truth: dict[str, float] = field(default_factory=dict)
    linked: bool = True


def _known(w: _World) -> _Made:
    """Three stages at the corners of a triangle with known sides, and spreads 1, 0.1 and 0.01."""
    a, b, c = KNOWN_MOVES
    one, other = w.direction(), w.direction()
    other -= (other @ one) * one
    other /= np.linalg.norm(other)
    along = (a * a + c * c - b * b) / (2 * a)
    corners = [np.zeros_like(one), a * one, along * one + np.sqrt(c * c - along * along) * other]
    spreads = (1.0, 0.1, KNOWN_RATIO)
    shared = w.fresh(np.sqrt(0.5))
    stages = [
        w.mean + corner + np.sqrt(spread) * (shared + w.fresh(np.sqrt(0.5)))
        for corner, spread in zip(corners, spreads, strict=True)
    ]
    turn = float((corners[1] - corners[0]) @ (corners[2] - corners[1]) / (a * b))
    truth = {
        "move:0:1": a, "move:1:2": b, "move:0:2": c,
        "spread.total:0": 1.0, "spread.total:1": 0.1, "spread.total:2": KNOWN_RATIO,
        "ratio:0:1": 0.1, "ratio:1:2": KNOWN_RATIO / 0.1, "ratio:0:2": KNOWN_RATIO,
        "turn:1": turn,
        "relative:0:2": c,
    }  # fmt: skip
    return _Made(stages, {"collapsing"}, (0.0, 4.0, 10.0), truth)


def _copies(w: _World) -> _Made:
    return _Made([w.rows] * 4, {"stable"})


def _nothing(w: _World) -> _Made:
    """Every generation draws new noise about the same items."""
    stages = [w.rows + w.fresh(0.5) for _ in range(4)]
    return _Made(stages, {"stable"}, truth={"move:0:3": 0.0, "ratio:0:3": 1.0, "slope": 0.0})


def _redrawn(w: _World) -> _Made:
    """Every generation is another draw of the whole distribution: items share nothing."""
    stages = [w.redrawn() for _ in range(4)]
    truth = {"move:0:3": 0.0, "ratio:0:3": 1.0, "slope": 0.0}
    return _Made(stages, {"stable"}, truth=truth, linked=False)


def _translation(w: _World) -> _Made:
    step = 0.4 * w.direction()
    return _Made(
        [w.rows + w.fresh(0.3) + g * step for g in range(4)],
        {"drifting"},
        truth={"move:0:3": 1.2, "ratio:0:3": 1.0, "turn:1": 1.0},
    )


def _there_and_back(w: _World) -> _Made:
    step = 0.8 * w.direction()
    return _Made([w.rows + w.fresh(0.3) + g * step for g in (0, 1, 1, 0)], {"drifting"})


def _reference_lost(w: _World) -> _Made:
    """Items forget their own target and keep the distribution."""
    other = w.redrawn()
    angles = np.linspace(0, np.pi / 2, 4)
    stages = [w.mean + np.cos(a) * (w.rows - w.mean) + np.sin(a) * (other - w.mean) for a in angles]
    return _Made(stages, {"drifting"})


def _contraction(w: _World) -> _Made:
    return _Made(
        [w.mean + 0.85**g * (w.rows - w.mean + w.fresh(0.3)) for g in range(4)],
        {"contracting"},
        truth={"ratio:0:3": 0.85**6, "slope": 2 * np.log(0.85), "move:0:3": 0.0},
    )


def _expansion(w: _World) -> _Made:
    return _Made([w.mean + 1.15**g * (w.rows - w.mean + w.fresh(0.3)) for g in range(4)], {"expanding"})


def _rescaled(w: _World) -> _Made:
    """Rows get shorter and keep their directions: no collapse, however small they are."""
    return _Made([0.6**g * (w.rows + w.fresh(0.3)) for g in range(4)], {"contracting"})


def _collapse_point(w: _World) -> _Made:
    return _Made([w.mean + 0.5**g * (w.rows - w.mean + w.fresh(0.3)) for g in range(4)], {"collapsing"})


def _collapse_rank(w: _World) -> _Made:
    """Direction after direction loses its variance; the rest makes up for it."""
    stages = []
    d = len(w.scale)
    for g in range(4):
        kept = np.arange(d) < d * 0.45**g
        weights = np.where(kept, 1.0, 0.05)
        weights /= np.sqrt(np.square(weights * w.scale).sum())
        stages.append(w.mean + (w.rows - w.mean + w.fresh(0.3)) * weights)
    return _Made(stages, {"collapsing"})


def _collapse_modes(w: _World) -> _Made:
    """Eight groups of items; in every generation the items of two more go over to the others."""
    modes = w.rng.permutation(int(w.clusters.max()) + 1)[w.clusters] % 8
    centres = w.rng.standard_normal((8, len(w.scale)))
    centres *= 2 / np.linalg.norm(centres, axis=1, keepdims=True)
    stages = []
    for g in range(4):
        alive = 8 - 2 * g
        here = np.where(modes < alive, modes, modes % alive)
        stages.append(w.mean + centres[here] + w.fresh(0.5))
    return _Made(stages, {"collapsing"})


def _tails(w: _World) -> _Made:
    """Rows beyond a radius are drawn in, more in every generation."""
    stages = []
    for g in range(4):
        x = w.rows - w.mean + w.fresh(0.3)
        radius = np.linalg.norm(x, axis=1, keepdims=True)
        limit = np.quantile(radius, 1 - 0.2 * g) if g else np.inf
        stages.append(w.mean + x * np.minimum(1.0, limit / radius))
    return _Made(stages, {"contracting"})


DRIFTS: dict[str, Callable[[_World], _Made]] = {
    "known": _known,
    "copies": _copies,
    "nothing": _nothing,
    "redrawn": _redrawn,
    "translation": _translation,
    "there-and-back": _there_and_back,
    "reference-lost": _reference_lost,
    "contraction": _contraction,
    "expansion": _expansion,
    "rescaled": _rescaled,
    "tails": _tails,
    "collapse-point": _collapse_point,
    "collapse-rank": _collapse_rank,
    "collapse-modes": _collapse_modes,
}
"""What can happen over ordered stages, by name."""
