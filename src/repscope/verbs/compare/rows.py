"""The rows of a comparison's tables: every number as it is read, every method a note."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import Margins, Verdict
from repscope.report.document import Cell, Column, Kind, Table, View
from repscope.report.forest import DRAWN, forest
from repscope.text.display import display_safe
from repscope.text.numbers import (
    interval,
    number,
    p_value,
    percent_change,
    places_for,
    places_for_change,
    whole,
)
from repscope.verbs.common.measures import (
    GROUPS,
    OLDER_NUMBER,
    Cells,
    Notes,
    cell,
    name_cell,
    plain_name,
    undefined_cells,
)
from repscope.verbs.compare.record import ComparisonRecord
from repscope.verbs.compare.words import (
    CONTROLS,
    KEY_MEASURES,
    KEY_MEASURES_UNLINKED,
    READINGS,
)


def key_table(record: ComparisonRecord, notes: Notes) -> Table:
    """The few rows that a verdict turns on, those that are undefined among them."""
    table, linked = {row.name: row for row in record.measures}, record.on is not None
    rows: list[Cells] = []
    for name in KEY_MEASURES if linked else KEY_MEASURES_UNLINKED:
        if name in table:
            cells = measure_cells(table[name], record.verdict, notes)
        elif name in record.undefined:
            cells = undefined_cells(name, record.undefined[name])
        else:
            continue
        rows.append(cells | {"measure": replace(cells["measure"], text=plain_name(name))})
    columns = ("before", "after", "difference", "percent", "p", "q", "n", "beside the controls", "reading")
    first = View((*columns[:6], "reading", "n", "beside the controls"), brief=("before", "after"))
    return _table(columns, rows, (first,), style="key")


def group_tables(record: ComparisonRecord, notes: Notes) -> list[Table]:
    """All measures by group; the undefined ones at the end of theirs, with the reason."""
    found: dict[str, list[Cells]] = {group: [] for group in GROUPS}
    for row in record.measures:
        cells = measure_cells(row, record.verdict, notes)
        if row.name == OLDER_NUMBER:
            older = cells["measure"]
            cells["measure"] = replace(older, below=("the older number", *older.below))
        found[row.info.group].append(cells)
    for name, why in record.undefined.items():
        found[MEASURES[name].group if name in MEASURES else ""].append(undefined_cells(name, why))
    return [_group_table(*GROUPS[group], rows) for group, rows in found.items() if rows]


def _group_table(title: str, about: str, rows: list[Cells]) -> Table:
    controls = [name for name in CONTROLS if any(name in cells for cells in rows)]
    gaussian = ["Gaussian"] if any("Gaussian" in cells for cells in rows) else []
    beside = [name for name in ("SD of items", "reference") if any(name in cells for cells in rows)]
    columns: tuple[str, ...] = ("before", "after", "difference", "percent", "p", "q", "n")
    columns += (*beside, *controls, *gaussian, "reading")
    views = (
        View(("before", "after", "difference", "p", "q", "reading", "n"), brief=("before", "after")),
        View(("before", "after", *gaussian), "The two stages:"),
        View(
            ("difference", "percent", *beside, *controls),
            "In percent of before" + (", and beside what is known to be no answer:" if controls else ":"),
            brief=("difference",),
        ),
    )
    return _table(columns, rows, views, title=title, about=about)


def _table(columns: Sequence[str], rows: Iterable[Cells], views: tuple[View, ...], **options: str) -> Table:
    kinds: dict[str, Kind] = {"difference": "change", "reading": "word"}
    return Table(
        (Column("measure", "measure"), *(Column(name, kinds.get(name, "number")) for name in columns)),
        tuple(
            tuple(cells.get(name, Cell("–")) for name in ("measure", *columns))
            if "difference" in cells
            else tuple(cells.values())
            for cells in rows
        ),
        views=views,
        **options,
    )


def measure_cells(row: MeasureResult, verdict: Verdict, notes: Notes) -> Cells:
    """One measured row."""
    places = places_for(row.before.value, row.after.value)
    change = row.difference
    change_places = places_for_change(places, change.value, change.low, change.high)
    # Identity is zero in every row.
    controls = {
        name: number(value, places_for_change(places, value), signed=True)
        for name, value in row.controls.items()
        if name != "identity"
    }
    word = reading(row, verdict)
    marks = tuple((name, text) for name, text in controls.items() if name in DRAWN)
    cells = {
        "measure": name_cell(row.name, row.info.direction, notes.letter(_method(row)), _reasons(row)),
        "before": cell(row.before, places),
        "after": cell(row.after, places),
        "difference": cell(change, change_places, signed=True),
        "p": Cell(p_value(change.p)),
        "q": Cell(p_value(change.q)),
        "n": Cell(whole(change.n)),
        "beside the controls": Cell(forest=forest(change, row.controls), marks=marks),
        "reading": Cell(word, tone=READINGS.get(word, "")),
    }
    if row.percent is not None:
        cells["percent"] = Cell(percent_change(row.percent))
    if row.sd is not None:
        cells["SD of items"] = Cell(" → ".join(f"± {number(one, places)}" for one in row.sd))
    if row.reference is not None:
        cells["reference"] = Cell(number(row.reference, places))
    cells |= {name: Cell(text) for name, text in controls.items()}
    if row.expected is not None:
        cells["Gaussian"] = Cell(interval(*row.expected, places))
    return cells


def reading(row: MeasureResult, verdict: Verdict) -> str:
    """One word for a difference.

    "same" when its interval lies within the margin of the verdict; else better or worse (rose or
    fell where neither is better) when the interval excludes zero and q, or p without one, is at
    most alpha; else "unclear". "misleads" for the older number where the verdict says so. Where before and
    after are not on one scale, as cosines of two spaces, only rose or fell is said.
    """
    change, margins = row.difference, verdict.margins
    if change.value is None or not math.isfinite(change.value):
        return "undefined"
    if row.name == OLDER_NUMBER and "max-cosine-misleads" in verdict.flags:
        return "misleads"
    if change.low is None or change.high is None:
        return "unclear"
    margin = equal_margin(row.name, row.before.value, margins) or 0.0
    p = change.p if change.q is None else change.q
    if row.one_scale and -margin <= change.low and change.high <= margin:
        word = "same"
    elif change.low <= 0 <= change.high or p is None or p > margins.alpha:
        word = "unclear"
    elif row.info.direction == "none" or not row.one_scale:
        word = "rose" if change.value > 0 else "fell"
    else:
        word = "better" if (change.value > 0) == (row.info.direction == "higher") else "worse"
    return word


def equal_margin(name: str, before: float | None, margins: Margins) -> float | None:
    """Largest difference of a measure that counts as none, where the verdict has a margin for it."""
    if name in margins.equal_ratio and before is not None:
        return margins.equal_ratio[name] * abs(before)
    return margins.equal.get(name)


def control_names(record: ComparisonRecord) -> list[str]:
    """Controls that any row has, without identity, which is zero in every row."""
    seen = dict.fromkeys(name for row in record.measures for name in row.controls)
    return [name for name in seen if name != "identity"]


def _method(row: MeasureResult) -> str:
    methods = dict.fromkeys((row.before.method, row.after.method, row.difference.method))
    kept = [one for one in methods if one and not any(one != other and one in other for other in methods)]
    return display_safe("; ".join(kept), 400)


def _reasons(row: MeasureResult) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    for part, one in (("before", row.before), ("after", row.after), ("difference", row.difference)):
        if one.why:
            reasons.setdefault(one.why, []).append(part)
    return tuple(display_safe(f"{', '.join(parts)}: {why}", 400) for why, parts in reasons.items())
