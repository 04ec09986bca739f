"""Words and numbers between spaces, and word2vec's binary."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError, InputError
from repscope.formats import Incoming, read_sets

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=8
).filter(lambda word: word == word.strip() and "\t" not in word and not word.startswith(("{", "[")))


def read(path: Path) -> Incoming:
    (one,) = read_sets(path, "a").sets
    return one


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(WORDS, min_size=2, max_size=12, unique=True),
    d=st.integers(3, 20),
    header=st.booleans(),
    seed=st.integers(0, 99),
)
def test_words_and_vectors(tmp_path: Path, words: list[str], d: int, header: bool, seed: int) -> None:
    words = ["the", "of", "1", *[word for word in words if word not in ("the", "of", "1")]]
    rows = np.random.default_rng(seed).standard_normal((len(words), d)).astype("f4")
    lines = [f"{word} {' '.join(f'{x:.9g}' for x in row)}" for word, row in zip(words, rows, strict=True)]
    text = "\n".join([*([f"{len(words)} {d}"] if header else []), *lines]) + "\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8", newline="\n")
    one = read(tmp_path / "a.txt")
    np.testing.assert_array_equal(one.vectors, rows)
    assert one.columns["id"].to_pylist() == words


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(WORDS.filter(lambda word: " " not in word), min_size=1, max_size=9, unique=True),
    d=st.integers(1, 9),
    newline=st.booleans(),
)
def test_binary_words(tmp_path: Path, words: list[str], d: int, newline: bool) -> None:
    rows = np.random.default_rng(d).standard_normal((len(words), d)).astype("<f4")
    end = b"\n" if newline else b""
    body = b"".join(word.encode() + b" " + row.tobytes() + end for word, row in zip(words, rows, strict=True))
    raw = f"{len(words)} {d}\n".encode() + body
    (tmp_path / "a.bin").write_bytes(raw)
    one = read(tmp_path / "a.bin")
    np.testing.assert_array_equal(one.vectors, rows)
    assert one.columns["id"].to_pylist() == words
    for wrong in (raw[: -1 - 2 * newline], raw + b"more"):
        (tmp_path / "a.bin").write_bytes(wrong)
        with pytest.raises(FormatError, match="as its first line says"):
            read(tmp_path / "a.bin")


def test_savetxt(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((4, 3))
    np.savetxt(tmp_path / "a.txt", rows)
    np.testing.assert_array_equal(read(tmp_path / "a.txt").vectors, rows)
    np.savetxt(tmp_path / "b.txt", rows, header="made by a tool")
    np.testing.assert_array_equal(read(tmp_path / "b.txt").vectors, rows)
    np.savetxt(tmp_path / "c.csv", rows, delimiter=",", header="u,v,w")
    np.testing.assert_allclose(read(tmp_path / "c.csv").vectors, rows, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3 2\na 0.5 1.5\nb 0.5 1.5\n", "3 rows in"),
        ("a 0.5 1.5 2.5\nb 0.5 1.5\n", "line 2"),
        ("a 0.5 1.5 2.5\nb 0.5 x 2.5\n", "line 2"),
        ("0.5 1.5\n0.5 1.5 2.5\n", "as many numbers"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.txt")
    assert says in str(caught.value)


def test_a_truncated_header_allocates_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"9999999999 999999\na " + struct.pack("<f", 0.5))
    with pytest.raises(FormatError, match="truncated"):
        read(tmp_path / "a.bin")
