"""What a report says, before it is set as a page or as plain text."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.info import MeasureInfo
from repscope.measure.core.results import SimilarityResult
from repscope.study.provenance import now
from repscope.text.display import exact, glued, isolated, visible
from repscope.text.numbers import (
    interval,
    number,
    p_value,
    percent,
    places_for,
    places_for_change,
    typeset,
    whole,
)
from repscope.verbs.compare.changes import Changes, largest_changes
from repscope.verbs.compare.protocol import ComparisonRecord
from repscope.verbs.compare.rows import (
    Cell,
    MeasureGroup,
    MeasureRow,
    Notes,
    cell,
    control_names,
    equal_margin,
    key_rows,
    measure_groups,
)
from repscope.verbs.compare.sentences import facts, flag_note, headline, needed_note
from repscope.verbs.compare.words import CHANGE, PARTS, plain_name

LISTED = 25
"""Classes without items that are named; the rest are counted."""

_FINGERPRINT = 12


@dataclass(frozen=True)
class SimilarityRow:
    """One similarity beside shuffled pairs."""

    name: str
    plain: str
    value: Cell
    null: str
    null_high: str
    p: str
    n: str
    note: str
    why: str


@dataclass(frozen=True)
class Part:
    """One share of the change. ``width`` is the share in percent for the drawing, 0 when undefined."""

    name: str
    share: str
    interval: str
    meaning: str
    width: float


@dataclass(frozen=True)
class PowerRow:
    """What could have been found in one measure."""

    name: str
    plain: str
    seen: str
    detectable: str
    margin: str


@dataclass(frozen=True)
class SetRow:
    """One set: the part that it plays, its fingerprint, and where it came from."""

    role: str
    name: str
    fingerprint: str
    provenance: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> str:
        """Its name, safe to show."""
        return visible(self.name, 120)

    @property
    def short(self) -> str:
        """Enough of the fingerprint to recognise it."""
        return self.fingerprint[:_FINGERPRINT] or "no fingerprint"


@dataclass(frozen=True)
class Content:
    """A whole report. The attributes are in the order of the page; see :func:`build_content`."""

    word: str
    headline: str
    because: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]
    facts: str
    data_notes: tuple[str, ...]
    before: str
    after: str
    reference: str
    linked: bool
    seed: int
    level: str
    alpha: float
    key: tuple[MeasureRow, ...]
    figures: tuple[tuple[str, str, str], ...]
    groups: tuple[MeasureGroup, ...]
    controls: tuple[str, ...]
    methods: tuple[tuple[str, str], ...]
    tested: int
    similarity: tuple[SimilarityRow, ...]
    parts: tuple[Part, ...]
    change_facts: tuple[tuple[str, str], ...]
    power: tuple[PowerRow, ...]
    needed: str
    margins: tuple[tuple[str, str], ...]
    changes: Changes
    sets: tuple[SetRow, ...]
    commands: tuple[str, ...]
    version: str
    time: str
    cards: tuple[MeasureInfo, ...]

    @property
    def readings(self) -> str:
        """What the words of the last column mean."""
        return (
            f"better, worse, rose, fell: q ≤ {self.alpha} and the interval excludes zero. same: the interval "
            "lies within the margin of the verdict. unclear: neither. misleads: the older number rose, and "
            "true-match is not better."
        )

    @property
    def source(self) -> str:
        """Which data a section rests on."""
        roles = "; ".join(f"{one.role} {isolated(one.name, 40)} {one.short}" for one in self.sets)
        return f"{roles}; seed {self.seed}; repscope {self.version}"


def build_content(record: ComparisonRecord) -> Content:
    """Everything that a report says about a comparison, as strings."""
    notes = Notes()
    verdict = record.verdict
    key = key_rows(record.measures, record.undefined, verdict, notes, linked=record.on is not None)
    groups = measure_groups(record.measures, record.undefined, verdict, notes)
    similarity = tuple(_similarity_row(row, notes) for row in record.similarity)
    parts, change_facts = _change(record.change)
    cards = MEASURES
    named = (
        [row.name for row in record.measures]
        + list(record.undefined)
        + [row.name for row in record.similarity]
    )
    levels = {row.difference.level for row in record.measures if row.difference.low is not None}
    return Content(
        word=visible(verdict.word, 40),
        headline=headline(record),
        because=tuple(glued(visible(typeset(one), 1200)) for one in verdict.because),
        flags=tuple((visible(flag, 60), glued(flag_note(record, flag))) for flag in verdict.flags),
        facts=glued(facts(record)),
        data_notes=_data_notes(record),
        before=visible(record.before, 120),
        after=visible(record.after, 120),
        reference=visible(record.reference, 120),
        linked=record.on is not None,
        seed=record.seed,
        level=f"{levels.pop():.0%} interval" if len(levels) == 1 else "interval",
        alpha=verdict.margins.alpha,
        key=tuple(key),
        figures=tuple(
            (
                name,
                visible(name.replace("_", " ").replace("-", " "), 80),
                visible(record.captions.get(name, ""), 2000),
            )
            for name in record.figures
        ),
        groups=tuple(groups),
        controls=tuple(control_names(groups)),
        methods=tuple(notes.listed()),
        tested=sum(row.difference.q is not None for row in record.measures),
        similarity=similarity,
        parts=parts,
        change_facts=change_facts,
        power=_power(record, cards),
        needed=needed_note(record),
        margins=_margins(record),
        changes=largest_changes(record.items, label=record.on, cluster=record.cluster),
        sets=tuple(
            SetRow(
                role,
                name,
                visible(record.fingerprints.get(name, ""), 80),
                provenance_rows(record.provenance.get(name)),
            )
            for role, name in (
                ("before", record.before),
                ("after", record.after),
                ("reference", record.reference),
            )
        ),
        commands=_commands(record),
        version=visible(record.version, 40),
        time=now(),
        cards=tuple(cards[name] for name in dict.fromkeys(named) if name in cards),
    )


def _data_notes(record: ComparisonRecord) -> tuple[str, ...]:
    notes = [visible(one, 600) for one in record.notes]
    empty = record.classes_without_items
    if empty:
        listed = ", ".join(isolated(one, 40) for one in empty[:LISTED])
        more = f" and {whole(len(empty) - LISTED)} more" if len(empty) > LISTED else ""
        rows = "class of the reference has" if len(empty) == 1 else "classes of the reference have"
        notes.append(f"{whole(len(empty))} {rows} no item: {listed}{more}")
    return tuple(notes)


def _similarity_row(row: SimilarityResult, notes: Notes) -> SimilarityRow:
    places = places_for(row.value.value, row.null, row.null_high)
    return SimilarityRow(
        name=row.name,
        plain=plain_name(row.name, MEASURES.get(row.name)),
        value=cell(row.value, places),
        null="–" if row.null is None else number(row.null, places),
        null_high="–" if row.null_high is None else number(row.null_high, places),
        p=p_value(row.p),
        n=whole(row.value.n),
        note=notes.letter(visible(row.value.method, 400)),
        why=visible(row.value.why, 400),
    )


def _change(change: Mapping[str, Any] | None) -> tuple[tuple[Part, ...], tuple[tuple[str, str], ...]]:
    """The shares and whatever else the record says about the change."""
    if change is None:
        return (), ()
    nested = change.get("shares")
    shares = nested if isinstance(nested, Mapping) else change
    parts = tuple(_part(name, shares[name]) for name in PARTS if name in shares)
    rest = [
        (CHANGE.get(name, visible(name, 60)), _reading(value))
        for name, value in change.items()
        if name not in (*PARTS, "shares") and value not in (None, "")
    ]
    return parts, tuple(rest)


def _reading(value: Any) -> str:
    """A number as tables have it; anything else on one line."""
    return number(value, places_for(value)) if isinstance(value, float) else on_one_line(value)


def _part(name: str, value: Any) -> Part:
    low = high = None
    if isinstance(value, Mapping):
        low, high, value = value.get("low"), value.get("high"), value.get("value")
    share = float(value) if isinstance(value, int | float) and math.isfinite(value) else None
    ends = interval(None if low is None else 100 * low, None if high is None else 100 * high, 1)
    width = round(100 * min(max(share or 0.0, 0.0), 1.0), 2)
    return Part(name, percent(share), ends, PARTS[name], width)


def _power(record: ComparisonRecord, cards: Mapping[str, MeasureInfo]) -> tuple[PowerRow, ...]:
    table = {row.name: row for row in record.measures}
    rows = []
    for name, smallest in record.verdict.detectable.items():
        row = table.get(name)
        seen = row.difference.value if row else None
        margin = equal_margin(name, row.before.value if row else None, record.verdict.margins)
        places = places_for_change(places_for(row.before.value, row.after.value) if row else 3, smallest)
        rows.append(
            PowerRow(
                visible(name),
                plain_name(name, cards.get(name)),
                number(seen, places_for_change(places, seen), signed=True),
                number(smallest, places),
                "–" if margin is None else number(margin, places_for_change(places, margin)),
            )
        )
    return tuple(rows)


def _margins(record: ComparisonRecord) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, str]] = []
    for name, value in record.verdict.to_json()["margins"].items():
        if isinstance(value, Mapping):
            rows += [(f"{name} · {inner}", on_one_line(one)) for inner, one in value.items()]
        else:
            rows.append((name, on_one_line(value)))
    return tuple(rows)


def provenance_rows(record: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """What is known of a set's origin, as names and values that can be printed."""
    return tuple((visible(name, 60), on_one_line(value)) for name, value in (record or {}).items())


def on_one_line(value: Any) -> str:
    """Any JSON value on one line."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "undefined"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {on_one_line(one)}" for name, one in value.items())
    elif isinstance(value, list | tuple):
        value = ", ".join(map(on_one_line, value))
    return visible(value, 400)


def _commands(record: ComparisonRecord) -> tuple[str, ...]:
    """The command that repeats the comparison, and those that check its inputs."""
    if not record.replay:
        return ()
    commands = [record.replay]
    try:
        words = shlex.split(record.replay)
    except ValueError:
        return (exact(record.replay),)
    if words[:2] == ["repscope", "compare"] and len(words) > 2:
        names = dict.fromkeys((record.before, record.after, record.reference))
        commands += [shlex.join(["repscope", "info", words[2], name, "--verify"]) for name in names]
    return tuple(map(exact, commands))
