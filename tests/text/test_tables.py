"""Tables in plain text."""

from __future__ import annotations

import pytest

from repscope.text.display import columns
from repscope.text.tables import WIDTH, clip, table


def test_words_are_flush_left_and_numbers_flush_right() -> None:
    rows = [["日本語", "1", "yes"], ["a", "−0.25", "no"]]
    assert table(["", "value", "word"], rows, left=(0, 2)) == [
        "        value  word",
        "───────────────────",
        "日本語      1  yes",
        "a       −0.25  no",
    ]


def test_without_heads_or_rule() -> None:
    assert table((), [["a", "10"], ["bcd", "2"]]) == ["a    10", "bcd   2"]
    assert table(["x", "y"], [["a", "10"]], rule=False) == ["x   y", "a  10"]


def test_any_width_keeps_every_column_on_its_line() -> None:
    (line,) = table((), [["x" * 90, "y" * 90]], width=None)
    assert line == "x" * 90 + "  " + "y" * 90


def test_columns_that_do_not_fit_stand_below() -> None:
    head = ["", *(f"column {number}" for number in range(12))]
    lines = table(head, [["row", *("0.123" for _ in range(12))]], below=[["      because"]])
    assert max(map(len, lines)) <= WIDTH
    assert lines[2].startswith("row")
    assert "column 11 0.123" in lines[3]
    assert lines[-1] == "      because"


@pytest.mark.parametrize("text", ["short", "日本語" * 20, "\u2068" + "ש" * 60 + "\u2069"])
def test_clip(text: str) -> None:
    assert columns(clip(text, 20)) <= 20
    assert clip("short", 20) == "short"
