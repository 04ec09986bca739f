"""Tables in plain text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from repscope.text.display import columns, isolated, pad, wrap

WIDTH = 100
"""Columns of the page."""

BELOW = " " * 6
"""Indent of what stands below a row."""

_GAP = 2


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    left: Collection[int] = (0,),
    below: Sequence[Sequence[str]] = (),
    rule: bool = True,
    width: int | None = WIDTH,
) -> list[str]:
    """Rows under their heads, without spaces at the ends of lines.

    A table too wide for the page gives up the columns at its right, which then stand below each row
    as ``head value``; a first column too wide is broken.

    Args:
        head: of the columns; without any the rows stand alone.
        rows: cells, as many as ``head`` where there is one.
        left: columns that are flush left; the others are flush right.
        below: for each row, lines that follow it.
        rule: a line below the heads.
        width: of the page in columns; None for any.
    """
    cells = [list(row) for row in rows]
    every = [list(head), *cells] if head else cells
    widths = [max(map(columns, column)) for column in zip(*every, strict=True)]
    kept = len(widths)
    if width is not None:
        while kept > 1 and sum(widths[:kept]) + _GAP * (kept - 1) > width:
            kept -= 1
        widths[:1] = [min(one, width) for one in widths[:1]]
    lines = [_line(head[:kept], widths, left)] if head else []
    if head and rule:
        lines.append("─" * (sum(widths[:kept]) + _GAP * (kept - 1)))
    for position, row in enumerate(cells):
        lines += (
            [_line(row[:kept], widths, left)] if columns(row[0]) <= widths[0] else wrap(row[0], widths[0])
        )
        given_up = zip(head[kept:], row[kept:], strict=True)
        rest = ", ".join(f"{name} {text}" for name, text in given_up if text.strip("–"))
        lines += wrap(rest, WIDTH, first=BELOW) if rest else []
        lines += below[position] if below else []
    return lines


def clip(text: str, width: int) -> str:
    """The beginning of ``text`` that fits into ``width`` columns."""
    if columns(text) <= width:
        return text
    plain = text.strip("\u2068\u2069")
    while columns(plain) > width:
        plain = plain[:-2].rstrip("…") + "…"
    return isolated(plain)


def _line(cells: Sequence[str], widths: Sequence[int], left: Collection[int]) -> str:
    padded = [
        pad(text, width, right=column not in left)
        for column, (text, width) in enumerate(zip(cells, widths, strict=False))
    ]
    return (" " * _GAP).join(padded).rstrip()
