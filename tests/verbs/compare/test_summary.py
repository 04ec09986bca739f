"""The few lines after a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from repscope.measure.verdict.rules import UNLINKED_WORDS, WORDS
from repscope.text.display import columns
from repscope.text.tables import WIDTH
from repscope.verbs.compare.summary import LINES, summary_lines

FLAGS = (
    "few-clusters",
    "max-cosine-misleads",
    "ceiling",
    "spread-fell",
    "rank-fell",
    "rescaled",
    "margin-fell",
)


@pytest.mark.parametrize("word", dict.fromkeys((*WORDS, *UNLINKED_WORDS)))
@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("flags", [(), FLAGS])
def test_it_fits_a_terminal(word: str, linked: bool, flags: tuple[str, ...], make: Any) -> None:
    comparison = make(linked=linked)
    verdict = replace(comparison.verdict, word=word, flags=flags, needed=1234)
    lines = summary_lines(
        replace(comparison, verdict=verdict, before="b" * 118, after="a" * 118, reference="r" * 118)
    )
    assert len(lines) <= LINES
    assert max(map(columns, lines)) <= WIDTH
    assert lines[0].startswith(f"{word}: ")
    if linked:
        assert any(line.startswith("top1.true") for line in lines)


def test_a_collapse_shows_why_max_cosine_would_have_praised_it(collapsed: Any) -> None:
    text = "\n".join(summary_lines(collapsed))
    assert text.startswith("collapsed: visual_before → visual_after against text (1,000 items, 250 clusters")
    assert next(line for line in text.splitlines() if line.startswith("cosine.max")).endswith("misleads")
    assert "! max-cosine-misleads: The mean max-cosine rose 0.305 → 0.999" in text
    assert all(f"\n{name} " in text for name in ("mrr.true", "top1.true", "spread.cosine", "hub.share"))
    assert "! also: rescaled" in text


def test_the_difference_is_shown_with_its_interval(aligned: Any) -> None:
    line = next(line for line in summary_lines(aligned) if line.startswith("top1.true"))
    assert line.split() == [
        "top1.true",
        "↑",
        "0.412",
        "0.661",
        "+0.249",
        "[+0.221,",
        "+0.277]",
        "<",
        ".001",
        "better",
    ]


def test_nothing_measured_is_still_a_summary(aligned: Any) -> None:
    lines = summary_lines(replace(aligned, measures=(), cluster=None))
    assert lines[0].endswith("(1,000 items)")
    assert not any("difference" in line for line in lines)


def test_a_note_does_not_act_on_the_terminal(aligned: Any) -> None:
    lines = summary_lines(replace(aligned, notes=("\x1b[2Jcleared\u202e",)))
    assert "! note: \\x1b[2Jcleared\\u202e" in lines
