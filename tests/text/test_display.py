"""Text of other people, made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.text.display import columns, display_safe, isolated, nonbreaking, pad, shell_safe, wrap

ANY = st.text(st.characters(), max_size=60)
OVERRIDES = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("plain", "plain"),
        ("  a \n\t b  ", "a b"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud800x", "\\ud800x"),
        ("e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301"),
        ("日本語 שלום 👩‍👧", "日本語 שלום 👩‍👧"),
        (17, "17"),
    ],
)
def test_visible(text: object, read: str) -> None:
    assert display_safe(text) == read


@given(ANY, st.integers(8, 40))
@settings(deadline=None, max_examples=30)
def test_visible_text_is_short_and_acts_on_nothing(text: str, limit: int) -> None:
    shown = display_safe(text, limit)
    assert len(shown) <= limit
    assert not any(unicodedata.category(char) in ("Cc", "Cs") or char in OVERRIDES for char in shown)
    shown.encode()


def test_long_text_keeps_both_ends() -> None:
    shown = display_safe("begin" + "x" * 100_000 + "end", 40)
    assert shown.startswith("begin")
    assert shown.endswith("end")
    assert "…" in shown


def test_only_text_that_runs_from_right_to_left_is_isolated() -> None:
    assert isolated("abc") == "abc"
    assert isolated("שלום") == "\u2068שלום\u2069"


def test_a_command_is_kept_as_it_is() -> None:
    command = "repscope compare 'my  study' a b --on label"
    assert shell_safe(command) == command
    assert shell_safe("a\x1b\nb\u202e") == "a\\x1b\\nb\\u202e"


def test_columns_of_a_terminal() -> None:
    assert [columns(text) for text in ("abc", "日本", "e\u0301", "\u2068x\u2069", "−→")] == [3, 4, 1, 1, 2]
    assert pad("日本", 6) == "日本  "
    assert pad("ab", 4, right=True) == "  ab"


@given(ANY, st.integers(4, 30))
@settings(deadline=None, max_examples=30)
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    text = display_safe(text)
    lines = wrap(text, width, first="- ", rest="  ")
    assert all(columns(line) <= width for line in lines)
    kept = "".join(line[2:] for line in lines).replace(" ", "")
    assert kept == text.replace(" ", "").replace("\u00a0", "")


def test_a_p_value_is_not_torn_apart() -> None:
    text = "aaaa (p < .001, n = 250)"
    for width in range(10, 26):
        assert any("p < .001" in line for line in wrap(text, width))
    assert nonbreaking("p < .001, n = 250") == "p\u00a0<\u00a0.001, n\u00a0=\u00a0250"
