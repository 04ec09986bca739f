"""The report of bridges: each beside the others on the same held-out rows, and what not to trust."""

from __future__ import annotations

from collections.abc import Iterator

from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.report.document import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Facts,
    Heading,
    Note,
    Paragraph,
    Section,
    Table,
    View,
)
from repscope.report.figures import Drawn
from repscope.report.plain import block_lines, table_lines
from repscope.study.provenance import now
from repscope.text.display import display_safe, isolated, nonbreaking, wrap
from repscope.text.numbers import compact, interval, number, typeset, whole
from repscope.text.tables import WIDTH
from repscope.verbs.bridge.record import BridgesRecord, EntryTime, MethodResult, Part, TopChange
from repscope.verbs.common.origin import Origin, check_commands, figures_section, repeat_section, source_line

UNDEFINED = "–"

COLUMNS = (
    Column("bridge", "name"), Column("learns from", "word"), Column("verdict", "word"), Column("top1.true"),
    Column("gain", "change"), Column("unseen texts"), Column("mrr gain"), Column("max-cosine"),
    Column("rank kept"), Column("neighbours"), Column("parameters"), Column("FLOPs/row"), Column("fit s"),
)  # fmt: skip

VIEWS = (
    View(("learns from", "verdict", "top1.true", "gain", "unseen texts", "mrr gain")),
    View(("max-cosine", "rank kept", "neighbours", "parameters", "FLOPs/row", "fit s")),
)
"""What helped, then what it cost."""

ENTRY = (
    Column("t*"), Column("top1.true"), Column("gain", "change"), Column("max-cosine"), Column("rank kept"),
    Column("neighbours"), Column("verdict", "word"),
)  # fmt: skip

CHANGES = (
    Column("item", "id", clip=40), Column("truth", "text", clip=40), Column("rank"),
    Column("nearest before", "text"), Column("nearest after", "text"),
)  # fmt: skip

LEGEND = (
    "top1.true: share of items nearest to their truth, after; gain: minus before, on the same items, with "
    "its 95 % interval over independent units; unseen texts: the same gain when each row chooses only among "
    "texts that its fit had not seen, since predictions are drawn to those that it had. max-cosine: the "
    "older number, right or wrong; it is no success. rank kept: effective rank after as a share of before. "
    "neighbours: share of each item's 10 nearest items that stayed. fit s: seconds of one fit. !: the method "
    "warns that it cannot be trusted at this number of rows."
)


def bridge_document(record: BridgesRecord, drawn: Drawn) -> Document:
    """The whole report, with the figures that were drawn."""
    roles = dict.fromkeys(record.fingerprints, "bridge") | {record.target: "target", record.source: "source"}
    origins = [Origin(roles[name], name, value, {}) for name, value in record.fingerprints.items()]
    sections = [
        Section(part.name, part.name, (Paragraph(rows_of(part), about=True), part_table(part)))
        for part in record.parts
    ]
    if doubts := doubt_blocks(record):
        sections.append(Section("warnings", "What not to trust", doubts, sourced=False))
    if record.entry:
        sections.append(Section("entry", "Time of entry", tuple(map(entry_table, record.entry))))
    sections += figures_section(drawn.figures, drawn.captions)
    about = (
        "Items whose truth moved farthest in their ranking, as a ratio of ranks, with their five nearest "
        "reference rows before and after."
    )
    details = [block for part in record.parts for one in part.methods for block in _details(part, one)]
    sections.append(Section("items", "Largest changes", (Paragraph(about, about=True), *details)))
    files = "report.txt, metrics.json, metrics.csv" + (", figures/" if drawn.figures else "")
    replay = check_commands(record.replay, ())
    version = record.version
    sections.append(repeat_section(origins, replay, {}, seed=record.seed, version=version, files=files))
    return Document(
        word="bridges",
        tone="calm",
        title=f"{isolated(record.source, 120)} → {isolated(record.target, 120)}",
        beside=f", linked by {isolated(record.on, 60)}" if record.on else "",
        headline=headline(record),
        reasons=(),
        facts=(Paragraph(LEGEND), Bullets(tuple(display_safe(note, 600) for note in record.notes))),
        sections=tuple(sections),
        source=source_line(origins, record.seed, record.version),
        repeat="",
        definitions=(),
        version=display_safe(record.version, 40),
        time=now(),
    )


def bridge_summary(record: BridgesRecord) -> list[str]:
    """What the terminal shows: the tables, and what not to trust; the report's path is the caller's."""
    lines: list[str] = []
    for part in record.parts:
        lines += ["", *wrap(f"{part.name}: {rows_of(part)}", WIDTH), ""]
        for view in VIEWS:
            lines += table_lines(part_table(part), view, rule=False) + ([""] if view is VIEWS[0] else [])
    for one in record.entry:
        lines += block_lines([entry_table(one)])
    if doubts := doubt_blocks(record):
        lines += ["", *block_lines(doubts)]
    return lines[1:]


def headline(record: BridgesRecord) -> str:
    """Which bridge finds most truths on each part, or that none finds more than before."""
    said = []
    for part in record.parts:
        aligned = [one for one in part.methods if one.verdict.word == "aligned"]
        best = max(aligned, key=lambda one: one.measures["mrr.true"].after.value or 0.0, default=None)
        where = "" if len(record.parts) == 1 else f"{part.name} classes: "
        if best is None:
            said.append(f"{where}no bridge of {len(part.methods)} is called aligned")
            continue
        row = best.measures["top1.true"]
        said.append(
            f"{where}{isolated(best.label, 40)} finds most, top-1 {number(row.before.value)} → "
            f"{number(row.after.value)}; {len(aligned)} of {len(part.methods)} are called aligned"
        )
    return ". ".join(said) + "."


def rows_of(part: Part) -> str:
    """How many rows, and how they were held out."""
    return f"{whole(part.n)} rows, {whole(part.clusters)} independent; {display_safe(part.about, 400)}"


def part_table(part: Part) -> Table:
    """Every bridge on the same rows, below the rows before."""
    if not part.methods:
        return Table(COLUMNS, (("no bridge could be measured", ""),))
    first = part.methods[0].measures
    before = {
        name: _cell(row.before if (row := first.get(measure)) else None)
        for name, measure in (("top1.true", "top1.true"), ("max-cosine", "cosine.max"))
    }
    start: list[Cell | str] = ["before", "", ""]
    start += [before.get(column.title, UNDEFINED) for column in COLUMNS[3:]]
    return Table(COLUMNS, (tuple(start), *map(_row, part.methods)), style="wide tight", views=VIEWS)


def entry_table(one: EntryTime) -> Table:
    """The sweep over the time of entry."""
    rows = []
    for time, table, kept, word in zip(one.times, one.results, one.neighbours, one.words, strict=True):
        top1, maximum = table.get("top1.true"), table.get("cosine.max")
        rows.append(
            (
                whole(time),
                _cell(top1.after if top1 else None),
                _cell(top1.difference if top1 else None, signed=True),
                _cell(maximum.after if maximum else None),
                _share_kept(table.get("rank.entropy")),
                _cell(kept, 2),
                word,
            )
        )
    title = f"{one.part}: {isolated(one.label, 40)}, time of entry t* of {whole(one.steps)}"
    return Table(ENTRY, tuple(rows), title, style="wide tight")


def doubt_blocks(record: BridgesRecord) -> tuple[Block, ...]:
    """What the methods warn of, each warning once, and what could not be measured."""
    said: dict[str, dict[str, None]] = {}
    for part in record.parts:
        for one in part.methods:
            for text in one.warnings:
                said.setdefault(text, {})[one.label] = None
    blocks: list[Block] = []
    if said:
        blocks.append(Paragraph("Cannot be trusted at this number of rows:", about=True))
    for text, labels in said.items():
        names = ", ".join(isolated(label, 40) for label in labels)
        blocks.append(Note(names, display_safe(text, 600), warns=True))
    if record.failed:
        blocks.append(Paragraph("Not measured:", about=True))
    blocks += [Note(isolated(label, 40), display_safe(why, 600)) for label, why in record.failed.items()]
    return tuple(blocks)


def _row(one: MethodResult) -> tuple[Cell | str, ...]:
    top1, mrr = one.measures.get("top1.true"), one.measures.get("mrr.true")
    maximum = one.measures.get("cosine.max")
    return (
        f"{isolated(one.label, 40)}{' !' if one.warnings else ''}",
        one.learns_from,
        one.verdict.word,
        _cell(top1.after if top1 else None),
        _cell(top1.difference if top1 else None, signed=True),
        _brief(one.gallery.difference if one.gallery else None),
        _brief(mrr.difference if mrr else None),
        _brief(maximum.after if maximum else None, signed=False),
        _share_kept(one.measures.get("rank.entropy")),
        _cell(one.neighbours.get("knn.recall"), 2).text,
        compact(one.cost.parameters),
        compact(one.cost.flops_per_row),
        number(one.cost.fit_seconds, 2),
    )


def _details(part: Part, one: MethodResult) -> Iterator[Block]:
    yield Heading(f"{part.name}: {isolated(one.label, 60)}, {one.verdict.word}")
    yield Paragraph(nonbreaking(typeset(display_safe("; ".join(one.verdict.because), 2000))))
    parameters = ", ".join(f"{name}={value}" for name, value in one.params.items())
    rows = (("flags", ", ".join(one.verdict.flags)), ("parameters", display_safe(parameters, 600)))
    if known := tuple((name, text) for name, text in rows if text):
        yield Facts(known)
    for title, changes in (("truth climbed", one.improved), ("truth fell", one.worsened)):
        if changes:
            yield Table(CHANGES, tuple(map(_change, changes)), about=title)


def _change(one: TopChange) -> tuple[Cell | str, ...]:
    nearest = [tuple(isolated(name, 30) for name in names) for names in (one.top_before, one.top_after)]
    return (
        isolated(one.id, 60),
        isolated(one.truth, 60),
        f"{_rank(one.rank_before)} → {_rank(one.rank_after)}",
        Cell(listed=nearest[0]),
        Cell(listed=nearest[1]),
    )


def _cell(one: Estimate | Difference | None, places: int = 3, *, signed: bool = False) -> Cell:
    if one is None or one.value is None:
        return Cell(UNDEFINED)
    ends = interval(one.low, one.high, places, signed=signed) if signed else ""
    return Cell(number(one.value, places, signed=signed), ends)


def _brief(one: Estimate | Difference | None, *, signed: bool = True) -> str:
    return _cell(one, signed=signed).text


def _share_kept(row: MeasureResult | None) -> str:
    """After as a share of before."""
    if row is None or not row.before.value or row.after.value is None:
        return UNDEFINED
    return number(row.after.value / row.before.value, 2)


def _rank(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
