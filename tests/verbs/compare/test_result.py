"""A comparison saves itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from repscope.errors import InputError
from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.report.files import FILES


def test_all_of_it_is_written(aligned: Any, tmp_path: Path) -> None:
    assert aligned.save(tmp_path) == tmp_path / "report.html"
    assert {path.name for path in tmp_path.iterdir()} == set(FILES) - {"classes.csv"}
    record = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert record == json.loads(json.dumps(aligned.to_json()))
    assert pq.read_table(tmp_path / "items.parquet").equals(aligned.items)


def test_metrics_json_follows_its_schema(aligned: Any, tmp_path: Path) -> None:
    aligned.save(tmp_path)
    record = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert record["schema"] == "repscope.comparison/1"
    names = "before after reference on n clusters seed fingerprints replay version measures verdict"
    assert set(names.split()) <= set(record)
    for measure in record["measures"]:
        assert set(measure["difference"]) >= {"value", "low", "high", "p", "q"}
        assert set(measure["before"]) >= {"value", "low", "high", "level", "n"}
        assert measure["direction"] in ("higher", "lower", "none")
        assert set(measure["controls"]) >= {"identity", "noise", "collapse", "snap"}
    assert set(record["verdict"]) >= {"word", "flags", "because", "detectable"}


def test_a_time_that_is_given_is_on_the_report(
    aligned: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    aligned.save(tmp_path)
    assert "2023-11-14T22:13:20Z" in (tmp_path / "report.txt").read_text(encoding="utf-8")


def test_nan_is_refused_before_anything_is_written(aligned: Any, tmp_path: Path) -> None:
    row = MeasureResult(measure_info("hub.skew"), Estimate(float("nan")), Estimate(0.0), Difference(0.0))
    with pytest.raises(InputError, match="JSON"):
        replace(aligned, measures=(row,)).save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_that_utf8_does_not_have(aligned: Any, tmp_path: Path) -> None:
    page = replace(aligned, before="\ud800", notes=("\udfff",)).save(tmp_path)
    assert "\\ud800" in page.read_text(encoding="utf-8")
