"""What every report ends with."""

from __future__ import annotations

from dataclasses import replace

from repscope.report.document import Command, Facts, Paragraph
from repscope.verbs.common.origin import (
    Origin,
    check_commands,
    definitions,
    figures_section,
    on_one_line,
    repeat_section,
    source_line,
)

SET = Origin("stage 0", "gen_0", "0123456789abcdef" * 2, {})


def test_many_sets_are_named_once_and_not_below_every_section() -> None:
    sets = [replace(SET, name=f"set {n}") for n in range(9)]
    line = source_line(sets, 3, "1.0")
    assert line.startswith("stage 0 set 0 0123456789ab; ")
    assert "; … 5 more, with their fingerprints at the end; stage 0 set 8 0123456789ab; seed 3" in line
    assert "set 4 " not in line
    assert "more" not in source_line(sets[:4], 3, "1.0")
    section = repeat_section(sets, (), {}, seed=3, version="1.0", files="report.txt")
    assert len([block for block in section.blocks if isinstance(block, Facts)]) == 9


def test_a_set_without_a_fingerprint_says_so() -> None:
    bare = replace(SET, fingerprint="")
    assert source_line([bare], 0, "1.0") == "stage 0 gen_0 no fingerprint; seed 0; repscope 1.0"
    facts = repeat_section([bare], (), {}, seed=0, version="1.0", files="").blocks[-1]
    assert facts == Facts((("fingerprint", "none was recorded"),))


def test_commands_check_each_input_once() -> None:
    replay = "repscope compare 'my study' a b --reference c"
    assert check_commands(replay, ("a", "a", "it's")) == (
        replay,
        "repscope info 'my study' a --verify",
        "repscope info 'my study' 'it'\"'\"'s' --verify",
    )
    assert check_commands("python make.py", ("a",)) == ("python make.py",)
    assert check_commands("repscope compare 'unfinished", ("a",)) == ("repscope compare 'unfinished",)
    assert check_commands("", ("a",)) == ()


def test_a_report_made_in_python_says_how_to_repeat_it() -> None:
    section = repeat_section([SET], (), {}, seed=0, version="1.0", files="report.txt")
    assert not any(isinstance(block, Command) for block in section.blocks)
    assert isinstance(section.blocks[0], Paragraph)
    assert section.blocks[0].text.startswith("Made in Python, without a command. The same sets, seed")


def test_thresholds_are_flat() -> None:
    margins = {"alpha": 0.05, "equal": {"mrr.true": 0.02, "top1.true": None}}
    section = repeat_section([], (), margins, seed=0, version="1.0", files="")
    assert section.blocks[-1] == Facts(
        (("alpha", "0.05"), ("equal · mrr.true", "0.02"), ("equal · top1.true", "undefined")), "thresholds"
    )


def test_values_of_any_shape_are_one_line_each() -> None:
    shapes = [True, None, float("nan"), 1e-5, [1, {"a": 2.5}], 20000, "a\nb\x1b"]
    read = ["yes", "undefined", "undefined", "1e-05", "1, a 2.5", "20000", "a b\\x1b"]
    assert list(map(on_one_line, shapes)) == read


def test_only_measures_of_the_catalogue_are_defined() -> None:
    (one,) = definitions(("mrr.true", "no.such", "mrr.true"))
    assert one.name == "mrr.true"
    assert one.formula


def test_no_figures_no_section() -> None:
    assert figures_section({}, {}) == ()
    (section,) = figures_section({"a_b-c": None}, {"a_b-c": "Items\nmove."})
    (figure,) = section.blocks
    assert (figure.title, figure.caption) == ("a b c", "Items move.")
