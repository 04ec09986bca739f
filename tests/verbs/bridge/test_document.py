"""The report of bridges."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from tests.helpers.page import read_page

from repscope.report.document import Bullets, Note, Section, Table
from repscope.report.figures import Drawn
from repscope.report.html import html_page
from repscope.report.plain import plain_text
from repscope.text.display import columns
from repscope.text.tables import WIDTH
from repscope.verbs.bridge.csv import COLUMNS, bridges_csv
from repscope.verbs.bridge.document import bridge_document, bridge_summary, headline
from repscope.verbs.bridge.record import BridgesRecord


def section(record: BridgesRecord, identity: str) -> Section:
    return next(one for one in bridge_document(record, Drawn()).sections if one.identity == identity)


def rows(found: Section) -> dict[str, dict[str, str]]:
    table = next(block for block in found.blocks if isinstance(block, Table))
    heads = [column.title for column in table.columns]
    return {str(row[0]): dict(zip(heads, map(str, row), strict=True)) for row in table.cells()}


def test_bridges_stand_below_the_rows_before(record: BridgesRecord) -> None:
    table = rows(section(record, "seen"))
    assert list(table) == ["before", "日本語", "coral !"]
    assert table["before"]["top1.true"] == "0.400"
    assert table["before"]["max-cosine"] == "0.200"
    assert table["before"]["gain"] == "–"
    assert table["日本語"] == {
        "bridge": "日本語", "learns from": "paired", "verdict": "aligned", "top1.true": "0.700",
        "gain": "+0.300 [+0.250, +0.350]", "unseen texts": "–", "mrr gain": "+0.300", "max-cosine": "0.500",
        "rank kept": "0.75", "neighbours": "0.62", "parameters": "4.22 k", "FLOPs/row": "8.32 k",
        "fit s": "0.25",
    }  # fmt: skip
    assert table["coral !"]["unseen texts"] == "+0.150"


def test_the_headline_names_the_best_on_each_part(record: BridgesRecord) -> None:
    assert headline(record) == (
        "seen classes: 日本語 finds most, top-1 0.400 → 0.700; 1 of 2 are called aligned. "
        "unseen classes: no bridge of 1 is called aligned."
    )
    alone = replace(record, parts=record.parts[1:])
    assert headline(alone) == "no bridge of 1 is called aligned."


def test_a_warning_is_one_value_once_however_long(record: BridgesRecord) -> None:
    warned = record.parts[1].methods[0].warnings[0]
    notes = [block for block in section(record, "warnings").blocks if isinstance(block, Note)]
    assert [(note.name, note.warns) for note in notes] == [("coral", True), ("ddpm", False)]
    assert notes[0].text == warned
    document = bridge_document(record, Drawn())
    assert document.facts[1] == Bullets(record.notes)
    page = read_page(html_page(document, {}))
    flags = [one for one in page.get("warnings").all("div") if "flag" in one.attributes.get("class", "")]
    assert [flag.all("p")[-1].text for flag in flags] == [warned, record.failed["ddpm"]]
    assert len(page.all("header")[0].all("li")) == 1


def test_the_sweep_over_the_time_of_entry_is_a_table(record: BridgesRecord) -> None:
    table = rows(section(record, "entry"))
    assert table["50"]["verdict"] == "aligned"
    assert table["600"]["neighbours"] == "–"
    assert table["600"]["gain"] == "−0.100 [−0.150, −0.050]"


def test_the_page_and_the_text_hold_every_part(record: BridgesRecord) -> None:
    document = bridge_document(record, Drawn())
    words = read_page(html_page(document, {})).all("body")[0].text
    text = plain_text(document)
    for said in (
        "seen",
        "unseen",
        "truth climbed",
        "12 → 1.5",
        "penalty=1.0",
        "rescaled",
        "日本語",
        "a1" * 16,
    ):
        assert said in words
        assert said in text
    assert "repscope bridge report s r" in text
    assert "cat | dog" in text
    assert max(map(columns, text.splitlines())) <= WIDTH


@pytest.mark.parametrize("what", ["summary", "report"])
def test_labels_of_any_script_align(what: str, record: BridgesRecord) -> None:
    lines = (
        bridge_summary(record)
        if what == "summary"
        else plain_text(bridge_document(record, Drawn())).split("\n")
    )
    start = next(at for at, line in enumerate(lines) if line.startswith("bridge ") and "verdict" in line)
    table = lines[start : start + 4 + (what == "report")]
    ends = {columns(line[: line.index(word)]) for line in table for word in ("paired",) if word in line}
    assert len(ends) == 1
    assert len({columns(line) for line in table if line and "─" not in line}) == 1


def test_the_summary_fits_a_terminal_and_says_what_not_to_trust(record: BridgesRecord) -> None:
    lines = bridge_summary(record)
    assert lines[0] == "seen: 1,200 rows, 50 independent; 5-fold cross-validation"
    assert max(map(columns, lines)) <= WIDTH
    assert any(line.startswith("  ! coral: 18 rows") for line in lines)
    assert any(line.startswith("  ! ddpm: expected torch") for line in lines)


def test_a_part_that_nothing_was_measured_on_says_so(record: BridgesRecord) -> None:
    empty = replace(record, parts=(*record.parts[:1], replace(record.parts[1], methods=())))
    assert "no bridge could be measured" in "\n".join(bridge_summary(empty))
    assert "no bridge could be measured" in html_page(bridge_document(empty, Drawn()), {})


def test_the_table_holds_every_value_in_full(record: BridgesRecord) -> None:
    found = list(csv.DictReader(io.StringIO(bridges_csv(record))))
    assert tuple(found[0]) == COLUMNS
    (line,) = [
        row
        for row in found
        if (row["part"], row["bridge"], row["measure"]) == ("seen", "日本語", "top1.true")
    ]
    assert float(line["difference"]) == record["seen"]["日本語"].measures["top1.true"].difference.value
    assert (line["parameters"], line["fit_seconds"], line["q"]) == ("4224", "0.25", "0.02")
    unseen = [row for row in found if row["measure"] == "top1.true, unseen texts"]
    assert [row["after"] for row in unseen] == ["0.55", "0.55"]
    kept = next(row for row in found if row["measure"] == "knn.recall")
    assert (kept["before"], kept["after"], kept["low"], kept["difference"]) == ("", "0.625", "0.6", "")
