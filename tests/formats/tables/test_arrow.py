"""Parquet and Arrow files, whole and part by part: the same rows either way."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repscope.errors import FormatError
from repscope.formats.tables.arrow import is_columnar, load_table, open_table

TABLE = pa.table({"n": list(range(7)), "text": list("abcdefg"), "held": [bytes([n]) for n in range(7)]})


def saved(path: Path) -> Path:
    """The table in three parts, in the form that the name says."""
    if path.suffix in (".parquet", ".pq"):
        pq.write_table(TABLE, path, row_group_size=3)
    elif path.suffix == ".stream":
        with pa.ipc.new_stream(path, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=3)
    else:
        with pa.ipc.new_file(path, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=3)
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.pq", "a.arrow", "a.stream", "odd"])
def test_parts_are_the_whole(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name)
    table = open_table(path)
    assert list(table.counts) == [3, 3, 1]
    assert table.schema.names == ["n", "text", "held"]
    parts = [table.read(part, ["text", "n"]) for part in range(3)]
    assert pa.concat_tables(parts).to_pydict() == TABLE.select(["text", "n"]).to_pydict()
    assert load_table(path).to_pydict() == TABLE.to_pydict()
    assert load_table(path, ["held"]).column_names == ["n", "text"]
    assert is_columnar(path) is (name != "a.stream")


@pytest.mark.parametrize(
    ("name", "kind"), [("a.parquet", "Parquet"), ("a.pq", "Parquet"), ("a.arrow", "Arrow")]
)
def test_damage_is_named(tmp_path: Path, name: str, kind: str) -> None:
    path = saved(tmp_path / name)
    table = open_table(path)
    with pytest.raises(FormatError, match=f"a whole {kind} file in"):
        table.read(0, ["nothing"])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match=f"a whole {kind} file in"):
        open_table(path)
    with pytest.raises(FormatError, match="file in"):
        load_table(tmp_path / "none.arrow")
