"""An open quote and a giant line are found and named; long rows of vectors are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repscope.errors import FormatError
from repscope.formats.read import read_sets
from repscope.formats.tables import long_lines
from repscope.formats.tables.long_lines import block_size, unlike_row

ROWS = "id,label,x0,x1\n" + "".join(f"i{at},a,{at / 7},{at / 3}\n" for at in range(5))


@pytest.mark.parametrize("after", [1, 60_000])
def test_an_open_quote_names_its_row(tmp_path: Path, after: int) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'{ROWS}i5,"a,0.5,0.25\n' + "j,a,0.5,0.25\n" * after)
    with pytest.raises(FormatError, match='a quote \\("\\) that opens in line 7 and does not close'):
        read_sets(path, "a")


def test_a_row_of_another_width_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'{ROWS}"i\n5",a,0.5,0.1\ni6,a,0.5\n')
    with pytest.raises(FormatError, match="3 cells in line 9, 4 in the first row"):
        read_sets(path, "a")


def test_a_row_longer_than_a_block_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    vectors = np.random.default_rng(0).random((3, 100_000), np.float32)
    cells = ["[" + ", ".join(map(repr, row.tolist())) + "]" for row in vectors]
    path.write_text("id,vector\n" + "".join(f'i{at},"{cell}"\n' for at, cell in enumerate(cells)))
    assert path.stat().st_size > 4 * (1 << 20)
    np.testing.assert_allclose(read_sets(path, "a").sets[0].vectors, vectors)


def test_a_giant_line_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_lines, "LONGEST_LINE", 100_000)
    path = tmp_path / "a.csv"
    path.write_text(ROWS + "i5," + "a" * 200_000 + ",0.5,0.25\ni6,b,1.5,2.5\n")
    with pytest.raises(FormatError, match=r"rows of at most 100,000 bytes.*line 7 is longer"):
        read_sets(path, "a")
    path.write_text("a" * 300_000)
    with pytest.raises(FormatError, match="line 1 is longer"):
        read_sets(path, "a")


def test_one_cell_without_end_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a" * 300_000)
    with pytest.raises(FormatError):
        read_sets(tmp_path / "a.csv", "a")


@given(lengths=st.lists(st.integers(0, 40), max_size=12), step=st.integers(1, 50), ends=st.booleans())
def test_the_longest_line_is_found_wherever_pieces_end(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], step: int, ends: bool
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.csv"
    path.write_text("\n".join("x" * length for length in lengths) + "\n" * ends)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_lines, "_STEP", step)
        patch.setattr(long_lines, "BLOCK", 20)
        longest = max(lengths, default=0)
        assert block_size(path) == (2 * longest if longest > 20 else None)
        patch.setattr(long_lines, "LONGEST_LINE", 30)
        if longest > 30:
            with pytest.raises(
                FormatError, match=f"line {1 + next(i for i, n in enumerate(lengths) if n > 30)} "
            ):
                block_size(path)


@given(st.lists(st.text('ab"\n,', max_size=6), min_size=2, max_size=4))
def test_rows_that_are_whole_are_not_blamed(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    import csv

    path = tmp_path_factory.mktemp("rows") / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([cells, cells])
    assert unlike_row(path, ",") == ""
