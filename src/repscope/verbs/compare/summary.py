"""A comparison in a few lines, for the terminal after a run."""

from __future__ import annotations

from dataclasses import replace

from repscope.report.document import Cell, View
from repscope.report.plain import table_lines
from repscope.text.display import display_safe, isolated, wrap
from repscope.text.numbers import whole
from repscope.text.tables import WIDTH
from repscope.verbs.common.measures import Notes
from repscope.verbs.compare.record import ComparisonRecord
from repscope.verbs.compare.rows import key_table
from repscope.verbs.compare.sentences import against, flag_note, headline, units

LINES = 15
"""Most lines of a summary."""

# What gives way first when the lines are short.
_DISPENSABLE = ("margin.true", "rank.entropy", "cosine.true", "gap.l2", "frechet", "mrr.true")
_URGENT = ("fitted-on-these-items", "centred-after", "max-cosine-misleads", "ceiling", "few-clusters")


def summary_lines(comparison: ComparisonRecord) -> list[str]:
    """At most 15 lines: the verdict, the key rows, and why the older number would mislead where it does.

    The path of the report is the caller's to add.
    """
    before, after = (isolated(name, 50) for name in (comparison.before, comparison.after))
    reference = against(comparison, 50)
    size = f"{whole(comparison.n)} items"
    if comparison.cluster is not None:
        size += f", {whole(comparison.clusters)} {units(comparison)}"
    first = f"{comparison.verdict.word}: {before} → {after} against {reference} ({size})"
    lines = [*wrap(first, WIDTH), *wrap(headline(comparison), WIDTH)]
    tail = [*_flag_lines(comparison), *_note_lines(comparison)]
    return [*lines, *_numbers(comparison, LINES - len(lines) - len(tail)), *tail][:LINES]


def _flag_lines(comparison: ComparisonRecord) -> list[str]:
    """The flag that matters most, in full, and the names of the others."""
    flags = sorted(
        comparison.verdict.flags, key=lambda flag: _URGENT.index(flag) if flag in _URGENT else len(_URGENT)
    )
    lines: list[str] = []
    if flags and flags[0] in _URGENT:
        urgent = flags.pop(0)
        lines += wrap(f"{urgent}: {flag_note(comparison, urgent)}", WIDTH, first="! ", rest="  ")
    if flags:
        lines += wrap(
            f"also: {', '.join(display_safe(flag, 40) for flag in flags)}", WIDTH, first="! ", rest="  "
        )[:1]
    return lines


def _note_lines(comparison: ComparisonRecord) -> list[str]:
    """What was left out, so that a short table is not taken for the whole."""
    return [
        line
        for note in comparison.notes[:2]
        for line in wrap(display_safe(note, 600), WIDTH, first="! note: ", rest="  ")[:2]
    ]


def _numbers(comparison: ComparisonRecord, room: int) -> list[str]:
    table = key_table(comparison, Notes())
    body = {row[0].term: row for row in table.cells() if len(row) == len(table.columns)}
    for name in _DISPENSABLE:
        if len(body) + 1 > room:
            body.pop(name, None)
    if not body or room < 2:
        return []
    rows = tuple((Cell(f"{row[0].term} {row[0].sign}"), *row[1:]) for row in body.values())
    view = View(("before", "after", "difference", "p", "reading"), brief=("before", "after"))
    return table_lines(replace(table, rows=rows), view, rule=False, below=False)
