"""``metrics.csv`` of a report of bridges: one row for each part, bridge and measure."""

from __future__ import annotations

from collections.abc import Iterator

from repscope.report.csv import Value, csv_text
from repscope.verbs.bridge.record import BridgesRecord, MethodResult

COLUMNS = (
    "part", "n", "clusters", "bridge", "method", "learns_from", "verdict", "measure",
    "before", "after", "difference", "low", "high", "p", "q", "why",
    "parameters", "flops_per_row", "fit_seconds", "apply_seconds_per_1000", "warnings",
)  # fmt: skip


def bridges_csv(record: BridgesRecord) -> str:
    """The content of ``metrics.csv``; an undefined number is an empty field."""
    return csv_text(
        COLUMNS,
        (
            {"part": part.name, "n": part.n, "clusters": part.clusters, **_bridge(one), **row}
            for part in record.parts
            for one in part.methods
            for row in _rows(one)
        ),
    )


def _bridge(one: MethodResult) -> dict[str, Value]:
    return {
        "bridge": one.label,
        "method": one.method,
        "learns_from": one.learns_from,
        "verdict": one.verdict.word,
        "parameters": one.cost.parameters,
        "flops_per_row": one.cost.flops_per_row,
        "fit_seconds": one.cost.fit_seconds,
        "apply_seconds_per_1000": one.cost.apply_seconds,
        "warnings": "; ".join(one.warnings),
    }


def _rows(one: MethodResult) -> Iterator[dict[str, Value]]:
    compared = [(row.name, row.before, row.after, row.difference) for row in one.measures.values()]
    if one.gallery is not None:
        gallery = one.gallery
        compared.append(("top1.true, unseen texts", gallery.before, gallery.after, gallery.difference))
    for name, before, after, change in compared:
        yield {
            "measure": name, "before": before.value, "after": after.value, "difference": change.value,
            "low": change.low, "high": change.high, "p": change.p, "q": change.q, "why": change.why,
        }  # fmt: skip
    for name, value in one.neighbours.items():
        yield {
            "measure": name, "after": value.value, "low": value.low, "high": value.high, "why": value.why,
        }  # fmt: skip
