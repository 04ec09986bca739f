"""report.txt of a comparison."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import Any

from repscope.report.plain import plain_text
from repscope.text.display import columns
from repscope.text.numbers import interval, number, places_for
from repscope.text.tables import WIDTH
from repscope.verbs.compare.document import comparison_document


def text_of(comparison: Any) -> str:
    return plain_text(comparison_document(comparison))


def test_the_verdict_is_the_first_word(aligned: Any, collapsed: Any) -> None:
    assert text_of(aligned).startswith("ALIGNED\n═══════\nvisual_before → visual_after against text\n")
    assert text_of(collapsed).startswith("COLLAPSED\n")


def test_no_line_is_wider_than_a_terminal(make: Any) -> None:
    comparison = make()
    long = "measure.with.a.name " + "x" * 300
    comparison = replace(
        comparison,
        before="b" * 118,
        after="日本語" * 13,
        undefined={"cluster.v": long, long: long},
        notes=(long,),
        provenance={"text": {"command": long}},
        captions={"map": long},
        figures={"map": None},
    )
    lines = text_of(comparison).splitlines()
    commands = [line for line in lines if line.startswith("    repscope") or line.startswith("        ")]
    assert max(columns(line) for line in lines if line not in commands) <= WIDTH
    assert all(line == line.rstrip() for line in lines)


def test_every_measure_stands_in_it(aligned: Any) -> None:
    text = text_of(aligned)
    for row in aligned.measures:
        places = places_for(row.before.value, row.after.value)
        lines = [line for line in text.splitlines() if line.startswith(f"{row.name} ")]
        assert any(
            number(row.before.value, places) in line and number(row.after.value, places) in line
            for line in lines
        )
        assert any(interval(row.before.low, row.before.high, places) in line for line in lines)
        assert any(number(row.controls["collapse"], places, signed=True) in line for line in lines)
    assert "undefined" in text
    assert "expected more items than keys" in text
    for one in aligned.similarity:
        assert re.search(rf"^{re.escape(one.name)} .*{number(one.value.value)}", text, re.M)


def test_commands_can_be_pasted(aligned: Any) -> None:
    replay = shlex.join(["repscope", "compare", "my study", "a b", "c", "--reference", "it's", *["--x"] * 40])
    text = text_of(replace(aligned, before="a b", after="c", reference="it's", replay=replay))
    section = text[text.index("How to repeat this\n──") :]
    start = section.index("    repscope compare")
    pasted = section[start : section.index("That the inputs")].rstrip()
    assert all(line.endswith(" \\") for line in pasted.splitlines()[:-1])
    assert len(pasted.splitlines()) > 1
    assert shlex.split(pasted.replace("\\\n", " ")) == shlex.split(replay)
    assert "repscope info 'my study' 'a b' --verify" in section


def test_a_command_that_no_shell_reads_is_shown_as_it_is(aligned: Any) -> None:
    assert "    repscope compare 'unfinished" in text_of(
        replace(aligned, replay="repscope compare 'unfinished")
    )


def test_warnings_explain_themselves(collapsed: Any) -> None:
    text = " ".join(text_of(collapsed).split())
    assert "! max-cosine-misleads: The mean max-cosine rose 0.305 → 0.999" in text
    assert "misleads: the older number rose, and true-match is not better" in text


def test_sections_name_their_data(aligned: Any) -> None:
    text = text_of(aligned)
    assert text.count("before visual_before a1b2c3d4a1b2") >= 5
    assert all(fingerprint in text for fingerprint in aligned.fingerprints.values())


def test_hostile_text_stays_on_its_line(aligned: Any) -> None:
    evil = "\x1b[2J\u202e\r\nVERDICT: aligned\x07"
    text = text_of(replace(aligned, before=evil, notes=(evil,), replay=f"repscope compare {evil}", on=evil))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", text)
    assert "\nVERDICT" not in text


def test_n_stands_in_every_row(make: Any) -> None:
    comparison = make()
    first = comparison.measures[0]
    few = replace(first, difference=replace(first.difference, n=20))
    lines = text_of(replace(comparison, measures=(few, *comparison.measures[1:]))).splitlines()
    assert [line for line in lines if line.startswith(f"{first.name} ") and line.endswith("   20")]
    assert [line for line in lines if line.startswith("top1.true ") and line.endswith("  250")]
