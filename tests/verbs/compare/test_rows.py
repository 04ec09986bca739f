"""Rows of the tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import Verdict
from repscope.verbs.compare.rows import Notes, key_rows, measure_groups, measure_row, reading

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
    assert reading(row, measure_info(row.name).direction, VERDICT) == word


def test_the_older_number_misleads_where_the_verdict_says_so() -> None:
    flagged = replace(VERDICT, flags=("max-cosine-misleads",))
    assert reading(result("cosine.max"), "none", flagged) == "misleads"
    assert reading(result("cosine.true"), "higher", flagged) == "better"


def test_a_margin_that_is_a_ratio_is_of_the_value_before() -> None:
    row = result("spread.cosine", 0.015, 0.004)
    assert reading(row, "none", VERDICT) == "same"  # .05 of .4 is .02
    assert reading(replace(row, before=Estimate(0.2)), "none", VERDICT) == "rose"


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
    shown = measure_row(row, measure_info(row.name), VERDICT, notes)
    assert shown.before is not None
    assert shown.difference is not None
    assert (shown.before.text, shown.before.interval) == ("118.4", "[116.3, 120.5]")
    assert (shown.difference.text, shown.difference.interval) == ("+3.5", "[+1.4, +5.6]")
    assert shown.difference.raw == (3.51, 1.4, 5.6)
    assert (shown.p, shown.q, shown.n) == ("< .001", ".020", "250")
    assert shown.controls == {"identity": "0.0", "noise": "+31.2", "collapse": "undefined"}
    assert shown.gaussian == "[106.6, 130.2]"
    # The method of the stages is part of that of the difference, so one note says both.
    assert notes.listed() == [("a", "paired delete-group jackknife, 50 groups; t-test p")]


def test_reasons_say_whose_they_are() -> None:
    row = MeasureResult(
        measure_info("cosine.true"),
        Estimate(None, why="no links"),
        Estimate(0.3, why="one cluster"),
        Difference(None, why="no links"),
    )
    shown = measure_row(row, measure_info(row.name), VERDICT, Notes())
    assert shown.why == ("before, difference: no links", "after: one cluster")
    assert shown.before is not None
    assert shown.before.text == "undefined"
    assert shown.forest is None


def test_letters_of_notes_go_past_z() -> None:
    notes = Notes()
    letters = [notes.letter(f"method {number}") for number in range(54)]
    assert letters[:2] + letters[25:28] + letters[52:] == ["a", "b", "z", "aa", "ab", "ba", "bb"]
    assert notes.letter("method 26") == "aa"
    assert notes.letter("") == ""


def test_key_rows_follow_the_link(make: Any) -> None:
    linked, unlinked = make(), make(linked=False)
    for comparison, first in ((linked, "mrr.true"), (unlinked, "energy")):
        rows = key_rows(
            comparison.measures,
            comparison.undefined,
            comparison.verdict,
            Notes(),
            linked=comparison.on is not None,
        )
        assert rows[0].name == first
        assert next(row for row in rows if row.older).name == "cosine.max"


def test_undefined_key_measures_stay_in_the_table(make: Any) -> None:
    comparison = make()
    measures = [row for row in comparison.measures if row.name != "margin.true"]
    rows = key_rows(measures, {"margin.true": "one class"}, comparison.verdict, Notes(), linked=True)
    row = next(row for row in rows if row.name == "margin.true")
    assert row.difference is None
    assert row.why == ("one class",)


def test_groups_hold_every_measure_once(make: Any) -> None:
    comparison = make()
    undefined = {**comparison.undefined, "no.such.measure": "never heard of"}
    groups = measure_groups(comparison.measures, undefined, comparison.verdict, Notes())
    names = [row.name for group in groups for row in group.rows]
    assert sorted(names) == sorted([*(row.name for row in comparison.measures), *undefined])
    assert [group.key for group in groups] == ["alignment", "distribution", "geometry", ""]
