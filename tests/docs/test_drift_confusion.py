"""The published table of simulated drifts is of this code, and keeps its promises."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from repscope.measure.drift.margins import WORDS
from repscope.testing.drifts import DESIGNS, DRIFTS, EVERY_DESIGN, HARD_CONDITIONS, RULES
from repscope.testing.stamp import stamp

DOCS = Path(__file__).resolve().parents[2] / "docs"
MANY, FEW = "400 items", "20 items"


@pytest.fixture(scope="module")
def published(hooks: ModuleType) -> tuple[list[dict], list[dict]]:
    return hooks.drift_rows((DOCS / "drift-confusion.md").read_text(encoding="utf-8").strip())


def test_it_was_made_with_these_rules() -> None:
    table = (DOCS / "drift-confusion.md").read_text(encoding="utf-8")
    assert stamp(*RULES) in table, "the rules have changed: run `make confusion`"


def test_every_condition_and_design_is_there(published: tuple[list[dict], list[dict]]) -> None:
    rows = published[0]
    there = [(row["condition"], row["design"]) for row in rows]
    every = [
        (condition, design)
        for condition in DRIFTS
        for design in (EVERY_DESIGN if condition in HARD_CONDITIONS else DESIGNS)
    ]
    assert there == every
    assert all(tuple(row["words"]) == WORDS for row in rows)
    counts = {row["condition"]: sum(row["words"].values()) for row in rows}
    assert min(counts.values()) >= 100
    assert counts["known"] >= 500


def test_nothing_is_stable_and_few_items_claim_nothing(published: tuple[list[dict], list[dict]]) -> None:
    rows = {(row["condition"], row["design"]): row["words"] for row in published[0]}
    assert rows["nothing", MANY]["stable"] >= 0.95 * sum(rows["nothing", MANY].values())
    # Copies are an exact fact, whatever their number.
    for condition in DRIFTS:
        only = "stable" if condition == "copies" else "inconclusive"
        words = rows[condition, FEW]
        assert words[only] == sum(words.values()), condition


def test_intervals_of_the_known_moves_and_ratios_hold_them(published: tuple[list[dict], list[dict]]) -> None:
    found = {
        row["value"]: row
        for row in published[1]
        if row["condition"] == "known" and row["design"] == MANY and row["value"][:5] in {"move:", "ratio"}
    }
    assert set(found) == {f"{kind}:{pair}" for kind in ("move", "ratio") for pair in ("0:1", "1:2", "0:2")}
    assert min(row["studies"] for row in found.values()) >= 500
    assert all(0.92 <= row["covered"] <= 0.98 for row in found.values())


def test_rows_are_read_right(hooks: ModuleType) -> None:
    verdicts, coverage = hooks.drift_rows(
        "| condition | design | stable | drifting |\n|---|---|---|---|\n| a | d | **7** | 3 |\n\n"
        "| condition | design | value | studies | covered | mean error |\n|---|---|---|---|---|---|\n"
        "| a | d | move:0:1 | 10 | 90.0% | +0.1 |"
    )
    assert verdicts == [
        {"condition": "a", "design": "d", "words": {"stable": 7, "drifting": 3}, "right": {"stable"}}
    ]
    assert coverage == [{"condition": "a", "design": "d", "value": "move:0:1", "studies": 10, "covered": 0.9}]


def test_the_page_says_the_largest_number_of_wrong_claims(hooks: ModuleType) -> None:
    rendered = hooks.render((DOCS / "drift.md").read_text(encoding="utf-8"))
    assert "The largest number of wrong claims is " in rendered
    assert "| known | 400 items | " in rendered
