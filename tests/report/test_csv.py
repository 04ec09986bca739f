"""Tables for other programs."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from repscope.measure.core.estimate import Difference, Estimate
from repscope.report.csv import csv_text, estimate_fields


def test_numbers_come_back_and_undefined_ones_are_empty() -> None:
    values = {"a": 0.1 + 0.2, "b": np.float64(1 / 3), "c": None, "d": float("nan"), "e": 7, "f": float("inf")}
    (row,) = csv.DictReader(io.StringIO(csv_text([*values, "g"], [values])))
    assert [float(row["a"]), float(row["b"])] == [0.1 + 0.2, 1 / 3]
    assert [row[name] for name in "cdefg"] == ["", "", "7", "", ""]


def test_texts_are_one_line_of_what_utf8_has() -> None:
    text = csv_text(["name"], [{"name": 'a\nb, "c"'}, {"name": "\ud800 日本"}])
    assert text == 'name\n"a b, ""c"""\n\\ud800 日本\n'


def test_a_field_without_a_column_is_an_error() -> None:
    with pytest.raises(ValueError, match="other"):
        csv_text(["name"], [{"other": 1}])


def test_estimates() -> None:
    one = Estimate(0.3, 0.2, 0.4, 0.95, 12, "jackknife")
    assert estimate_fields(one) == {
        "value": 0.3, "low": 0.2, "high": 0.4, "level": 0.95, "n": 12, "method": "jackknife", "why": "",
    }  # fmt: skip
    assert estimate_fields(Difference(0.1, p=0.2, q=0.3)).items() >= {"p": 0.2, "q": 0.3}.items()
