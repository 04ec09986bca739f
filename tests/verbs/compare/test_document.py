"""What a comparison's report is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from repscope.report.document import Bullets, Facts, Section, Table
from repscope.verbs.compare.document import comparison_document


def section(comparison: Any, identity: str) -> Section:
    return next(one for one in comparison_document(comparison).sections if one.identity == identity)


def about(comparison: Any) -> str:
    return section(comparison, "key").blocks[0].text  # type: ignore[union-attr]


def table(comparison: Any, identity: str) -> list[list[str]]:
    found = next(block for block in section(comparison, identity).blocks if isinstance(block, Table))
    return [[cell.term or str(cell) for cell in row] for row in found.cells()]


def test_p_values_of_sentences_do_not_break(aligned: Any) -> None:
    because = comparison_document(aligned).reasons[0]
    assert isinstance(because, Bullets)
    assert any("p\u00a0<\u00a0.001, n\u00a0=\u00a0250" in one for one in because.items)
    assert not any(" -0" in one for one in because.items)


def test_levels_that_differ_are_not_named(aligned: Any) -> None:
    assert "with its 95% interval;" in about(aligned)
    first = aligned.measures[0]
    other = replace(first, difference=replace(first.difference, level=0.9))
    assert "with its interval;" in about(replace(aligned, measures=(other, *aligned.measures[1:])))


def test_tests_are_counted_as_the_q_values_were(aligned: Any) -> None:
    assert f"over the {len(aligned.measures)} tests" in about(aligned)
    first = aligned.measures[0]
    untested = replace(first, difference=replace(first.difference, q=None))
    assert "over the 17 tests" in about(replace(aligned, measures=(untested, *aligned.measures[1:])))


@pytest.mark.parametrize(
    ("change", "shares"),
    [
        ({"shift": 0.25, "residual": 0.75}, ["25.0%", "75.0%"]),
        ({"shares": {"shift": 0.25, "residual": None}, "why": "too few rows"}, ["25.0%", "undefined"]),
        ({"shares": {"shift": {"value": 0.25, "low": 0.2, "high": 0.3}}}, ["25.0% [20.0, 30.0]"]),
    ],
)
def test_shares_of_the_change(change: dict[str, Any], shares: list[str], aligned: Any) -> None:
    changed = replace(aligned, change=change)
    assert [row[1] for row in table(changed, "change")] == shares
    if "why" in change:
        assert section(changed, "change").blocks[-1] == Facts((("what is undefined", change["why"]),))


@pytest.mark.parametrize(("change", "blocks"), [({"shares": None, "why": "nothing moved"}, 1), (None, 0)])
def test_a_change_without_shares_has_no_table(change: Any, blocks: int, aligned: Any) -> None:
    sections = comparison_document(replace(aligned, change=change)).sections
    found = [block for one in sections if one.identity == "change" for block in one.blocks]
    assert len(found) == blocks
    assert not any(isinstance(block, Table) for block in found)


def test_values_of_the_change_read_as_numbers(aligned: Any) -> None:
    change = {"angle": 89.58774, "neighbours_kept": None, "method": "5 folds"}
    assert section(replace(aligned, change=change), "change").blocks == (
        Facts(
            (
                ("mean angle between before and after, degrees", "89.59"),
                ("how the shares were made", "5 folds"),
            )
        ),
    )


def test_power_of_a_measure_stands_beside_what_was_seen_and_its_margin(aligned: Any) -> None:
    rows = {row[0]: row[1:] for row in table(aligned, "power")}
    assert set(rows) == set(aligned.verdict.detectable)
    assert rows["top1.true"] == ["+0.249", f"{aligned.verdict.detectable['top1.true']:.3f}", "0.020"]
    assert rows["rank.entropy"][2] == "5.9"
    assert rows["recall@10"][2] == "–"


def test_a_note_is_one_bullet_however_long(aligned: Any) -> None:
    long = "some rows were left out, and this says at length why: " + "because " * 60
    facts = comparison_document(replace(aligned, notes=(long.strip(),), classes_without_items=())).facts
    assert facts[1] == Bullets((long.strip(),))
