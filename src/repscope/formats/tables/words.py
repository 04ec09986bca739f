"""A word and its vector a line (word2vec, GloVe, fastText), numbers alone (savetxt), word2vec's binary."""

from __future__ import annotations

import mmap
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, VectorError, first_line, name_some
from repscope.formats.columns import to_column
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.text_files import not_utf8

SAMPLE = 100
LONGEST_WORD = 10_000


def read_words(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of a text file with numbers between spaces: the words before them are the ids.

    A first line of two whole numbers, how many rows and how wide, is a header. Words may hold spaces. In a
    file of numbers alone, whole ones before fractions are ids, as words are.

    Raises:
        FormatError: other text among the numbers, not UTF-8, or another number of rows than the header says.
        VectorError: rows of different widths.
    """
    _refuse_choice(options, path)
    try:
        head = list(islice(_lines(path), SAMPLE + 1))
        stated = _stated(head)
        rows = head[1:] if stated else head
        if not stated and _numbers_alone(rows):
            return [Incoming(stem, _numbers(path))]
        width = stated[1] if stated else Counter(len(line.split()) - 1 for line in rows).most_common(1)[0][0]
        words, vectors = _parse(path, bool(stated), width)
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    if stated and stated[0] != len(words):
        raise FormatError(
            f"{stated[0]:,} rows in {path}, as its first line says",
            f"{len(words):,}",
            "copy or write the file again",
        )
    return [Incoming(stem, vectors, {"id": to_column(words, "id")})]


def _refuse_choice(options: ReadOptions, path: Path) -> None:
    if options.vectors:
        raise FormatError(
            f"named vectors in {path}, to choose {options.vectors!r} from",
            "one vector a line",
            "leave out --vectors",
        )


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for line in file:
            bare = line.rstrip()
            if bare and not (bare.startswith("#") and _is_comment(bare)):
                yield bare


def _is_comment(line: str) -> bool:
    """A line of savetxt's header; "# 0.1 0.2" is the word # and its vector."""
    return not all(map(_is_float, line.split()[1:]))


def _stated(lines: list[str]) -> tuple[int, int] | None:
    tokens = lines[0].split() if len(lines) > 1 else []
    if len(tokens) == 2 and all(token.isdecimal() for token in tokens) and len(lines[1].split()) != 2:
        return int(tokens[0]), int(tokens[1])
    return None


def _is_float(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def _numbers_alone(lines: list[str]) -> bool:
    tokens = [line.split() for line in lines]
    if not all(_is_float(token) for row in tokens for token in row):
        return False
    counted = all(row[0].lstrip("+-").isdecimal() for row in tokens)
    fractions = any(not token.lstrip("+-").isdecimal() for row in tokens for token in row[1:])
    return not (counted and fractions and len({row[0] for row in tokens}) == len(tokens))


def _numbers(path: Path) -> NDArray[Any]:
    try:
        rows: NDArray[Any] = np.loadtxt(path, np.float64, ndmin=2, encoding="utf-8-sig")
    except ValueError as error:
        raise FormatError(
            f"as many numbers in every line of {path}", first_line(error), "correct that line"
        ) from error
    return rows


def _parse(path: Path, skip: bool, width: int) -> tuple[list[str], NDArray[np.float32]]:
    words: list[str] = []
    rows: list[NDArray[np.float32]] = []
    with warnings.catch_warnings():
        # numpy only warns of text that it could not read to its end.
        warnings.simplefilter("error", DeprecationWarning)
        for number, line in enumerate(islice(_lines(path), int(skip), None), 1 + int(skip)):
            word, _, rest = line.partition(" ")
            row = _row(rest)
            if row is None or len(row) != width:
                word, row = _behind_spaces(line, width, number, path)
            words.append(word)
            rows.append(row)
    return words, np.stack(rows)


def _row(text: str) -> NDArray[np.float32] | None:
    try:
        return np.fromstring(text, np.float32, sep=" ")
    except (ValueError, DeprecationWarning):
        return None


def _behind_spaces(line: str, width: int, number: int, path: Path) -> tuple[str, NDArray[np.float32]]:
    """A word with spaces in it, and its vector."""
    word, *numbers = line.rsplit(maxsplit=width)
    if len(numbers) != width:
        raise VectorError(
            f"a word and {width:,} numbers in line {number:,} of {path}",
            f"{max(len(line.split()) - 1, 0):,} numbers",
            "correct that line, or copy the file again",
        )
    bad = [token for token in numbers if not _is_float(token)]
    if bad:
        raise FormatError(
            f"a word and {width:,} numbers in line {number:,} of {path}", name_some(bad), "correct that line"
        )
    return word, np.array(numbers, np.float32)


def read_word2vec(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of word2vec's binary file: a line with N and D, then each word, a space, and D float32.

    Raises:
        FormatError: it is truncated, or something else follows.
    """
    _refuse_choice(options, path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        end = raw.find(b"\n", 0, 40)
        n, d = map(int, raw[:end].split())
        if not n or not d or len(raw) < end + n * (4 * d + 1):
            raise _truncated(path, n, d, len(raw))
        vectors = np.empty((n, d), np.float32)
        words = []
        at = end + 1
        for row in range(n):
            space = raw.find(b" ", at, at + LONGEST_WORD)
            if space < 0 or space + 1 + 4 * d > len(raw):
                raise _truncated(path, n, d, len(raw))
            words.append(raw[at:space].lstrip(b"\n").decode("utf-8", "backslashreplace"))
            at = space + 1 + 4 * d
            vectors[row] = np.frombuffer(raw[space + 1 : at], "<f4")
        if raw[at:].strip():
            raise FormatError(
                f"{n:,} words of {d:,} numbers in {path}, as its first line says",
                f"{len(raw) - at:,} more bytes",
                "copy or write the file again",
            )
    return [Incoming(stem, vectors, {"id": to_column(words, "id")})]


def _truncated(path: Path, n: int, d: int, size: int) -> FormatError:
    return FormatError(
        f"{n:,} words of {d:,} float32 in {path}, as its first line says",
        f"{size:,} bytes (truncated)",
        "copy or write the file again",
    )
