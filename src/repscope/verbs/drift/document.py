"""The report of a drift analysis, and the few lines of it that a terminal shows."""

from __future__ import annotations

from dataclasses import replace

from repscope.report.document import (
    Block,
    Bullets,
    Document,
    Facts,
    Heading,
    Note,
    Paragraph,
    Section,
    View,
)
from repscope.report.plain import table_lines
from repscope.study.provenance import now
from repscope.text.display import display_safe, isolated, nonbreaking, wrap
from repscope.text.numbers import typeset, whole
from repscope.text.tables import WIDTH
from repscope.verbs.common.class_tables import changes_section
from repscope.verbs.common.origin import (
    Origin,
    check_commands,
    definitions,
    figures_section,
    repeat_section,
    source_line,
)
from repscope.verbs.common.unseen import report_notes
from repscope.verbs.drift import tables
from repscope.verbs.drift.record import DriftRecord
from repscope.verbs.drift.words import FLAGS, HEADLINES, TONES, URGENT

_PAIRS = 4


def drift_document(record: DriftRecord) -> Document:
    """Everything that a report says about ordered stages."""
    arrays = record.arrays
    title = " → ".join(isolated(one, 40) for one in _some(arrays.labels))
    sections = [
        Section(
            "key",
            "Key numbers",
            (
                Paragraph(
                    "First stage, last stage, and the change on the same items, with 95 % intervals; × is a "
                    "ratio. p of no change, q after Benjamini–Hochberg. Everything is computed in the "
                    "original space.",
                    about=True,
                ),
                tables.key_table(arrays),
            ),
        ),
        *figures_section(record.figures, record.captions),
    ]
    contrasts = tables.contrast_table(record.contrasts, arrays.labels)
    if contrasts is not None:
        sections.append(Section("groups", "Between groups", (contrasts,), "Groups"))
    sections += [_group(record, name, number) for number, name in enumerate(record.groups, 1)]
    sections += _classes(record)
    origins = _origins(record)
    sections.append(
        repeat_section(
            origins,
            check_commands(record.replay, record.fingerprints),
            record.verdict.to_json()["margins"],
            seed=record.seed,
            version=record.version,
            files="report.txt, metrics.json, metrics.csv, items.parquet"
            + (", figures/" if record.figures else ""),
        )
    )
    measured = (
        name.partition("@")[0] for one in record.groups.values() for name in (*one.series, *one.undefined)
    )
    notes = tuple(display_safe(one, 600) for one in report_notes(record.notes, record.held_out))
    return Document(
        word=record.verdict.word,
        tone=TONES.get(record.verdict.word, "calm"),
        title=f"{isolated(record.group, 40)}: {title}" if len(record.groups) > 1 else title,
        beside="",
        headline=headline(record),
        reasons=_reasons(record, record.group),
        facts=(
            Paragraph(facts(record)),
            Bullets(notes),
        ),
        sections=tuple(sections),
        source=source_line(origins, record.seed, record.version),
        repeat="",
        definitions=definitions(measured),
        version=display_safe(record.version, 40),
        time=now(),
    )


def drift_summary(record: DriftRecord) -> list[str]:
    """The verdict, what moved, and the key numbers, for the terminal; the report's path is the caller's."""
    arrays = record.arrays
    stages = f"{isolated(arrays.labels[0], 40)} → {isolated(arrays.labels[-1], 40)}"
    group = f"{isolated(record.group, 40)}: " if len(record.groups) > 1 else ""
    size = f"{len(arrays.labels)} stages, {whole(arrays.n)} items"
    if record.cluster is not None:
        size += f", {whole(arrays.clusters)} clusters of {isolated(record.cluster, 40)}"
    lines = wrap(f"{record.verdict.word}: {group}{stages} ({size})", WIDTH)
    for flag in (one for one in record.verdict.flags if one in URGENT):
        lines += wrap(f"{flag}: {FLAGS[flag]}", WIDTH, first="! ", rest="  ")
    lines += wrap(headline(record), WIDTH)
    pairs = tables.pair_table(arrays)
    shown = pairs.rows if len(pairs.rows) <= _PAIRS else pairs.rows[-1:]
    lines += table_lines(replace(pairs, rows=shown), View(("centre moved", "p", "spread ×")))
    # The report has the intervals of the stages; a terminal has room for that of the change.
    brief = View(("first", "last", "change", "q"), brief=("first", "last"))
    lines += table_lines(tables.key_table(arrays), brief, below=False)
    between = tables.contrast_table(record.contrasts, arrays.labels)
    if between is not None:
        told = tuple(row for row in between.rows if row[1] == "spread.total")
        lines += table_lines(replace(between, rows=told), View(("measure", "difference", "q")))
    others = [one for one in record.verdict.flags if one not in URGENT]
    if others:
        lines += wrap(f"also: {', '.join(others)}", WIDTH, first="! ", rest="  ")
    for note in record.notes:
        lines += wrap(display_safe(note, 600), WIDTH, first="– ", rest="  ")
    return lines


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
    arrays = record.arrays
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


def _group(record: DriftRecord, name: str, number: int) -> Section:
    """All numbers of one group."""
    found, ids = record.groups[name], record.ids(name)
    shown = isolated(name, 60)
    blocks: list[Block] = [*_reasons(record, name)] if name else []
    made = [
        tables.pair_table(found),
        tables.measure_table(found),
        tables.mode_table(found, ids),
        *tables.item_tables(found, ids),
        tables.power_table(found),
    ]
    blocks += [one for one in made if one is not None]
    blocks += [Heading("Rate"), *map(Paragraph, tables.rate_lines(found))]
    undefined = [*found.undefined.items()]
    undefined += [("modes", found.modes.why)] if found.modes.why else []
    if undefined:
        rows = tuple((display_safe(key, 60), display_safe(why, 400)) for key, why in undefined)
        blocks += [Heading("Not measured"), Facts(rows)]
    methods = dict.fromkeys(
        display_safe(one.method, 300)
        for series in found.series.values()
        for one in series.values
        if one.method
    )
    if methods:
        blocks += [Heading("Methods"), Bullets(tuple(methods))]
    title = f"{shown}: {found.verdict.word}" if name else "All numbers"
    return Section(f"group-{number}", title, tuple(blocks), shown or "All numbers")


def _classes(record: DriftRecord) -> list[Section]:
    """Classes of each group of stages: before is its first stage, after its last."""
    sections = []
    for number, name in enumerate(record.groups, 1):
        rows, groups = record.classes.get(name, ()), record.class_groups.get(name, ())
        title = f"Classes, {isolated(name, 60)}" if name else "Classes"
        for one in changes_section(rows, groups):
            first = Paragraph("Before is the first stage, after the last one.", about=True)
            blocks = (first, *one.blocks)
            sections.append(replace(one, identity=f"classes-{number}", title=title, blocks=blocks))
    return sections


def _reasons(record: DriftRecord, name: str) -> tuple[Block, ...]:
    verdict = record.groups[name].verdict
    because = tuple(nonbreaking(typeset(display_safe(one, 800))) for one in verdict.because)
    flags = sorted(verdict.flags, key=lambda flag: flag not in URGENT)
    notes = [Note(display_safe(flag, 40), FLAGS.get(flag, ""), warns=True) for flag in flags]
    # What makes the word doubtful stands before its reasons.
    first = len([flag for flag in verdict.flags if flag in URGENT])
    return (*notes[:first], Bullets(because), *notes[first:])


def _origins(record: DriftRecord) -> list[Origin]:
    roles: dict[str, str] = {}
    for group, names in record.sets.items():
        for number, name in enumerate(names):
            roles.setdefault(name, f"stage {number}" + (f" of {display_safe(group, 40)}" if group else ""))
    for other, role in ((record.reference, "reference"), (record.real, "real rows")):
        if other is not None:
            roles[other] = f"{roles[other]} and {role}" if other in roles else role
    return [
        Origin(role, name, record.fingerprints.get(name, ""), record.provenance.get(name) or {})
        for name, role in roles.items()
    ]


def _some(labels: tuple[str, ...]) -> tuple[str, ...]:
    return labels if len(labels) <= 4 else (labels[0], labels[1], "…", labels[-1])
