"""What both reports are made from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from repscope.verbs.compare.content import build_content


def test_p_values_of_sentences_do_not_break(aligned: Any) -> None:
    content = build_content(aligned)
    assert any("p\u00a0<\u00a0.001, n\u00a0=\u00a0250" in one for one in content.because)
    assert not any(" -0" in one for one in content.because)


def test_levels_that_differ_are_not_named(aligned: Any) -> None:
    assert build_content(aligned).level == "95% interval"
    first = aligned.measures[0]
    other = replace(first, difference=replace(first.difference, level=0.9))
    assert build_content(replace(aligned, measures=(other, *aligned.measures[1:]))).level == "interval"


def test_tests_are_counted_as_the_q_values_were(aligned: Any) -> None:
    assert build_content(aligned).tested == len(aligned.measures)
    first = aligned.measures[0]
    untested = replace(first, difference=replace(first.difference, q=None))
    assert build_content(replace(aligned, measures=(untested, *aligned.measures[1:]))).tested == 17


@pytest.mark.parametrize(
    ("change", "shares"),
    [
        ({"shift": 0.25, "residual": 0.75}, ["25.0%", "75.0%"]),
        ({"shares": {"shift": 0.25, "residual": None}, "why": "too few rows"}, ["25.0%", "undefined"]),
        ({"shares": {"shift": {"value": 0.25, "low": 0.2, "high": 0.3}}}, ["25.0%"]),
        ({"shares": None, "why": "nothing moved"}, []),
        (None, []),
    ],
)
def test_shares_of_the_change(change: dict[str, Any] | None, shares: list[str], aligned: Any) -> None:
    content = build_content(replace(aligned, change=change))
    assert [part.share for part in content.parts] == shares
    if change and "why" in change:
        assert content.change_facts == (("what is undefined", change["why"]),)
    if change and isinstance(change.get("shares"), dict) and isinstance(change["shares"].get("shift"), dict):
        assert content.parts[0].interval == "[20.0, 30.0]"


def test_values_of_the_change_read_as_numbers(aligned: Any) -> None:
    content = build_content(
        replace(aligned, change={"angle": 89.58774, "neighbours_kept": None, "method": "5 folds"})
    )
    assert content.change_facts == (
        ("mean angle between before and after, degrees", "89.59"),
        ("how the shares were made", "5 folds"),
    )


def test_commands_check_each_input_once(aligned: Any) -> None:
    same = replace(aligned, after="visual_before")
    assert [command.split()[:4] for command in build_content(same).commands[1:]] == [
        ["repscope", "info", "bridge-study", "visual_before"],
        ["repscope", "info", "bridge-study", "text"],
    ]
    assert build_content(replace(aligned, replay="python make.py")).commands == ("python make.py",)
    assert build_content(replace(aligned, replay="")).commands == ()


def test_power_of_a_measure_stands_beside_what_was_seen_and_its_margin(aligned: Any) -> None:
    rows = {row.name: row for row in build_content(aligned).power}
    assert set(rows) == set(aligned.verdict.detectable)
    assert rows["top1.true"].seen == "+0.249"
    assert rows["top1.true"].detectable == f"{aligned.verdict.detectable['top1.true']:.3f}"
    assert rows["top1.true"].margin == "0.020"
    assert rows["rank.entropy"].margin == "5.9"
    assert rows["recall@10"].margin == "–"


def test_provenance_of_any_shape_is_one_line_each(aligned: Any) -> None:
    record = {
        "flag": True,
        "none": None,
        "nan": float("nan"),
        "rate": 1e-5,
        "list": [1, {"a": 2.5}],
        "n": 20000,
    }
    content = build_content(replace(aligned, provenance={"text": record}))
    assert content.sets[2].provenance == (
        ("flag", "yes"),
        ("none", "undefined"),
        ("nan", "undefined"),
        ("rate", "1e-05"),
        ("list", "1, a 2.5"),
        ("n", "20000"),
    )
    assert content.sets[0].provenance == ()
