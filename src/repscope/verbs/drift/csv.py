"""``metrics.csv`` of a drift analysis: one row a value, in full precision."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.drift.result import DriftArrays
from repscope.verbs.drift.protocol import DriftRecord

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
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for group, found in record.groups.items():
        for row in _rows(found):
            writer.writerow({"group": _text(group), **row})
    labels = record.groups[record.group].labels
    for one in record.contrasts:
        writer.writerow(
            {
                "group": _text(f"{one.second} against {one.first}"),
                "kind": "contrast",
                "name": one.measure,
                "first": _text(labels[0]),
                "second": _text(labels[one.stage]),
                "scale": one.scale,
                **_value(one.difference),
            }
        )
    return buffer.getvalue()


def _rows(found: DriftArrays) -> Iterator[dict[str, Any]]:
    labels = [_text(one) for one in found.labels]
    for name, series in found.series.items():
        for label, estimate in zip(labels, series.values, strict=True):
            yield {"kind": "stage", "name": name, "first": label, **_value(estimate)}
        for pair in series.pairs:
            ends = {"first": labels[pair.first], "second": labels[pair.second]}
            yield {"kind": "change", "name": name, **ends, "scale": series.scale, **_value(pair.change)}
    for move in found.moves:
        common = {"name": "centre", "first": labels[move.first], "second": labels[move.second]}
        tests = {"p": _number(move.p), "q": _number(move.q)}
        yield {"kind": "move", **common, **_value(move.distance), **tests}
        yield {"kind": "move.relative", **common, **_value(move.relative)}
        yield {"kind": "move.plain", **common, "value": _number(move.plain)}
        yield {"kind": "move.noise", **common, "value": _number(move.noise)}
    for name in ("slope", "factor", "half_life"):
        yield {"kind": "rate", "name": name, **_value(getattr(found.rate, name))}
    for name, why in found.undefined.items():
        yield {"kind": "stage", "name": name, "why": _text(why)}


def _value(one: Estimate | Difference) -> dict[str, str]:
    found = {
        "value": _number(one.value),
        "low": _number(one.low),
        "high": _number(one.high),
        "level": _number(one.level),
        "n": str(one.n),
        "method": _text(one.method),
        "why": _text(one.why),
    }
    if isinstance(one, Difference):
        found |= {"p": _number(one.p), "q": _number(one.q)}
    return found


def _number(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(float(value))


def _text(value: str) -> str:
    """One line, with characters that UTF-8 has."""
    return " ".join(value.encode("utf-8", "backslashreplace").decode().split())
