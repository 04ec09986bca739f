"""Words on figures: what the font can print, how wide it is, where lines break."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from repscope.plot.base.style import NOTE, SMALL, font_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_UNPRINTABLE = "▯"
LINE = 1.25
"""Height of a line of text, as a multiple of its size."""


@cache
def _fonts() -> tuple[object, ...]:
    from matplotlib.font_manager import findfont, get_font

    return tuple(get_font(findfont(name)) for name in font_families())


@lru_cache(maxsize=65536)
def _has_glyph(char: str) -> bool:
    return any(font.get_char_index(ord(char)) for font in _fonts())  # type: ignore[attr-defined]


_MEASURED_AT = 100.0


def printable(text: object, longest: int = 40) -> str:
    """A name as it can be drawn: one line, no markup, only glyphs that exist, at most ``longest`` characters.

    Characters that no installed font has become ▯, rather than a warning and a box.
    """
    plain = " ".join(unicodedata.normalize("NFC", str(text)).split())
    kept = "".join(
        char if _has_glyph(char) else _UNPRINTABLE for char in plain if unicodedata.category(char)[0] != "C"
    )
    if len(kept) > longest:
        kept = kept[: longest - 1].rstrip() + "…"
    return kept.replace("$", r"\$")


def folded(text: str, longest: int = 40) -> str:
    """A long name on two lines, broken near its middle where it has a joint."""
    if len(text) <= longest:
        return text
    joints = [at + 1 for at, char in enumerate(text[:-1]) if char in " _-/."] or [len(text) // 2]
    at = min(joints, key=lambda place: abs(place - len(text) / 2))
    return f"{text[:at].rstrip()}\n{text[at:]}"


def text_width(text: str, size: float) -> float:
    """Width in points of one line of text, from the advances of its glyphs (no outline is drawn)."""
    # An escaped dollar is drawn as the dollar alone.
    return size * sum(_advance(char) for char in text.replace(r"\$", "$"))


@lru_cache(maxsize=4096)
def _advance(char: str) -> float:
    """How far one character moves the pen, as a share of the font size."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    for family in font_families():
        font = get_font(findfont(FontProperties(family=family)))
        if font.get_char_index(ord(char)):
            font.set_size(_MEASURED_AT, 72)
            return float(font.load_char(ord(char)).linearHoriAdvance / 65536 / _MEASURED_AT)
    return 1.0


def wrap(text: str, width: float, size: float) -> list[str]:
    """Lines no wider than ``width`` points, broken at " · " where there are any, else at spaces."""
    between = " · " if " · " in text else " "
    lines: list[str] = []
    for part in text.split(between):
        if between == " · " and text_width(part, size) > width:
            lines += wrap(part, width, size)
            continue
        longer = f"{lines[-1]}{between}{part}" if lines else part
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return [line for line in lines if line]


def note_below(ax: Axes, paragraphs: Iterable[str], width: float) -> None:
    """Small text under an axes from its left edge, in lines no wider than ``width`` points."""
    lines = [line for paragraph in paragraphs for line in wrap(paragraph, width, SMALL)]
    ax.annotate(
        "\n".join(lines), (0, 0), xycoords="axes fraction", xytext=(0, -4.0), textcoords="offset points",
        va="top", ha="left", fontsize=SMALL, linespacing=LINE, color=NOTE, annotation_clip=False, gid="note",
    )  # fmt: skip
