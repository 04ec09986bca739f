"""Words on figures: what can be printed, how wide it is, where lines break."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from repscope.plot.base import text as words
from repscope.plot.base.style import styled
from repscope.plot.base.text import printable, text_width, wrap


def test_printable() -> None:
    assert printable("a cat") == "a cat"
    assert printable("two\nlines\tand   spaces") == "two lines and spaces"
    assert printable("x" * 50, 10) == "x" * 9 + "…"
    assert printable("cost: $5 and $6") == r"cost: \$5 and \$6"
    assert printable("bell\x07") == "bell"
    assert printable(7) == "7"


def test_glyphs_that_no_font_has(monkeypatch: pytest.MonkeyPatch) -> None:
    only_default = words._fonts()[:1]
    monkeypatch.setattr(words, "_fonts", lambda: only_default)
    monkeypatch.setattr(words, "_has_glyph", words._has_glyph.__wrapped__)
    assert printable("猫 cat") == "▯ cat"
    assert printable("кошка") == "кошка"


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=30))
def test_anything_can_be_drawn_without_a_warning(name: str) -> None:
    with styled():
        figure = Figure((2, 1))
        figure.text(0.1, 0.5, printable(name))
        figure.draw_without_rendering()
    assert text_width(printable(name), 6.0) >= 0


def test_width_is_that_of_the_drawn_text() -> None:
    """To a point: renderers round every glyph to their own pixels."""
    with styled():
        figure = Figure((5, 1), dpi=720)
        for text in ("top1.true", "visual_before (1,000)", "Wii", r"\$5 and \$6"):
            drawn = figure.text(0, 0.5, text, fontsize=7)
            assert text_width(text, 7.0) == pytest.approx(drawn.get_window_extent().width / 10, abs=1.0)


def test_lines_break_at_spaces_or_dots() -> None:
    text = "one two three four five six seven eight nine ten"
    lines = wrap(text, 60, 6.0)
    assert len(lines) > 1
    assert " ".join(lines) == text
    assert all(text_width(line, 6.0) <= 60 for line in lines)
    assert wrap("alpha beta · gamma delta · epsilon", 75, 6.0) == ["alpha beta", "gamma delta · epsilon"]
    assert wrap("unbreakable" * 5, 20, 6.0) == ["unbreakable" * 5]
    assert wrap("", 20, 6.0) == []
