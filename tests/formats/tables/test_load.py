"""Any table as columns of plain types."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repscope.errors import FormatError
from repscope.formats.tables.load import load_columns

ROWS = [{"id": "007", "n": 1, "nested": {"a": [1]}}, {"id": "b", "n": 2, "nested": None}]
EXPECTED = {"id": ["007", "b"], "n": [1, 2], "nested": ['{"a": [1]}', None]}


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "lists.json", "a.parquet", "a.csv"])
def test_one_table_in_every_form(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "lists.json":
        path.write_text(json.dumps({key: [row[key] for row in ROWS] for key in EXPECTED}))
    elif path.suffix == ".json":
        path.write_text(json.dumps(ROWS))
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)))
    elif path.suffix == ".csv":
        path.write_text('id,n,nested\n007,1,"{""a"": [1]}"\nb,2,\n')
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    columns = {key: column.to_pylist() for key, column in load_columns(path).items()}
    expected = EXPECTED if path.suffix != ".csv" else {**EXPECTED, "nested": ['{"a": [1]}', ""]}
    assert columns == expected


def test_what_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("3", "{}", '{"a": [1], "b": [1, 2]}', '{"a": 1}'):
        path.write_text(text)
        with pytest.raises(FormatError, match="a dictionary of lists of one length"):
            load_columns(path)
    path.write_text('["a", "b"]')
    with pytest.raises(FormatError, match="a dictionary for each item"):
        load_columns(path)
    twice = tmp_path / "a.csv"
    twice.write_text("a,b,a\n1,2,3\n")
    with pytest.raises(FormatError, match="unique column names"):
        load_columns(twice)
