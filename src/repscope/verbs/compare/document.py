"""The report of a comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.results import SimilarityResult
from repscope.report.document import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Facts,
    Heading,
    Legend,
    Note,
    Paragraph,
    Row,
    Section,
    Table,
)
from repscope.report.forest import DRAWN
from repscope.report.thumbnails import source_folders
from repscope.study.provenance import now
from repscope.text.display import display_safe, isolated, nonbreaking
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
from repscope.verbs.common.class_tables import changes_section, data_notes
from repscope.verbs.common.measures import Notes, cell, plain_name
from repscope.verbs.common.origin import (
    Origin,
    check_commands,
    definitions,
    figures_section,
    on_one_line,
    repeat_section,
    source_line,
)
from repscope.verbs.common.unseen import report_notes
from repscope.verbs.compare.changes import item_tables, largest_changes
from repscope.verbs.compare.record import ComparisonRecord
from repscope.verbs.compare.rows import control_names, equal_margin, group_tables, key_table
from repscope.verbs.compare.sentences import WARNINGS, against, facts, flag_note, headline, needed_note
from repscope.verbs.compare.words import CHANGE, CONTROLS, PARTS, TONES


def comparison_document(record: ComparisonRecord) -> Document:
    """Everything that a report says about a comparison."""
    verdict, notes = record.verdict, Notes()
    roles = [("before", record.before), ("after", record.after)]
    roles += zip(("reference", "reference of after"), record.references, strict=False)
    origins = [
        Origin(role, name, record.fingerprints.get(name, ""), record.provenance.get(name) or {})
        for role, name in roles
    ]
    commands = check_commands(record.replay, (name for _, name in roles))
    files = "report.txt, metrics.json, metrics.csv, items.parquet"
    files += ", classes.csv" * bool(record.classes or record.class_groups)
    files += ", figures/" * bool(record.figures)
    sections = (
        _key(record, notes),
        *changes_section(record.classes, record.class_groups),
        *figures_section(record.figures, record.captions),
        *_measures(record, notes),
        *_change(record.change),
        _power(record),
        _items(record),
        repeat_section(
            origins,
            commands,
            verdict.to_json()["margins"],
            seed=record.seed,
            version=record.version,
            files=files,
        ),
    )
    before, after = (isolated(name, 120) for name in (record.before, record.after))
    because = tuple(nonbreaking(display_safe(typeset(one), 1200)) for one in verdict.because)
    flags = (
        Note(display_safe(flag, 60), nonbreaking(flag_note(record, flag)), warns=flag in WARNINGS)
        for flag in verdict.flags
    )
    measured = [row.name for row in record.measures] + list(record.undefined)
    return Document(
        word=display_safe(verdict.word, 40),
        tone=TONES.get(verdict.word, "calm"),
        title=f"{before} → {after}",
        beside=f" against {against(record, 120)}",
        headline=headline(record),
        reasons=(Bullets(because), *flags),
        facts=(
            Paragraph(nonbreaking(facts(record))),
            Bullets(data_notes(report_notes(record.notes, record.held_out), record.classes_without_items)),
        ),
        sections=sections,
        source=source_line(origins, record.seed, record.version),
        repeat=commands[0] if commands else "",
        definitions=definitions((*measured, *(row.name for row in record.similarity))),
        version=display_safe(record.version, 40),
        time=now(),
        folders=source_folders(record.provenance),
    )


def _key(record: ComparisonRecord, notes: Notes) -> Section:
    levels = {row.difference.level for row in record.measures if row.difference.low is not None}
    level = f"{levels.pop():.0%} interval" if len(levels) == 1 else "interval"
    tested = sum(row.difference.q is not None for row in record.measures)
    table = key_table(record, notes)
    drawn = {name for row in table.cells() for cell in row for name, _ in cell.marks}
    return Section(
        "key",
        "Key numbers",
        (
            Paragraph(
                f"Before, after, and the difference on the same items with its {level}; p of no difference, "
                f"q after Benjamini–Hochberg over the {tested} tests of this comparison. The same "
                "difference under transforms that are known to be no answer stands beside it.",
                about=True,
            ),
            table,
            Legend(
                tuple((name, CONTROLS.get(name, "")) for name in control_names(record)),
                tuple(name for name in DRAWN if name in drawn),
            ),
            Paragraph(
                "↑ higher is better, ↓ lower is better, · neither. better, worse, rose, fell: q ≤ "
                f"{record.verdict.margins.alpha} and the interval excludes zero. same: the interval lies "
                "within the margin of the verdict. unclear: neither. misleads: the older number rose, and "
                "true-match is not better. Letters name the method, listed below.",
                about=True,
            ),
        ),
    )


def _measures(record: ComparisonRecord, notes: Notes) -> list[Section]:
    """All measures, and how alike the stages are."""
    named = "; ".join(f"{name}: {CONTROLS.get(name, name)}" for name in control_names(record))
    about = (
        "↑ higher is better, ↓ lower is better, · neither. Intervals in brackets; letters name the method "
        f"below. Controls give the difference that a known non-answer makes{f' ({named})' if named else ''}; "
        "identity gives zero in every row."
    )
    there = (
        {row.name for row in record.measures} | {row.name for row in record.similarity} | {*record.undefined}
    )
    left_out = [one.name for one in MEASURES.values() if one.extra and one.name not in there]
    if left_out:
        about += (
            f" Left out, as costly and read by no verdict: {', '.join(left_out)}, and controls of other "
            "measures than the key numbers; --all computes them."
        )
    blocks: list[Block] = [Paragraph(about, about=True), *group_tables(record, notes)]
    similar = [_similarity_row(row, notes) for row in record.similarity]
    methods = notes.listed()
    if methods:
        blocks += [Heading("Methods"), Facts(tuple(methods), style="notes")]
    sections = [Section("measures", "All measures", tuple(blocks))]
    if similar:
        head = (
            "similarity", "shuffled, mean", "shuffled, 95th percentile", "p", "n",
        )  # fmt: skip
        table = Table((Column("measure", "measure"), *map(Column, head)), tuple(similar))
        about = (
            "1 is the same up to what the measure ignores. The same measure on shuffled pairs stands beside "
            "it: a similarity that random pairs also reach says nothing."
        )
        title = "How alike the two stages are"
        sections.append(Section("similarity", title, (Paragraph(about, about=True), table), "Similarity"))
    return sections


def _similarity_row(row: SimilarityResult, notes: Notes) -> Row:
    places = places_for(row.value.value, row.null, row.null_high)
    below = (plain_name(row.name), display_safe(row.value.why, 400))
    note = notes.letter(display_safe(row.value.method, 400))
    return (
        Cell(term=row.name, note=note, below=tuple(filter(None, below))),
        cell(row.value, places),
        "–" if row.null is None else number(row.null, places),
        "–" if row.null_high is None else number(row.null_high, places),
        p_value(row.p),
        whole(row.value.n),
    )


def _change(change: Mapping[str, Any] | None) -> tuple[Section, ...]:
    """The shares, and whatever else the record says about the change."""
    if change is None:
        return ()
    nested = change.get("shares")
    shares = nested if isinstance(nested, Mapping) else change
    parts = tuple(_part(name, shares[name]) for name in PARTS if name in shares)
    rest = tuple(
        (CHANGE.get(name, display_safe(name, 60)), _reading(value))
        for name, value in change.items()
        if name not in (*PARTS, "shares") and value not in (None, "")
    )
    blocks: list[Block] = []
    if parts:
        columns = (Column("part", "name"), Column("share"), Column("what it is", "text"))
        blocks += [
            Paragraph("Shares of the total squared displacement of all items.", about=True),
            Table(columns, parts, style=""),
        ]
    if rest:
        blocks.append(Facts(rest))
    return (Section("change", "What the change is made of", tuple(blocks), "The change"),) if blocks else ()


def _reading(value: Any) -> str:
    """A number as tables have it; anything else on one line."""
    return number(value, places_for(value)) if isinstance(value, float) else on_one_line(value)


def _part(name: str, value: Any) -> Row:
    low = high = None
    if isinstance(value, Mapping):
        low, high, value = value.get("low"), value.get("high"), value.get("value")
    share = float(value) if isinstance(value, int | float) and math.isfinite(value) else None
    ends = interval(None if low is None else 100 * low, None if high is None else 100 * high, 1)
    width = round(100 * min(max(share or 0.0, 0.0), 1.0), 2)
    return (name, Cell(percent(share), ends, share=width), PARTS[name])


def _power(record: ComparisonRecord) -> Section:
    table = {row.name: row for row in record.measures}
    rows: list[Row] = []
    for name, smallest in record.verdict.detectable.items():
        row = table.get(name)
        seen = row.difference.value if row else None
        margin = equal_margin(name, row.before.value if row else None, record.verdict.margins)
        places = places_for_change(places_for(row.before.value, row.after.value) if row else 3, smallest)
        rows.append(
            (
                Cell(term=display_safe(name)),
                number(seen, places_for_change(places, seen), signed=True),
                number(smallest, places),
                "–" if margin is None else number(margin, places_for_change(places, margin)),
            )
        )
    needed = needed_note(record)
    blocks: list[Block] = [Paragraph(needed)] if needed else []
    if rows:
        head = ("difference seen", "detectable", "counts as none up to")
        about = (
            "The smallest true difference that would be found in 80% of repeats at this n, at a two-sided "
            f"level of {record.verdict.margins.alpha}. A smaller one that was not found is not shown to be "
            "absent."
        )
        columns = (Column("measure", "measure"), *map(Column, head))
        blocks += [Paragraph(about, about=True), Table(columns, tuple(rows), style="wide dense")]
    else:
        nothing = "No measure has an interval here, so nothing can be said about what this n would find."
        blocks.append(Paragraph(nothing, about=True))
    return Section("power", "What this n can detect", tuple(blocks), "Detectable")


def _items(record: ComparisonRecord) -> Section:
    changes = largest_changes(record.items)
    blocks: list[Block] = []
    if changes.better is not None and changes.worse is not None and changes.same is not None:
        counted = (
            f"{whole(changes.better)} items rank their truth higher after, {whole(changes.worse)} lower, "
            f"{whole(changes.same)} the same. Sorted by the change of the reciprocal rank, then by how far "
            "the item moved; all rows are in items.parquet."
        )
        blocks.append(Paragraph(counted))
    groups = {
        "Improved most": changes.improved,
        "Worsened most": changes.worsened,
        "Moved farthest": changes.moved,
    }
    blocks += item_tables(record.items, groups, label=record.on, cluster=record.cluster)
    if not any(groups.values()):
        blocks.append(Paragraph("No item changed its rank or its place.", about=True))
    return Section("items", "Items that changed most", tuple(blocks), "Items")
