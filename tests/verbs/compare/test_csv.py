"""metrics.csv against metrics.json."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pyarrow.csv as arrow_csv
import pytest

from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.controls import NAMES
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.verbs.compare.csv import COLUMNS, metrics_csv


def read(comparison: Any) -> dict[str, dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(metrics_csv(comparison))))
    return {row["name"]: row for row in rows}


def same(field: str, value: float | None) -> bool:
    return field == "" if value is None else float(field) == value


def test_round_trip_equals_json(aligned: Any) -> None:
    record, rows = aligned.to_json(), read(aligned)
    for measure in record["measures"]:
        row = rows.pop(measure["name"])
        assert (row["group"], row["direction"], row["unit"]) == (
            measure["group"],
            measure["direction"],
            measure["unit"],
        )
        for part in ("before", "after", "difference"):
            assert same(row[part], measure[part]["value"])
            assert same(row[f"{part}_low"], measure[part]["low"])
            assert same(row[f"{part}_high"], measure[part]["high"])
        assert same(row["p"], measure["difference"]["p"])
        assert same(row["q"], measure["difference"]["q"])
        assert int(row["n"]) == measure["difference"]["n"]
        assert float(row["level"]) == measure["difference"]["level"]
        assert row["method"] == measure["difference"]["method"]
        for name in NAMES:
            assert same(row[f"control_{name}"], measure["controls"].get(name))
        gaussian = measure.get("gaussian", {"low": None, "high": None})
        assert same(row["gaussian_low"], gaussian["low"])
        assert same(row["gaussian_high"], gaussian["high"])
        assert row["why"] == row["similarity"] == ""
    for one in record["similarity"]:
        row = rows.pop(one["name"])
        assert row["group"] == "similarity"
        assert row["before"] == row["difference"] == ""
        assert same(row["similarity"], one["value"]["value"])
        assert same(row["similarity_low"], one["value"]["low"])
        assert same(row["null_mean"], one["null"]["mean"])
        assert same(row["null_high"], one["null"]["high"])
        assert same(row["null_p"], one["null"]["p"])
    for name, why in record["undefined"].items():
        assert rows.pop(name)["why"] == why
    assert not rows


def test_columns_are_always_the_same(aligned: Any) -> None:
    bare = replace(aligned, measures=(), similarity=(), undefined={})
    assert metrics_csv(bare) == ",".join(COLUMNS) + "\n"


def test_undefined_fields_are_empty_and_say_why(aligned: Any) -> None:
    row = MeasureResult(
        measure_info("hub.skew"),
        Estimate(None, why="10 reference rows"),
        Estimate(0.5, why='one "cluster",\nonly'),
        Difference(None, why="10 reference rows"),
        {"noise": None},
    )
    found = read(replace(aligned, measures=(row,)))["hub.skew"]
    assert found["before"] == found["difference"] == found["p"] == found["control_noise"] == ""
    assert found["after"] == "0.5"
    assert (
        found["why"] == 'before: 10 reference rows; after: one "cluster", only; difference: 10 reference rows'
    )


def test_nan_never_reaches_the_file(aligned: Any) -> None:
    row = MeasureResult(
        measure_info("hub.skew"), Estimate(float("nan")), Estimate(float("inf")), Difference(None)
    )
    found = read(replace(aligned, measures=(row,)))["hub.skew"]
    assert found["before"] == found["after"] == ""


def test_other_readers_see_numbers(aligned: Any) -> None:
    table = arrow_csv.read_csv(io.BytesIO(metrics_csv(aligned).encode()))
    assert table.column("difference").type == "double"
    assert table.num_rows == len(aligned.measures) + len(aligned.similarity) + len(aligned.undefined)
    assert table.column("difference")[0].as_py() == pytest.approx(aligned.measures[0].difference.value)
