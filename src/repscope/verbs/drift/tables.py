"""Rows of a drift report as strings: pairs of stages, measures over stages, modes, items, contrasts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.drift import GroupContrast
from repscope.measure.drift.records import Series
from repscope.measure.drift.result import DriftArrays
from repscope.report.document import Cell, Column, Row, Table, View
from repscope.text.display import display_safe, isolated
from repscope.text.numbers import MINUS, interval, number, p_value, percent, places_for
from repscope.verbs.drift.words import KEY, plain

_SMALL = 0.1
_TINY = 1e-3
_WIDE = 20.0

LISTED = 12
"""Items, pairs and contrasts that are listed; all are in the files beside."""


def value(
    one: Estimate | Difference | None, places: int | None = None, *, signed: bool = False, before: str = ""
) -> Cell:
    """``0.412 [0.384, 0.441]``, or ``undefined``; ``before`` stands before the number."""
    if one is None or one.value is None:
        return Cell(number(None))
    if 0 < abs(one.value) < _TINY:
        return _scientific(one, signed=signed, before=before)
    decimals = places_for(one.value) if places is None else places
    ends = interval(one.low, one.high, decimals, signed=signed)
    return Cell(before + number(one.value, decimals, signed=signed), ends)


def _scientific(one: Estimate | Difference, *, signed: bool, before: str) -> Cell:
    """``5.93e−05 [5.48e−05, 6.41e−05]``: more zeros than digits are hard to read."""
    low, mid, high = (
        None if end is None else f"{end:{'+' if signed else ''}.2e}".replace("-", MINUS)
        for end in (one.low, one.value, one.high)
    )
    return Cell(f"{before}{mid}", "" if low is None or high is None else f"[{low}, {high}]")


def ratio(one: Estimate | Difference | None, before: str = "") -> Cell:
    """``0.0101 [0.0096, 0.0106]``: ratios far from 1 keep their digits."""
    if one is None or one.value is None:
        return Cell(number(None))
    return value(one, places_for(one.value) + (abs(one.value) < _SMALL), before=before)


def pair_table(found: DriftArrays) -> Table:
    """Movement and spread of every consecutive pair and of the first and last stage."""
    last = len(found.labels) - 1
    pairs = [*pairwise(range(last + 1)), *([(0, last)] if last > 1 else [])]
    rows = []
    for first, second in pairs:
        move, spread = found.move(first, second), found.series["spread.total"].pair(first, second)
        change = None if spread is None else spread.change
        name = f"{_label(found, first)} → {_label(found, second)}"
        if move is None:
            continue
        rows.append(
            (
                name,
                value(move.distance),
                value(move.relative),
                number(move.noise, places_for(move.noise)),
                p_value(move.p),
                p_value(move.q),
                ratio(change),
                p_value(None if change is None else change.p),
            )
        )
    head = ("centre moved", "in RMS radii", "noise alone", "p", "q", "spread ×", "p of spread")
    return _table(
        "Movement and spread",
        (Column("stages", "name"), *map(Column, head)),
        rows,
        "Distances in the original space, without what noise adds; the ratio of the total spreads. Brackets: "
        "95 % intervals.",
    )


def measure_table(found: DriftArrays) -> Table:
    """Every measure at every stage, then its change from first to last."""
    rows: list[Row] = []
    for series in ordered(found.series.values()):
        stages = _stage_cells(series)
        rows.append((Cell(term=series.name), *stages, *_change_cells(series), _chance(series)))
    return _table(
        "Every measure",
        (Column("measure", "name"), *_stages(found), *map(Column, ("first → last", "p", "q", "by chance"))),
        rows,
        "–: not defined at that stage. × is a ratio, + or − a difference; by chance: what a Gaussian of the "
        "same size, or two halves of the first stage, would read.",
    )


def key_table(found: DriftArrays) -> Table:
    """The measures that the verdict turns on: first stage, last stage, change."""
    rows: list[Row] = []
    for name in KEY:
        series = found.series.get(name)
        if series is not None:
            stages = _stage_cells(series)
            n = str(series.values[-1].n)
            rows.append((Cell(plain(name), term=name), stages[0], stages[-1], *_change_cells(series), n))
    first, last = (Column(_label(found, stage), key=key) for stage, key in ((0, "first"), (-1, "last")))
    start = (Column("measure", "measure"), first, last)
    columns = (*start, Column("change", "change"), Column("p"), Column("q"), Column("n"))
    # The stages have their intervals in the table of every measure; a line of text has room for one.
    view = View(("first", "last", "change", "p", "q", "n"), brief=("first", "last"))
    return Table(columns, tuple(rows), style="wide tight", views=(view,))


def mode_table(found: DriftArrays, ids: Sequence[str]) -> Table | None:
    """What became of the clusters of the first stage; None where there are none."""
    if not found.modes.modes:
        return None
    rows = [
        (
            str(one.number + 1),
            *(percent(share) for share in one.shares),
            "–" if one.lost is None else _label(found, one.lost),
            "–" if one.shape_lost is None else _label(found, one.shape_lost),
            p_value(one.q[-1] if one.q else None),
            ", ".join(isolated(ids[row], 24) for row in one.examples[:3]),
        )
        for one in found.modes.modes
    ]
    ends = (Column("lost at"), Column("beyond scale at"), Column("q"), Column("examples", "text"))
    head = (Column("mode", "name"), *_stages(found), *ends)
    return _table("Modes of the first stage", head, rows, found.modes.method)


def item_tables(found: DriftArrays, ids: Sequence[str]) -> list[Table]:
    """Items that moved most, and pairs that drew together most."""
    paths = found.paths
    moved = [
        (
            isolated(ids[row], 48),
            number(float(paths.net[row]), 3),
            number(float(paths.length[row]), 3),
        )
        for row in paths.moved_most[:LISTED]
    ]
    head = (Column("item", "id"), Column("net"), Column("path"))
    tables = [_table("Items that moved farthest", head, moved)] if moved else []
    drew = [
        (isolated(ids[row], 40), isolated(ids[other], 40), f"× {number(share, places_for(share))}")
        for (row, other), share in zip(paths.converged, paths.converged_ratio, strict=True)
    ][:LISTED]
    if drew:
        about = "Distance of two items, last over first, beyond the contraction of the whole."
        head = (Column("item", "id"), Column("with", "id"), Column("distance"))
        tables.append(_table("Items that converged", head, drew, about))
    return tables


def rate_lines(found: DriftArrays) -> list[str]:
    """The fitted rate in sentences."""
    rate = found.rate
    if rate.factor.value is None:
        return [display_safe(rate.why or rate.factor.why, 300)]
    lines = [
        f"Total spread is multiplied by {value(rate.factor)} for each unit of position "
        f"({rate.factor.method}, n = {rate.factor.n:,}).",
    ]
    half = rate.half_life
    lines.append(
        f"It halves every {value(half)} units."
        if half.value is not None
        else f"No half-life: {display_safe(half.why, 200)}."
    )
    if rate.residual is not None:
        lines.append(
            f"The line misses the logarithms by {number(rate.residual)} in root mean square: "
            "the more, the less a single rate says."
        )
    lines += [
        f"Extrapolated to position {position:g}: {value(one)} of the first stage's spread ({one.method})."
        for position, one in rate.ahead
        if one.value is not None
    ]
    return lines


def contrast_table(contrasts: Iterable[GroupContrast], labels: Sequence[str]) -> Table | None:
    """Differences between groups at the last stage; None without groups."""
    last = len(labels) - 1
    rows = []
    for one in contrasts:
        if one.stage != last:
            continue
        sign = "× " if one.scale == "ratio" else ""
        rows.append(
            (
                f"{isolated(one.second, 30)} against {isolated(one.first, 30)}",
                one.measure,
                value(one.difference, signed=not sign, before=sign),
                p_value(one.difference.p),
                p_value(one.difference.q),
                str(one.difference.n),
                "paired" if one.paired else "independent",
            )
        )
    if not rows:
        return None
    start = (Column("groups", "id"), Column("measure", "name"), Column("difference", "change"))
    return _table(
        "",
        (*start, Column("p"), Column("q"), Column("n"), Column("items", "word")),
        rows,
        "The change from the first to the last stage in one group, against that in the other: a ratio of "
        "ratios (×), or a difference of changes. Other stages are in metrics.csv.",
    )


def power_table(found: DriftArrays) -> Table | None:
    """The smallest changes that these items would find."""
    rows = []
    for name, smallest in found.verdict.detectable.items():
        series = found.series.get(name)
        ratio = series is not None and series.scale == "ratio"
        rows.append(
            (display_safe(name), number(smallest, places_for(smallest)), "logarithm" if ratio else "units")
        )
    if not rows:
        return None
    return _table(
        "What these items can detect",
        (Column("measure", "name"), Column("smallest change"), Column("on the scale of", "word")),
        rows,
        "The smallest true change from the first stage to the last that is found in 80 % of repeats. A "
        "smaller one that was not found is not shown to be absent.",
    )


def ordered(series: Iterable[Series]) -> list[Series]:
    """Key measures first, the others as they come."""
    return sorted(series, key=lambda one: KEY.index(one.name) if one.name in KEY else len(KEY))


def _stage_cells(series: Series) -> list[Cell]:
    """A measure at every stage."""
    places = _places(series)
    return [
        Cell("–") if one.value is None else ratio(one) if places is None else value(one, places)
        for one in series.values
    ]


def _places(series: Series) -> int | None:
    """Decimals that all stages share; None where they differ too much to share any."""
    known = [abs(one.value) for one in series.values if one.value]
    if series.scale == "ratio" and known and max(known) > _WIDE * min(known):
        return None
    return places_for(*known)


def _change_cells(series: Series) -> tuple[Cell | str, str, str]:
    """Its change from the first stage to the last, p and q."""
    pair = series.pair(0, len(series.values) - 1)
    if pair is None or pair.change.value is None:
        return ("–", "–", "–")
    change = pair.change
    cell = ratio(change, "× ") if series.scale == "ratio" else value(change, signed=True)
    return (cell, p_value(change.p), p_value(change.q))


def _chance(series: Series) -> str:
    parts = []
    if series.gaussian is not None:
        low, high = series.gaussian
        parts.append(f"{number(low, places_for(high))} to {number(high, places_for(high))}")
    if series.floor is not None:
        parts.append(number(series.floor, places_for(series.floor)))
    return ", ".join(parts) or "–"


def _table(title: str, columns: tuple[Column, ...], rows: Iterable[Row], about: str = "") -> Table:
    return Table(columns, tuple(rows), title, about, style="wide tight")


def _stages(found: DriftArrays) -> list[Column]:
    return [Column(_label(found, stage), key=f"stage {stage}") for stage in range(len(found.labels))]


def _label(found: DriftArrays, stage: int) -> str:
    return isolated(found.labels[stage], 40)
