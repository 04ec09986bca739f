"""A comparison in a few lines, for the terminal after a run."""

from __future__ import annotations

from repscope.text.display import display_safe, isolated, wrap
from repscope.text.numbers import whole
from repscope.text.tables import WIDTH, table
from repscope.verbs.compare.protocol import ComparisonRecord
from repscope.verbs.compare.rows import Notes, key_rows
from repscope.verbs.compare.sentences import flag_note, headline, units

LINES = 15
"""Most lines of a summary."""

# What gives way first when the lines are short.
_DISPENSABLE = ("margin.true", "rank.entropy", "cosine.true", "gap.l2", "frechet", "mrr.true")
_URGENT = ("max-cosine-misleads", "ceiling", "few-clusters")


def summary_lines(comparison: ComparisonRecord) -> list[str]:
    """At most 15 lines: the verdict, the key rows, and why the older number would mislead where it does.

    The path of the report is the caller's to add.
    """
    before, after, reference = (
        isolated(name, 50) for name in (comparison.before, comparison.after, comparison.reference)
    )
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
        line for note in comparison.notes[:2] for line in wrap(note, WIDTH, first="! note: ", rest="  ")[:2]
    ]


def _numbers(comparison: ComparisonRecord, room: int) -> list[str]:
    verdict, linked = comparison.verdict, comparison.on is not None
    body: dict[str, list[str]] = {}
    for row in key_rows(comparison.measures, comparison.undefined, verdict, Notes(), linked=linked):
        if row.before is None or row.after is None or row.difference is None:
            continue
        cells = [f"{row.name} {row.arrow}", row.before.text, row.after.text, row.difference.text]
        body[row.name] = [*cells, row.difference.interval or "–", row.p, row.reading]
    for name in _DISPENSABLE:
        if len(body) + 1 > room:
            body.pop(name, None)
    if not body or room < 2:
        return []
    lines = table(["", "before", "after", "difference", "interval", "p", "reading"], body.values())
    del lines[1]
    return lines
