"""``metrics.csv``: the table of a comparison, one row a measure."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.controls import NAMES
from repscope.verbs.compare.protocol import ComparisonRecord

_ESTIMATES = ("before", "after", "difference")

COLUMNS = (
    "name", "group", "direction", "unit",
    *(f"{part}{end}" for part in _ESTIMATES for end in ("", "_low", "_high")),
    "p", "q",
    *(f"control_{name}" for name in NAMES),
    "gaussian_low", "gaussian_high",
    "similarity", "similarity_low", "similarity_high", "null_mean", "null_high", "null_p",
    "level", "n", "method", "why",
)  # fmt: skip
"""Columns of the file, always all of them and in this order.

A measure of two stages fills ``before`` to ``gaussian_high``; a similarity of the stages fills
``similarity`` to ``null_p``, where ``null_`` is the same measure on shuffled pairs. ``control_`` is
the difference that a known non-answer gives. ``level``, ``n`` and ``method`` are those of the
difference (or of the similarity). An undefined number is an empty field, and ``why`` says why.
Numbers are in full precision: reading them back gives those of ``metrics.json``.
"""


def metrics_csv(record: ComparisonRecord) -> str:
    """The content of ``metrics.csv``; see :data:`COLUMNS`."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in record.measures:
        writer.writerow(_measure(row.to_json()))
    for similarity in record.similarity:
        writer.writerow(_similarity(similarity.to_json()))
    for name, why in record.undefined.items():
        writer.writerow({**_described(name), "why": _text(why)})
    return buffer.getvalue()


def _measure(row: Mapping[str, Any]) -> dict[str, str]:
    cells = {name: _text(row[name]) for name in ("name", "group", "direction", "unit")}
    for part in _ESTIMATES:
        cells |= _ends(part, row[part])
    difference = row["difference"]
    cells |= {"p": _number(difference["p"]), "q": _number(difference["q"])}
    cells |= {f"control_{name}": _number(row["controls"].get(name)) for name in NAMES}
    gaussian = row.get("gaussian", {})
    cells |= {f"gaussian_{end}": _number(gaussian.get(end)) for end in ("low", "high")}
    reasons = {part: row[part].get("why") for part in _ESTIMATES}
    why = "; ".join(f"{part}: {reason}" for part, reason in reasons.items() if reason)
    return {**cells, **_about(difference), "why": _text(why)}


def _similarity(row: Mapping[str, Any]) -> dict[str, str]:
    value, null = row["value"], row["null"]
    cells = _described(row["name"]) | _ends("similarity", value)
    cells |= {
        "null_mean": _number(null["mean"]),
        "null_high": _number(null["high"]),
        "null_p": _number(null["p"]),
    }
    return {**cells, **_about(value), "why": _text(value.get("why", ""))}


def _described(name: str) -> dict[str, str]:
    card = MEASURES.get(name)
    if card is None:
        return {"name": _text(name)}
    return {"name": name, "group": card.group, "direction": card.direction, "unit": card.unit}


def _ends(part: str, one: Mapping[str, Any]) -> dict[str, str]:
    return {
        part: _number(one["value"]),
        f"{part}_low": _number(one["low"]),
        f"{part}_high": _number(one["high"]),
    }


def _about(one: Mapping[str, Any]) -> dict[str, str]:
    return {"level": _number(one["level"]), "n": str(one["n"]), "method": _text(one["method"])}


def _number(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(float(value))


def _text(value: str) -> str:
    """One line, with characters that UTF-8 has."""
    return " ".join(value.encode("utf-8", "backslashreplace").decode().split())
