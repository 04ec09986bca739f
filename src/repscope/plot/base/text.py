"""Words on figures: what the font can print, how wide it is, where lines break, how numbers read."""

from __future__ import annotations

import math
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


def number(value: float | None, digits: int = 3) -> str:
    """A number for a table: three significant digits, a real minus sign, no exponent where avoidable."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e5 or size < 1e-4:
        mantissa, _, exponent = f"{value:.{digits - 2}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
    elif size >= 10 ** (digits - 1):
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{max(0, digits - 1 - math.floor(math.log10(size)))}f}"
    return text.replace("-", "−")


def signed(value: float | None, digits: int = 3) -> str:
    """As :func:`number`, with a plus sign where it is positive."""
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 else text


def p_value(p: float) -> str:
    """p = .03, or p < .001."""
    return "p < .001" if p < 0.001 else f"p = {p:.2g}".replace("0.", ".", 1)
