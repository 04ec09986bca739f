"""A comparison in a few lines, for the terminal after a run."""

from __future__ import annotations

from repscope.report.clean import visible, wrap
from repscope.report.numbers import whole
from repscope.report.record import ComparisonRecord
from repscope.report.rows import Notes, key_rows
from repscope.report.text import WIDTH, table
from repscope.report.words import flag_notes, headline, units

LINES = 15
"""Most lines of a summary."""

_SHOWN = (
    "top1.true",
    "mrr.true",
    "cosine.true",
    "cosine.max",
    "gap.l2",
    "spread.cosine",
    "rank.entropy",
    "hub.share",
)
_SHOWN_UNLINKED = ("energy", "frechet", "gap.l2", "cosine.max", "spread.cosine", "rank.entropy")
_URGENT = ("max-cosine-misleads", "ceiling", "few-clusters")


def summary_lines(comparison: ComparisonRecord) -> list[str]:
    """At most 15 lines: the verdict, the key rows, and why the older number would mislead where it does.

    The path of the report is the caller's to add.
    """
    stages = f"{visible(comparison.before, 60)} → {visible(comparison.after, 60)}"
    size = f"{whole(comparison.n)} items"
    if comparison.cluster is not None:
        size += f", {whole(comparison.clusters)} {units(comparison)}"
    lines = wrap(
        f"{comparison.verdict.word}: {stages} against {visible(comparison.reference, 60)} ({size})", WIDTH
    )[:2]
    lines += wrap(headline(comparison), WIDTH)[:3]
    notes = dict(flag_notes(comparison))
    urgent = [flag for flag in _URGENT if flag in notes]
    rest = [flag for flag in notes if flag not in _URGENT]
    tail: list[str] = []
    if urgent:
        tail += wrap(visible(f"{urgent[0]}: {notes[urgent[0]]}", 600), WIDTH, first="! ", rest="  ")
    more = [*urgent[1:], *rest]
    if more:
        tail += wrap(f"also: {', '.join(visible(flag, 40) for flag in more)}", WIDTH, first="! ", rest="  ")[
            :1
        ]
    return [*lines, *_numbers(comparison, LINES - len(lines) - len(tail)), *tail][:LINES]


def _numbers(comparison: ComparisonRecord, room: int) -> list[str]:
    names = _SHOWN if comparison.on is not None else _SHOWN_UNLINKED
    margins = comparison.verdict.margins
    linked = comparison.on is not None
    rows = {
        row.name: row
        for row in key_rows(comparison.measures, comparison.undefined, margins, Notes(), linked=linked)
        if row.before and row.after and row.difference
    }
    misleads = "max-cosine-misleads" in comparison.verdict.flags
    body = []
    for name in names:
        row = rows.get(name)
        if row is None or row.before is None or row.after is None or row.difference is None:
            continue
        reading = "misleads" if row.older and misleads else row.reading
        cells = [f"{row.name} {row.arrow}", row.before.text, row.after.text, row.difference.text]
        body.append([*cells, row.difference.interval or "–", row.p, reading])
    if not body or room < 3:
        return []
    head = ["", "before", "after", "difference", "interval", "p", "reading"]
    lines = table(head, body)
    del lines[1]
    return lines[:room]
