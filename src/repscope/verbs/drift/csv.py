"""``metrics.csv`` of a drift analysis: one row a value, in full precision."""

from __future__ import annotations

from collections.abc import Iterator

from repscope.measure.drift.result import DriftArrays
from repscope.report.csv import Value, csv_text, estimate_fields
from repscope.verbs.drift.record import DriftRecord

COLUMNS = (
    "group", "kind", "name", "first", "second", "scale", "value", "low", "high", "level", "n", "p", "q",
    "method", "why",
)  # fmt: skip
"""Columns of the file, always all of them and in this order.

``kind`` is ``stage`` (a measure at one stage, ``first``), ``change`` (of a measure between two stages; on
the scale "ratio" second over first), ``move`` and ``move.relative`` (of the centre, in units of the rows
and in RMS radii of the first stage), ``move.plain`` and ``move.noise`` (as older systems read it, and what
noise alone reads), ``rate``, or ``contrast`` (the second group's change since the first stage against the
first group's, at stage ``second``; ``group`` holds both names). An undefined number is an empty field, and
``why`` says why.
"""


def drift_csv(record: DriftRecord) -> str:
    """The content of ``metrics.csv``; see :data:`COLUMNS`."""
    return csv_text(COLUMNS, _rows(record))


def _rows(record: DriftRecord) -> Iterator[dict[str, Value]]:
    for group, found in record.groups.items():
        for row in _group_rows(found):
            yield {"group": group, **row}
    labels = record.arrays.labels
    for one in record.contrasts:
        yield {
            "group": f"{one.second} against {one.first}",
            "kind": "contrast",
            "name": one.measure,
            "first": labels[0],
            "second": labels[one.stage],
            "scale": one.scale,
            **estimate_fields(one.difference),
        }


def _group_rows(found: DriftArrays) -> Iterator[dict[str, Value]]:
    labels = found.labels
    for name, series in found.series.items():
        for label, estimate in zip(labels, series.values, strict=True):
            yield {"kind": "stage", "name": name, "first": label, **estimate_fields(estimate)}
        for pair in series.pairs:
            ends = {"first": labels[pair.first], "second": labels[pair.second]}
            change = estimate_fields(pair.change)
            yield {"kind": "change", "name": name, **ends, "scale": series.scale, **change}
    for move in found.moves:
        common: dict[str, Value] = {
            "name": "centre", "first": labels[move.first], "second": labels[move.second],
        }  # fmt: skip
        yield {"kind": "move", **common, **estimate_fields(move.distance), "p": move.p, "q": move.q}
        yield {"kind": "move.relative", **common, **estimate_fields(move.relative)}
        yield {"kind": "move.plain", **common, "value": move.plain}
        yield {"kind": "move.noise", **common, "value": move.noise}
    for name in ("slope", "factor", "half_life"):
        yield {"kind": "rate", "name": name, **estimate_fields(getattr(found.rate, name))}
    for name, why in found.undefined.items():
        yield {"kind": "stage", "name": name, "why": why}
