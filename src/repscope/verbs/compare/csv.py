"""``metrics.csv``: the table of a comparison, one row a measure."""

from __future__ import annotations

from collections.abc import Iterator

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.core.controls import NAMES
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult, SimilarityResult
from repscope.report.csv import Value, csv_text
from repscope.verbs.compare.record import ComparisonRecord

_ESTIMATES = ("before", "after", "difference")

COLUMNS = (
    "name", "group", "direction", "unit",
    *(f"{part}{end}" for part in _ESTIMATES for end in ("", "_low", "_high")),
    "percent", "p", "q", "sd_before", "sd_after", "reference",
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
    return csv_text(COLUMNS, _rows(record))


def _rows(record: ComparisonRecord) -> Iterator[dict[str, Value]]:
    yield from map(_measure, record.measures)
    yield from map(_similarity, record.similarity)
    for name, why in record.undefined.items():
        yield {**_described(name), "why": why}


def _measure(row: MeasureResult) -> dict[str, Value]:
    parts = {name: getattr(row, name) for name in _ESTIMATES}
    low, high = row.expected or (None, None)
    found = _described(row.name)
    for name, one in parts.items():
        found |= _ends(name, one)
    found |= {f"control_{name}": row.controls.get(name) for name in NAMES}
    first, second = row.sd or (None, None)
    found |= {"percent": row.percent, "sd_before": first, "sd_after": second, "reference": row.reference}
    found |= {"p": row.difference.p, "q": row.difference.q, "gaussian_low": low, "gaussian_high": high}
    why = "; ".join(f"{name}: {one.why}" for name, one in parts.items() if one.why)
    return {**found, **_about(row.difference), "why": why}


def _similarity(row: SimilarityResult) -> dict[str, Value]:
    null: dict[str, Value] = {"null_mean": row.null, "null_high": row.null_high, "null_p": row.p}
    found = _described(row.name) | _ends("similarity", row.value) | null
    return {**found, **_about(row.value), "why": row.value.why}


def _described(name: str) -> dict[str, Value]:
    info = MEASURES.get(name)
    if info is None:
        return {"name": name}
    return {"name": name, "group": info.group, "direction": info.direction, "unit": info.unit}


def _ends(part: str, one: Estimate | Difference) -> dict[str, Value]:
    return {part: one.value, f"{part}_low": one.low, f"{part}_high": one.high}


def _about(one: Estimate | Difference) -> dict[str, Value]:
    return {"level": one.level, "n": one.n, "method": one.method}
