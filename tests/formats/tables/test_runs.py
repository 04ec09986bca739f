"""Numbered columns: any stem, padding, first number and order; what is no part of a run is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.tables.runs import FAR, find_runs

STEMS = ["", "x", "dim_", "f.", "v[", "é ", "emb_", "A", "clip_v2_", "layer 3 unit "]


def named(stem: str, number: int, digits: int, after: str = "") -> str:
    return f"{stem}{number:0{digits}d}{']' if stem == 'v[' else after}"


@settings(deadline=None, max_examples=150)
@given(
    stem=st.sampled_from(STEMS),
    after=st.sampled_from(["", "_emb", " (pca)"]),
    digits=st.integers(1, 5),
    numbers=st.lists(st.integers(0, 60), min_size=2, max_size=40, unique=True),
    seed=st.integers(0, 99),
)
def test_any_name_with_a_number(stem: str, after: str, digits: int, numbers: list[int], seed: int) -> None:
    numbers = sorted(numbers)
    names = [named(stem, number, digits, after) for number in numbers]
    others = ["id", "label", "lat", "lon", "other7"]
    mixed = np.random.default_rng(seed).permutation([*names, *others]).tolist()
    (run,) = find_runs(mixed).values()
    if run.apart or run.divided:
        assert max(np.diff(numbers)) > FAR
    else:
        assert list(run.names) == names
        assert run.missing == sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    assert run.proper == (numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] < 2)


def read(tmp_path: Path, names: list[str], vectors: str | None = None) -> Incoming:
    rows = np.random.default_rng(0).random((3, len(names)))
    table = pa.table(
        {"lat": [0.5, 1.5, 2.5], "lon": [0.1, 0.2, 0.3], **dict(zip(names, rows.T, strict=True))}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    (one,) = read_sets(tmp_path / "a.parquet", "a", ReadOptions(vectors=vectors)).sets
    return one


def test_satellite_embeddings_have_all_their_columns(tmp_path: Path) -> None:
    for names in ([f"A{j:02d}" for j in range(64)], [f"f{j:03d}" for j in range(512)]):
        one = read(tmp_path, names)
        assert one.vectors.shape == (3, len(names))
        assert list(one.columns) == ["lat", "lon"]
        assert not one.notes


def test_a_gap_is_said_and_nothing_else_is_mixed_in(tmp_path: Path) -> None:
    one = read(tmp_path, [f"x{j}" for j in range(10) if j != 5])
    assert (one.vectors.shape, list(one.columns)) == ((3, 9), ["lat", "lon"])
    assert one.notes == ("vectors are the 9 columns x0 … x9; between them 1 numbers are missing (5)",)
    assert read(tmp_path, [f"x{j}" for j in range(2, 10)]).vectors.shape == (3, 8)
    assert read(tmp_path, [f"{j}_emb" for j in range(10)]).vectors.shape == (3, 10)


def test_a_number_far_away_is_no_part(tmp_path: Path) -> None:
    one = read(tmp_path, [*(f"x{j}" for j in range(10)), "x2020"])
    assert (one.vectors.shape, list(one.columns)) == ((3, 10), ["lat", "lon", "x2020"])
    assert one.notes == ("x2020 stay columns: their numbers are far from those of x0 … x9",)
    with pytest.raises(FormatError, match="far apart"):
        read(tmp_path, [*(f"x{j}" for j in range(10)), *(f"x{j}" for j in range(2000, 2006))])


def test_two_columns_of_one_number_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="x1, x01"):
        read(tmp_path, ["x0", "x1", "x2", "x01"])


def test_two_runs_of_one_stem_are_asked_for(tmp_path: Path) -> None:
    names = [*(f"x{j}" for j in range(4)), *(f"x_{j}" for j in range(5))]
    with pytest.raises(FormatError, match="choose with --vectors"):
        read(tmp_path, names)
    assert read(tmp_path, names, "x_").vectors.shape == (3, 5)


def test_a_few_scores_do_not_rival_an_embedding(tmp_path: Path) -> None:
    one = read(tmp_path, ["top_1", "top_5", *(f"h{j}" for j in range(64))])
    assert (one.key, one.vectors.shape) == ("h", (3, 64))
    assert one.notes == ("vectors are 'h'; top could be too, see --vectors",)
