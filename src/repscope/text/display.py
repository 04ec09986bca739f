"""Text from other people's files, made safe to show.

HTML is escaped by the template; here is what escaping does not stop: characters that move a
terminal's cursor or turn the line around, lone surrogates that no file can hold, and length.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 160
"""Characters of one value that a table shows."""

_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS = 3
_GLUE = "\u00a0"
_GLUED = re.compile(r"\b(?:[pqn] [<=≤]|Seed) (?=[\d.])")


def display_safe(value: object, limit: int = LONGEST) -> str:
    """One line of at most ``limit`` characters in which nothing acts on the page or the terminal.

    White space becomes single spaces, controls and direction overrides their escapes (``\\u202e``),
    more than three combining marks on one letter are dropped. Of a long text the beginning and the
    end are kept: ids and paths differ at either.
    """
    text = str(value)
    if len(text) > 8 * limit:
        text = text[: 4 * limit] + "…" + text[-2 * limit :]
    text = " ".join("".join(_letters(text)).split())
    if len(text) <= limit:
        return text
    tail = limit // 4
    return f"{text[: limit - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def isolated(value: object, limit: int = LONGEST) -> str:
    """:func:`display_safe`, and marked, where it runs from right to left, so that its neighbours do not."""
    text = display_safe(value, limit)
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text):
        return f"\u2068{text}\u2069"
    return text


def shell_safe(text: str) -> str:
    """A command to be copied: only what acts on a terminal is replaced, nothing is clipped."""
    return "".join(
        char if char == " " or not (char.isspace() or _acts(char)) else char.encode("unicode_escape").decode()
        for char in text
    )


def columns(text: str) -> int:
    """Columns that a terminal gives ``text``: wide letters take two, combining marks none."""
    return sum(map(_column, text))


def pad(text: str, width: int, *, right: bool = False) -> str:
    """``text`` filled with spaces to ``width`` columns."""
    fill = " " * max(width - columns(text), 0)
    return fill + text if right else text + fill


def wrap(text: str, width: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most ``width`` columns, broken at spaces; longer words are broken anywhere.

    Args:
        text: to be wrapped.
        width: columns of a line with its indent.
        first: indent of the first line.
        rest: indent of the others; that of the first by default.
    """
    rest = first if rest is None else rest
    lines = [first]
    empty = True
    for word in _GLUED.sub(_glue, text).split(" "):
        left = word
        while left:
            space = "" if empty else " "
            if columns(lines[-1]) + len(space) + columns(left) <= width:
                lines[-1] += space + left
                left, empty = "", False
            elif empty:
                part = _prefix(left, width - columns(lines[-1]))
                lines[-1] += part
                left = left[len(part) :]
                if left:
                    lines.append(rest)
            else:
                lines.append(rest)
                empty = True
    return [line.replace(_GLUE, " ") for line in lines]


def nonbreaking(text: str) -> str:
    """``text`` with spaces that do not break inside ``p < .001`` and ``n = 250``."""
    return _GLUED.sub(_glue, text)


def _letters(text: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MARKS:
            continue
        if char.isspace():
            kept.append(" ")
        elif _acts(char):
            kept.append(char.encode("unicode_escape").decode())
        else:
            kept.append(char)
    return kept


def _glue(match: re.Match[str]) -> str:
    return match.group().replace(" ", _GLUE)


def _acts(char: str) -> bool:
    """Controls, lone surrogates, direction overrides and code points that are no characters."""
    return (
        unicodedata.category(char) in ("Cc", "Cs")
        or char in _TURNS
        or char == "\ufeff"
        or ord(char) & 0xFFFE == 0xFFFE
    )


def _column(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _prefix(text: str, width: int) -> str:
    used = 0
    for position, char in enumerate(text):
        used += _column(char)
        if used > width:
            return text[: max(position, 1)]
    return text
