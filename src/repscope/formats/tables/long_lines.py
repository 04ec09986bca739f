"""Lines of a text table that no reader takes: too long, of another width, or with an open quote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from repscope.errors import FormatError

BLOCK = 1 << 20
"""Bytes that Arrow reads at a time; a row must lie within two such blocks."""

LONGEST_LINE = 1 << 26
_STEP = 1 << 24


def block_size(path: Path) -> int | None:
    """Bytes to read at a time, so that the longest line fits; None for Arrow's own choice.

    Raises:
        FormatError: a line is longer than any row of vectors; it is named.
    """
    longest = number = 0
    length, at = 0, 1
    with path.open("rb") as file:
        while piece := file.read(_STEP):
            ends = piece.count(b"\n")
            first, _, rest = piece.partition(b"\n")
            length += len(first)
            if length > longest:
                longest, number = length, at
            if ends:
                inside = rest.rpartition(b"\n")[0] if ends > 1 else b""
                if inside and len(inside) > longest:
                    sizes = [len(line) for line in inside.split(b"\n")]
                    if max(sizes) > longest:
                        longest = max(sizes)
                        number = at + 1 + sizes.index(longest)
                length = len(piece) - piece.rfind(b"\n") - 1
                at += ends
            if length > longest:
                longest, number = length, at
            if longest > LONGEST_LINE:
                raise FormatError(
                    f"rows of at most {LONGEST_LINE:,} bytes in {path}",
                    f"line {number:,} is longer",
                    "check where its end is lost, or write the table as parquet",
                )
    return 2 * longest if longest > BLOCK else None


def unlike_row(path: Path, delimiter: str) -> str:
    """The first row with a quote that does not close, or of another width than the first row; "" if none.

    Only for saying what is wrong, once a reader refused the file.
    """
    width = None
    for line, width_here, closed in _rows(path, delimiter.encode()):
        if not closed:
            return f'a quote (") that opens in line {line:,} and does not close'
        width = width_here if width is None else width
        if width_here != width:
            return f"{width_here:,} cells in line {line:,}, {width:,} in the first row"
    return ""


def _rows(path: Path, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    """Of each row: the line it begins in, how many cells it has, and whether its quotes close."""
    start, cells, is_open = 1, 1, False
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not is_open:
                start, cells = number, 1
                if line.startswith(b"#") or not line.strip():
                    continue
            for index, part in enumerate(line.split(b'"')):
                if index:
                    is_open = not is_open
                if not is_open:
                    cells += part.count(delimiter)
            if not is_open:
                yield start, cells, True
    if is_open:
        yield start, cells, False
