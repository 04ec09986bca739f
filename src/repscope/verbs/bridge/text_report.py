"""The report of bridges as text and as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from repscope.measure.core.estimate import Difference, Estimate
from repscope.text.display import exact, isolated, pad, wrap
from repscope.text.numbers import number
from repscope.verbs.bridge.record import BridgesRecord, MethodResult, Part, TopChange

WIDTH = 110
UNDEFINED = "–"

HEAD = (
    "bridge", "learns from", "verdict", "top1.true", "gain", "95 %", "unseen texts", "mrr gain",
    "max-cosine", "rank kept", "neighbours", "parameters", "FLOPs/row", "fit s",
)  # fmt: skip
_LEFT = 3
"""Columns of words; the others are numbers."""

LEGEND = (
    "top1.true: share of items nearest to their truth, after; gain: minus before, on the same items, with "
    "its interval; unseen texts: the same gain when each row chooses only among texts that its fit had not "
    "seen, since predictions are drawn to those that it had. max-cosine: the older number, right or wrong; "
    "it is no success. rank kept: effective rank after as a share of before. neighbours: share of each "
    "item's 10 nearest items that stayed. fit s: seconds of one fit. !: the method warns that it cannot be "
    "trusted at this number of rows."
)


def row_of(one: MethodResult) -> tuple[str, ...]:
    """The cells of one bridge, in the order of :data:`HEAD`."""
    top1, mrr = one.measures.get("top1.true"), one.measures.get("mrr.true")
    maximum = one.measures.get("cosine.max")
    return (
        f"{one.label}{' !' if one.warnings else ''}",
        one.learns_from,
        one.verdict.word,
        _value(top1.after if top1 else None),
        _value(top1.difference if top1 else None, signed=True),
        _ends(top1.difference if top1 else None),
        _value(one.gallery.difference if one.gallery else None, signed=True),
        _value(mrr.difference if mrr else None, signed=True),
        _value(maximum.after if maximum else None),
        UNDEFINED if (ratio := one.ratio("rank.entropy")) is None else number(ratio, 2),
        _value(one.neighbours.get("knn.recall"), 2),
        count(one.cost.parameters),
        count(one.cost.flops_per_row),
        number(one.cost.fit_seconds, 2),
    )


def before_row(part: Part) -> tuple[str, ...]:
    """The rows before, which every bridge of a part shares."""
    first = part.methods[0].measures
    cells = ["before", "", "", *[UNDEFINED] * (len(HEAD) - _LEFT)]
    for at, name in ((3, "top1.true"), (8, "cosine.max")):
        row = first.get(name)
        cells[at] = _value(row.before if row else None)
    return tuple(cells)


def table_lines(part: Part) -> list[str]:
    """One part as an aligned table."""
    if not part.methods:
        return ["no bridge could be measured"]
    rows = [HEAD, before_row(part), *(row_of(one) for one in part.methods)]
    rows = [tuple(isolated(cell, 40) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            pad(cell, width, right=at >= _LEFT)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def summary_lines(record: BridgesRecord) -> list[str]:
    """What the terminal shows: the tables, what failed, and what the methods warn of."""
    lines: list[str] = []
    for part in record.parts:
        lines += ["", f"{part.name}: {part.n:,} rows, {part.clusters:,} independent; {part.about}", ""]
        lines += table_lines(part)
    lines += [*entry_lines(record), *_warned(record), *_failed(record)]
    return lines[1:] if lines and not lines[0] else lines


def render_text(record: BridgesRecord) -> str:
    """The whole report as plain text."""
    key = record.on and f", linked by {record.on}"
    lines = [
        f"Bridges from {isolated(record.source)} to {isolated(record.target)}{key}",
        f"seed {record.seed}; repscope {record.version}",
        "",
        *summary_lines(record),
        "",
        *wrap(LEGEND, WIDTH),
    ]
    for part in record.parts:
        for one in part.methods:
            lines += ["", f"{part.name}: {one.label}", *_detail(one)]
    if record.notes:
        lines += [
            "",
            "Notes",
            *[line for note in record.notes for line in wrap(note, WIDTH, first="- ", rest="  ")],
        ]
    lines += ["", "Fingerprints", *(f"  {name}: {value}" for name, value in record.fingerprints.items())]
    if record.replay:
        lines += ["", f"Repeat: {exact(record.replay)}"]
    return "\n".join(lines) + "\n"


def table_csv(record: BridgesRecord) -> str:
    """One line for each part, bridge and measure."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = ("before", "after", "difference", "low", "high", "p", "q")
    writer.writerow(
        ("part", "n", "clusters", "bridge", "method", "learns_from", "verdict", "measure", *names, "why",
         "parameters", "flops_per_row", "fit_seconds", "apply_seconds_per_1000", "warnings")
    )  # fmt: skip
    for part in record.parts:
        for one in part.methods:
            start = (
                part.name,
                part.n,
                part.clusters,
                one.label,
                one.method,
                one.learns_from,
                one.verdict.word,
            )
            cost = vars(one.cost).values()
            warned = "; ".join(one.warnings)
            for row in one.measures.values():
                change = row.difference
                values = (
                    row.before.value,
                    row.after.value,
                    change.value,
                    change.low,
                    change.high,
                    change.p,
                    change.q,
                )
                writer.writerow((*start, row.name, *map(_cell, values), change.why, *cost, warned))
            for name, value in one.neighbours.items():
                values = (None, value.value, None, value.low, value.high, None, None)
                writer.writerow((*start, name, *map(_cell, values), value.why, *cost, warned))
            if one.gallery is not None:
                change = one.gallery.difference
                ends = (one.gallery.before.value, one.gallery.after.value)
                values = (*ends, change.value, change.low, change.high, change.p, None)
                writer.writerow((*start, "top1.true, unseen texts", *map(_cell, values), "", *cost, warned))
    return buffer.getvalue()


def entry_lines(record: BridgesRecord) -> list[str]:
    """The sweep over the time of entry, as a table for each bridge and part."""
    lines: list[str] = []
    for one in record.entry:
        lines += ["", f"{one.part}: {one.label}, time of entry t* of {one.steps:,}", ""]
        head = ("t*", "top1.true", "gain", "max-cosine", "rank kept", "neighbours", "verdict")
        rows = [head]
        for time, table, kept, word in zip(one.times, one.results, one.neighbours, one.words, strict=True):
            top1, maximum, rank = (table.get(name) for name in ("top1.true", "cosine.max", "rank.entropy"))
            share = (
                None
                if rank is None or not rank.before.value or rank.after.value is None
                else rank.after.value / rank.before.value
            )
            rows.append(
                (
                    f"{time:,}",
                    _value(top1.after if top1 else None),
                    _value(top1.difference if top1 else None, signed=True),
                    _value(maximum.after if maximum else None),
                    UNDEFINED if share is None else number(share, 2),
                    _value(kept, 2),
                    word,
                )
            )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines += [
            "  ".join(pad(cell, width, right=True) for cell, width in zip(row, widths, strict=True))
            for row in rows
        ]
    return lines


def count(value: int) -> str:
    """``512``, ``263 k``, ``1.2 M``: parameters and operations, in three digits."""
    size = float(value)
    for unit in ("", " k", " M", " G"):
        if size < 1000:
            return f"{size:.0f}{unit}" if not unit or size >= 100 else f"{size:.3g}{unit}"
        size /= 1000
    return f"{size:.3g} T"


def change_text(one: TopChange) -> str:
    """An item whose truth moved, with its five nearest rows before and after."""
    ranks = f"rank {_rank(one.rank_before)} → {_rank(one.rank_after)}"
    tops = " → ".join(
        " | ".join(isolated(name, 30) for name in names) for names in (one.top_before, one.top_after)
    )
    return f"{isolated(one.id, 40)} ({isolated(one.truth, 40)}), {ranks}: {tops}"


def _detail(one: MethodResult) -> Iterator[str]:
    yield from wrap(f"{one.verdict.word}: {'; '.join(one.verdict.because)}", WIDTH, first="  ")
    if one.verdict.flags:
        yield f"  flags: {', '.join(one.verdict.flags)}"
    if one.params:
        yield from wrap(
            "parameters: " + ", ".join(f"{k}={v}" for k, v in one.params.items()), WIDTH, first="  "
        )
    for title, changes in (("truth climbed", one.improved), ("truth fell", one.worsened)):
        if changes:
            yield f"  {title}, five nearest before → after:"
        for change in changes:
            yield from wrap(change_text(change), WIDTH, first="    ", rest="      ")


def _warned(record: BridgesRecord) -> list[str]:
    said: dict[str, list[str]] = {}
    for part in record.parts:
        for one in part.methods:
            for text in one.warnings:
                said.setdefault(text, [])
                if one.label not in said[text]:
                    said[text].append(one.label)
    if not said:
        return []
    lines = ["", "Cannot be trusted at this number of rows:"]
    for text, labels in said.items():
        lines += wrap(f"{', '.join(labels)}: {text}", WIDTH, first="! ", rest="  ")
    return lines


def _failed(record: BridgesRecord) -> list[str]:
    if not record.failed:
        return []
    lines = ["", "Not measured:"]
    for label, why in record.failed.items():
        lines += wrap(f"{label}: {why}", WIDTH, first="- ", rest="  ")
    return lines


def _value(one: Estimate | Difference | None, places: int = 3, *, signed: bool = False) -> str:
    return UNDEFINED if one is None or one.value is None else number(one.value, places, signed=signed)


def _ends(one: Difference | None) -> str:
    if one is None or one.low is None or one.high is None:
        return UNDEFINED
    return f"{number(one.low, signed=True)} to {number(one.high, signed=True)}"


def _rank(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _cell(value: Any) -> str:
    return "" if value is None else repr(float(value))
