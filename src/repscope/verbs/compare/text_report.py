"""The report as plain text of at most 100 columns, verdict first."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from repscope.text.display import columns, isolated, pad, shell_safe, wrap
from repscope.text.numbers import whole
from repscope.text.tables import BELOW, WIDTH, clip, table
from repscope.verbs.compare.changes import ItemRow
from repscope.verbs.compare.content import Content
from repscope.verbs.compare.rows import MeasureRow
from repscope.verbs.compare.words import CONTROLS


def render_text(content: Content) -> str:
    """The whole report."""
    lines = [
        *_verdict(content),
        *_key(content),
        *_figures(content),
        *_measures(content),
        *_similarity(content),
        *_change(content),
        *_power(content),
        *_items(content),
        *_repeat(content),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def measure_table(
    rows: Sequence[MeasureRow], controls: Sequence[str] = (), *, stages: bool = False
) -> list[str]:
    """Measures as rows: both stages, the difference with interval, p and q; then the controls.

    Args:
        rows: the measures.
        controls: shown where a row has them.
        stages: also the intervals of the stages.
    """
    units = {row.n for row in rows if row.n}
    head = ["", "before", "after", "difference", "interval", "p", "q", "reading"]
    head += ["n"] if len(units) > 1 else []
    body: list[list[str]] = []
    for row in rows:
        cells = [f"{row.name} {row.arrow} {row.note}".rstrip()]
        if row.before and row.after and row.difference:
            cells += [row.before.text, row.after.text, row.difference.text, row.difference.interval or "–"]
            cells += [row.p, row.q, row.reading, row.n]
        else:
            cells += ["undefined", *[""] * len(head)]
        body.append(cells[: len(head)])
    below = [[line for why in row.why for line in wrap(why, WIDTH, first=BELOW)] for row in rows]
    lines = table(head, body, below=below)
    if len(units) == 1:
        lines.append(f"n = {units.pop()}")
    defined = [row for row in rows if row.difference]
    if stages and defined:
        lines += _stage_table(defined)
    return lines + _control_table(defined, controls, gaussian=not stages)


def _stage_table(rows: Sequence[MeasureRow]) -> list[str]:
    """The two stages with their intervals, and what a Gaussian of the same size reads."""
    head = ["", "before", "interval", "after", "interval", "Gaussian, same n and d"]
    body = []
    for row in rows:
        cells = [f"{row.name} {row.arrow}"]
        for one in (row.before, row.after):
            cells += [one.text, one.interval or "–"] if one else ["", ""]
        body.append([*cells, row.gaussian or "–"])
    if not any(row.gaussian for row in rows):
        head, body = head[:-1], [cells[:-1] for cells in body]
    return ["", "The two stages:", *table(head, body)]


def _control_table(rows: Sequence[MeasureRow], controls: Sequence[str], *, gaussian: bool) -> list[str]:
    """The difference again, beside what known non-answers give."""
    shown = [name for name in controls if any(name in row.controls for row in rows)]
    gaussian = gaussian and any(row.gaussian for row in rows)
    if not shown and not gaussian:
        return []
    head = ["", "difference", *shown, *(["Gaussian, same n and d"] if gaussian else [])]
    body = [
        [f"{row.name} {row.arrow}", row.difference.text, *(row.controls.get(name, "–") for name in shown)]
        + ([row.gaussian or "–"] if gaussian else [])
        for row in rows
        if row.difference
    ]
    return ["", "Beside what is known to be no answer:", *table(head, body)]


def _verdict(content: Content) -> list[str]:
    lines = [content.word.upper(), "═" * columns(content.word)]
    lines += wrap(
        " → ".join(map(isolated, (content.before, content.after)))
        + f", against {isolated(content.reference)}",
        WIDTH,
    )
    lines += ["", *wrap(content.headline, WIDTH), ""]
    for reason in content.because:
        lines += wrap(reason, WIDTH, first="  – ", rest="    ")
    for flag, text in content.flags:
        lines += ["", *wrap(f"{flag}: {text}" if text else flag, WIDTH, first="  ! ", rest="    ")]
    lines += ["", *wrap(content.facts, WIDTH)]
    for note in content.data_notes:
        lines += wrap(note, WIDTH, first="  – ", rest="    ")
    return lines


def _key(content: Content) -> list[str]:
    lines = [*_title("Key numbers"), *measure_table(content.key, content.controls), ""]
    lines += [f"{pad(row.name, 15)} {row.plain}" for row in content.key]
    lines.append("")
    lines += [f"{pad(name, 15)} {CONTROLS.get(name, '')}" for name in content.controls]
    lines += [
        "",
        *wrap(
            f"↑ higher is better, ↓ lower is better, · neither. The interval is the {content.level} of the "
            f"difference; q is p after Benjamini–Hochberg over {content.tested} tests. {content.readings} "
            "Letters name the method, listed below.",
            WIDTH,
        ),
    ]
    return lines + _source(content)


def _figures(content: Content) -> list[str]:
    if not content.figures:
        return []
    lines = _title("Figures")
    for name, title, caption in content.figures:
        lines += wrap(f"{title}. {caption}", WIDTH, rest="    ")
        lines += wrap(f"figures/{name}", WIDTH, first="    ")
    return lines


def _measures(content: Content) -> list[str]:
    lines = []
    for group in content.groups:
        lines += [*_title(f"All measures: {group.title.lower()}"), *wrap(group.about, WIDTH), ""]
        lines += measure_table(group.rows, content.controls, stages=True)
    if content.methods:
        lines += ["", "Methods"]
        for letter, text in content.methods:
            lines += wrap(text, WIDTH, first=f"  {pad(letter, 3)}", rest="     ")
    lines += ["", "What each measure is, with its formula and paper: repscope measures"]
    return lines + _source(content)


def _similarity(content: Content) -> list[str]:
    if not content.similarity:
        return []
    lines = [*_title("How alike the two stages are"), "Beside the same measure on shuffled pairs.", ""]
    head = ["", "similarity", "interval", "shuffled", "95th percentile", "p", "n"]
    body, below = [], []
    for row in content.similarity:
        name = row.name + (f" {row.note}" if row.note else "")
        body.append([name, row.value.text, row.value.interval or "–", row.null, row.null_high, row.p, row.n])
        below.append(wrap(row.why, WIDTH, first=BELOW) if row.why else [])
    return lines + table(head, body, below=below) + _source(content)


def _change(content: Content) -> list[str]:
    if not content.parts and not content.change_facts:
        return []
    lines = _title("What the change is made of")
    if content.parts:
        lines += ["Shares of the total squared displacement of all items.", ""]
        body = [[one.name, one.share, _bar(one.width), one.meaning] for one in content.parts]
        widths = [max(columns(row[i]) for row in body) for i in range(4)]
        lines += [
            f"{pad(row[0], widths[0])}  {pad(row[1], widths[1], right=True)}  {pad(row[2], 20)}  {row[3]}"
            for row in body
        ]
    for name, value in content.change_facts:
        lines += wrap(f"{name}: {value}", WIDTH, rest="    ")
    return lines + _source(content)


def _power(content: Content) -> list[str]:
    lines = _title("What this n can detect")
    if content.needed:
        lines += [*wrap(content.needed, WIDTH), ""]
    if not content.power:
        lines += ["No measure has an interval here, so nothing can be said about what this n would find."]
        return lines + _source(content)
    lines += wrap(
        "The smallest true difference found in 80% of repeats at this n, at a two-sided level of "
        f"{content.alpha}. A smaller one that was not found is not shown to be absent.",
        WIDTH,
    )
    head = ["", "seen", "detectable", "counts as none up to"]
    lines += ["", *table(head, [[row.name, row.seen, row.detectable, row.margin] for row in content.power])]
    return lines + _source(content)


def _items(content: Content) -> list[str]:
    changes = content.changes
    lines = _title("Items that changed most")
    if changes.better is not None and changes.worse is not None and changes.same is not None:
        lines += wrap(
            f"{whole(changes.better)} items rank their truth higher after, {whole(changes.worse)} lower, "
            f"{whole(changes.same)} the same. All rows are in items.parquet.",
            WIDTH,
        )
    for title, rows in (
        ("Improved most", changes.improved),
        ("Worsened most", changes.worsened),
        ("Moved farthest", changes.moved),
    ):
        if rows:
            lines += ["", title, *_item_table(rows)]
    return lines + _source(content)


def _item_table(rows: Sequence[ItemRow]) -> list[str]:
    wanted = {
        "item": [clip(row.id, 28) for row in rows],
        "label": [clip(row.label, 20) for row in rows],
        "rank of truth": [row.rank for row in rows],
        "cosine to truth": [row.cosine for row in rows],
        "moved": [row.displacement for row in rows],
        "nearest": [clip(row.nearest, 40) for row in rows],
    }
    shown = {head: values for head, values in wanted.items() if any(values)}
    left = 2 if "label" in shown else 1
    return table(list(shown), zip(*shown.values(), strict=True), left=left)


def _repeat(content: Content) -> list[str]:
    lines = _title("How to repeat this")
    if not content.commands:
        lines += ["Made in Python, without a command. The same sets, seed and version give the same numbers."]
    for command in content.commands:
        lines += _command(command)
    lines += ["", f"Repscope {content.version}, seed {content.seed}, {content.time}.", ""]
    for one in content.sets:
        lines += wrap(f"{one.role}: {isolated(one.name)}", WIDTH)
        lines += wrap(f"fingerprint {one.fingerprint or 'not recorded'}", WIDTH, first="    ")
        for key, value in one.provenance:
            lines += wrap(f"{key}: {value}", WIDTH, first="    ", rest="      ")
    lines += ["", "Thresholds of the verdict"]
    return lines + wrap("; ".join(f"{key} {value}" for key, value in content.margins), WIDTH, first="    ")


def _command(command: str) -> list[str]:
    """A command on lines that a shell joins again; words are never broken."""
    try:
        words = [shlex.quote(word) for word in shlex.split(command)]
    except ValueError:
        return ["    " + shell_safe(command)]
    lines = ["    " + (words[0] if words else "")]
    for word in words[1:]:
        if columns(lines[-1]) + columns(word) + 3 > WIDTH:
            lines[-1] += " \\"
            lines.append("        " + word)
        else:
            lines[-1] += " " + word
    return lines


def _source(content: Content) -> list[str]:
    repeat = " Repeat: the command at the end." if content.commands else ""
    return ["", *wrap(f"[{content.source}.{repeat}]", WIDTH, rest=" ")]


def _title(text: str) -> list[str]:
    return ["", "", text.upper(), "─" * WIDTH]


def _bar(share: float) -> str:
    return "█" * round(share / 5) or "▏"
