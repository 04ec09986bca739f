"""Rows of the tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import Verdict
from repscope.report.document import Table
from repscope.verbs.common.measures import Notes
from repscope.verbs.compare.rows import group_tables, key_table, measure_cells, reading

VERDICT = Verdict("aligned", (), (), {})


def result(
    name: str = "top1.true", value: float | None = 0.2, half: float | None = 0.05, **p: Any
) -> MeasureResult:
    low, high = (None, None) if half is None or value is None else (value - half, value + half)
    after = None if value is None else 0.4 + value
    return MeasureResult(
        measure_info(name), Estimate(0.4), Estimate(after), Difference(value, low, high, **{"p": 0.001} | p)
    )


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (result(), "better"),
        (result(value=-0.2), "worse"),
        (result("gap.l2", 0.2), "worse"),
        (result("gap.l2", -0.2), "better"),
        (result("norm.mean", 0.2), "rose"),
        (result("norm.mean", -0.2), "fell"),
        (result(p=0.2), "unclear"),
        (result(p=0.001, q=0.2), "unclear"),
        (result(value=0.02, half=0.05), "unclear"),
        (result(half=None), "unclear"),
        (result(value=0.01, half=0.005), "same"),
        (result("norm.mean", 0.0, 0.0, p=1.0), "same"),
        (result(value=None), "undefined"),
        (result(value=float("nan")), "undefined"),
    ],
)
def test_readings(row: MeasureResult, word: str) -> None:
    assert reading(row, VERDICT) == word


def test_the_older_number_misleads_where_the_verdict_says_so() -> None:
    flagged = replace(VERDICT, flags=("max-cosine-misleads",))
    assert reading(result("cosine.max"), flagged) == "misleads"
    assert reading(result("cosine.true"), flagged) == "better"


def test_a_margin_that_is_a_ratio_is_of_the_value_before() -> None:
    row = result("spread.cosine", 0.015, 0.004)
    assert reading(row, VERDICT) == "same"  # .05 of .4 is .02
    assert reading(replace(row, before=Estimate(0.2)), VERDICT) == "rose"


def test_a_row_as_it_is_read() -> None:
    row = MeasureResult(
        measure_info("rank.entropy"),
        Estimate(118.42, 116.3, 120.5, 0.95, 250, "delete-group jackknife, 50 groups"),
        Estimate(121.93, 119.8, 124.0, 0.95, 250, "delete-group jackknife, 50 groups"),
        Difference(
            3.51, 1.4, 5.6, 0.95, 250, "paired delete-group jackknife, 50 groups; t-test p", 0.0004, 0.02
        ),
        {"identity": 0.0, "noise": 31.24, "collapse": None},
        (106.6, 130.2),
    )
    notes = Notes()
    shown = measure_cells(row, VERDICT, notes)
    assert str(shown["before"]) == "118.4 [116.3, 120.5]"
    assert str(shown["difference"]) == "+3.5 [+1.4, +5.6]"
    assert shown["difference"].raw == (3.51, 1.4, 5.6)
    assert [shown[name].text for name in ("p", "q", "n")] == ["< .001", ".020", "250"]
    # Identity is zero in every row.
    assert [shown[name].text for name in ("noise", "collapse")] == ["+31.2", "undefined"]
    assert "identity" not in shown
    assert shown["beside the controls"].marks == (("noise", "+31.2"), ("collapse", "undefined"))
    assert shown["Gaussian"].text == "[106.6, 130.2]"
    assert shown["measure"].sign == "·"
    # The method of the stages is part of that of the difference, so one note says both.
    assert notes.listed() == [("a", "paired delete-group jackknife, 50 groups; t-test p")]


def test_reasons_say_whose_they_are() -> None:
    row = MeasureResult(
        measure_info("cosine.true"),
        Estimate(None, why="no links"),
        Estimate(0.3, why="one cluster"),
        Difference(None, why="no links"),
    )
    shown = measure_cells(row, VERDICT, Notes())
    assert shown["measure"].below == ("before, difference: no links", "after: one cluster")
    assert shown["before"].text == "undefined"
    assert shown["beside the controls"].forest is None


def test_letters_of_notes_go_past_z() -> None:
    notes = Notes()
    letters = [notes.letter(f"method {number}") for number in range(54)]
    assert letters[:2] + letters[25:28] + letters[52:] == ["a", "b", "z", "aa", "ab", "ba", "bb"]
    assert notes.letter("method 26") == "aa"
    assert notes.letter("") == ""


def names(table: Table) -> list[str]:
    return [row[0].term for row in table.cells()]


def test_key_rows_follow_the_link(make: Any) -> None:
    for comparison, first in ((make(), "mrr.true"), (make(linked=False), "energy")):
        table = key_table(comparison, Notes())
        assert names(table)[0] == first
        older = next(row[0] for row in table.cells() if row[0].text.endswith("the older number"))
        assert older.term == "cosine.max"


def test_undefined_key_measures_stay_in_the_table(make: Any) -> None:
    comparison = make()
    measures = tuple(row for row in comparison.measures if row.name != "margin.true")
    table = key_table(replace(comparison, measures=measures, undefined={"margin.true": "one class"}), Notes())
    row = next(row for row in table.cells() if row[0].term == "margin.true")
    assert [str(cell) for cell in row[1:]] == ["undefined"]
    assert row[1].below == ("one class",)


def test_groups_hold_every_measure_once(make: Any) -> None:
    comparison = make()
    undefined = {**comparison.undefined, "no.such.measure": "never heard of"}
    tables = group_tables(replace(comparison, undefined=undefined), Notes())
    held = [name for table in tables for name in names(table)]
    assert sorted(held) == sorted([*(row.name for row in comparison.measures), *undefined])
    assert [table.title for table in tables] == ["Alignment", "Distribution", "Geometry", "Other"]
    heads = {table.title: [column.title for column in table.columns] for table in tables}
    assert "Gaussian" in heads["Geometry"]
    assert "Gaussian" not in heads["Alignment"]
    assert "floor" in heads["Distribution"]
    assert "floor" not in heads["Alignment"]
