"""What ``training`` found, as a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from repscope.errors import name_some
from repscope.learning.logs.changes import ChangePoint
from repscope.learning.logs.gradients import LayerGradient
from repscope.learning.logs.momentum import Momentum
from repscope.learning.logs.read import group_of
from repscope.learning.logs.roles import Collapse, collapse_kind
from repscope.learning.logs.series import Floats, Restart, Series
from repscope.text.display import display_safe
from repscope.text.numbers import p_equation, significant
from repscope.text.tables import clip, table

SCHEMA = "repscope.training/1"

ALPHA = 0.05
COLLAPSED, CONTRACTED = 0.1, 0.5
"""Share of what it was before its break that a representation has left at the end."""

ROUNDING = 1e-9
"""Distance from a schedule that is none."""

NO_GROUPS = "none"
"""What is said of groups where each run stands by itself."""

MOST_LINES, MOST_RESTARTS = 40, 10
LONGEST_TEXT = 200


@dataclass(frozen=True)
class TrainingRecord:
    """Series of logs, and what they say.

    Attributes:
        series: as written, in the order of the files.
        smooth: weight of the past in the smooth curves.
        centred: whether they look as far ahead as back.
        group: what tells seeds apart in the names of runs; None for the usual ways, "none" for no groups.
        watched: quantities that are watched besides those that tell of collapse.
        restarts: where a log goes back.
        changes: the clearest break of each series that was searched.
        momentum: of exponential averages, beside their schedules.
        gradients: by layer.
        notes: what a reader should know.
        replay: the command that repeats it; "" where there is none.
        seed: of the tests of breaks.
    """

    series: tuple[Series, ...]
    smooth: float
    centred: bool = False
    group: str | None = None
    watched: tuple[str, ...] = ()
    restarts: tuple[Restart, ...] = ()
    changes: tuple[ChangePoint, ...] = ()
    momentum: tuple[Momentum, ...] = ()
    gradients: tuple[LayerGradient, ...] = ()
    notes: tuple[str, ...] = ()
    replay: str = ""
    seed: int = 0

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of the runs."""
        return tuple(dict.fromkeys(one.run for one in self.series))

    @property
    def groups(self) -> dict[str, list[str]]:
        """Runs that differ by their seed alone, by what they have in common."""
        found: dict[str, list[str]] = {}
        for run in self.runs:
            name = run if self.group == NO_GROUPS else group_of(run, self.group)
            found.setdefault(name, []).append(run)
        return found

    @property
    def collapses(self) -> tuple[ChangePoint, ...]:
        """Clear breaks after which a representation ends with few directions.

        A spread alone may fall since vectors became shorter: it counts unless another quantity of the same
        run, which no scale moves, was logged and says nothing of the kind.
        """
        fell = [one for one in self.changes if one.p <= ALPHA and _share_left(one) <= COLLAPSED]
        free = {one.run for one in self.changes if collapse_kind(one.name) not in (None, "spread")}
        said = {one.run for one in fell if collapse_kind(one.name) != "spread"}
        return tuple(one for one in fell if one.run in said or one.run not in free)

    @property
    def told(self) -> tuple[ChangePoint, ...]:
        """The breaks worth a line: clear ones of what ends at half or less, or is watched.

        Healthy curves bend too, and a bend is clearly no line. What ends with next to nothing is told, also
        where the break is not clear.
        """
        return tuple(
            one
            for one in self.changes
            if _share_left(one) <= (CONTRACTED if one.p <= ALPHA else COLLAPSED)
            or (one.p <= ALPHA and one.name in self.watched)
        )

    def smoothed(self, one: Series) -> Floats:
        """[N] the smooth curve of a series, as this record has it."""
        return one.smoothed(self.smooth, centred=self.centred)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        collapsed = set(map(id, self.collapses))
        return {
            "schema": SCHEMA,
            "runs": list(self.runs),
            "groups": self.groups,
            "smooth": self.smooth,
            "centred": self.centred,
            "series": [one.to_json(self.smooth, centred=self.centred) for one in self.series],
            "restarts": [one.to_json() for one in self.restarts],
            "change_points": [{**one.to_json(), "collapse": id(one) in collapsed} for one in self.changes],
            "momentum": [one.to_json() for one in self.momentum],
            "gradients": [one.to_json() for one in self.gradients],
            "seed": self.seed,
            "notes": list(self.notes),
            "replay": self.replay,
        }

    def lines(self) -> Sequence[str]:
        """A row a series, and a line for whatever deserves one."""
        rows = [
            (clip(display_safe(one.run), 30), clip(display_safe(one.name), 40), *series_cells(one))
            for one in self.series[:MOST_LINES]
        ]
        head = ("run", "series", "values", "last step", "first", "last", "least", "most")
        lines = table(head, rows, left=[0, 1], rule=False, width=None)
        if len(self.series) > MOST_LINES:
            lines.append(f"and {len(self.series) - MOST_LINES:,} more; --json and --series tell all")
        return [*lines, *(f"{word:<9} {text}" for word, text in self.findings())]

    def findings(self) -> Iterator[tuple[str, str]]:
        """What deserves a line: a word, and the rest; safe to show."""
        collapses = self.collapses
        for change in sorted(self.told, key=lambda one: one not in collapses):
            word = "COLLAPSE" if change in collapses else "break" if change.p <= ALPHA else "fell"
            to = change.last if _share_left(change) <= CONTRACTED else change.after
            yield (
                word,
                f"{_safe(change.run)}: {_safe(change.name)} at step {step_text(change.step)}, "
                f"{significant(change.before)} → {significant(to)} ({p_equation(change.p)})",
            )
        for back in self.restarts[:MOST_RESTARTS]:
            yield (
                "restart",
                f"{_safe(back.run)}: stopped at step {step_text(back.step)}, continued at "
                f"{step_text(back.resumed_at)} ({_safe(name_some(back.series, 3))})",
            )
        if len(self.restarts) > MOST_RESTARTS:
            yield "restart", f"{len(self.restarts) - MOST_RESTARTS:,} more; --json tells all"
        words: dict[tuple[str, str], list[str]] = {}
        for run in self.runs:
            own = [one for one in self.gradients if one.run == run]
            for word in dict.fromkeys(one.word for one in own if one.word):
                names = [one.name for one in own if one.word == word]
                said = f"{word} in {len(names):,} of {len(own):,} layers: {name_some(names, 3)}"
                words.setdefault(("gradient", said), []).append(run)
        for mean in self.momentum:
            words.setdefault(("momentum", momentum_words(mean)), []).append(mean.run)
        for (what, said), runs in words.items():
            yield what, f"{_safe(name_some(runs, 3))}: {_safe(said)}"


def series_cells(one: Series) -> tuple[str, ...]:
    """Number of values, last step, and the first, last, least and largest value of what went on."""
    steps, values = one.curve
    if not len(values):
        return (f"{len(one.values):,}", *["–"] * 5)
    ends = (significant(value) for value in (values[0], values[-1], values.min(), values.max()))
    return (f"{len(one.values):,}", step_text(steps[-1]), *ends)


def _safe(text: str) -> str:
    return display_safe(text, LONGEST_TEXT)


def momentum_words(one: Momentum) -> str:
    """How the momentum went, beside its schedule."""
    went = f"{one.name} {one.first:.6g} → {one.last:.6g}"
    if one.schedule == "constant":
        return f"{one.name} {one.first:.6g} throughout"
    ends = f"to {one.final:.6g} over {step_text(one.total)} steps"
    if one.deviation < ROUNDING:
        return f"{went}, exactly {one.nearest} {ends}"
    known = one.schedule != "neither"
    schedule = one.schedule if known else f"neither cosine nor linear; nearest {one.nearest}"
    far = f"largest distance {significant(one.deviation, 2)} at step {step_text(one.at)}"
    return f"{went}, {schedule} {ends} ({far})"


def step_text(step: float) -> str:
    """``12,345``, and parts of an epoch with decimals."""
    step = float(f"{step:.9g}")
    return f"{step:,.0f}" if step.is_integer() else f"{step:,.2f}"


def _share_left(change: ChangePoint) -> float:
    """What is left at the end: of a rank beyond 1, of a mean cosine's way to 1, of the size of the others."""
    kind: Collapse | None = collapse_kind(change.name)
    before, last = abs(change.before), abs(change.last)
    if kind == "cosine":
        before, last = 1 - change.before, 1 - change.last
    elif kind == "rank":
        before, last = change.before - 1, change.last - 1
    return max(last, 0.0) / before if kind is not None and before > 0 else 1.0
