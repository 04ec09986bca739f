"""The report of training logs, and its table as csv."""

from __future__ import annotations

from collections.abc import Mapping

from repscope.learning.logs.roles import collapse_kind
from repscope.report.csv import csv_text
from repscope.report.document import (
    Block,
    Bullets,
    Column,
    Command,
    Document,
    Paragraph,
    Section,
    Table,
    Tone,
)
from repscope.study.provenance import now, version
from repscope.text.display import display_safe, isolated, shell_safe
from repscope.text.numbers import p_equation, percent, significant, whole
from repscope.verbs.common.origin import figures_section
from repscope.verbs.training.record import ALPHA, COLLAPSED, TrainingRecord, series_cells, step_text

HEAD = ("values", "last step", "first", "last", "least", "most")


def training_document(record: TrainingRecord, captions: Mapping[str, str]) -> Document:
    """Everything that a report says about logs.

    Args:
        record: what was found.
        captions: of the figures, by name.
    """
    word, tone = _word(record)
    runs = f"{whole(len(record.runs))} runs" if len(record.runs) != 1 else isolated(record.runs[0], 120)
    blocks: list[Block] = [Bullets(tuple(f"{name}: {text}" for name, text in record.findings()))]
    if record.notes:
        blocks.append(Bullets(tuple(display_safe(note, 400) for note in record.notes)))
    smooth = f"weight {record.smooth:g}, {'centred' if record.centred else 'of the past'}"
    sections = (
        *figures_section(captions, captions),
        Section("series", "Series", (_table(record),), sourced=False),
        Section("repeat", "How to repeat this", (_repeat(record),), sourced=False),
    )
    return Document(
        word=word,
        tone=tone,
        title=runs,
        beside="",
        headline=_headline(record),
        reasons=tuple(blocks),
        facts=(
            Paragraph(f"{whole(len(record.series))} series; smooth curves of {smooth}. Seed {record.seed}."),
        ),
        sections=sections,
        source=f"Logs of {runs}; seed {record.seed}; repscope {version()}",
        repeat="",
        definitions=(),
        version=version(),
        time=now(),
    )


def training_csv(record: TrainingRecord) -> str:
    """One row a series: how long it is, where it began and ended, its least and largest value."""
    rows: list[dict[str, str | float | None]] = []
    for one in record.series:
        steps, values = one.curve
        known = len(values) > 0
        rows.append(
            {
                "run": one.run,
                "series": one.name,
                "values": len(one.values),
                "step_unit": one.unit,
                "last_step": float(steps[-1]) if known else None,
                "first": float(values[0]) if known else None,
                "last": float(values[-1]) if known else None,
                "least": float(values.min()) if known else None,
                "most": float(values.max()) if known else None,
            }
        )
    columns = ("run", "series", "values", "step_unit", "last_step", "first", "last", "least", "most")
    return csv_text(columns, rows)


def _word(record: TrainingRecord) -> tuple[str, Tone]:
    if record.collapses:
        return "collapsed", "bad"
    if any(one.p > ALPHA for one in record.told) or (record.changes and _unsearched(record)):
        return "inconclusive", "wait"
    return ("no collapse", "good") if record.changes else ("read", "calm")


def _unsearched(record: TrainingRecord) -> list[str]:
    """Runs that logged what tells of collapse, none of it long enough to be searched."""
    told = dict.fromkeys(one.run for one in record.series if collapse_kind(one.name))
    return [run for run in told if run not in {one.run for one in record.changes}]


def _headline(record: TrainingRecord) -> str:
    if record.collapses:
        first = min(record.collapses, key=lambda one: (one.p, one.step))
        return (
            f"{isolated(first.run, 60)}: {isolated(first.name, 60)} was {significant(first.before)} until "
            f"step {step_text(first.step)}, and ended at {significant(first.last)} ({p_equation(first.p)})."
        )
    unclear = [one for one in record.told if one.p > ALPHA]
    if unclear:
        one = unclear[0]
        return (
            f"{isolated(one.run, 60)}: {isolated(one.name, 60)} went from {significant(one.before)} to "
            f"{significant(one.last)}, without a clear break ({p_equation(one.p)})."
        )
    if record.changes and (short := _unsearched(record)):
        return f"Nothing that {isolated(short[0], 60)} logged is long enough to be searched for a collapse."
    if record.changes:
        return (
            f"None of {whole(len(record.changes))} series that were searched breaks clearly (p ≤ {ALPHA:g}) "
            f"and ends with {percent(COLLAPSED, 0)} or less of what it had."
        )
    return "No rank, spread, uniformity or mean cosine long enough to be searched for a collapse was logged."


def _repeat(record: TrainingRecord) -> Block:
    if record.replay:
        return Command((shell_safe(record.replay),))
    return Paragraph("Made in Python, without a command. The same values give the same numbers.", about=True)


def _table(record: TrainingRecord) -> Table:
    columns = (Column("series", "name", clip=40), Column("run", "text", clip=30), *map(Column, HEAD))
    rows = tuple((isolated(one.name, 80), isolated(one.run, 80), *series_cells(one)) for one in record.series)
    return Table(columns, rows)
