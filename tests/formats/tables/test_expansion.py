"""Small files that become large are refused before they are read; ordinary ones are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repscope.errors import FormatError
from repscope.formats.read import read_sets
from repscope.formats.tables import expansion
from repscope.formats.tables.arrow import load_table
from repscope.formats.tables.expansion import decoded_size


@pytest.fixture(autouse=True)
def _small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # The rule at a size that a test can write: more than 200 times the file, and more than 2 MB.
    monkeypatch.setattr(expansion, "BOMB_BYTES", 2_000_000)


def write(table: pa.Table, path: Path, **options: Any) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(table, path, **options)
        return path
    maker = pa.ipc.new_stream if path.name.startswith("stream") else pa.ipc.new_file
    written = pa.ipc.IpcWriteOptions(compression=options.get("compression"))
    with pa.OSFile(str(path), "wb") as file, maker(file, table.schema, options=written) as writer:
        writer.write_table(table)
    return path


def zeros(rows: int, d: int = 64) -> pa.Table:
    lists = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(rows * d, np.float32)), d)
    return pa.table({"vector": lists})


LONG = "x" * 20_000
REPEATED = {
    "text": pa.array([LONG] * 2_000),
    "dictionary": pa.array([LONG] * 2_000).dictionary_encode(),
    "list": pa.array([[LONG]] * 2_000),
}


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "stream.arrow"])
def test_constant_vectors_are_not_unpacked(tmp_path: Path, name: str) -> None:
    path = write(zeros(40_000), tmp_path / name, compression="zstd")
    with pytest.raises(FormatError, match=r"at most 200 times its [\d,]+ bytes"):
        read_sets(path, "a")


@pytest.mark.parametrize("kind", REPEATED)
@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_one_long_text_in_every_row(tmp_path: Path, kind: str, name: str) -> None:
    table = pa.table({"label": REPEATED[kind], "x0": np.zeros(2_000), "x1": np.ones(2_000)})
    path = write(table, tmp_path / name, compression="zstd")
    with pytest.raises(FormatError, match="200 times"):
        load_table(path)


def test_prefixes_that_are_shared_are_counted(tmp_path: Path) -> None:
    table = pa.table({"label": [LONG + str(at) for at in range(2_000)], "x0": np.zeros(2_000)})
    options = {"use_dictionary": False, "column_encoding": {"label": "DELTA_BYTE_ARRAY", "x0": "PLAIN"}}
    path = write(table, tmp_path / "a.parquet", compression="zstd", **options)
    with pytest.raises(FormatError, match="200 times"):
        load_table(path)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "stream.arrow"])
@pytest.mark.parametrize("compression", ["zstd", "lz4", None])
def test_ordinary_tables_are_read(tmp_path: Path, name: str, compression: str | None) -> None:
    rng = np.random.default_rng(0)
    rows = 20_000
    lists = pa.FixedSizeListArray.from_arrays(pa.array(rng.random(rows * 32, np.float32)), 32)
    table = pa.table({
        "id": [f"photos/{at:08d}.jpg" for at in range(rows)],
        "label": pa.array(["cat", "dog"] * (rows // 2)).dictionary_encode(),
        "vector": lists,
    })  # fmt: skip
    path = write(table, tmp_path / name, compression=compression or ("none" if "parquet" in name else None))
    assert load_table(path).num_rows == rows
    assert read_sets(path, "a").sets[0].n == rows


@given(st.lists(st.sampled_from(["", "a", "long text", None]), max_size=30))
def test_written_out_a_dictionary_has_its_texts_lengths(cells: list[str | None]) -> None:
    encoded = pa.array(cells, pa.string()).dictionary_encode()
    assert decoded_size(encoded) == sum(len(cell or "") for cell in cells)
    assert decoded_size(encoded.slice(1)) == sum(len(cell or "") for cell in cells[1:])
