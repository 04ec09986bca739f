"""``metrics.csv`` of a description: one row a measure."""

from __future__ import annotations

from collections.abc import Iterator

from repscope.report.csv import Value, csv_text, estimate_fields
from repscope.verbs.describe.document import CONTROLS
from repscope.verbs.describe.record import DescriptionRecord

COLUMNS = (
    "name", "group", "direction", "unit", "value", "low", "high", "sd",
    *(f"control_{name}" for name in CONTROLS),
    "gaussian_low", "gaussian_high", "level", "n", "method", "why",
)  # fmt: skip
"""Columns of the file, always all of them and in this order; undefined numbers are empty fields."""


def metrics_csv(record: DescriptionRecord) -> str:
    """The content of ``metrics.csv``; see :data:`COLUMNS`."""
    return csv_text(COLUMNS, _rows(record))


def _rows(record: DescriptionRecord) -> Iterator[dict[str, Value]]:
    for row in record.measures:
        low, high = row.expected or (None, None)
        found: dict[str, Value] = {name: getattr(row.info, name) for name in COLUMNS[:4]}
        found |= estimate_fields(row.value)
        found |= {f"control_{name}": row.controls.get(name) for name in CONTROLS}
        yield {**found, "sd": row.sd, "gaussian_low": low, "gaussian_high": high}
    for name, why in record.undefined.items():
        yield {"name": name, "why": why}
