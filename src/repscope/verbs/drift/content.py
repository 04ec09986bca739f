"""What a drift report says, before it is set as a page or as plain text."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.info import MeasureInfo
from repscope.study.provenance import now
from repscope.text.display import exact, glued, isolated, visible
from repscope.text.numbers import typeset, whole
from repscope.verbs.compare.content import SetRow, on_one_line, provenance_rows
from repscope.verbs.drift import tables
from repscope.verbs.drift.protocol import DriftRecord
from repscope.verbs.drift.tables import Cells
from repscope.verbs.drift.words import FLAGS, HEADLINES

MOST_NAMED = 4
"""Sets that are named below each section of the page."""


@dataclass(frozen=True)
class GroupContent:
    """One group: its verdict and its tables."""

    name: str
    word: str
    because: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]
    tables: tuple[Cells, ...]
    rate: tuple[str, ...]
    undefined: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]


@dataclass(frozen=True)
class DriftContent:
    """A whole report. The attributes are in the order of the page; see :func:`build_drift_content`."""

    word: str
    title: str
    headline: str
    facts: str
    notes: tuple[str, ...]
    key: Cells
    figures: tuple[tuple[str, str, str], ...]
    contrasts: Cells | None
    groups: tuple[GroupContent, ...]
    sets: tuple[SetRow, ...]
    margins: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]
    cards: tuple[MeasureInfo, ...]
    seed: int
    version: str
    time: str

    @property
    def source(self) -> str:
        """Which data everything rests on."""
        return self._source([_origin(one) for one in self.sets])

    @property
    def brief_source(self) -> str:
        """The same below a section of the page, which lists every set at its end."""
        named = [_origin(one) for one in self.sets]
        if len(named) > MOST_NAMED:
            left_out = len(named) - MOST_NAMED
            named[MOST_NAMED - 1 : -1] = [f"… {left_out} more, with their fingerprints at the end"]
        return self._source(named)

    def _source(self, sets: list[str]) -> str:
        return f"{'; '.join(sets)}; seed {self.seed}; repscope {self.version}"


def _origin(one: SetRow) -> str:
    return f"{one.role} {isolated(one.name, 40)} {one.short}"


def build_drift_content(record: DriftRecord) -> DriftContent:
    """Everything that a report says about ordered stages, as strings."""
    arrays = record.groups[record.group]
    cards = MEASURES
    names = dict.fromkeys(
        name.partition("@")[0] for one in record.groups.values() for name in (*one.series, *one.undefined)
    )
    title = " → ".join(isolated(one, 40) for one in _some(arrays.labels))
    grouped = len(record.groups) > 1
    return DriftContent(
        word=record.verdict.word,
        title=f"{isolated(record.group, 40)}: {title}" if grouped else title,
        headline=headline(record),
        facts=facts(record),
        notes=tuple(visible(one, 600) for one in record.notes),
        key=tables.key_table(arrays),
        figures=tuple(
            (name, name.replace("_", " "), visible(record.captions.get(name, ""), 1000))
            for name in record.figures
        ),
        contrasts=tables.contrast_table(record.contrasts, arrays.labels),
        groups=tuple(_group(record, name) for name in record.groups),
        sets=_sets(record),
        margins=_margins(record),
        commands=_commands(record),
        cards=tuple(cards[name] for name in names if name in cards),
        seed=record.seed,
        version=visible(record.version, 40),
        time=now(),
    )


def headline(record: DriftRecord) -> str:
    """The verdict in a sentence, and those of other groups beside it."""
    text = HEADLINES.get(record.verdict.word, "")
    needed = record.verdict.needed
    if needed is not None:
        text += (
            f" About {whole(needed)} independent units would decide, if the changes seen are the true ones."
        )
    others = [f"{isolated(name, 40)}: {one.verdict.word}" for name, one in record.groups.items()]
    return f"{text} {'; '.join(others)}." if len(others) > 1 else text


def facts(record: DriftRecord) -> str:
    """What went in."""
    arrays = record.groups[record.group]
    parts = [f"{len(arrays.labels)} stages", f"{whole(arrays.n)} items in each, {arrays.dimension} wide"]
    unit = "items" if record.cluster is None else f"clusters of {isolated(record.cluster, 40)}"
    parts.append(f"{whole(arrays.clusters)} independent {unit}")
    if record.reference is not None:
        linked = f", linked on {isolated(record.on, 40)}" if record.on else ", not linked"
        parts.append(f"reference {isolated(record.reference, 60)}{linked}")
    if record.real is not None:
        parts.append(f"real rows {isolated(record.real, 60)}")
    parts.append(f"positions {', '.join(f'{one:g}' for one in arrays.positions)}")
    return "; ".join(parts) + "."


def _group(record: DriftRecord, name: str) -> GroupContent:
    found, ids = record.groups[name], record.ids(name)
    made = [
        tables.pair_table(found),
        tables.measure_table(found),
        tables.mode_table(found, ids),
        *tables.item_tables(found, ids),
        tables.power_table(found),
    ]
    methods = dict.fromkeys(
        visible(one.method, 300) for series in found.series.values() for one in series.values if one.method
    )
    undefined = [*found.undefined.items()]
    undefined += [("modes", found.modes.why)] if found.modes.why else []
    return GroupContent(
        name=isolated(name, 60),
        word=found.verdict.word,
        because=tuple(glued(typeset(visible(one, 800))) for one in found.verdict.because),
        flags=tuple((visible(flag, 40), FLAGS.get(flag, "")) for flag in found.verdict.flags),
        tables=tuple(one for one in made if one is not None),
        rate=tuple(tables.rate_lines(found)),
        undefined=tuple((visible(key, 60), visible(why, 400)) for key, why in undefined),
        methods=tuple(methods),
    )


def _sets(record: DriftRecord) -> tuple[SetRow, ...]:
    roles: dict[str, str] = {}
    for group, names in record.sets.items():
        for number, name in enumerate(names):
            roles.setdefault(name, f"stage {number}" + (f" of {visible(group, 40)}" if group else ""))
    for other, role in ((record.reference, "reference"), (record.real, "real rows")):
        if other is not None:
            roles[other] = f"{roles[other]} and {role}" if other in roles else role
    return tuple(
        SetRow(
            role,
            name,
            visible(record.fingerprints.get(name, ""), 80),
            provenance_rows(record.provenance.get(name)),
        )
        for name, role in roles.items()
    )


def _margins(record: DriftRecord) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, str]] = []
    for name, value in record.verdict.to_json()["margins"].items():
        if isinstance(value, dict):
            rows += [(f"{name} · {inner}", on_one_line(one)) for inner, one in value.items()]
        else:
            rows.append((name, on_one_line(value)))
    return tuple(rows)


def _commands(record: DriftRecord) -> tuple[str, ...]:
    """The command that repeats the analysis, and those that check its inputs."""
    if not record.replay:
        return ()
    words = shlex.split(record.replay)
    checks = [shlex.join(["repscope", "info", words[2], name, "--verify"]) for name in record.fingerprints]
    return tuple(map(exact, [record.replay, *checks]))


def _some(labels: tuple[str, ...]) -> tuple[str, ...]:
    return labels if len(labels) <= 4 else (labels[0], labels[1], "…", labels[-1])
