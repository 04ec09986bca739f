"""Simulated ordered studies whose drift is known: how often the verdict is right, how honest the intervals.

python -m repscope.testing.drifts --studies 100 --known 500 --seed 1000
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from repscope.measure.drift import drift_arrays
from repscope.measure.drift.margins import WORDS
from repscope.measure.drift.result import DriftArrays
from repscope.measure.estimate import Estimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KNOWN_MOVES = (1.08, 1.07, 1.10)
"""True moves of the centre 0 → 4, 4 → 10 and 0 → 10 of the condition "known"."""

KNOWN_RATIO = 0.010
"""True ratio of the total spread, last stage to first, of the condition "known"."""

DESIGNS = {
    "400 items": (400, 1),
    "150 items, 4 rows each": (150, 4),
    "20 items": (20, 1),
}
"""Independent items, and rows that share one."""


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

    def fresh(self, size: float) -> Floats:
        """[N, D] noise with the spectrum of the rows, shared within clusters."""
        drawn = self.rng.standard_normal((int(self.clusters.max()) + 1, len(self.scale)))
        return np.asarray(size * (drawn * self.scale)[self.clusters])

    def redrawn(self) -> Floats:
        """Another draw from the distribution of the rows."""
        return self.mean + self.fresh(np.sqrt(0.75)) + 0.5 * self._own()

    def _own(self) -> Floats:
        return np.asarray(self.rng.standard_normal((len(self.clusters), len(self.scale))) * self.scale)

    def direction(self) -> Floats:
        """A random unit vector."""
        drawn = self.rng.standard_normal(len(self.scale))
        return np.asarray(drawn / np.linalg.norm(drawn))


def simulate_drift(
    condition: str, *, items: int = 400, rows_per_item: int = 1, d: int = 32, seed: int = 0
) -> SimulatedDrift:
    """One simulated study of ordered stages.

    Args:
        condition: a key of :data:`DRIFTS`.
        items: independent units.
        rows_per_item: rows that share most of their noise.
        d: width.
        seed: of everything.
    """
    rng = np.random.default_rng([seed, list(DRIFTS).index(condition)])
    scale = np.linspace(1.5, 0.5, d)
    scale /= np.sqrt(np.square(scale).sum())
    clusters = np.repeat(np.arange(items), rows_per_item)
    world = _World(rng, scale, np.zeros(d), np.zeros((0, d)), clusters)
    world = _World(rng, scale, 0.7 * world.direction(), np.zeros((0, d)), clusters)
    world = _World(rng, scale, world.mean, world.redrawn(), clusters)
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


def measure_drift(study: SimulatedDrift, *, seed: int = 0, resamples: int = 500) -> DriftArrays:
    """What :func:`drift_arrays` finds, with as little as the verdict needs."""
    n = len(study.clusters)
    return drift_arrays(
        study.stages,
        reference=study.reference,
        item_keys=None if study.reference is None else np.arange(n),
        clusters=study.clusters,
        positions=study.positions,
        measures=("rank", "modes"),
        controls=False,
        seed=seed,
        resamples=resamples,
    )


def covered(study: SimulatedDrift, found: DriftArrays) -> Iterator[tuple[str, bool, float]]:
    """Each true value of a study: its key, whether the interval holds it, and the estimate."""
    for key, true in study.truth.items():
        one = _estimate(key, found)
        if one is not None and one.low is not None and one.high is not None and one.value is not None:
            yield key, one.low - 1e-12 <= true <= one.high + 1e-12, one.value


def _estimate(key: str, found: DriftArrays) -> Estimate | None:
    kind, *numbers = key.split(":")
    at = [int(one) for one in numbers]
    if kind in {"move", "relative"}:
        move = found.move(at[0], at[1])
        return None if move is None else move.distance if kind == "move" else move.relative
    if kind == "turn":
        return next((one.cosine for one in found.turns if one.stage == at[0]), None)
    if kind == "slope":
        return found.rate.slope
    if kind == "ratio":
        pair = found.series["spread.total"].pair(at[0], at[1])
        return None if pair is None else Estimate(pair.change.value, pair.change.low, pair.change.high)
    return found.series[kind].values[at[0]]


@dataclass
class DriftRow:
    """Verdicts and coverage on many studies of one condition and design.

    Attributes:
        condition: of :data:`DRIFTS`.
        design: of :data:`DESIGNS`.
        studies: how many were simulated.
        words: how often each verdict was given.
        right: verdicts that are true of the condition.
        coverage: share of intervals that held the truth, by key.
        bias: mean of estimate − truth, by key.
    """

    condition: str
    design: str
    studies: int
    words: dict[str, int]
    right: tuple[str, ...]
    coverage: dict[str, float]
    bias: dict[str, float]


def drift_confusion(condition: str, design: str, studies: int, *, seed: int = 0) -> DriftRow:
    """Simulate ``studies`` studies of one condition and count verdicts and intervals that hold the truth.

    Study number i is drawn and measured with the seed ``seed`` + i.
    """
    items, rows = DESIGNS[design]
    words: Counter[str] = Counter()
    held: dict[str, list[bool]] = {}
    off: dict[str, list[float]] = {}
    right: frozenset[str] = frozenset()
    for number in range(studies):
        study = simulate_drift(condition, items=items, rows_per_item=rows, seed=seed + number)
        found = measure_drift(study, seed=seed + number)
        words[found.verdict.word] += 1
        right = study.right
        for key, inside, value in covered(study, found):
            held.setdefault(key, []).append(inside)
            off.setdefault(key, []).append(value - study.truth[key])
    return DriftRow(
        condition,
        design,
        studies,
        dict(words),
        tuple(sorted(right)),
        {key: float(np.mean(one)) for key, one in held.items()},
        {key: float(np.mean(one)) for key, one in off.items()},
    )


def verdict_markdown(rows: list[DriftRow]) -> str:
    """The table of verdicts; those that are true of a condition are bold."""
    lines = ["| condition | design | " + " | ".join(WORDS) + " |", "|" + "---|" * (len(WORDS) + 2)]
    for row in rows:
        cells = [
            f"**{row.words.get(word, 0)}**" if word in row.right else str(row.words.get(word, 0))
            for word in WORDS
        ]
        lines.append("| " + " | ".join([row.condition, row.design, *cells]) + " |")
    return "\n".join(lines)


def coverage_markdown(rows: list[DriftRow]) -> str:
    """The table of coverage of nominal 95 % intervals."""
    lines = ["| condition | design | value | studies | covered | mean error |", "|---|---|---|---|---|---|"]
    for row in rows:
        lines += [
            f"| {row.condition} | {row.design} | {key} | {row.studies} | {share:.1%} | {row.bias[key]:+.4f} |"
            for key, share in row.coverage.items()
        ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print both tables; ``--json`` prints the counts."""
    parser = argparse.ArgumentParser(prog="python -m repscope.testing.drifts", description=__doc__)
    parser.add_argument("--studies", type=int, default=100, help="studies of each condition and design")
    parser.add_argument("--known", type=int, help="the same of the condition with known moves")
    parser.add_argument("--conditions", nargs="*", default=list(DRIFTS), choices=list(DRIFTS))
    parser.add_argument("--designs", nargs="*", default=list(DESIGNS), choices=list(DESIGNS))
    parser.add_argument("--seed", type=int, default=0, help="of the first study; the next has the next")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = []
    for condition in options.conditions:
        for design in options.designs:
            known = condition == "known" and options.known is not None
            studies = options.known if known else options.studies
            row = drift_confusion(condition, design, studies, seed=options.seed)
            print(f"{condition}, {design}: {row.words}", file=sys.stderr)
            rows.append(row)
    if options.json:
        print(json.dumps([row.__dict__ for row in rows], indent=1))
    else:
        print(verdict_markdown(rows), coverage_markdown(rows), sep="\n\n")


if __name__ == "__main__":
    main()
