"""``metrics.csv`` of a quantisation: one row a number."""

from __future__ import annotations

from collections.abc import Iterator

from repscope.report.csv import Value, csv_text, estimate_fields
from repscope.verbs.quantise.record import QuantisationRecord

COLUMNS = (
    "name", "codebook", "bottleneck", "rate_bits", "value", "low", "high", "level", "n", "method",
    "bound", "why",
)  # fmt: skip
"""Columns of the file, always all of them and in this order; undefined numbers are empty fields."""


def metrics_csv(record: QuantisationRecord) -> str:
    """The content of ``metrics.csv``; see :data:`COLUMNS`."""
    return csv_text(COLUMNS, _rows(record))


def _rows(record: QuantisationRecord) -> Iterator[dict[str, Value]]:
    yield {"name": "codes", "value": record.codes}
    yield {"name": "used", "value": record.used}
    yield {"name": "dead", "value": record.dead}
    yield {"name": "bits_per_item", "value": record.bits_per_item}
    yield {"name": "compression.codes", "value": record.compression.codes}
    yield {"name": "compression.with_codebook", "value": record.compression.with_codebook}
    yield {"name": "compression.break_even_items", "value": record.compression.break_even_items}
    for name, one in record.estimates.items():
        yield {"name": name, **estimate_fields(one)}
    for stage, used in enumerate(record.stages):
        yield {"name": f"perplexity.{stage}", "value": used.perplexity}
        yield {"name": f"perplexity.corrected.{stage}", **estimate_fields(used.corrected)}
        yield {"name": f"entropy_bits.{stage}", "value": used.entropy_bits}
    for stage, known in enumerate(record.information):
        yield {"name": f"information.excess.{stage}", **estimate_fields(known.excess)}
    for point in record.curve:
        yield {
            "name": "curve",
            "codebook": point.codebook,
            "bottleneck": point.bottleneck,
            "rate_bits": point.rate_bits,
            "bound": point.bound,
            **estimate_fields(point.relative),
        }
