"""A document as plain text: every line fits, labels of any script align, commands can be pasted."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from repscope.report.document import (
    Bullets,
    Cell,
    Column,
    Command,
    Definition,
    Document,
    Facts,
    Figure,
    Legend,
    Note,
    Paragraph,
    Section,
    Table,
    View,
)
from repscope.report.plain import block_lines, command_lines, plain_text, table_lines
from repscope.text.display import columns
from repscope.text.tables import WIDTH

LONG = "日本語 and other words " * 20

NAME = Cell("share found", term="top1.true", sign="↑", note="a")

TABLE = Table(
    (Column("measure", "measure"), Column("before"), Column("after"), Column("reading", "word")),
    (
        (
            Cell("share found", term="top1.true", sign="↑", note="a"),
            Cell("0.2", "[0.1, 0.3]"),
            "0.3",
            "better",
        ),
        (Cell(term="日本語"), Cell("0.10", "[0.05, 0.15]"), "0.2", "unclear"),
        (Cell(term="gone"), Cell("undefined", below=("one class",))),
    ),
    views=(View(("before", "reading"), brief=("before",)), View(("before", "after"), "The two stages:")),
)


def document(*blocks: Any) -> Document:
    """A report of one section."""
    return Document(
        word="fine",
        tone="good",
        title="before → after",
        beside=" against text",
        headline="It is fine.",
        reasons=(Bullets(("one reason",)), Note("flag", "why")),
        facts=(Paragraph("10 items."),),
        sections=(Section("key", "Key numbers", blocks or (Paragraph("Nothing."),)),),
        source="before a 0123; seed 0",
        repeat="repscope compare a b",
        definitions=(Definition("top1.true", "hits / n", "", ""),),
        version="1.0",
        time="2026-01-01T00:00:00Z",
    )


def test_the_whole_report() -> None:
    assert plain_text(document()).splitlines() == [
        "FINE",
        "════",
        "before → after against text",
        "",
        "It is fine.",
        "",
        "  – one reason",
        "  ! flag: why",
        "",
        "10 items.",
        "",
        "",
        "Key numbers",
        "─" * WIDTH,
        "Nothing.",
        "",
        "[before a 0123; seed 0. Repeat: the command at the end.]",
        "",
        "What each measure is, with its formula and paper: repscope measures",
        "",
        "repscope 1.0, 2026-01-01T00:00:00Z",
    ]


def test_a_table_in_its_views() -> None:
    assert block_lines([TABLE]) == [
        "",
        "measure           before  reading",
        "─────────────────────────────────",
        "top1.true ↑ a        0.2  better",
        "      share found",
        "日本語              0.10  unclear",
        "gone           undefined",
        "      one class",
        "",
        "The two stages:",
        "measure                   before  after",
        "───────────────────────────────────────",
        "top1.true ↑ a     0.2 [0.1, 0.3]    0.3",
        "日本語         0.10 [0.05, 0.15]    0.2",
    ]


def test_a_view_passes_over_columns_that_are_not_there_or_empty() -> None:
    picture = replace(
        TABLE,
        columns=(Column("item", "id", clip=4), Column("picture", "picture"), Column("n")),
        rows=(("日本語の", Cell(picture="a.png"), "7"),),
    )
    assert table_lines(picture, View(("picture", "label", "n")), rule=False) == ["item  n", "日…   7"]
    assert table_lines(replace(TABLE, rows=()), View(("before",))) == []


@pytest.mark.parametrize(
    "block",
    [
        Paragraph(LONG),
        Bullets((LONG, LONG)),
        Note("flag", LONG),
        Facts((("name", LONG),)),
        Facts((("a", LONG),), "notes"),
        Facts(tuple(("名前", "0.1") for _ in range(40)), "thresholds"),
        Legend((("noise", "random steps"),), ()),
        Figure("map", "map", LONG),
        Table(
            (Column("id", "id"), Column("text", "text"), Column("x")),
            ((LONG, LONG, Cell("1", "[0, 2]")),),
            LONG,
        ),
    ],
)
def test_no_line_is_wider_than_a_terminal(block: Any) -> None:
    lines = plain_text(document(block)).splitlines()
    assert max(map(columns, lines)) <= WIDTH
    assert all(line == line.rstrip() for line in lines)


def test_what_is_wrapped_is_one_value_with_one_mark() -> None:
    lines = block_lines([Bullets((LONG, "short")), Note("flag", LONG)])
    assert [line[:4] for line in lines if line[:4].strip()] == ["  – ", "  – ", "  ! "]


def test_shares_are_bars() -> None:
    rows = (("shift", Cell("75.0%", share=75.0)), ("rest", Cell("0.0%", share=0.0)))
    lines = block_lines([Table((Column("part", "name"), Column("share")), rows)])
    assert [line.count("█") for line in lines[-2:]] == [15, 0]


def test_a_long_command_is_joined_by_a_shell() -> None:
    words = ["repscope", "compare", "my study", "it's", *["--option=日本語"] * 20]
    lines = command_lines(shlex.join(words))
    assert len(lines) > 1
    assert max(map(columns, lines)) <= WIDTH
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert shlex.split("\n".join(lines).replace("\\\n", " ")) == words
    assert command_lines("repscope 'unfinished\x1b") == ["    repscope 'unfinished\\x1b"]


def test_commands_stand_on_lines_of_their_own() -> None:
    assert block_lines([Command(("repscope info s", "repscope info t"))]) == [
        "    repscope info s",
        "    repscope info t",
    ]
