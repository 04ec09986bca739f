"""A drift report as plain text of at most 100 columns, and as a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from repscope.text.display import columns, isolated, wrap
from repscope.text.numbers import typeset, whole
from repscope.text.tables import WIDTH, table
from repscope.verbs.drift.content import DriftContent, GroupContent, headline
from repscope.verbs.drift.protocol import DriftRecord
from repscope.verbs.drift.tables import Cells, contrast_table, key_table, pair_table

_PAIRS = 4


def render_drift_text(content: DriftContent) -> str:
    """The whole report."""
    lines = [content.word.upper(), "═" * columns(content.word), *wrap(content.title, WIDTH), ""]
    lines += [*wrap(content.headline, WIDTH), ""]
    first = content.groups[0]
    lines += _reasons(first)
    lines += ["", *wrap(content.facts, WIDTH)]
    for note in content.notes:
        lines += wrap(note, WIDTH, first="  – ", rest="    ")
    lines += _table(content.key)
    lines += wrap(content.source, WIDTH)
    if content.figures:
        lines += _title("Figures")
        for name, title, caption in content.figures:
            lines += wrap(f"{title}. {caption}", WIDTH, rest="    ")
            lines.append(f"    figures/{name}")
    if content.contrasts is not None:
        lines += _table(content.contrasts)
    for one in content.groups:
        lines += _group(one, named=len(content.groups) > 1)
    lines += [*_title("How to repeat this"), *content.commands[:1]]
    if not content.commands:
        lines += ["Made in Python, without a command. The same sets, seed and version give the same numbers."]
    lines += [*content.commands[1:], ""]
    for entry in content.sets:
        lines += wrap(f"{entry.role} {isolated(entry.name, 60)}: {entry.fingerprint}", WIDTH, rest="    ")
    lines += _title("Thresholds of the verdict")
    lines += [f"{name}: {value}" for name, value in content.margins]
    lines += ["", f"repscope {content.version}, seed {content.seed}, {content.time}"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def drift_summary(record: DriftRecord) -> list[str]:
    """The verdict, what moved, and the key numbers, for the terminal; the report's path is the caller's."""
    arrays = record.groups[record.group]
    stages = f"{isolated(arrays.labels[0], 40)} → {isolated(arrays.labels[-1], 40)}"
    group = f"{isolated(record.group, 40)}: " if len(record.groups) > 1 else ""
    size = f"{len(arrays.labels)} stages, {whole(arrays.n)} items"
    if record.cluster is not None:
        size += f", {whole(arrays.clusters)} clusters of {isolated(record.cluster, 40)}"
    lines = wrap(f"{record.verdict.word}: {group}{stages} ({size})", WIDTH)
    lines += wrap(headline(record), WIDTH)
    pairs = pair_table(arrays)
    shown = pairs.rows if len(pairs.rows) <= _PAIRS else pairs.rows[-1:]
    lines += _columns(pairs.head, shown, (0, 1, 4, 6))
    key = key_table(arrays)
    # The report has the intervals of the stages; a terminal has room for that of the change.
    brief = [(row[0], *(cell.partition(" [")[0] for cell in row[2:4]), row[4], row[6]) for row in key.rows]
    lines += table([key.head[i] for i in (0, 2, 3, 4, 6)], brief)
    between = contrast_table(record.contrasts, arrays.labels)
    if between is not None:
        told = [row for row in between.rows if row[1] == "spread.total"]
        lines += _columns(between.head, told, (0, 1, 2, 4), left=2)
    if record.verdict.flags:
        lines += wrap(f"also: {', '.join(record.verdict.flags)}", WIDTH, first="! ", rest="  ")
    for note in record.notes:
        lines += wrap(note, WIDTH, first="– ", rest="  ")
    return [line.rstrip() for line in lines]


def _columns(
    head: Sequence[str], rows: Sequence[Sequence[str]], kept: Sequence[int], *, left: int = 1
) -> list[str]:
    return table([head[i] for i in kept], [[row[i] for i in kept] for row in rows], left=left)


def _reasons(one: GroupContent) -> list[str]:
    lines = []
    for reason in one.because:
        lines += wrap(typeset(reason), WIDTH, first="  – ", rest="    ")
    for flag, text in one.flags:
        lines += wrap(f"{flag}: {text}" if text else flag, WIDTH, first="  ! ", rest="    ")
    return lines


def _group(one: GroupContent, *, named: bool) -> list[str]:
    lines: list[str] = []
    if named:
        lines += [*_title(f"Group {one.name}: {one.word}"), *_reasons(one)]
    for cells in one.tables:
        lines += _table(cells)
    lines += _title("Rate")
    for sentence in one.rate:
        lines += wrap(sentence, WIDTH)
    if one.undefined:
        lines += _title("Not measured")
        for name, why in one.undefined:
            lines += wrap(f"{name}: {why}", WIDTH, rest="    ")
    if one.methods:
        lines += _title("Methods")
        for method in one.methods:
            lines += wrap(method, WIDTH, first="  – ", rest="    ")
    return lines


def _table(cells: Cells) -> list[str]:
    lines = _title(cells.title)
    lines += [*wrap(cells.about, WIDTH), ""] if cells.about else []
    return [*lines, *table(list(cells.head), cells.rows, left=cells.left)]


def _title(text: str) -> list[str]:
    return ["", text, "─" * columns(text)]
